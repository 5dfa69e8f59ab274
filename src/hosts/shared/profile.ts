import type { PortableInterpreter, PortableOptions, Profile } from "../../portable/interpreter.js";
import { ThreadedInterpreter } from "../../python/threaded-interpreter.js";
import type { HostWeft } from "../../python/weft.js";

/** Options of `loadWeft()` that give a portable interpreter. */
export interface ProfileOptions extends PortableOptions {
  /**
   * `auto` is `threaded` where threads can share memory, and `solo` elsewhere; the interpreter's `profile` and `reason` tell
   * which it is and why.
   */
  readonly profile: "auto" | Profile;
}

/** The two ways to start Python on a platform. */
export interface ProfileLoaders {
  /** Why there can be no threads here, or `undefined` where there can. */
  readonly obstacle: () => Promise<string | undefined>;
  readonly threaded: () => Promise<HostWeft>;
  readonly solo: (reason: string) => Promise<PortableInterpreter>;
}

/**
 * @throws TypeError for another profile; what the loaders throw. `auto` does not try the other profile when one fails to load:
 * a damaged download would go unnoticed.
 */
export async function loadProfile(options: ProfileOptions, loaders: ProfileLoaders): Promise<PortableInterpreter> {
  const threaded = async (reason: string): Promise<PortableInterpreter> => ThreadedInterpreter.start(await loaders.threaded(), options, reason);
  switch (options.profile) {
    case "threaded":
      return threaded("it was asked for");
    case "solo":
      return loaders.solo("it was asked for");
    case "auto": {
      const obstacle = await loaders.obstacle();
      return obstacle === undefined ? threaded("threads can share memory here") : loaders.solo(obstacle);
    }
    default:
      throw new TypeError(`profile is "auto", "threaded" or "solo", not ${JSON.stringify(options.profile)}`);
  }
}

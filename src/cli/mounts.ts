import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Mount } from "../runtime/guest.js";
import { CliError, ExitCode } from "./exit-codes.js";

/** Guest folders that a mount at an ancestor would hide. */
const GUEST_FOLDERS = ["/usr/lib/python3.13t", "/dev", "/tmp"];
/** Where a folder goes that cannot keep its own path in the guest. */
const FALLBACK = "/mnt/host";

function hides(guest: string): boolean {
  return GUEST_FOLDERS.some((folder) => folder.startsWith(guest === "/" ? "/" : `${guest}/`));
}

/** Parses `HOST:GUEST[:ro|:rw]`. */
export function parseMount(text: string): Mount {
  const match = /^(?<host>.+?):(?<guest>\/[^:]*)(?::(?<mode>ro|rw))?$/.exec(text);
  if (!match?.groups) {
    throw new CliError(
      `--mount takes HOST:GUEST[:ro] with an absolute GUEST path, not ${JSON.stringify(text)}`,
      ExitCode.usage,
    );
  }
  const host = resolve(match.groups["host"]!);
  try {
    if (!statSync(host).isDirectory()) {
      throw new CliError(`--mount ${text}: ${host} is not a folder`, ExitCode.mount);
    }
  } catch (error) {
    if (error instanceof CliError) {
      throw error;
    }
    throw new CliError(`--mount ${text}: there is no folder ${host}`, ExitCode.mount, { cause: error });
  }
  return { host: realpathSync(host), guest: match.groups["guest"]!, readOnly: match.groups["mode"] === "ro" };
}

/** What the guest sees without being asked: the script's folder and the current one. */
export interface DefaultMounts {
  readonly mounts: readonly Mount[];
  /** The current folder's path in the guest. */
  readonly workingDirectory: string;
  /** The script's path in the guest, when there is one. */
  readonly script: string | undefined;
}

/**
 * Mounts the current folder and the script's folder at their own paths, so that paths
 * mean the same on both sides.
 */
export function defaultMounts(script: string | undefined): DefaultMounts {
  const mounts: Mount[] = [];
  const add = (host: string): string => {
    const inside = mounts.find((m) => host === m.host || host.startsWith(m.host === "/" ? "/" : `${m.host}/`));
    if (inside) {
      return inside.guest + host.slice(inside.host === "/" ? 0 : inside.host.length);
    }
    if (host === "/") {
      // Everything: nobody asked for that. An empty folder stands for it.
      return "/tmp";
    }
    const guest = hides(host) ? `${FALLBACK}${host}` : host;
    let readOnly = false;
    try {
      accessSync(host, constants.W_OK);
    } catch {
      readOnly = true;
    }
    mounts.push({ host, guest, readOnly });
    return guest;
  };
  const workingDirectory = add(realpathSync(process.cwd()));
  let guestScript: string | undefined;
  if (script !== undefined) {
    const real = realpathSync(script);
    const folder = statSync(real).isDirectory() ? real : dirname(real);
    guestScript = add(folder) + real.slice(folder.length);
  }
  return { mounts, workingDirectory, script: guestScript };
}

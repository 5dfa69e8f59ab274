/** What a page of the stress runner does: it has interpreters that the command drives from outside. */
import { loadWeft, type HostWeft, type PyAny } from "../browser.js";
import type { Collection } from "./lane.js";
import type { Iteration, Outcome } from "./iteration.js";
import { Session } from "./session.js";
import unpack from "./unpack.py";

/** How the command starts a page's interpreter. */
export interface PageStart {
  readonly environment: Readonly<Record<string, string>>;
  /** URLs of the runtime's folder and of the tests' files. */
  readonly runtime: string;
  readonly files: string;
  /** Seconds in which it is to be ready. */
  readonly startTimeout: number;
}

/** The functions that the command calls in the page, with the number of an interpreter. */
export interface StressPage {
  start(id: number, options: PageStart): Promise<void>;
  collect(id: number, file: string, seconds: number): Promise<Collection>;
  run(id: number, one: Iteration): Promise<Outcome>;
  end(id: number): Promise<void>;
}

declare global {
  var weftStress: StressPage;
}

const sessions = new Map<number, Session>();

function session(id: number): Session {
  const found = sessions.get(id);
  if (!found) {
    throw new Error(`the page has no interpreter ${id}`);
  }
  return found;
}

globalThis.weftStress = {
  async start(id, { environment, runtime, files, startTimeout }) {
    const download = fetch(files).then(async (response) => {
      if (!response.ok) {
        throw new Error(`${files}: ${response.status} ${response.statusText}`);
      }
      return new Uint8Array(await response.arrayBuffer());
    });
    // Heard of below, also where the interpreter fails first.
    download.catch(() => undefined);
    const bringFiles = async (weft: HostWeft): Promise<void> => {
      const data = await download;
      await weft.run(unpack);
      (await weft.call((py) => ({ callable: py.eval("unpack") as PyAny, positional: [py.bytes(data)] }))).drop();
      await weft.run("del unpack, json, os");
    };
    sessions.set(id, await Session.start(startTimeout, (file) => file, (signal) => loadWeft({ env: environment, runtime, signal }), bringFiles));
  },
  collect: (id, file, seconds) => session(id).collect(file, seconds),
  run: (id, one) => session(id).run(one),
  async end(id) {
    const ending = session(id);
    sessions.delete(id);
    await ending.end();
  },
};

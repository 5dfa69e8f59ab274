/** What a page of the stress runner does: one interpreter that the command drives from outside. */
import { loadWeft, type PyAny } from "../browser.js";
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
}

/** The functions that the command calls in the page. */
export interface StressPage {
  start(options: PageStart): Promise<void>;
  collect(file: string, seconds: number): Promise<Collection>;
  run(one: Iteration): Promise<Outcome>;
}

declare global {
  var weftStress: StressPage;
}

let session: Session | undefined;

function current(): Session {
  if (!session) {
    throw new Error("the page's interpreter was not started");
  }
  return session;
}

globalThis.weftStress = {
  async start({ environment, runtime, files }) {
    const download = fetch(files).then(async (response) => {
      if (!response.ok) {
        throw new Error(`${files}: ${response.status} ${response.statusText}`);
      }
      return new Uint8Array(await response.arrayBuffer());
    });
    // Heard of below, also where the interpreter fails first.
    download.catch(() => undefined);
    const weft = await loadWeft({ env: environment, runtime });
    const data = await download;
    await weft.run(unpack);
    (await weft.call((py) => ({ callable: py.eval("unpack") as PyAny, positional: [py.bytes(data)] }))).drop();
    await weft.run("del unpack, json, os");
    session = await Session.start(weft);
  },
  collect: (file, seconds) => current().collect(file, seconds),
  run: (one) => current().run(one),
};

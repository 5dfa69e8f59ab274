import { buildNative } from "../../build/native.js";
import { BuildError } from "../../build/errors.js";
import type { NativeProgram } from "../../build/toolchain.js";
import { BenchError } from "../error.js";
import { outputOf, type Command } from "../process.js";
import { HELLO, VERSION } from "../subjects.js";
import { ProcessEngine, type Peer } from "./engine.js";
import { readDriver, WEFT } from "./peers.js";

async function peer(name: string, { program, arguments: before, home }: NativeProgram, how: string, driver: string): Promise<Peer> {
  const { PATH, LANG, HOME } = process.env;
  const command = (code: string): Command => ({
    name,
    program,
    arguments: [...before, "-c", code],
    folder: "/",
    // What it runs belongs to the build cache.
    environment: { PATH, LANG, HOME, PYTHONDONTWRITEBYTECODE: "1", ...(home === undefined ? {} : { PYTHONHOME: home }) },
  });
  const version = (await outputOf(command(VERSION))).trim();
  return { name, version: `${version} (${how})`, against: WEFT, hello: command(HELLO), open: async () => new ProcessEngine(command(driver)) };
}

/** CPython on this machine with the GIL. */
export const WITH_GIL = "native-gil";

/**
 * CPython on this machine: free-threaded, built from our pinned source, and the toolchain's with the GIL.
 * @param pgo whether the free-threaded one is built with `--enable-optimizations` too.
 * @throws BenchError when a build fails.
 */
export async function nativePeers(root: string, pgo: boolean): Promise<Peer[]> {
  try {
    const driver = readDriver(root);
    const plain = await buildNative({ packageRoot: root, pgo: false, output: process.stderr });
    const peers = [await peer("native-3.13t", plain.freeThreaded, `${plain.compiler}, no PGO`, driver)];
    if (pgo) {
      const { freeThreaded, compiler } = await buildNative({ packageRoot: root, pgo, output: process.stderr });
      peers.push(await peer("native-3.13t-pgo", freeThreaded, `${compiler}, --enable-optimizations`, driver));
    }
    return [...peers, await peer(WITH_GIL, plain.withGil, "its distribution's build", driver)];
  } catch (error) {
    if (error instanceof BuildError) {
      throw new BenchError(error.message, { cause: error });
    }
    throw error;
  }
}

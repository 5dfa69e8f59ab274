import { UsageError } from "../run-bench.js";
import type { Peer } from "./engine.js";
import type { BenchOptions } from "./options.js";
import { chromiumPeers } from "./chromium.js";
import { nativePeers } from "./native-peers.js";
import { pyodidePeer, runtimeFolder, weftPeer } from "./peers.js";

/** The peers that the options ask for; the first is what the others are compared with. */
export interface Chosen {
  readonly peers: readonly Peer[];
  /** Ends what they have in common. */
  close(): Promise<void>;
}

/** @throws BenchError when one of them is not there. */
export async function choosePeers(root: string, options: BenchOptions, say: (text: string) => void): Promise<Chosen> {
  const runtime = runtimeFolder(root, options.runtime);
  const ours = weftPeer(root, runtime);
  const pyodide = pyodidePeer(root, "pyodide");
  const all: Peer[] = [ours, pyodide, pyodidePeer(root, "pyodide-029")];
  if (options.native) {
    say("building CPython for this machine, unless that was done before");
    all.push(...(await nativePeers(root, options.nativePgo)));
  }
  const pages = options.chromium ? await chromiumPeers(root, runtime, { weft: ours.version, pyodide: pyodide.version }) : undefined;
  all.push(...(pages?.peers ?? []));
  const close = async (): Promise<void> => pages?.close();
  const unknown = options.peers?.find((name) => !all.some((peer) => peer.name === name));
  if (unknown !== undefined) {
    await close();
    throw new UsageError(`there is no peer ${unknown}; there are: ${all.map(({ name }) => name).join(", ")}`);
  }
  return { peers: all.filter(({ name, against }) => against === undefined || options.peers?.includes(name) !== false), close };
}

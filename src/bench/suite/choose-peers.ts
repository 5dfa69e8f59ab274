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
  const peers: Peer[] = [weftPeer(root, runtimeFolder(root, options.runtime)), pyodidePeer(root, "pyodide"), pyodidePeer(root, "pyodide-029")];
  if (options.native) {
    say("building CPython for this machine, unless that was done before");
    peers.push(...(await nativePeers(root, options.nativePgo)));
  }
  if (!options.chromium) {
    return { peers, close: async () => undefined };
  }
  const [weft, pyodide] = peers;
  const pages = await chromiumPeers(root, { weft: weft!.version, pyodide: pyodide!.version });
  return { peers: [...peers, ...pages.peers], close: pages.close };
}

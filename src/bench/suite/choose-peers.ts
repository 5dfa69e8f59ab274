import { join, resolve } from "node:path";
import type { Peer } from "./engine.js";
import type { BenchOptions } from "./options.js";
import { pyodidePeer, weftPeer } from "./peers.js";

/** The peers that the options ask for; the first is what the others are compared with. */
export interface Chosen {
  readonly peers: readonly Peer[];
  /** Ends what they have in common. */
  close(): Promise<void>;
}

/** @throws BenchError when one of them is not there. */
export async function choosePeers(root: string, options: BenchOptions, say: (text: string) => void): Promise<Chosen> {
  const runtime = resolve(options.runtime ?? process.env["WEFT_RUNTIME"] ?? join(root, "dist/runtime/release"));
  const peers: Peer[] = [weftPeer(root, runtime), pyodidePeer(root, "pyodide"), pyodidePeer(root, "pyodide-029")];
  void say;
  return { peers, close: async () => undefined };
}

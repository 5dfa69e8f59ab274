import type { PortableInterpreter, PortableOptions } from "../../portable/interpreter.js";
import { startSolo, type SoloFiles } from "../../solo/solo-interpreter.js";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { consoleSink } from "./output.js";
import { web } from "./web.js";

/** Below the package's folder. Not written where it is used: bundlers would look for such a file. */
const SOLO = "../solo/";

/** @throws RuntimeFilesError when a file cannot be loaded. */
export async function loadSolo(options: PortableOptions, reason: string): Promise<PortableInterpreter> {
  const base = new URL(SOLO, import.meta.url);
  const lines = [consoleSink((line) => { console.log(line); }), consoleSink((line) => { console.error(line); })] as const;
  let glue: Pick<SoloFiles, "instantiate">;
  const url = new URL("weft-solo.js", base).href;
  try {
    glue = (await import(url)) as typeof glue;
  } catch (error) {
    throw new RuntimeFilesError(`${url} could not be imported: it is not there, or the page's Content-Security-Policy forbids it (script-src)`, { cause: error });
  }
  return startSolo({ instantiate: glue.instantiate, module: (name) => compile(new URL(name, base).href) }, { stdout: lines[0].sink, stderr: lines[1].sink }, options, reason);
}

async function compile(url: string): Promise<WebAssembly.Module> {
  const response = await web.fetch(url);
  if (!response.ok) {
    throw new RuntimeFilesError(`${url} could not be fetched: the server answered ${response.status} ${response.statusText}`);
  }
  return /^application\/wasm$/i.test(response.headers.get("Content-Type") ?? "") ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

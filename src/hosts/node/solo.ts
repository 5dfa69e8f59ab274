import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { PortableInterpreter, PortableOptions } from "../../portable/interpreter.js";
import { startSolo, type SoloFiles } from "../../solo/solo-interpreter.js";
import { waitingHere } from "../../solo/waiting.js";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { FileBytes } from "./file-bytes.js";
import { permitted } from "./permission.js";

/** Where the package has the component, or `WEFT_SOLO` says it is. */
function folder(): string {
  return permitted(() => process.env["WEFT_SOLO"], () => undefined) ?? fileURLToPath(new URL("../solo", import.meta.url));
}

/** Compiled once; all interpreters use the same. */
const modules = new Map<string, Promise<WebAssembly.Module>>();

function compiled(path: string): Promise<WebAssembly.Module> {
  let module = modules.get(path);
  if (!module) {
    const file = new FileBytes(path);
    module = WebAssembly.compile(file.bytes).finally(() => {
      file.free();
    });
    modules.set(path, module);
  }
  return module;
}

/** @throws RuntimeFilesError when the component is not there. */
export async function loadSolo(options: PortableOptions, reason: string): Promise<PortableInterpreter> {
  const place = folder();
  const glue = join(place, "weft-solo.js");
  if (!existsSync(glue)) {
    throw new RuntimeFilesError(`there is no solo profile in ${place}; run "weft build --profile solo" to build it`);
  }
  const { instantiate } = (await import(pathToFileURL(glue).href)) as Pick<SoloFiles, "instantiate">;
  return startSolo(
    { instantiate, module: (name) => compiled(join(place, name)) },
    // Node's, Deno's and Bun's threads may all stand still.
    waitingHere(),
    {
      stdout: (text) => {
        process.stdout.write(text);
      },
      stderr: (text) => {
        process.stderr.write(text);
      },
    },
    options,
    reason,
  );
}

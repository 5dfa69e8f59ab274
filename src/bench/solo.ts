import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { measureFile, sumSizes, type FileSize } from "./file-size.js";
import { spread } from "./statistics.js";
import { figure, spreadFigure, table } from "./table.js";

/** One process with the solo profile, in milliseconds. */
interface SoloTimes {
  /** From the start of loading to an interpreter, engine's compilation included. */
  readonly load: number;
  /** The first result after that. */
  readonly first: number;
  /** A second interpreter of the same process, its first result included. */
  readonly another: number;
}

/** What was measured of the solo profile. */
export interface SoloResult {
  readonly times: readonly SoloTimes[];
  readonly files: readonly (FileSize & { readonly name: string })[];
}

const FILES = ["weft-solo.core.wasm", "weft-solo.core2.wasm", "weft-solo.core3.wasm", "weft-solo.core4.wasm", "weft-solo.js"];

/** @returns nothing where `weft build --profile solo` has not made it. */
export async function measureSolo(root: string, rounds: number, say: (text: string) => void): Promise<SoloResult | undefined> {
  const folder = join(root, "dist/solo");
  if (!existsSync(join(folder, "weft-solo.js"))) {
    return undefined;
  }
  const program = `
    import { loadWeft } from ${JSON.stringify(pathToFileURL(join(root, "dist/lib/index.js")).href)};
    const marks = [performance.now()];
    const mark = () => { marks.push(performance.now()); };
    const python = await loadWeft({ profile: "solo" });
    mark();
    await python.eval("1 + 1");
    mark();
    await (await loadWeft({ profile: "solo" })).eval("1 + 1");
    mark();
    console.log(JSON.stringify({ load: marks[1] - marks[0], first: marks[2] - marks[1], another: marks[3] - marks[2] }));`;
  const times: SoloTimes[] = [];
  // One more, which is not counted: it fills the system's caches.
  for (let round = 0; round <= rounds; round++) {
    say(`solo profile, round ${round} of ${rounds}`);
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], { cwd: root });
    if (round > 0) {
      times.push(JSON.parse(stdout) as SoloTimes);
    }
  }
  const files = await Promise.all(FILES.map(async (name) => ({ name: basename(name), ...(await measureFile(join(folder, name))) })));
  return { times, files };
}

/** The result as plain text. */
export function soloReport({ times, files }: SoloResult): string {
  const row = (name: string, pick: (one: SoloTimes) => number): string[] => [name, spreadFigure(spread(times.map(pick)))];
  const size = (name: string, one: FileSize): string[] => [name, ...[one.raw, one.gzip, one.brotli].map((bytes) => figure(bytes / 1e6))];
  return [
    "Solo profile in Node",
    table([["milliseconds", "median (min..max)"], row("loading, compilation included", ({ load }) => load), row("first result after that", ({ first }) => first), row("another interpreter with its first result", ({ another }) => another)]),
    table([["MB", "raw", "gzip", "brotli"], ...files.map((file) => size(file.name, file)), size("together", sumSizes(files))]),
  ].join("\n");
}

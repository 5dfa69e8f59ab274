// Test files outside of vitest: bundled with a runner of their own (test/portable), for Deno, Bun, pages, and for
// running them many times.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const portable = join(root, "test/portable");
const bin = (name) => join(root, "node_modules/.bin", name);

/** Deno does not resolve a package's own name inside of the package; Node and Bun do. */
const SELF = { imports: { "weft-python": pathToFileURL(join(root, "dist/lib/index.js")).href } };

export const HOSTS = {
  node: [process.execPath],
  deno: [bin("deno"), "run", "--allow-all", "--no-prompt", `--import-map=data:application/json,${encodeURIComponent(JSON.stringify(SELF))}`],
  bun: [bin("bun"), "run"],
};

/** The test file as the bundle's main program imports it. */
const testFile = (path) => ({
  name: "test-file",
  setup: (setup) => {
    setup.onResolve({ filter: /^weft:test-file$/ }, () => ({ path: "test-file", namespace: "weft" }));
    setup.onLoad({ filter: /.*/, namespace: "weft" }, () => ({
      // Tests are collected when it is imported, by the runner.
      contents: `export const name = ${JSON.stringify(basename(path))};\nexport const load = () => import(${JSON.stringify(path)});`,
      resolveDir: portable,
    }));
  },
});

/** Modules go on to name files beside their source. */
const sourceUrls = (url) => ({
  name: "source-urls",
  setup: (setup) => {
    setup.onLoad({ filter: /[/\\]test[/\\].*\.ts$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replaceAll("import.meta.url", JSON.stringify(url(path))),
      loader: "ts",
    }));
  },
});

export async function bundleForCommand(path, outfile) {
  await build({
    absWorkingDir: root,
    entryPoints: [join(portable, "command.ts")],
    outfile,
    bundle: true,
    // Tests look at the names of classes.
    keepNames: true,
    format: "esm",
    platform: "node",
    target: "node20",
    alias: { vitest: join(portable, "vitest.ts") },
    plugins: [testFile(path), sourceUrls((source) => pathToFileURL(source).href)],
    sourcemap: "inline",
    logLevel: "warning",
  });
}

const MARK = "@@weft-test ";

export function runBundle([program, ...args], bundle, { deadline, only, without = [], seed }) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, [...args, bundle, JSON.stringify({ only, without, seed })], {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), deadline);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (data) => {
        text += data;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      const running = new Set();
      let outcomes = [];
      let all;
      let output = "";
      for (const line of text.split("\n")) {
        // A thread may have printed the beginning of a line.
        const at = line.indexOf(MARK);
        if (at < 0) {
          output += `${line}\n`;
          continue;
        }
        const event = JSON.parse(line.slice(at + MARK.length));
        if (event.begin !== undefined) {
          running.add(event.begin);
        } else if (event.end) {
          running.delete(event.end.name);
          outcomes.push(event.end);
        } else {
          all = event.outcomes;
        }
      }
      outcomes = all ?? outcomes;
      resolve({ outcomes, unfinished: [...running], status, output: output.trim(), milliseconds: Math.round(performance.now() - start) });
    });
  });
}

export function problems({ outcomes, unfinished, status, output, milliseconds }) {
  const found = outcomes.filter(({ state }) => state === "fail").map(({ name, errors }) => `${name}\n${errors.join("\n")}`);
  found.push(...unfinished.map((name) => `${name}\ndid not end in ${milliseconds} ms`));
  if (found.length === 0 && status !== 0) {
    found.push(`the run ended with status ${status}`);
  }
  return found.length > 0 && output !== "" ? [...found, `it printed\n${output.slice(-4000)}`] : found;
}

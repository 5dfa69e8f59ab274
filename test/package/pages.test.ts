import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { chromium, type Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { findBrowser } from "../../scripts/browsers.mjs";
import { HEADERS } from "../../scripts/playground.mjs";
import { serveFolder } from "../../scripts/static-server.mjs";
import { Project, tool } from "./project.js";

const DEADLINE = 60_000;
const GUIDE = readFileSync(new URL("../../src/guides/browser.md", import.meta.url), "utf8");
const project = new Project(["vite"]);
const endings: (() => unknown)[] = [];
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findBrowser("chromium"), args: ["--no-sandbox", "--disable-gpu"], timeout: DEADLINE });
});
afterAll(() => browser?.close());
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) {
    await end();
  }
});

/** A class in TypeScript, with what it imports, and a function for a thread of TypeScript. */
const FILES = {
  "src/words.ts": "export const word: string = 'typed';",
  "src/shapes.ts": `
    import { arg, field, pyClass, pyModule, t } from "weft-python";
    import { word } from "./words.ts";

    export const Square = pyClass("Square", { fields: { side: field.f64({ get: true }) } })
      .constructs({ args: [arg("side", t.float)] }, (self, side: number) => {
        self.side = side;
      })
      .method("area", { returns: t.float }, (self) => self.side ** 2);

    export const shapes = pyModule("shapes").add(Square).function("word", { returns: t.str }, () => word);`,
  "src/lines.ts": `
    import { pyModule } from "weft-python";
    export const lines = pyModule("lines").constant("LENGTH", 3);`,
  "src/work.ts": `
    import { PyErr, type Weft } from "weft-python";
    import { word } from "./words.ts";

    export function work(weft: Weft, text: string): string {
      return weft.attach((py) => {
        try {
          py.eval("1/0");
        } catch (error) {
          return \`\${word} \${text} \${error instanceof PyErr}\`;
        }
        return "nothing was thrown";
      });
    }`,
  "src/main.ts": `
    import { loadWeft } from "weft-python";

    const out = document.querySelector("#out")!;
    try {
      const weft = await loadWeft({
        stdout: (text: string) => out.append(text),
        modules: [new URL("./shapes.ts", import.meta.url), new URL("./lines.ts", import.meta.url)],
      });
      await weft.run(\`
import threading
from shapes import Square, word
from lines import LENGTH
squares = []
threads = [threading.Thread(target=lambda: squares.append(Square(LENGTH).area())) for _ in range(2)]
for t in threads: t.start()
for t in threads: t.join()
print(squares, word())
\`);
      out.append(await weft.spawn<string>(new URL("./work.ts", import.meta.url), "work", "thread").join());
      await weft.terminate();
      out.append("\\nend");
    } catch (error) {
      out.append("failed: " + error);
    }`,
  "index.html": '<!doctype html><title>app</title><pre id="out"></pre><script type="module" src="/src/main.ts"></script>',
};
const OUTPUT = "[9.0, 9.0] typed\ntyped thread true\nend";

/** What a page says in the end. */
async function outcome(url: string): Promise<string> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(String(error)));
    await page.goto(url);
    try {
      await page.locator("#out", { hasText: /\bend\b|failed:/ }).waitFor({ timeout: DEADLINE });
    } catch (error) {
      throw new Error(`the page did not come to its end:\n${said.join("\n")}\n${(await page.textContent("#out")) ?? ""}`, { cause: error });
    }
    return (await page.textContent("#out"))!;
  } finally {
    await context.close();
  }
}

/** Serves a folder of the project as a page's host does. */
async function serve(folder: string): Promise<string> {
  const server = await serveFolder(project.path(folder), HEADERS);
  endings.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

/** One of Vite's own servers, in a process of its own; its address. */
async function vite(...args: readonly string[]): Promise<string> {
  const port = await freePort();
  const child = spawn(process.execPath, [tool("vite"), ...args, "--port", String(port), "--strictPort", "--host", "localhost"], { cwd: project.folder, env: { ...process.env, NO_COLOR: "1" } });
  endings.push(() => ended(child));
  return new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes(`localhost:${port}`)) {
          resolve(`http://localhost:${port}`);
        }
      });
    }
    child.on("close", (status) => {
      reject(new Error(`vite ${args.join(" ")} ended with status ${status}: ${said}`));
    });
  });
}

function ended(child: ChildProcess): Promise<unknown> {
  const end = new Promise((resolve) => child.on("close", resolve));
  child.kill("SIGKILL");
  return end;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("a plain page imports the package from node_modules", async () => {
  project.write({
    "plain.html": `<!doctype html><pre id="out"></pre><script type="module">
      import { loadWeft } from "/node_modules/weft-python/dist/browser/index.js";
      const out = document.querySelector("#out");
      const weft = await loadWeft({ stdout: (text) => out.append(text) });
      await weft.run("import threading; t = threading.Thread(target=print, args=['plain']); t.start(); t.join(); print('end')");
    </script>`,
  });
  expect(await outcome(`${await serve(".")}/plain.html`)).toBe("plain\nend\n");
});

test("esbuild, with the package beside what it makes", async () => {
  // The addresses in the program are those of the files that are made.
  project.write({ ...FILES, "src/main.ts": FILES["src/main.ts"].replaceAll(/new URL\("([^"]*)\.ts"/g, 'new URL("$1.js"') });
  const { command } = /^```sh\n(?<command>esbuild [^`]*)^```$/m.exec(GUIDE)!.groups!;
  const end = await project.run("sh", "-ec", command!.replace(/^esbuild/, tool("esbuild")));
  expect(end, end.stderr).toMatchObject({ status: 0 });
  project.write({ "site/index.html": FILES["index.html"].replace("/src/main.ts", "/main.js") });
  expect(await outcome(await serve("site"))).toBe(OUTPUT);
});

const CONFIG = /^```ts\n\/\/ vite\.config\.ts\n([^`]*)^```$/m.exec(GUIDE)![1]!;

test("Vite's development server", async () => {
  project.write({ ...FILES, "vite.config.ts": CONFIG });
  expect(await outcome(await vite())).toBe(OUTPUT);
});

test.each(["/", "./", "/below/"])("Vite's build, for the address %s", async (base) => {
  // What only Node has a use for stays behind.
  project.write({ ...FILES, "vite.config.ts": CONFIG, "node_modules/weft-python/dist/runtime/release/code/node": "" });
  const folder = `built${base.replace(".", "")}`;
  const built = await project.run(process.execPath, tool("vite"), "build", "--base", base, "--outDir", folder);
  expect(built, built.stderr).toMatchObject({ status: 0 });
  expect(["weft.wasm", "code"].map((name) => existsSync(project.path(`${folder}/weft/runtime/release/${name}`)))).toEqual([true, false]);
  expect(await outcome(`${await serve(base === "/below/" ? "built" : `built${base.replace(".", "")}`)}${base.replace(".", "")}`)).toBe(OUTPUT);
});

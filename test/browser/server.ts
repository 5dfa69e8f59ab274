import { createReadStream, readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".map": "application/json",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
};

/** Headers that isolate a page. */
export const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" } as const;

const EMPTY_PAGE = { body: "<!doctype html><title>test</title>", headers: { "Content-Type": "text/html" } };

/** How a server answers. */
export interface ServerOptions {
  /** Headers of every response. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Beginnings of paths that stand for others. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Answers by itself, or says that it does not. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse, path: string) => boolean;
  /** Contents by path, looked up at each request, before the files of the project. */
  readonly contents?: Readonly<Record<string, { readonly body: string | Uint8Array; readonly headers?: Readonly<Record<string, string>> }>>;
}

/** A server of the project's folder, and of an empty page at `/`. */
export class StaticServer {
  readonly #server: Server;
  /** Paths that were asked for. */
  readonly requests: string[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(options: ServerOptions = {}): Promise<StaticServer> {
    const server = createServer((request, response) => {
      let path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
      for (const [from, to] of Object.entries(options.aliases ?? {})) {
        path = path.startsWith(from) ? to + path.slice(from.length) : path;
      }
      one.requests.push(path);
      if (options.handle?.(request, response, path) === true) {
        return;
      }
      const own = options.contents?.[path] ?? (path === "/" ? EMPTY_PAGE : undefined);
      // What threads import from the package is the browser's here.
      const file = join(ROOT, normalize(path.replace("/dist/lib/", "/dist/browser/")));
      const stat = own ? undefined : statSync(file, { throwIfNoEntry: false });
      if (!own && !stat?.isFile()) {
        response.writeHead(404, options.headers).end("no such file");
        return;
      }
      if (path.startsWith("/dist/lib/")) {
        response.writeHead(302, { ...options.headers, Location: path.replace("/dist/lib/", "/dist/browser/") }).end();
        return;
      }
      // Workers have no import maps: there a file imports the package by its URL.
      const example = path.startsWith("/src/examples/") ? readFileSync(file, "utf8").replace('"weft-python"', '"/dist/browser/index.js"') : undefined;
      response.writeHead(200, {
        "Content-Type": TYPES[extname(path)] ?? "text/plain",
        ...(stat && example === undefined ? { "Content-Length": stat.size } : {}),
        "Cache-Control": "no-cache",
        ...options.headers,
        ...own?.headers,
      });
      if (own) {
        response.end(own.body);
      } else if (example !== undefined) {
        response.end(example);
      } else {
        createReadStream(file).pipe(response);
      }
    });
    const one = new StaticServer(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return one;
  }

  /** By a name that browsers trust without encryption. */
  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

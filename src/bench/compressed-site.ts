import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { compress, type Compressed } from "./file-size.js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
};

/** As content networks send the files of a release: they never change, and pages that share memory may have them. */
const HEADERS = {
  "Cache-Control": "public, max-age=31536000, immutable",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** What was sent since the last look, as bytes of bodies in either form. */
export interface Transfer {
  readonly gzip: number;
  readonly brotli: number;
}

/** A local server that sends everything with brotli, compressed ahead, and knows what it has sent. */
export class CompressedSite {
  readonly #folders: Readonly<Record<string, string>>;
  readonly #pages: Readonly<Record<string, string>>;
  readonly #bodies = new Map<string, Promise<Compressed | undefined>>();
  readonly #server: Server;
  #sent: Compressed[] = [];

  private constructor(folders: Readonly<Record<string, string>>, pages: Readonly<Record<string, string>>) {
    this.#folders = folders;
    this.#pages = pages;
    this.#server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
      void this.#body(path).then((body) => {
        if (body === undefined) {
          response.writeHead(404, HEADERS).end();
          return;
        }
        this.#sent.push(body);
        const type = TYPES[extname(path)] ?? (this.#pages[path] === undefined ? "application/octet-stream" : TYPES[".html"]!);
        response.writeHead(200, { ...HEADERS, "Content-Type": type, "Content-Encoding": "br", "Content-Length": body.brotli.length }).end(body.brotli);
      });
    });
  }

  /**
   * @param folders by the first part of their files' addresses.
   * @param pages texts of pages by their addresses.
   */
  static async start(folders: Readonly<Record<string, string>>, pages: Readonly<Record<string, string>>): Promise<CompressedSite> {
    const site = new CompressedSite(folders, pages);
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What was sent since the last call. */
  takeTransfer(): Transfer {
    const sent = this.#sent;
    this.#sent = [];
    const sum = (form: keyof Transfer): number => sent.reduce((total, body) => total + body[form].length, 0);
    return { gzip: sum("gzip"), brotli: sum("brotli") };
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #body(path: string): Promise<Compressed | undefined> {
    let body = this.#bodies.get(path);
    if (body === undefined) {
      const page = this.#pages[path];
      const [, first, rest] = /^\/([^/]*)\/(.*)$/.exec(normalize(path)) ?? [];
      const folder = first === undefined ? undefined : this.#folders[first];
      body = page === undefined && folder === undefined
        ? Promise.resolve(undefined)
        : (page === undefined ? readFile(join(folder!, rest!)) : Promise.resolve(Buffer.from(page))).then(compress, () => undefined);
      this.#bodies.set(path, body);
    }
    return body;
  }
}

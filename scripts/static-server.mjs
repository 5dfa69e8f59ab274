// Serves a folder with the headers that isolate a page.
import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
};

/**
 * Resolves with the listening server. Port 0 takes any.
 * @param contents gives what is not a file of the folder: another file's path, or a body with its type.
 */
export function serveFolder(folder, headers, port = 0, host = "127.0.0.1", contents = () => undefined) {
  const server = createServer((request, response) => {
    let path;
    try {
      path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    } catch {
      response.writeHead(400).end();
      return;
    }
    path = normalize(path);
    const own = contents(path);
    if (own?.body !== undefined) {
      response.writeHead(200, { "Content-Type": own.type, "Cache-Control": "no-cache", ...headers }).end(own.body);
      return;
    }
    const file = own?.file ?? join(folder, path, path.endsWith("/") ? "index.html" : "");
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat?.isFile()) {
      response.writeHead(404, headers).end("no such file");
      return;
    }
    // Changes with every build, and lets the browser keep what it has compiled.
    const tag = `"${stat.size}-${stat.mtimeMs}"`;
    const all = { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Cache-Control": "no-cache", ETag: tag, ...headers };
    if (request.headers["if-none-match"] === tag) {
      response.writeHead(304, all).end();
      return;
    }
    response.writeHead(200, { ...all, "Content-Length": stat.size });
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    createReadStream(file).on("error", () => response.destroy()).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve(server));
  });
}

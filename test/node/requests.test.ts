import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chooseVersion } from "../../src/stress-packages/fetch.js";
import { api, type HostWeft } from "../python/package.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "weft-requests-"));

function fetchPackages(...names: string[]): void {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(ROOT, "dist/dev/stress-packages.js"), "--fetch", ...names], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  for (const line of stdout.trim().split("\n")) {
    cpSync(line.slice(line.indexOf(" ") + 1), folder, { recursive: true });
  }
}

function load(network: boolean): Promise<HostWeft> {
  return api.loadWeft({ network, mounts: [{ host: folder, guest: "/packages", readOnly: true }], env: { PYTHONPATH: "/packages" } });
}

beforeAll(() => {
  fetchPackages("python3-urllib3", "python3-requests", "python3-idna", "python3-chardet", "python3-certifi");
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("requests, as Debian has it", () => {
  let server: Server;
  let weft: HostWeft;
  let origin = "";
  /** Where nobody listens. */
  let closed = 0;

  beforeAll(async () => {
    const brief = createServer();
    await new Promise<void>((resolve) => brief.listen(0, "127.0.0.1", resolve));
    closed = (brief.address() as AddressInfo).port;
    await new Promise((resolve) => brief.close(resolve));
    server = createServer((request, response) => {
      const { method, url, headers } = request;
      if (url === "/never") {
        return;
      }
      if (url === "/moved") {
        response.writeHead(302, { Location: "/here" }).end();
        return;
      }
      if (url === "/slow-body") {
        response.writeHead(200, { "Content-Type": "text/plain" }).write("first\n");
        return;
      }
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const answer = { method, url, body: Buffer.concat(parts).toString(), agent: headers["user-agent"], own: headers["x-own"] };
        response.writeHead(url === "/absent" ? 404 : 200, { "Content-Type": "application/json", "X-Answer": "yes" }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    weft = await load(true);
    await weft.globals.set("origin", origin);
    await weft.run("import requests, urllib3, threading");
  });

  afterAll(async () => {
    await weft.terminate();
    server.closeAllConnections();
    server.close();
  });

  test("gets, posts and is told of errors", async () => {
    await weft.run("r = requests.get(origin + '/a?b=c', headers={'X-Own': 'mine'}, timeout=10)");
    expect(await weft.eval("[r.status_code, r.headers['x-answer'], r.json()]")).toEqual([200, "yes", expect.objectContaining({ method: "GET", url: "/a?b=c", body: "", own: "mine" })]);
    await weft.run("r = requests.post(origin + '/p', json={'key': [1, 2]}, timeout=10)");
    expect(await weft.eval("r.json()['body']")).toBe('{"key": [1, 2]}');
    await weft.run("r = requests.put(origin + '/chunks', data=(part for part in [b'one', b'two']), timeout=10)");
    expect(await weft.eval("r.json()['body']")).toBe("onetwo");
    await expect(weft.run("requests.get(origin + '/absent', timeout=10).raise_for_status()")).rejects.toThrow(/HTTPError: 404 Client Error/);
  });

  test("uses a session from several threads at once", async () => {
    await weft.run(`
answers = []
with requests.Session() as session:
    def use(number):
        for i in range(5):
            answers.append(session.get(f"{origin}/{number}/{i}", timeout=30).json()["url"])
    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
`);
    expect((await weft.eval("sorted(answers)")) as string[]).toEqual(Array.from({ length: 20 }, (_, i) => `/${Math.floor(i / 5)}/${i % 5}`));
  });

  test("gives up in time, before the answer and within it", async () => {
    await expect(weft.run("requests.get(origin + '/never', timeout=0.2)")).rejects.toThrow(/ReadTimeout/);
    await expect(weft.run("requests.get(origin + '/slow-body', timeout=0.2)")).rejects.toThrow(/timed out/);
    await expect(weft.run(`requests.get('http://127.0.0.1:${closed}/', timeout=10)`)).rejects.toThrow(/requests\.exceptions\.ConnectionError.*ECONNREFUSED/);
  });

  test("urllib3 by itself: redirects are the host's, https is not refused for want of ssl", async () => {
    await weft.run("pool = urllib3.PoolManager(retries=False)");
    expect(await weft.eval("(lambda r: [r.status, r.url])(pool.request('GET', origin + '/moved'))")).toEqual([200, `${origin}/here`]);
    await expect(weft.run(`pool.request('GET', 'https://127.0.0.1:${closed}/', timeout=10)`)).rejects.toThrow(/ECONNREFUSED/);
  });

  test("reaches what listens inside of the program by a socket", async () => {
    await weft.run(`
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"inside")
    def log_message(self, *_): pass
inside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
serving = threading.Thread(target=inside.serve_forever)
serving.start()
try:
    text = requests.get(f"http://127.0.0.1:{inside.server_address[1]}/", timeout=10).text
finally:
    inside.shutdown()
    serving.join()
    inside.server_close()
`);
    expect(await weft.eval("text")).toBe("inside");
  });

  test("can be imported without the network, which it then does not reach", async () => {
    const alone = await load(false);
    try {
      await alone.run("import requests");
      await expect(alone.run(`requests.get(${JSON.stringify(origin)}, timeout=5)`)).rejects.toThrow(/ConnectionError/);
    } finally {
      await alone.terminate();
    }
  });
});

test("a package that the archive replaced is taken in the version that replaced it, of the same upstream version", () => {
  expect(chooseVersion("2.3.0-3+deb13u2", ["2.5.0-1", "2.3.0-3+deb13u2"])).toBe("2.3.0-3+deb13u2");
  expect(chooseVersion("2.3.0-3+deb13u2", ["2.5.0-1", "2.3.0-3+deb13u4", "2.3.0-3+deb13u3"])).toBe("2.3.0-3+deb13u4");
  expect(chooseVersion("2.3.0-3+deb13u2", ["2.5.0-1"])).toBe("2.3.0-3+deb13u2");
});

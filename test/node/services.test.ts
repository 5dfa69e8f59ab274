import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DisplayMessage } from "../../src/node.js";
import { api } from "../python/package.js";

const { loadWeft } = api;

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
    });
    request.on("end", () => {
      if (request.url === "/redirect") {
        response.writeHead(302, { Location: "/after" }).end();
      } else if (request.url !== "/never") {
        response.end(JSON.stringify([request.method, request.url, length, request.headers["x-mine"] ?? ""]));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("http.client and urllib.request by fetch(), where network is given", async () => {
  const weft = await loadWeft({ network: true });
  await weft.run(`
import urllib.request, urllib.error, http.client, json, threading
URL = ${JSON.stringify(url)}
result = [json.load(urllib.request.urlopen(urllib.request.Request(URL + "/x?y", headers={"X-Mine": "1"})))]
result.append(urllib.request.urlopen(URL + "/redirect").geturl() == URL + "/after")
connection = http.client.HTTPConnection(URL[7:])
for n in range(2):
    connection.request("POST", "/e", body=iter([b"aa", b"bbb"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    result.append(json.load(connection.getresponse()))
connection.putrequest("PUT", "/late")
connection.putheader("Content-Length", "6")
connection.endheaders()
connection.send(b"abc")
connection.send(b"def")
result.append(json.load(connection.getresponse()))
for address, timeout in ((URL + "/never", 0.1), ("http://127.0.0.1:1/", 30), ("https://localhost:1/", 30)):
    try:
        urllib.request.urlopen(address, timeout=timeout)
    except urllib.error.URLError as error:
        result.append(type(error.reason).__name__)
many = []
threads = [threading.Thread(target=lambda n=n: many.append(json.load(urllib.request.urlopen(f"{URL}/{n}"))[1])) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
result.append(sorted(many))
`);
  const result = weft.attach((py) => py.eval("result").toJs());
  await weft.terminate();
  expect(result).toEqual([
    ["GET", "/x?y", 0, "1"], true, ["POST", "/e", 5, ""], ["POST", "/e", 5, ""], ["PUT", "/late", 6, ""],
    "TimeoutError", "ConnectionError", "ConnectionError", ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7"],
  ]);
});

test("without network, http.client is as it was", async () => {
  const weft = await loadWeft();
  await weft.run("import http.client, urllib.request");
  expect(await weft.eval("hasattr(http.client, 'HTTPSConnection')")).toBe(false);
  await expect(weft.run(`urllib.request.urlopen(${JSON.stringify(url)})`)).rejects.toThrow("urlopen error");
  await weft.terminate();
});

test("display() and weft.plot give the host what they show, and print where nobody takes it", async () => {
  const shown: DisplayMessage[] = [];
  const weft = await loadWeft({ display: (message) => { shown.push(message); } });
  await weft.run(`
import os
from weft import display, plot
display({"a": 1})
made = plot.bar(["x", "y"], {"one": [1, 2], "two": [3, None]}, title="Bars <1>", y_label="count", show=False)
made.save("/tmp/bars.svg")
same = open("/tmp/bars.svg").read() == made.svg
plot.histogram([1, 2, 2.5, 9], bins=[0, 2, 4], title="H")
`);
  const [svg, same] = weft.attach((py) => py.eval("made.svg, same").toJs()) as [string, boolean];
  await weft.terminate();
  expect(same).toBe(true);
  expect(svg).toContain("<title>Bars &lt;1&gt;</title><desc>Bar chart, vertically: count. one: 2 values from 1 to 2; two: 1 values from 3 to 3.</desc>");
  expect(shown.map((message) => ("content" in message ? message.content.type : message))).toEqual(["table", "svg"]);
  const silent = await loadWeft();
  expect(await silent.eval("__import__('weft').plot.line([1, 2])._repr_svg_()[:4]")).toBe("<svg");
  await silent.terminate();
});

test("the page is missing where there is none, and other names too", async () => {
  const weft = await loadWeft();
  await expect(weft.run("from weft import page; page.document")).rejects.toThrow("there is no page");
  await expect(weft.run("import weft; weft.nothing")).rejects.toThrow("module 'weft' has no attribute 'nothing'");
  await expect(weft.run("from weft import plot; plot.line([])")).resolves.toBeUndefined();
  await weft.terminate();
});

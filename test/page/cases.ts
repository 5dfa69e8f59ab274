import type { IncomingMessage, ServerResponse } from "node:http";
import type { LoadOptions } from "../../src/browser.js";
import { importPackage as importInto } from "../browser/page-package.js";

/** What both drivers' pages have in common. */
export interface TestPage {
  evaluate<A, T>(call: (argument: A) => T | Promise<T>, argument: A): Promise<T>;
  evaluate(script: string): Promise<unknown>;
  reload(): Promise<unknown>;
}

declare global {
  /** Options for {@link runPython}'s interpreter. */
  var weftOptions: LoadOptions;
  var startPython: (way: "page" | "worker") => Promise<TestPython>;
}

/** Python in the page, or in a worker of the page that reaches the page by a port. */
export interface TestPython {
  readonly text: string;
  run(source: string): Promise<void>;
  terminate(): Promise<void>;
}

const SETUP = `
globalThis.weftOptions = {};
globalThis.startPython = async (way) => {
  let text = "";
  const add = (part) => { text += part; };
  if (way === "page") {
    const weft = await weftPython.loadWeft({ stdout: add, stderr: add });
    return { get text() { return text; }, run: (source) => weft.run(source).catch((error) => add(String(error) + "\\n")), terminate: () => weft.terminate() };
  }
  const worker = new Worker("/python-worker.js", { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const end = weftPython.servePage(port1);
  const workers = new MessageChannel();
  const endWorkers = weftPython.serveWorkers(workers.port1);
  let done;
  worker.onmessage = ({ data }) => { if ("text" in data) { add(data.text); } else { done(); } };
  const ask = (message, transfer = []) => new Promise((resolve) => { done = resolve; worker.postMessage(message, transfer); });
  await ask({ port: port2, workers: workers.port2 }, [port2, workers.port2]);
  return { get text() { return text; }, run: (source) => ask({ source }), terminate: async () => { await ask({}); worker.terminate(); end(); endWorkers(); } };
};
`;

const WORKER = `
import { loadWeft } from "/dist/browser/index.js";
let weft;
const text = (part) => { postMessage({ text: part }); };
onmessage = async ({ data }) => {
  if (data.port) {
    weft = await loadWeft({ page: () => data.port, workers: data.workers, stdout: text, stderr: text });
  } else if (data.source) {
    await weft.run(data.source).catch((error) => text(String(error) + "\\n"));
  } else {
    await weft.terminate();
  }
  postMessage({ done: true });
};
`;

export async function importPackage(page: TestPage): Promise<void> {
  await importInto(page);
  await page.evaluate(SETUP);
}

/** Loads Python, runs programs, and gives what they printed; what fails is printed too. */
export function runPython(page: TestPage, ...programs: readonly string[]): Promise<string> {
  return page.evaluate(async (sources: readonly string[]) => {
    let text = "";
    const add = (part: string): void => {
      text += part;
    };
    const weft = await weftPython.loadWeft({ stdout: add, stderr: add, ...weftOptions });
    for (const source of sources) {
      await weft.run(source).catch((error: unknown) => {
        text += `${String(error)}\n`;
      });
    }
    await weft.terminate();
    return text;
  }, programs);
}

const FILE_WRITERS = `
import os, threading, json
os.chdir(PLACE)
barrier = threading.Barrier(4)
def work(n):
    barrier.wait()
    os.makedirs(f"d{n}", exist_ok=True)
    for i in range(25):
        with open(f"d{n}/tmp", "w") as file:
            file.write(f"{n}:{i}" * 100)
        os.replace(f"d{n}/tmp", f"d{n}/{i % 5}")
        with open("log", "a") as log:
            log.write(f"{n} {i}\\n")
threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
os.symlink("log", "link")
os.chmod("d0/0", 0o600)
with open("large", "wb") as file:
    file.write(bytes(range(256)) * 4096)
`;

const FILE_READER = `
import os
os.chdir(PLACE)
lines = open("link").read().splitlines()
print(sorted(os.listdir()), len(lines), [sum(line.startswith(f"{n} ") for line in lines) for n in range(4)])
print(all([line for line in lines if line.startswith(f"{n} ")] == [f"{n} {i}" for i in range(25)] for n in range(4)))
print(sorted(os.listdir("d3")), open("d3/4").read() == "3:24" * 100, oct(os.stat("d0/0").st_mode & 0o777))
print(open("large", "rb").read() == bytes(range(256)) * 4096, os.path.getsize("large"), os.path.islink("link"))
`;

/** What a test does in a page, and what it then has. */
export interface Case {
  readonly name: string;
  /** It is about what browsers do in their own ways: storage, the network. */
  readonly byBrowser?: true;
  run(page: TestPage, origins: { readonly own: string; readonly other: string }): Promise<unknown>;
  readonly expected: unknown;
}

/** The page from Python, loaded in the page itself or in a worker of it. */
function pageCase(way: "page" | "worker"): Case {
  return {
    name: `page: threads use the document, and handlers run on their own thread (Python in a ${way})`,
    run: async (page) => {
      const printed = await page.evaluate(async ([source, where]: readonly ["page" | "worker" | string, string]) => {
        document.body.innerHTML = '<button id="go">go</button><ul></ul><a href="#away">away</a>';
        const weft = await startPython(where as "page" | "worker");
        await weft.run(source);
        const button = document.querySelector<HTMLElement>("#go")!;
        const link = document.querySelector<HTMLElement>("a")!;
        const until = async (what: string): Promise<void> => {
          for (const end = Date.now() + 20_000; !weft.text.includes(what) && Date.now() < end;) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        };
        button.click();
        await until("heard 1");
        button.click();
        await until("heard 2");
        link.click();
        await until("left");
        await weft.run(`print(${JSON.stringify(location.hash)}, "|")`);
        await weft.run("clicked.remove(); print(clicked)");
        button.click();
        await weft.run("away.remove()");
        // It ends when it sees that nobody listens any more.
        await weft.run("import threading\nfor t in threading.enumerate():\n  if t.name == 'page-events': t.join(20)\nprint([t.name for t in threading.enumerate()])");
        await weft.terminate();
        return [weft.text, [...document.querySelectorAll("li")].map((item) => item.textContent).sort()];
      }, [`
import threading
from weft import page

def add(n):
    item = page.document.createElement("li")
    item.textContent = f"thread {n}"
    page.query("ul").append(item)

threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print(len(page.query_all("li")), page.document == page.document, page.window.Array.from_("ab").to_py(), repr(page.query("ul")))
# One that the page calls later, and objects that go there and come back.
import weft
heard = threading.Event()
proxy = weft.create_proxy(lambda value: (print("called", value), heard.set()))
page.window.setTimeout(proxy, 1, "later")
heard.wait(30)
options = page.window.Object.assign(page.window.Object.new(), {"n": [1, {"two": None}]})
print(options.n[0], options.to_py(), page.window.Promise.resolve(5).wait(), page.window.JSON.stringify({"a": options}))
try:
    page.document.nothing
except AttributeError as error:
    print(error)
try:
    page.document.querySelector("[")
except weft.HostError as error:
    print(error.name)

count = 0
@page.on("#go", "click")
def clicked(event):
    global count
    count += 1
    print("heard", count, event.target.id, threading.current_thread().name)
    if count == 1:
        raise ValueError("mine")

@page.on(page.query("a"), "click", prevent_default=True, once=True)
def away(event):
    print("left", event.defaultPrevented)

try:
    page.query("#none")
except LookupError as error:
    print(error)
try:
    page.on("#go", "click", 5)
except TypeError as error:
    print(error)
try:
    page.on(page.window.Math, "click", print)
except Exception as error:
    print(type(error).__name__, error)
`, way]);
      const [text, items] = printed as [string, string[]];
      // The traceback's lines are not the point.
      return [text.replace(/Exception in thread page-events[\s\S]*?ValueError: mine/, "(traceback)"), items];
    },
    expected: [
      "4 True ['a', 'b'] <js HTMLUListElement: [object HTMLUListElement]>\ncalled later\n" +
        "1 {'n': [1, {'two': None}]} 5 {\"a\":{\"n\":[1,{}]}}\n" +
        "this JavaScript value has no attribute 'nothing'\nSyntaxError\nthe page has no element '#none'\na handler is called with the event, and 5 cannot be called\n" +
        "HostError TypeError: events come from elements and other targets of events, and [object Math] is none\n" +
        "heard 1 go page-events\n(traceback)\nheard 2 go page-events\nleft True\n |\n" +
        "<weft.page.Listener <function clicked at 0x0> for 'click', removed>\n['MainThread']\n",
      ["thread 0", "thread 1", "thread 2", "thread 3"],
    ],
  };
}

export const CASES: readonly Case[] = [
  pageCase("page"),
  pageCase("worker"),
  {
    name: "page: with latest, only the newest event waits",
    run: (page) =>
      page.evaluate(async (program: string) => {
        let text = "";
        const weft = await weftPython.loadWeft({ stdout: (part) => { text += part; } });
        await weft.run(program);
        for (let i = 0; i < 500; i++) {
          dispatchEvent(new CustomEvent("many", { detail: i }));
        }
        await weft.run("done.wait(30); print(seen[-1], len(seen) < 100)");
        await weft.terminate();
        return text;
      }, `
import threading
from weft import page
seen, done = [], threading.Event()
@page.on(page.window, "many", latest=True)
def many(event):
    seen.append(int(event.detail))
    if seen[-1] == 499:
        done.set()
`),
    expected: "499 True\n",
  },
  {
    name: "display: values of every kind, in order, from threads",
    run: (page) =>
      page.evaluate(async (program: string) => {
        const seen: unknown[] = [];
        const weft = await weftPython.loadWeft({ display: (message) => { seen.push(message); } });
        await weft.run(program);
        await weft.terminate();
        return seen.map((message) => JSON.stringify(message, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)).replaceAll(/(display|canvas)-\d+/g, "$1-N"));
      }, `
import threading
from weft import display, Canvas, HTML, SVG
shown = display({"a": [1, 2], "b": [3]})
shown.update("text")
display([{"x": 1}, {"y": None}])
display(b"\\x89PNG\\r\\n\\x1a\\n...")
canvas = Canvas(2, 1)
display(canvas)
t = threading.Thread(target=canvas.row, args=(0, bytes(6))); t.start(); t.join()
display(HTML("<b>"))
display(SVG("<svg/>"))
`),
    expected: [
      '{"display":"display-N","content":{"type":"table","columns":["a","b"],"rows":[["1","3"],["2",""]]}}',
      '{"display":"display-N","content":{"type":"text","text":"text"}}',
      '{"display":"display-N","content":{"type":"table","columns":["x","y"],"rows":[["1",""],["","None"]]}}',
      '{"display":"display-N","content":{"type":"png","text":"iVBORw0KGgouLi4="}}',
      '{"display":"display-N","content":{"type":"canvas","canvas":"canvas-N","width":2,"height":1}}',
      '{"canvas":"canvas-N","row":0,"pixels":[0,0,0,0,0,0]}',
      '{"display":"display-N","content":{"type":"html","text":"<b>"}}',
      '{"display":"display-N","content":{"type":"svg","text":"<svg/>"}}',
    ],
  },
  {
    name: "plot: charts of every kind from threads at once, shown by displayIn()",
    run: (page) =>
      page.evaluate(async (program: string) => {
        document.body.innerHTML = "<div></div>";
        const area = document.querySelector("div")!;
        let text = "";
        const weft = await weftPython.loadWeft({ stdout: (part) => { text += part; }, stderr: (part) => { text += part; }, display: weftPython.displayIn(area) });
        await weft.run(program);
        await weft.terminate();
        const images = [...area.querySelectorAll("img")];
        await Promise.all(images.map((image) => image.decode()));
        return [text, images.map(({ alt, naturalWidth }) => [alt.split(":")[0], naturalWidth]).sort()];
      }, `
import threading, datetime
from weft import plot
def draw(kind):
    match kind:
        case 0: made = plot.line(range(3), {"one": [1, 2, 3], "two": [3, None, 1]}, title="Lines", x_label="x", y_label="y")
        case 1: made = plot.bar(["a", "b"], [1, 2], title="Bars")
        case 2: made = plot.scatter([1, 2], [2, 1], title="Points <&>", width=300)
        case 3: made = plot.histogram([1, 2, 2, 3, 3, 3], bins=3, title="Counts")
        case 4: made = plot.line([datetime.date(2024, 1, d) for d in (1, 2, 3)], [1, 2, 3], title="Days")
    assert "<title>" in made.svg and "<desc>" in made.svg and made.svg.startswith('<svg role="img"'), made.svg[:200]
threads = [threading.Thread(target=draw, args=(kind,)) for kind in range(5)]
for t in threads: t.start()
for t in threads: t.join()
try: plot.line([1, 2], [1])
except ValueError as error: print(error)
try: plot.line(["a"], ["b"])
except TypeError as error: print(error)
`),
    expected: ["x has 2 values, and y has 1\na chart shows numbers, not 'b'\n", [["Bars", 640], ["Counts", 640], ["Days", 640], ["Lines", 640], ["Points <&>", 300]]],
  },
  {
    name: "persist: four threads write, and after a reload all of it is there",
    byBrowser: true,
    run: async (page) => {
      const place = `/home/p${Date.now()}`;
      const use = async (source: string): Promise<string> => {
        await page.evaluate((persist: string) => { weftOptions = { persist }; }, place);
        return runPython(page, `PLACE = ${JSON.stringify(place)}`, source);
      };
      const first = await use(FILE_WRITERS);
      await page.reload();
      await importPackage(page);
      const second = await use(FILE_READER);
      return [first, second];
    },
    expected: [
      "",
      "['d0', 'd1', 'd2', 'd3', 'large', 'link', 'log'] 100 [25, 25, 25, 25]\nTrue\n['0', '1', '2', '3', '4'] True 0o600\nTrue 1048576 True\n",
    ],
  },
  {
    name: "persist: a page that is left in the middle of writing leaves whole files",
    byBrowser: true,
    run: async (page) => {
      const place = `/home/q${Date.now()}`;
      const load = `weftPython.loadWeft({ persist: ${JSON.stringify(place)}, stdout: (text) => { globalThis.said = text; } })`;
      await page.evaluate(`${load}.then((weft) => {
        weft.run(${JSON.stringify(`
import os, itertools
os.chdir(${JSON.stringify(place)})
for i in itertools.count():
    with open("next", "w") as file:
        file.write(f"{i} " * 5000)
    os.replace("next", "saved")
    if i == 20: print("going", flush=True)
`)}).catch(() => undefined);
        return new Promise((resolve) => { const look = () => (globalThis.said ? resolve() : setTimeout(look, 5)); look(); });
      })`);
      await page.reload();
      await importPackage(page);
      await page.evaluate((persist: string) => { weftOptions = { persist }; }, place);
      return runPython(page, `
import os
os.chdir(${JSON.stringify(place)})
words = open("saved").read().split()
print(len(words), len(set(words)), int(words[0]) >= 20, set(os.listdir()) <= {"saved", "next"})
`);
    },
    expected: "5000 1 True True\n",
  },
  {
    name: "persist: the page's own thread uses it too, and a second interpreter is refused",
    byBrowser: true,
    run: (page) =>
      page.evaluate(async (persist: string) => {
        const weft = await weftPython.loadWeft({ persist });
        weft.attach((py) => { py.run(`open(${JSON.stringify(`${persist}/a`)}, "w").write("from the page")`); });
        const text: unknown = weft.attach((py) => py.eval(`open(${JSON.stringify(`${persist}/a`)}).read()`).toJs());
        const refused = await weftPython.loadWeft({ persist }).catch(String);
        await weft.terminate();
        const again = await weftPython.loadWeft({ persist });
        const later = await again.eval(`open(${JSON.stringify(`${persist}/a`)}).read()`);
        await again.terminate();
        return [text, String(refused).replace(persist, "P"), later];
      }, `/home/r${Date.now()}`),
    expected: ["from the page", "Error: the persistent folder P cannot be opened: another page or interpreter of this origin uses it", "from the page"],
  },
  {
    name: "network: urllib.request and http.client over fetch()",
    byBrowser: true,
    run: async (page, { own, other }) => {
      await page.evaluate(() => { weftOptions = { network: true }; }, undefined);
      return runPython(page, `OWN, OTHER = ${JSON.stringify(own)}, ${JSON.stringify(other)}`, `
import urllib.request, urllib.error, http.client, json, threading, time
def echo(*arguments, **keywords):
    with urllib.request.urlopen(urllib.request.Request(*arguments, **keywords), timeout=30) as response:
        return response.status, json.load(response)
status, seen = echo(OWN + "/echo?q=1", headers={"X-Mine": "yes"})
print(status, seen["method"], seen["url"], seen["headers"]["x-mine"])
status, seen = echo(OWN + "/echo", data=b"body " * 50_000, method="PUT")
print(status, seen["method"], seen["length"])
with urllib.request.urlopen(OWN + "/redirect") as response:
    print(response.status, response.geturl() == OWN + "/echo?after", json.load(response)["url"])
try:
    urllib.request.urlopen(OWN + "/missing")
except urllib.error.HTTPError as error:
    print(error.code, error.reason, error.read())
host = OWN.removeprefix("http://")
connection = http.client.HTTPConnection(host, timeout=30)
for n in range(2):
    connection.request("POST", "/echo", body=iter([b"a" * 10, b"b" * 5]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    response = connection.getresponse()
    print(response.status, json.loads(response.read())["length"])
connection.request("HEAD", "/echo")
response = connection.getresponse()
print(response.status, response.read())
with urllib.request.urlopen(OWN + "/large") as response:
    total = 0
    while part := response.read(100_000):
        total += len(part)
print(total)
with urllib.request.urlopen(OWN + "/gzip") as response:
    print(response.read(), response.headers["Content-Encoding"])
print(echo(OTHER + "/cors")[1]["method"])
try:
    urllib.request.urlopen(OTHER + "/echo")
except urllib.error.URLError as error:
    print(type(error.reason).__name__, "Access-Control-Allow-Origin" in str(error))
begin = time.monotonic()
try:
    urllib.request.urlopen(OWN + "/never", timeout=0.2)
except (TimeoutError, urllib.error.URLError) as error:
    print(error, time.monotonic() - begin < 10)
# One thread waits, the others go on.
waiting = threading.Thread(target=lambda: echo(OWN + "/echo?slow"))
waiting.start()
print(sum(range(1000)))
waiting.join()
`, `
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"from inside")
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/").read())
server.shutdown()
print(http.client.HTTPSConnection("example.org").port, "HTTPSHandler" in dir(urllib.request))
`);
    },
    expected:
      "200 GET /echo?q=1 yes\n200 PUT 250000\n200 True /echo?after\n404 Not Found b'no such file'\n200 15\n200 15\n200 b''\n3000000\nb'packed' None\nGET\n" +
      "ConnectionError True\n<urlopen error timed out> True\n499500\nb'from inside'\n443 True\n",
  },
  {
    name: "network: an interrupt ends a request, and without the option there is none",
    byBrowser: true,
    run: (page, { own }) =>
      page.evaluate(async (origin: string) => {
        const weft = await weftPython.loadWeft({ network: true });
        await weft.run("import urllib.request");
        const abort = new AbortController();
        const waiting = weft.run(`urllib.request.urlopen("${origin}/never")`, { signal: abort.signal }).catch(String);
        setTimeout(() => { abort.abort("enough"); }, 100);
        const interrupted = await waiting;
        const after = await weft.eval("6 * 7");
        await weft.terminate();
        const closed = await weftPython.loadWeft();
        const refused = await closed.run(`import urllib.request; urllib.request.urlopen("${origin}/echo")`).catch((error: unknown) => (error as { typeName: string }).typeName);
        await closed.terminate();
        return [interrupted, after, refused];
      }, own),
    expected: ["enough", 42, "urllib.error.URLError"],
  },
  {
    name: "asyncio: in several threads, with timers, executors, to_thread, and the page's promises",
    run: (page) =>
      runPython(page, `
import asyncio, threading, time
from weft import host
host.later = host.eval("(value, ms) => new Promise((resolve) => setTimeout(resolve, ms, value))")
host.fails = host.eval("() => Promise.reject(new RangeError('no'))")

async def main(n):
    loop = asyncio.get_running_loop()
    fired = loop.create_future()
    loop.call_later(0.01, fired.set_result, "timer")
    values = await asyncio.gather(
        host.later(n, 5), host.later(n + 1, 1), asyncio.to_thread(lambda: threading.current_thread() is not threading.main_thread()),
        loop.run_in_executor(None, sum, range(n)), fired, asyncio.sleep(0.001, "slept"))
    try:
        await host.fails()
    except Exception as error:
        values.append(f"{type(error).__name__}: {error}")
    try:
        await asyncio.wait_for(host.later(0, 60_000), 0.05)
    except TimeoutError:
        values.append("timeout")
    queue = asyncio.Queue()
    threading.Thread(target=lambda: loop.call_soon_threadsafe(queue.put_nowait, "from a thread")).start()
    values.append(await queue.get())
    return values

results = {}
def run(n):
    results[n] = asyncio.run(main(n))
threads = [threading.Thread(target=run, args=(n,)) for n in range(3)]
for t in threads: t.start()
run(3)
for t in threads: t.join()
for n in range(4): print(*results[n], sep=", ")
`),
    expected: [0, 1, 2, 3].map((n) => `${n}, ${n + 1}, True, ${(n * (n - 1)) / 2}, timer, slept, HostError: RangeError: no, timeout, from a thread\n`).join(""),
  },
];

/** A server's part of the cases. */
export function answer(request: IncomingMessage, response: ServerResponse, path: string): boolean {
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const echo = (more: Record<string, string>): void => {
    let length = 0;
    request.on("data", (part: Buffer) => {
      length += part.length;
    });
    request.on("end", () => {
      const send = (): void => {
        response.writeHead(200, { "Content-Type": "application/json", ...headers, ...more });
        response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, length }));
      };
      setTimeout(send, request.url!.endsWith("slow") ? 100 : 0);
    });
  };
  switch (path) {
    case "/echo":
      echo({});
      return true;
    case "/cors":
      echo({ "Access-Control-Allow-Origin": "*" });
      return true;
    case "/redirect":
      response.writeHead(302, { ...headers, Location: "/echo?after" }).end();
      return true;
    case "/large":
      response.writeHead(200, headers);
      for (let i = 0; i < 30; i++) {
        response.write(Buffer.alloc(100_000, i));
      }
      response.end();
      return true;
    case "/gzip":
      response.writeHead(200, { ...headers, "Content-Encoding": "gzip" }).end(Buffer.from("H4sIAAAAAAAAAytITM5OTQEAELT2IQYAAAA=", "base64"));
      return true;
    case "/python-worker.js":
      response.writeHead(200, { ...headers, "Content-Type": "text/javascript" }).end(WORKER);
      return true;
    case "/never":
      return true;
    default:
      return false;
  }
}

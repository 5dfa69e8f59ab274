import { escapeXml } from "../tools/xml.js";
import type { LaneName } from "./iteration.js";
import type { BrokenFile } from "./runner.js";
import type { Timeline } from "./timeline.js";
import { replayCommand, type TestVerdict } from "./verdict.js";
import { percent } from "./report.js";

const STYLE = `
:root { color-scheme: light dark; --text: #1c2024; --dim: #60646c; --line: #d9d9e0; --paper: #fcfcfd; --bad: #c62a2f; --good: #18794e; --runs: #3b82c4; --waits: #e0a04a; }
@media (prefers-color-scheme: dark) { :root { --text: #edeef0; --dim: #b0b4ba; --line: #43484e; --paper: #111113; --bad: #ff9592; --good: #3dd68c; --runs: #70b8ff; --waits: #b8803a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--paper); max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; overflow-wrap: anywhere; } .dim { color: var(--dim); } .bad { color: var(--bad); } .good { color: var(--good); }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; } th { white-space: nowrap; } td.number { text-align: right; white-space: nowrap; }
pre { overflow-x: auto; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: 6px; font-size: 13px; }
code.replay { display: block; overflow-x: auto; white-space: pre; padding: .5rem .8rem; border-left: 3px solid var(--runs); font-size: 13px; }
svg { width: 100%; display: block; margin: .8rem 0; } svg text { font: 12px system-ui, sans-serif; fill: var(--dim); } .runs { fill: var(--runs); } .waits { fill: var(--waits); } .axis { stroke: var(--line); }
.key { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 1em; } summary { cursor: pointer; }
`;

/** How a report begins. */
export interface HtmlHead {
  /** What was asked for, in words. */
  readonly what: string;
  /** Milliseconds that new interpreters took. */
  readonly restarts: ReadonlyMap<LaneName, readonly number[]>;
}

/** The whole report in one file, which needs nothing else. */
export function htmlText({ what, restarts }: HtmlHead, verdicts: readonly TestVerdict[], broken: readonly BrokenFile[]): string {
  const bad = verdicts.filter((one) => one.bad);
  const replaced = [...restarts].filter(([, times]) => times.length > 0).map(([env, times]) => `${times.length} interpreters replaced in ${env}, in at most ${Math.max(...times).toFixed(0)} ms`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>weft stress: ${bad.length + broken.length} of ${verdicts.length + broken.length} are not as they should be</title><style>${STYLE}</style></head><body>
<h1>weft stress</h1>
<p>${escapeXml(what)}${replaced.map((line) => `<br>${escapeXml(line)}`).join("")}</p>
<table><thead><tr><th>Test</th><th>Result</th><th>Runs</th><th>Failed</th><th>Threads</th><th>Seconds</th></tr></thead><tbody>
${verdicts.map((one, i) => row(one, i)).join("\n")}
${broken.map(({ env, file }) => `<tr><td>${escapeXml(file)} <span class="dim">${env}</span></td><td class="bad" colspan="5">cannot be loaded</td></tr>`).join("\n")}
</tbody></table>
${verdicts.map((one, i) => (one.bad ? section(one, i) : "")).join("\n")}
${broken.map(({ file, raised }) => `<h2 class="bad">${escapeXml(file)}</h2><pre>${escape(raised.traceback)}</pre>`).join("\n")}
</body></html>
`;
}

/** In the text of HTML: line ends stay. */
function escape(text: string): string {
  return text.split("\n").map(escapeXml).join("\n");
}

function row(one: TestVerdict, index: number): string {
  const name = one.bad ? `<a href="#test-${index}">${escapeXml(one.id)}</a>` : escapeXml(one.id);
  const result = one.class === "passes" ? `passes <span class="dim">(at most ${percent(3 / Math.max(one.runs, 1))} of runs fail, 95 %)</span>` : one.class === "skipped" ? `skipped <span class="dim">${escapeXml(one.skip ?? "")}</span>` : escapeXml(one.class);
  const colour = one.bad ? "bad" : one.class === "passes" ? "good" : "dim";
  return `<tr><td>${name} <span class="dim">${one.env}</span></td><td class="${colour}">${result}</td>${[one.runs, one.failed, one.threads, one.seconds.toFixed(1)].map((value) => `<td class="number">${value}</td>`).join("")}</tr>`;
}

function section(one: TestVerdict, index: number): string {
  const parts = [`<h2 id="test-${index}">${escapeXml(one.id)} <span class="bad">${escapeXml(one.class)}</span> <span class="dim">${one.env}</span></h2>`];
  const replay = (command: string): string => `<code class="replay">${escapeXml(command)}</code>`;
  if (one.class === "never overlapped") {
    parts.push("<p>Its threads were never in the test at the same time: it is too short to show anything.</p>");
  }
  if (one.hang) {
    parts.push(drawing(one.hang.timeline), `<pre>${escape(one.hang.report)}</pre>`, replay(replayCommand(one.hang.iteration)));
  }
  if (one.crash) {
    parts.push(`<pre>${escape(one.crash.message)}</pre>`, replay(replayCommand(one.crash.iteration)));
  }
  for (const { raised, count, first, timeline, output, again } of one.failures) {
    parts.push(
      `<p><b>${count} times</b> ${escapeXml(raised.type)}: ${escapeXml(raised.message.split("\n")[0]!)} <span class="dim">${escapeXml(raised.where)}</span>${again ? `<br>The same seed failed again in ${again.failed} of ${again.runs} runs.` : ""}</p>`,
      drawing(timeline),
      `<details open><summary>Traceback</summary><pre>${escape(raised.traceback)}</pre></details>`,
      output === "" ? "" : `<details><summary>Output</summary><pre>${escape(output)}</pre></details>`,
      replay(replayCommand(first)),
    );
  }
  if (one.shrunk) {
    parts.push("<p>The shortest schedule that fails:</p>", replay(replayCommand(one.shrunk)));
  }
  return parts.join("\n");
}

const WIDTH = 1000;
const LEFT = 90;
const LANE = 24;

/** The threads' timelines, one below the other. What a part means is shown when it is pointed at. */
function drawing(timeline: Timeline | undefined): string {
  if (!timeline || timeline.threads.length === 0) {
    return "";
  }
  const spans = timeline.threads.flatMap((thread) => thread.spans);
  const begin = Math.min(...spans.map(({ from }) => from));
  const end = Math.max(...spans.map(({ to }) => to));
  const x = (at: number): number => LEFT + ((at - begin) / Math.max(end - begin, 1e-9)) * (WIDTH - LEFT - 10);
  const height = timeline.threads.length * LANE + 24;
  const lanes = timeline.threads.map(({ name, spans: own }, i) => {
    const y = i * LANE + 4;
    const parts = own.map(({ from, to, what, note }) => `<rect class="${what}" x="${x(from).toFixed(1)}" y="${y}" width="${Math.max(x(to) - x(from), 1).toFixed(1)}" height="${LANE - 8}"><title>${escapeXml(`${label(from)} to ${label(to)}: ${what}${note === "" ? "" : `, ${note}`}`)}</title></rect>`);
    return `<text x="0" y="${y + 13}">${escapeXml(name)}</text><line class="axis" x1="${LEFT}" x2="${WIDTH - 10}" y1="${y + LANE / 2 - 4}" y2="${y + LANE / 2 - 4}"/>${parts.join("")}`;
  });
  return `<p class="dim">Threads over time <span class="key" style="background: var(--runs)"></span>runs <span class="key" style="background: var(--waits)"></span>waits</p>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="what the threads did">${lanes.join("")}<text x="${LEFT}" y="${height - 6}">${label(begin)}</text><text x="${WIDTH - 10}" y="${height - 6}" text-anchor="end">${label(end)}</text></svg>`;
}

function label(value: number): string {
  return value < 1 ? `${(value * 1000).toFixed(2)} ms` : `${value.toFixed(2)} s`;
}

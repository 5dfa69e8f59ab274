import { element, escapeXml } from "../tools/xml.js";
import type { BrokenFile } from "./runner.js";
import { idOf } from "./iteration.js";
import { command, orderArguments, replayCommand, type BrokenByEarlier, type TestVerdict } from "./verdict.js";

const indent = (text: string): string => text.trimEnd().split("\n").map((line) => (line === "" ? "" : `    ${line}`)).join("\n");

/** What is said of one test, for people. */
export function verdictText(verdict: TestVerdict): string {
  const { class: kind, runs } = verdict;
  const id = verdict.env === "node" ? verdict.id : `[${verdict.env}] ${verdict.id}`;
  const time = `${verdict.seconds.toFixed(1)} s`;
  switch (kind) {
    case "passes":
      // The rule of three: what so many passes allow at 95 %.
      return `ok      ${id}  ${runs} runs on ${verdict.threads} threads, at most ${percent(3 / Math.max(runs, 1))} of runs fail (95 %), ${time}`;
    case "skipped":
      return `skip    ${id}  ${verdict.skip}`;
    case "never overlapped":
      return `PROBLEM ${id}  its threads were never in the test at the same time: it is too short to show anything; more --iterations, or --schedule perturb`;
    default:
      return [`FAIL    ${id}  ${kind}${kind.startsWith("fails ") ? `: ${verdict.failed} of ${runs} runs` : ""}, ${time}`, details(verdict)].join("\n");
  }
}

function details(verdict: TestVerdict): string {
  const parts: string[] = [];
  if (verdict.hang) {
    parts.push(indent(verdict.hang.report), `    replay: ${replayCommand(verdict.hang.iteration)}`);
  }
  if (verdict.crash) {
    parts.push(indent(verdict.crash.message), `    replay: ${replayCommand(verdict.crash.iteration)}`);
  }
  if (verdict.order) {
    parts.push(orderText(verdict.order));
  }
  for (const { raised, count, first, again } of verdict.failures) {
    parts.push(`    ${count} times: ${raised.test === undefined ? "" : `in ${raised.test}: `}${raised.type}: ${raised.message.split("\n")[0]} (${raised.where})`, indent(raised.traceback));
    if (again) {
      parts.push(`    the same seed failed again in ${again.failed} of ${again.runs} runs`);
    }
    parts.push(`    replay: ${replayCommand(first)}`);
  }
  if (verdict.shrunk) {
    parts.push(`    shortest: ${replayCommand(verdict.shrunk)}`);
  }
  return parts.join("\n");
}

function orderText(order: BrokenByEarlier): string {
  const { raised, after } = order;
  return [
    `    it passes by itself, and on one thread failed after other tests: ${raised.type}: ${raised.message.split("\n")[0]} (${raised.where})`,
    indent(raised.traceback),
    ...(after === undefined
      ? ["    but not when the same tests ran before it again"]
      : [...after.map((test) => `    broken by ${idOf(test)}`), `    replay: ${command(orderArguments(order))}`]),
  ].join("\n");
}

/** A share in words. */
export function percent(share: number): string {
  return share >= 1 ? "100 %" : `${(share * 100).toPrecision(2)} %`;
}

/** One line of JSON for a test. */
export function verdictJson(verdict: TestVerdict): string {
  const { id, runs, passed, failed, overlapped, seconds, threads, skip, hang, crash, order } = verdict;
  return JSON.stringify({
    id,
    env: verdict.env,
    class: verdict.class,
    threads,
    runs,
    passed,
    failed,
    overlapped,
    seconds,
    ...(skip === undefined ? {} : { skip }),
    ...(hang ? { hang: { ...hang.diagnosis, report: hang.report, replay: replayCommand(hang.iteration) } } : {}),
    ...(crash ? { crash: { message: crash.message, replay: replayCommand(crash.iteration) } } : {}),
    ...(order ? { order: { ...order.raised, after: order.after?.map(idOf), replay: command(orderArguments(order)) } } : {}),
    failures: verdict.failures.map(({ raised, count, first, again }) => ({ ...raised, count, ...(again ? { again } : {}), replay: replayCommand(first) })),
    ...(verdict.shrunk ? { shortest: replayCommand(verdict.shrunk) } : {}),
  });
}

/** A JUnit report of what is known so far: a suite for each environment. */
export function junitText(verdicts: readonly TestVerdict[], broken: readonly BrokenFile[]): string {
  const suites = [...new Set([...verdicts, ...broken].map(({ env }) => env))].map((env) =>
    suite(
      env,
      verdicts.filter((one) => one.env === env),
      broken.filter((one) => one.env === env),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, suites)}\n`;
}

function suite(env: string, verdicts: readonly TestVerdict[], broken: readonly BrokenFile[]): string {
  const cases = verdicts.map((verdict) => {
    const [file, ...name] = verdict.id.split("::");
    const attributes = { classname: file!, name: name.join("::"), time: verdict.seconds.toFixed(3) };
    if (verdict.class === "skipped") {
      return element("testcase", attributes, [element("skipped", { message: verdict.skip ?? "" })]);
    }
    return verdict.bad
      ? element("testcase", attributes, [element("failure", { message: verdict.class, type: verdict.class }, [escapeXml(verdictText(verdict))])])
      : element("testcase", attributes);
  });
  cases.push(...broken.map(({ file, raised }) => element("testcase", { classname: file, name: "(file)" }, [element("error", { message: raised.message }, [escapeXml(raised.traceback)])])));
  const attributes = {
    name: `weft stress (${env})`,
    tests: cases.length,
    failures: verdicts.filter((one) => one.bad).length,
    errors: broken.length,
    skipped: verdicts.filter((one) => one.class === "skipped").length,
  };
  return element("testsuite", attributes, cases);
}

/** An annotation for GitHub's workflows. */
export function annotation(verdict: TestVerdict): string {
  const where = /^(.*):(\d+)$/.exec(verdict.failures[0]?.raised.where ?? "");
  const place = where ? `file=${where[1]},line=${where[2]}` : `file=${verdict.id.split("::")[0]}`;
  const message = `${verdict.id} ${verdict.class}`.replaceAll("%", "%25").replaceAll("\n", "%0A");
  return `::error ${place},title=weft stress::${message}`;
}

/** What `weft stress` said of one test of a package. */
export interface Finding {
  readonly package: string;
  readonly schedule: string;
  /** A line of `--json-lines`. */
  readonly verdict: {
    readonly id: string;
    readonly class: string;
    readonly runs: number;
    readonly failed: number;
    readonly failures: readonly { readonly type: string; readonly message: string; readonly where: string }[];
  };
}

/** One row for each test that failed under any schedule: how often, and how. */
export function findingsTable(findings: readonly Finding[]): string {
  const schedules = [...new Set(findings.map((one) => one.schedule))];
  const tests = grouped(findings);
  const rows = [...tests.values()]
    .filter((same) => same.some(({ verdict }) => !["passes", "skipped", "never overlapped"].includes(verdict.class)))
    .map((same) => {
      const cells = schedules.map((schedule) => {
        const found = same.find((one) => one.schedule === schedule)?.verdict;
        return found === undefined ? "" : found.class === "fails only in parallel" || found.class === "passes" ? `${found.failed} of ${found.runs}` : found.class;
      });
      const failure = same.flatMap(({ verdict }) => verdict.failures)[0];
      const name = same[0]!.verdict.id.split("::").slice(1).join("::");
      return [same[0]!.package, name, ...cells, failure === undefined ? "" : `${failure.type}: ${failure.message.split("\n")[0]}`];
    });
  const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  const head = ["package", "test", ...schedules, "first failure"];
  return [head, head.map(() => "---"), ...rows].map(row).join("");
}

/** By test, in the order of the findings. */
function grouped(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const test = `${finding.package} ${finding.verdict.id}`;
    groups.set(test, [...(groups.get(test) ?? []), finding]);
  }
  return groups;
}

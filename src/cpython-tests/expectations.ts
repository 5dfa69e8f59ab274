import { readFileSync } from "node:fs";

/** What to expect of some tests of a file. */
export interface TestExpectation {
  /**
   * `fail`: runs and must fail. `skip`: is left out, because it would take its process down,
   * cannot start, or fails by chance in CPython itself.
   */
  readonly kind: "fail" | "skip";
  /** Ids of tests, in which `*` stands for any text. */
  readonly tests: readonly string[];
  readonly reason: string;
}

/** What to expect of a whole file. */
export interface FileExpectation {
  /** `no-work`: runs, but every test in it skips itself. `skip`: is not even started. */
  readonly kind: "no-work" | "skip";
  readonly reason: string;
}

/** The contents of `expectations.json`. */
export interface Expectations {
  /** Full texts of reasons by their short names. */
  readonly reasons: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, FileExpectation>>;
  readonly tests: Readonly<Record<string, readonly TestExpectation[]>>;
  /**
   * For which reasons tests may skip themselves: by a reason's short name, the tests' own
   * words, in which `*` stands for any text.
   */
  readonly selfSkips: Readonly<Record<string, readonly string[]>>;
}

/** A mistake in the expectations. */
export class ExpectationsError extends Error {
  override readonly name = "ExpectationsError";
}

const FILE_KINDS = ["no-work", "skip"];
const TEST_KINDS = ["fail", "skip"];
/** Too short to tell a fact about the platform. */
const SHORTEST_REASON = 20;

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown, place: string, keys?: readonly string[]): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ExpectationsError(`${place} must be an object`);
  }
  if (keys) {
    const unknown = Object.keys(value).find((key) => !keys.includes(key));
    const missing = keys.find((key) => !(key in value));
    if (unknown !== undefined || missing !== undefined) {
      throw new ExpectationsError(
        unknown !== undefined ? `${place} has an unknown key ${unknown}` : `${place} lacks ${missing}`,
      );
    }
  }
  return value as Json;
}

function text(value: unknown, place: string): string {
  if (typeof value !== "string" || value === "") {
    throw new ExpectationsError(`${place} must be a text`);
  }
  return value;
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ExpectationsError(`${place} must be a list with something in it`);
  }
  return value;
}

function kind<K extends string>(value: unknown, kinds: readonly string[], place: string): K {
  if (!kinds.includes(value as string)) {
    throw new ExpectationsError(`${place}.kind must be one of ${kinds.join(", ")}`);
  }
  return value as K;
}

/**
 * Parses and checks expectations.
 * @throws ExpectationsError that names the place of the first mistake.
 */
export function parseExpectations(source: string): Expectations {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (error) {
    throw new ExpectationsError(`not JSON: ${(error as Error).message}`, { cause: error });
  }
  const root = object(parsed, "the file", ["reasons", "files", "tests", "selfSkips"]);
  const used = new Set<string>();
  const reasons: Record<string, string> = {};
  for (const [name, value] of Object.entries(object(root["reasons"], "reasons"))) {
    reasons[name] = text(value, `reasons.${name}`);
    if (reasons[name].length < SHORTEST_REASON) {
      throw new ExpectationsError(`reasons.${name} is too short to be a reason`);
    }
  }
  const reason = (value: unknown, place: string): string => {
    const name = text(value, `${place}.reason`);
    if (!(name in reasons)) {
      throw new ExpectationsError(`${place} names the reason ${name}, which is not in reasons`);
    }
    used.add(name);
    return name;
  };
  const files: Record<string, FileExpectation> = {};
  for (const [name, value] of Object.entries(object(root["files"], "files"))) {
    const place = `files.${name}`;
    const entry = object(value, place, ["kind", "reason"]);
    files[name] = { kind: kind(entry["kind"], FILE_KINDS, place), reason: reason(entry["reason"], place) };
  }
  const tests: Record<string, readonly TestExpectation[]> = {};
  for (const [name, value] of Object.entries(object(root["tests"], "tests"))) {
    tests[name] = list(value, `tests.${name}`).map((item, index) => {
      const place = `tests.${name}[${index}]`;
      const entry = object(item, place, ["kind", "tests", "reason"]);
      return {
        kind: kind(entry["kind"], TEST_KINDS, place),
        tests: list(entry["tests"], `${place}.tests`).map((id) => text(id, `${place}.tests`)),
        reason: reason(entry["reason"], place),
      };
    });
  }
  const selfSkips: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(object(root["selfSkips"], "selfSkips"))) {
    const place = `selfSkips.${name}`;
    const messages = list(value, place);
    // The empty message is one that a test can give.
    if (!messages.every((message) => typeof message === "string")) {
      throw new ExpectationsError(`${place} must be a list of texts`);
    }
    selfSkips[reason(name, place)] = messages as string[];
  }
  const unused = Object.keys(reasons).find((name) => !used.has(name));
  if (unused !== undefined) {
    throw new ExpectationsError(`reasons.${unused} is not used`);
  }
  return { reasons, files, tests, selfSkips };
}

/**
 * Reads expectations from a file.
 * @throws ExpectationsError that names the file.
 */
export function readExpectations(path: string): Expectations {
  try {
    return parseExpectations(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ExpectationsError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Makes a test for ids out of a pattern in which `*` stands for any text. */
export function matcher(pattern: string): (text: string) => boolean {
  const source = pattern.split("*").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("[^]*");
  const regex = new RegExp(`^${source}$`);
  return (candidate) => regex.test(candidate);
}

/** The patterns of a file's tests that are not run. */
export function ignoredTests(expectations: Expectations, file: string): string[] {
  return (expectations.tests[file] ?? []).filter((entry) => entry.kind === "skip").flatMap((entry) => entry.tests);
}

/** Makes a function that finds the short name of the reason for a test's own words. */
export function selfSkipReasons(expectations: Expectations): (message: string) => string | undefined {
  const rules = Object.entries(expectations.selfSkips).flatMap(([reason, messages]) =>
    messages.map((message) => ({ reason, matches: matcher(message) })),
  );
  return (message) => rules.find((rule) => rule.matches(message))?.reason;
}

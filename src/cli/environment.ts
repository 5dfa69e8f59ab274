import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { CliError, ExitCode } from "./exit-codes.js";

/** What a guest finds in its environment without anything passed. */
export function baseEnvironment(): Record<string, string> {
  const environment: Record<string, string> = {
    HOME: "/home/weft",
    LANG: "C.UTF-8",
    PATH: "/usr/bin",
    USER: "weft",
  };
  // What a terminal can do is no secret, and curses-like code needs it.
  const term = process.env["TERM"];
  if (term !== undefined) {
    environment["TERM"] = term;
  }
  return environment;
}

/** `--env NAME` passes the host's value, `--env NAME=VALUE` sets one. */
export function parseEnvOption(text: string): Record<string, string> {
  const equals = text.indexOf("=");
  if (equals === 0 || text === "") {
    throw new CliError(`--env takes NAME or NAME=VALUE, not ${JSON.stringify(text)}`, ExitCode.usage);
  }
  if (equals > 0) {
    return { [text.slice(0, equals)]: text.slice(equals + 1) };
  }
  const value = process.env[text];
  return value === undefined ? {} : { [text]: value };
}

/** Reads a file of NAME=VALUE lines. */
export function readEnvFile(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CliError(`cannot read the environment file ${path}: ${(error as Error).message}`, ExitCode.noInput, {
      cause: error,
    });
  }
  return parseEnv(text) as Record<string, string>;
}

/** The host's variables whose name passes `accept`. */
export function hostEnvironment(accept: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && accept(entry[0]),
    ),
  );
}

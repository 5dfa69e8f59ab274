/**
 * Main program of a bundle for a command line (Node, Deno, Bun): runs the test file that it was bundled with and
 * prints a line of JSON for each event. Standard output also has what the tests print, so lines of ours have a mark.
 */
import { runFile, type Selection } from "./run.js";
// Bundling puts the test file in its place.
import * as file from "weft:test-file";

const MARK = "@@weft-test ";
const print = (value: object): void => {
  console.log(MARK + JSON.stringify(value));
};

const outcomes = await runFile(
  file.name,
  file.load,
  {
    begin: (name) => {
      print({ begin: name });
    },
    end: (end) => {
      print({ end });
    },
  },
  JSON.parse(process.argv[2] ?? "{}") as Selection,
);
print({ outcomes });
process.exit(outcomes.every(({ state }) => state !== "fail") ? 0 : 1);

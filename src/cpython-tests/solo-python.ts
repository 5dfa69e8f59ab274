/**
 * Runs the driver of CPython's tests in the solo profile: `node solo-python.js -m driver request.json`, in a folder with both
 * files. The component has no folder of its host's, so they are copied into it, and events are reported by a function of the host's.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { loadSolo } from "../hosts/node/solo.js";
import { PythonError } from "../portable/python-error.js";

const FOLDER = "/tmp/driver";

const START = `
import os, sys
sys.path.insert(0, ${JSON.stringify(FOLDER)})
import driver
del sys.modules["driver"]
sys.modules["__main__"] = driver
driver.__name__ = "__main__"
class Report(driver.Report):
    def __init__(self, path):
        self._path = path
    def emit(self, event, **fields):
        report(os.path.basename(self._path), driver.json.dumps({"event": event, **fields}) + "\\n")
driver.Report = Report
driver.main()
`;

const request = process.argv[4];
if (process.argv[2] !== "-m" || process.argv[3] !== "driver" || request === undefined) {
  process.stderr.write("usage: solo-python.js -m driver REQUEST\n");
  process.exit(64);
}
const python = await loadSolo({ argv: ["driver", `${FOLDER}/${request}`], env: { HOME: "/tmp" }, workingDirectory: FOLDER }, "for CPython's tests");
for (const name of ["driver.py", request]) {
  await python.writeFile(`${FOLDER}/${name}`, readFileSync(name));
}
await python.set("report", (path: string, line: string) => {
  appendFileSync(path, line);
});
try {
  await python.run(START);
} catch (error) {
  if (!(error instanceof PythonError)) {
    throw error;
  }
  if (error.typeName !== "SystemExit") {
    process.stderr.write(`${error.traceback}\n`);
    process.exitCode = 1;
  } else {
    process.exitCode = Number(error.text);
  }
}

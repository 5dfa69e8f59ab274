import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Mount } from "../node.js";
import { isEsModule } from "./es-module.js";
import { StressUsageError } from "./options.js";
import { hasPytest, projectOf } from "./site.js";

/** A file with tests, and which of them are wanted. */
export interface Target {
  readonly file: string;
  /** A test's name, or the beginning of names up to a `::`; all where there is none. */
  readonly name: string | undefined;
}

/** Before the name of a module that Python can import, in the place of a file. */
const MODULE = "module:";

const TEST_FILE = /^(test_.*|.*_test|hammer_.*)\.py$/;

/** The files that targets name; folders stand for the test files below them. */
export function findTargets(texts: readonly string[]): Target[] {
  return texts.flatMap((text) => {
    const [path, ...rest] = text.split("::");
    const name = rest.length === 0 ? undefined : rest.join("::");
    if (path!.startsWith(MODULE)) {
      return [{ file: path!, name }];
    }
    const full = resolve(path!);
    if (!existsSync(full)) {
      throw new StressUsageError(`there is no file or folder ${path}`);
    }
    const real = realpathSync(full);
    return (statSync(real).isDirectory() ? below(real) : [real]).map((file) => ({ file, name }));
  });
}

function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        return /^(\.|__pycache__$|node_modules$)/.test(entry.name) ? [] : below(path);
      }
      return TEST_FILE.test(basename(path)) ? [path] : [];
    });
}

/**
 * The folders that tests see, read-only and at their own paths: their packages', those of `--python-path` and of installed packages,
 * and with pytest their projects', which have its settings and conftest files.
 */
export function mountsFor(files: readonly string[], pythonPath: readonly string[], sites: readonly string[]): Mount[] {
  const folders = new Set<string>(sites);
  for (const file of files.filter((one) => !one.startsWith(MODULE) && !isEsModule(one))) {
    const project = hasPytest(sites) ? projectOf(file) : undefined;
    if (project !== undefined) {
      folders.add(project);
    }
    let folder = dirname(file);
    while (existsSync(join(folder, "__init__.py"))) {
      folder = dirname(folder);
    }
    folders.add(folder);
  }
  for (const folder of pythonPath) {
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new StressUsageError(`--python-path ${folder} is no folder`);
    }
    folders.add(realpathSync(folder));
  }
  // A folder below another one is there with it.
  const all = [...folders].sort();
  return all.filter((one) => !all.some((other) => other !== one && one.startsWith(`${other}/`))).map((host) => ({ host, guest: host, readOnly: true }));
}

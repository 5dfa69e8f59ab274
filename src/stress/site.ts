import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { StressUsageError } from "./options.js";

/** Files by which pytest finds a project's folder, the most telling first. */
const PROJECT_FILES = ["pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "setup.py"];

/**
 * The folders of installed packages that tests may import: those that are named, else those of the active or the
 * project's virtual environment.
 * @param named folders of packages or virtual environments.
 * @throws StressUsageError when one that is named is none.
 */
export function findSites(named: readonly string[], files: readonly string[], environment: Readonly<Record<string, string | undefined>>): string[] {
  if (named.length > 0) {
    return named.flatMap((folder) => {
      if (!existsSync(folder) || !statSync(folder).isDirectory()) {
        throw new StressUsageError(`--site ${folder} is no folder`);
      }
      const found = packagesOf(folder);
      if (found.length === 0) {
        throw new StressUsageError(`--site ${folder} is a virtual environment without a folder lib/python3.*/site-packages`);
      }
      return found;
    });
  }
  const active = environment["VIRTUAL_ENV"];
  const places = [...(active === undefined || active === "" ? [] : [active]), ...[process.cwd(), ...files.flatMap(projectFolders)].flatMap((folder) => [join(folder, ".venv"), join(folder, "venv")])];
  const first = places.find((place) => existsSync(join(place, "pyvenv.cfg")));
  return first === undefined ? [] : packagesOf(first);
}

/** Whether one of the folders has pytest. */
export function hasPytest(sites: readonly string[]): boolean {
  return sites.some((site) => existsSync(join(site, "_pytest")) && existsSync(join(site, "pluggy")));
}

/** The folder that pytest takes for the project of a file; undefined where there is none. */
export function projectOf(file: string): string | undefined {
  return projectFolders(file).find((folder) => PROJECT_FILES.some((name) => existsSync(join(folder, name))));
}

/** A file's folder and those above it, up to the repository's. */
function projectFolders(file: string): string[] {
  const found: string[] = [];
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    found.push(folder);
    if (existsSync(join(folder, ".git"))) {
      break;
    }
  }
  return found;
}

function packagesOf(folder: string): string[] {
  const full = realpathSync(resolve(folder));
  if (!existsSync(join(full, "pyvenv.cfg"))) {
    return [full];
  }
  const lib = join(full, "lib");
  const versions = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith("python3")) : [];
  return versions.map((version) => join(lib, version, "site-packages")).filter((site) => existsSync(site));
}

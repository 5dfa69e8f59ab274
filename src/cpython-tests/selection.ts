import { UsageError } from "./options.js";

/** `test.test_asyncio.test_locks` can be asked for as `test_asyncio.test_locks`. */
function withoutPackage(name: string): string {
  return name.startsWith("test.") ? name.slice("test.".length) : name;
}

/**
 * Finds the files that are meant by names from the command line.
 * @throws UsageError about a name that fits nothing.
 */
export function selectFiles(all: readonly string[], wanted: readonly string[]): readonly string[] {
  if (wanted.length === 0) {
    return all;
  }
  const chosen = new Set<string>();
  for (const name of wanted.map(withoutPackage)) {
    const found = all.filter((file) => {
      const plain = withoutPackage(file);
      return plain === name || plain.startsWith(`${name}.`);
    });
    if (found.length === 0) {
      throw new UsageError(`there is no test file ${name}; see --list`);
    }
    found.forEach((file) => chosen.add(file));
  }
  return all.filter((file) => chosen.has(file));
}

/** Puts those first that took longest before: the run's end does not wait for one of them. */
export function longestFirst(files: readonly string[], seconds: (name: string) => number | undefined): string[] {
  const rank = (name: string): number => seconds(name) ?? Number.POSITIVE_INFINITY;
  return [...files].sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)));
}

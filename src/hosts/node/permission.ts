/**
 * What a program may not be allowed to know: what `otherwise` gives under Deno, and under Node's permission model, where the
 * permission for it is missing.
 */
export function permitted<T>(ask: () => T, otherwise: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof Error && (error.name === "NotCapable" || (error as { code?: unknown }).code === "ERR_ACCESS_DENIED")) {
      return otherwise();
    }
    throw error;
  }
}

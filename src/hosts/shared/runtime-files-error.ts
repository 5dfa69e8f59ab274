/**
 * The runtime's files are missing, incomplete, damaged, or not those of the manifest.
 * @example
 * ```js
 * try {
 *   await loadWeft({ runtime: "/none" });
 * } catch (error) {
 *   console.log(error instanceof RuntimeFilesError); // true
 * }
 * ```
 */
export class RuntimeFilesError extends Error {
  override readonly name = "RuntimeFilesError";
}

/** The runtime's files are missing, incomplete, damaged, or not those of the manifest. */
export class RuntimeFilesError extends Error {
  override readonly name = "RuntimeFilesError";
}

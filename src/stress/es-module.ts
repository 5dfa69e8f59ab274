/** Whether a file's name is that of an ES module, which may define Python modules. */
export function isEsModule(file: string): boolean {
  return /\.m?[jt]s$/.test(file);
}

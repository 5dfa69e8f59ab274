/**
 * The names of WebAssembly's classes that the package's declarations use, for programs whose own libraries do not have them:
 * Node's do not, the DOM's do. Interfaces of one name are merged.
 */
declare global {
  namespace WebAssembly {
    interface Memory {}
    interface Module {}
    interface Instance {}
  }
}
export {};

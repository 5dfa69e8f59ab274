// Made by "npm run wit" of wasm/weft.wit; change that.
// world weft:python/python@0.1.0
export type * as WeftPythonHost010 from './interfaces/weft-python-host.js'; // import weft:python/host@0.1.0
export type * as WeftPythonTypes010 from './interfaces/weft-python-types.js'; // import weft:python/types@0.1.0
export * as interpreter from './interfaces/weft-python-interpreter.js'; // export weft:python/interpreter@0.1.0

/** The package's API under Node and Deno. */
export { loadWeft, type LoadOptions } from "./hosts/node/load.js";
export { PyAny, type Bound } from "./python/any.js";
export { ConversionError } from "./python/convert.js";
export { PanicError, PyErr } from "./python/errors.js";
export { AttachError, DetachedError, type LifecycleState } from "./python/lifecycle.js";
export { Py, type SentPy } from "./python/py.js";
export { Python, type HostFunction } from "./python/python.js";
export { HostWeft, Weft, type RunOptions, type ThreadHandle } from "./python/weft.js";
export { GuestError, type GuestLimits, type Mount } from "./runtime/guest.js";
export type { ErrorParts } from "./python/errors.js";
export { lazyError } from "./python/lazy-error.js";

/**
 * Every function of the runtime that TypeScript calls: the linker's list of exports, the types of
 * the calls, and what a test compares with the module's own types.
 *
 * A signature is the result followed by the parameters: `p` an address (a C pointer), `i` any other
 * 32-bit integer, `l` a 64-bit integer, `d` a double, `v` nothing.
 */
export const FUNCTIONS = {
  // The C library.
  malloc: "pi",
  free: "vp",
  _emscripten_stack_alloc: "pi",
  _emscripten_stack_restore: "vp",
  emscripten_stack_get_current: "p",

  // wasm/include/weft_main.h, weft_host.h, weft_sys.h, weft_thread.h
  weft_main_argument: "ip",
  weft_main_chdir: "ip",
  weft_main_serve: "v",
  weft_main_setenv: "ipp",
  weft_main_signal: "ii",
  weft_main_signal_pending: "i",
  weft_main_start: "ii",
  weft_main_stdlib: "ipi",
  weft_post_event: "vipp",
  weft_readline_cancel: "v",
  weft_readline_reply: "vpi",
  weft_threads_configure: "viii",
  weft_host_mount: "ippi",
  weft_stdin_close: "v",
  weft_stdin_push: "ipi",
  weft_stdin_space: "i",
  weft_stdio_configure: "iii",
  weft_sys_mkdirs: "ip",
  weft_sys_write_file: "ippii",
  weft_tty_set_size: "vii",

  // wasm/include/weft_python.h
  weft_python_words: "p",
  weft_attach: "i",
  weft_detach: "v",
  weft_suspend: "v",
  weft_resume: "v",
  weft_leave: "v",
  weft_pool_drop: "vp",
  weft_pool_drain: "v",
  weft_job_submit: "pppp",
  weft_job_cancel: "vp",
  weft_job_free: "vp",
  weft_serve_end: "vi",
  weft_host_object_new: "pip",
  weft_host_object_id: "ip",
  weft_host_object_released: "i",
  weft_thread_spawn: "iii",
  weft_error_set: "vppi",
  weft_layout_hash: "i",

  // wasm/include/weft_sync.h
  weft_sync_new: "piip",
  weft_sync_share: "vp",
  weft_sync_drop: "vp",
  weft_sync_thread: "i",
  weft_sync_waiting: "ip",
  weft_sync_acquire: "ipidi",
  weft_sync_release: "ipii",
  weft_sync_finish: "ipip",
  weft_sync_state: "ip",
  weft_sync_poisoned: "ip",
  weft_sync_clear_poison: "vp",
  weft_sync_value: "pp",
  weft_sync_swap: "ppp",
  weft_sync_wait: "ippdi",
  weft_sync_notify: "ipi",
  weft_critical_begin: "ipppi",
  weft_critical_end: "vp",
  weft_critical_suspended: "ip",

  // CPython: references and objects. Only functions that return or take owned references where the
  // object is shared.
  Py_IncRef: "vp",
  Py_DecRef: "vp",
  Py_GetConstant: "pi",
  PyObject_Type: "pp",
  PyObject_GetAttr: "ppp",
  PyObject_GetOptionalAttr: "ippp",
  PyObject_SetAttr: "ippp",
  PyObject_DelAttr: "ipp",
  PyObject_HasAttrWithError: "ipp",
  PyObject_GetItem: "ppp",
  PyObject_SetItem: "ippp",
  PyObject_DelItem: "ipp",
  PyObject_Vectorcall: "pppip",
  PyObject_VectorcallMethod: "pppip",
  PyObject_Call: "pppp",
  PyObject_RichCompare: "pppi",
  PyObject_RichCompareBool: "ippi",
  PyObject_GetIter: "pp",
  PyIter_Next: "pp",
  PyIter_Check: "ip",
  PySequence_Contains: "ipp",
  PyObject_Length: "ip",
  PyObject_Repr: "pp",
  PyObject_Str: "pp",
  PyObject_Hash: "ip",
  PyObject_IsTrue: "ip",
  PyObject_IsInstance: "ipp",
  PyObject_IsSubclass: "ipp",
  PyObject_Dir: "pp",
  PyCallable_Check: "ip",
  PyNumber_Add: "ppp",
  PyNumber_Subtract: "ppp",
  PyNumber_Multiply: "ppp",
  PyNumber_TrueDivide: "ppp",
  PyNumber_FloorDivide: "ppp",
  PyNumber_Remainder: "ppp",
  PyNumber_Power: "pppp",
  PyNumber_MatrixMultiply: "ppp",
  PyNumber_Lshift: "ppp",
  PyNumber_Rshift: "ppp",
  PyNumber_And: "ppp",
  PyNumber_Or: "ppp",
  PyNumber_Xor: "ppp",
  PyNumber_Negative: "pp",
  PyNumber_Positive: "pp",
  PyNumber_Absolute: "pp",
  PyNumber_Invert: "pp",
  PyNumber_Index: "pp",

  // Numbers.
  PyLong_FromLong: "pi",
  PyLong_FromLongLong: "pl",
  PyLong_FromDouble: "pd",
  PyLong_FromNativeBytes: "ppii",
  PyLong_AsNativeBytes: "ippii",
  PyLong_AsLongAndOverflow: "ipp",
  PyFloat_FromDouble: "pd",
  PyFloat_AsDouble: "dp",
  PyComplex_FromDoubles: "pdd",
  PyComplex_RealAsDouble: "dp",
  PyComplex_ImagAsDouble: "dp",

  // Text and bytes.
  PyUnicode_FromStringAndSize: "ppi",
  PyUnicode_DecodeUTF16: "ppipp",
  PyUnicode_AsUTF8AndSize: "ppp",
  PyUnicode_AsEncodedString: "pppp",
  PyUnicode_InternFromString: "pp",
  PyUnicode_InternInPlace: "vp",
  PyUnicode_GetLength: "ip",
  PyBytes_FromStringAndSize: "ppi",
  PyBytes_AsString: "pp",
  PyBytes_Size: "ip",
  PyByteArray_FromStringAndSize: "ppi",
  PyByteArray_AsString: "pp",
  PyMemoryView_FromObject: "pp",
  PyObject_GetBuffer: "ippi",
  PyBuffer_Release: "vp",

  // Containers.
  PyList_New: "pi",
  PyList_Size: "ip",
  PyList_GetItemRef: "ppi",
  PyList_GetItem: "ppi",
  PyList_SetItem: "ipip",
  PyList_Append: "ipp",
  PyList_Insert: "ipip",
  PyList_GetSlice: "ppii",
  PyList_SetSlice: "ipiip",
  PyList_Sort: "ip",
  PyList_Reverse: "ip",
  PyList_AsTuple: "pp",
  PyList_Extend: "ipp",
  PyList_Clear: "ip",
  PyTuple_New: "pi",
  PyTuple_Size: "ip",
  PyTuple_GetItem: "ppi",
  PyTuple_SetItem: "ipip",
  PyTuple_GetSlice: "ppii",
  PyDict_New: "p",
  PyDict_Size: "ip",
  PyDict_GetItemRef: "ippp",
  PyDict_SetItem: "ippp",
  PyDict_SetDefaultRef: "ipppp",
  PyDict_DelItem: "ipp",
  PyDict_Pop: "ippp",
  PyDict_Contains: "ipp",
  PyDict_Keys: "pp",
  PyDict_Values: "pp",
  PyDict_Items: "pp",
  PyDict_Copy: "pp",
  PyDict_Clear: "vp",
  PyDict_Update: "ipp",
  PyDict_Merge: "ippi",
  PyDict_Next: "ipppp",
  PySet_New: "pp",
  PyFrozenSet_New: "pp",
  PySet_Size: "ip",
  PySet_Add: "ipp",
  PySet_Contains: "ipp",
  PySet_Discard: "ipp",
  PySet_Pop: "pp",
  PySet_Clear: "ip",
  PySequence_List: "pp",
  PySequence_Tuple: "pp",
  PySlice_New: "pppp",

  // Weak references, modules, code.
  PyWeakref_NewRef: "ppp",
  PyWeakref_NewProxy: "ppp",
  PyWeakref_GetRef: "ipp",
  PyImport_ImportModuleLevelObject: "pppppi",
  PyImport_GetModule: "pp",
  PyImport_AddModuleRef: "pp",
  PyModule_GetDict: "pp",
  PyModule_NewObject: "pp",
  PyModule_GetNameObject: "pp",
  PyType_IsSubtype: "ipp",
  PyType_GetName: "pp",
  PyType_GetQualName: "pp",
  PyType_GetFullyQualifiedName: "pp",
  Py_CompileString: "pppi",
  PyEval_EvalCode: "pppp",

  // Errors.
  PyErr_Occurred: "p",
  PyErr_GetRaisedException: "p",
  PyErr_SetRaisedException: "vp",
  PyErr_SetObject: "vpp",
  PyErr_Clear: "v",
  PyErr_CheckSignals: "i",
  PyErr_GivenExceptionMatches: "ipp",
  PyErr_WriteUnraisable: "vp",
  PyErr_NewExceptionWithDoc: "ppppp",
  PyException_GetTraceback: "pp",
  PyException_SetTraceback: "ipp",
  PyException_GetCause: "pp",
  PyException_SetCause: "vpp",
  PyException_GetContext: "pp",
  PyException_SetContext: "vpp",

  // Locks.
  PyCriticalSection_Begin: "vpp",
  PyCriticalSection_End: "vp",
  PyCriticalSection2_Begin: "vppp",
  PyCriticalSection2_End: "vp",
  PyMutex_Lock: "vp",
  PyMutex_Unlock: "vp",
} as const;

/** Name of a function in {@link FUNCTIONS}. */
export type FunctionName = keyof typeof FUNCTIONS;

interface Values {
  p: Address;
  i: number;
  l: bigint;
  d: number;
  v: void;
}
type Value<C extends string> = C extends keyof Values ? Values[C] : never;
type Parameters<S extends string> = S extends `${infer C}${infer Rest}` ? [Value<C>, ...Parameters<Rest>] : [];
type Call<S extends string> = S extends `${infer Result}${infer Rest}` ? (...parameters: Parameters<Rest>) => Value<Result> : never;

/**
 * An address in the guest's memory as WebAssembly hands it out: a signed 32-bit number. 0 is the null
 * pointer. Use it as it is in calls and comparisons, and `>>> 0` before it indexes bytes.
 */
export type Address = number;

/** The runtime's functions in one realm: the exports of that realm's own instance. */
export type Functions = { readonly [Name in FunctionName]: Call<(typeof FUNCTIONS)[Name]> };

import { errno } from "./errno.js";
import { FUNCTIONS } from "./functions.js";

/** A structure as C lays it out, in bytes. */
export interface Struct {
  /** C's name of the type. */
  readonly c: string;
  readonly size: number;
  readonly align: number;
  /** Offset and size of each member that TypeScript touches. */
  readonly fields: Readonly<Record<string, readonly [offset: number, size: number]>>;
}

/**
 * Structures of the guest that TypeScript reads or writes. The build compiles an assertion for every
 * number (wasm/python/layout.c), so a wrong one does not link.
 */
export const STRUCTS = {
  PyObject: {
    c: "PyObject",
    size: 20,
    align: 4,
    fields: { ob_tid: [0, 4], ob_mutex: [6, 1], ob_gc_bits: [7, 1], ob_ref_local: [8, 4], ob_ref_shared: [12, 4], ob_type: [16, 4] },
  },
  PyVarObject: { c: "PyVarObject", size: 24, align: 4, fields: { ob_size: [20, 4] } },
  PyLongObject: { c: "PyLongObject", size: 28, align: 4, fields: { "long_value.lv_tag": [20, 4], "long_value.ob_digit": [24, 4] } },
  PyTypeObject: {
    c: "PyTypeObject",
    size: 220,
    align: 4,
    fields: { tp_name: [24, 4], tp_basicsize: [28, 4], tp_itemsize: [32, 4], tp_vectorcall_offset: [40, 4], tp_flags: [96, 4], tp_base: [140, 4], tp_dict: [144, 4] },
  },
  Py_buffer: {
    c: "Py_buffer",
    size: 44,
    align: 4,
    fields: {
      buf: [0, 4],
      obj: [4, 4],
      len: [8, 4],
      itemsize: [12, 4],
      readonly: [16, 4],
      ndim: [20, 4],
      format: [24, 4],
      shape: [28, 4],
      strides: [32, 4],
      suboffsets: [36, 4],
      internal: [40, 4],
    },
  },
  PyMutex: { c: "PyMutex", size: 1, align: 1, fields: { _bits: [0, 1] } },
  PyCriticalSection: { c: "PyCriticalSection", size: 8, align: 4, fields: {} },
  PyCriticalSection2: { c: "PyCriticalSection2", size: 12, align: 4, fields: {} },
  // What observers read from outside.
  PyThreadState: {
    c: "PyThreadState",
    size: 184,
    align: 8,
    fields: { next: [4, 4], interp: [8, 4], state: [24, 4], current_frame: [52, 4], thread_id: [92, 4], critical_section: [104, 4] },
  },
  _PyInterpreterFrame: {
    c: "_PyInterpreterFrame",
    size: 44,
    align: 4,
    fields: { f_executable: [0, 4], previous: [4, 4], instr_ptr: [28, 4], owner: [38, 1] },
  },
  PyCodeObject: {
    c: "PyCodeObject",
    size: 140,
    align: 4,
    fields: { co_firstlineno: [56, 4], co_filename: [92, 4], co_qualname: [100, 4], co_linetable: [104, 4], co_code_adaptive: [136, 1] },
  },
  PyASCIIObject: { c: "PyASCIIObject", size: 32, align: 4, fields: { length: [20, 4], state: [28, 4] } },
  PyCompactUnicodeObject: { c: "PyCompactUnicodeObject", size: 40, align: 4, fields: {} },
  PyBytesObject: { c: "PyBytesObject", size: 32, align: 4, fields: { ob_sval: [28, 1] } },
  // patch 0004
  _PyThread_lock: { c: "_PyThread_lock", size: 8, align: 4, fields: { mark: [2, 2], owner: [4, 4] } },
  // wasm/include/weft_wait.h
  weft_thread: {
    c: "weft_thread",
    size: 32,
    align: 4,
    fields: { word: [0, 4], in_use: [4, 4], wait_kind: [8, 4], wait_object: [12, 4], tid: [16, 4], flags: [20, 4], generation: [24, 4], c_tid: [28, 4] },
  },
  // musl's: its type, and who has it, which a plain one (type 0) does not say.
  pthread_mutex_t: { c: "pthread_mutex_t", size: 24, align: 4, fields: { "__u.__i[0]": [0, 4], "__u.__i[1]": [4, 4] } },
  // wasm/include/weft_python.h
  weft_words: { c: "struct weft_words", size: 16, align: 4, fields: { lifecycle: [0, 4], dropped: [4, 4], released: [8, 4], world: [12, 4] } },
  weft_job: { c: "weft_job", size: 40, align: 4, fields: { result: [16, 4], error: [20, 4] } },
  // wasm/include/weft_class.h
  weft_borrow_words: { c: "struct weft_borrow_words", size: 12, align: 4, fields: { state: [0, 4], holder: [4, 4], owner: [8, 4] } },
  weft_class_memory: {
    c: "struct weft_class_memory",
    size: 48,
    align: 4,
    fields: { spares: [0, 4], offset: [4, 4], size: [8, 4], itemsize: [12, 4], format: [16, 4], readonly: [20, 4], borrow: [24, 4], flags: [28, 4], shape: [32, 16] },
  },
  // wasm/include/weft_js.h
  weft_request: {
    c: "weft_request",
    size: 44,
    align: 4,
    fields: { operation: [0, 4], id: [4, 4], self: [8, 4], count: [12, 4], names: [16, 4], arguments: [20, 4] },
  },
  // wasm/include/weft_host.h: 64-bit integers that src/hosts/node/host-fs.ts writes in this order.
  weft_host_usage: {
    c: "weft_host_usage",
    size: 24,
    align: 8,
    fields: { user_us: [0, 8], system_us: [8, 8], max_rss_kb: [16, 8] },
  },
  weft_host_stat: {
    c: "weft_host_stat",
    size: 88,
    align: 8,
    fields: {
      mode: [0, 8],
      nlink: [8, 8],
      uid: [16, 8],
      gid: [24, 8],
      size: [32, 8],
      blocks: [40, 8],
      dev: [48, 8],
      ino: [56, 8],
      atime_ns: [64, 8],
      mtime_ns: [72, 8],
      ctime_ns: [80, 8],
    },
  },
} as const satisfies Readonly<Record<string, Struct>>;

/** Constant expressions of C (32-bit integers, or pointers made of such) and their values. */
export const CONSTANTS = {
  // What the signatures in functions.ts and the 32-bit words in all of this rest on.
  "sizeof(void *)": 4,
  "sizeof(long)": 4,
  "sizeof(Py_ssize_t)": 4,
  "sizeof(Py_hash_t)": 4,
  "PY_VERSION_HEX >> 24": 3,
  "PY_VERSION_HEX >> 16 & 255": 13,
  Py_GIL_DISABLED: 1,

  // cpython/longintrepr.h and internal/pycore_global_objects.h
  _PyLong_SIGN_MASK: 3,
  _PyLong_NON_SIZE_BITS: 3,
  _PY_NSMALLNEGINTS: 5,
  _PY_NSMALLPOSINTS: 257,

  Py_file_input: 257,
  Py_eval_input: 258,
  Py_LT: 0,
  Py_LE: 1,
  Py_EQ: 2,
  Py_NE: 3,
  Py_GT: 4,
  Py_GE: 5,

  Py_CONSTANT_NONE: 0,
  Py_CONSTANT_FALSE: 1,
  Py_CONSTANT_TRUE: 2,
  Py_CONSTANT_ELLIPSIS: 3,
  Py_CONSTANT_NOT_IMPLEMENTED: 4,
  Py_CONSTANT_ZERO: 5,
  Py_CONSTANT_ONE: 6,
  Py_CONSTANT_EMPTY_STR: 7,
  Py_CONSTANT_EMPTY_BYTES: 8,
  Py_CONSTANT_EMPTY_TUPLE: 9,

  PyBUF_SIMPLE: 0,
  PyBUF_WRITABLE: 0x1,
  PyBUF_FORMAT: 0x4,
  PyBUF_ND: 0x8,
  PyBUF_STRIDES: 0x18,
  PyBUF_C_CONTIGUOUS: 0x38,
  PyBUF_F_CONTIGUOUS: 0x58,
  PyBUF_ANY_CONTIGUOUS: 0x98,
  PyBUF_INDIRECT: 0x118,
  PyBUF_CONTIG: 0x9,
  PyBUF_CONTIG_RO: 0x8,
  PyBUF_FULL: 0x11d,
  PyBUF_FULL_RO: 0x11c,

  Py_mod_create: 1,
  Py_mod_exec: 2,
  Py_mod_multiple_interpreters: 3,
  Py_mod_gil: 4,
  Py_MOD_GIL_USED: 0,
  Py_MOD_GIL_NOT_USED: 1,

  Py_TPFLAGS_LONG_SUBCLASS: 2 ** 24,
  Py_TPFLAGS_LIST_SUBCLASS: 2 ** 25,
  Py_TPFLAGS_TUPLE_SUBCLASS: 2 ** 26,
  Py_TPFLAGS_BYTES_SUBCLASS: 2 ** 27,
  Py_TPFLAGS_UNICODE_SUBCLASS: 2 ** 28,
  Py_TPFLAGS_DICT_SUBCLASS: 2 ** 29,
  Py_TPFLAGS_BASE_EXC_SUBCLASS: 2 ** 30,
  Py_TPFLAGS_TYPE_SUBCLASS: 2 ** 31,

  WEFT_HOST_REALM: 1,
  WEFT_JS_SERVICES: 1,
  WEFT_JS_CALL: 1,
  WEFT_JS_CALL_CONVERTING: 2,
  WEFT_JS_NEW: 3,
  WEFT_JS_GET: 4,
  WEFT_JS_SET: 5,
  WEFT_JS_DELETE: 6,
  WEFT_JS_GET_ITEM: 7,
  WEFT_JS_SET_ITEM: 8,
  WEFT_JS_DELETE_ITEM: 9,
  WEFT_JS_CONTAINS: 10,
  WEFT_JS_LENGTH: 11,
  WEFT_JS_ITERATE: 12,
  WEFT_JS_NEXT: 13,
  WEFT_JS_TEXT: 14,
  WEFT_JS_REPR: 15,
  WEFT_JS_TRUTH: 16,
  WEFT_JS_DIR: 17,
  WEFT_JS_TYPEOF: 18,
  WEFT_JS_INSTANCE_OF: 19,
  WEFT_JS_TO_PYTHON: 20,
  WEFT_JS_TO_JS: 21,
  WEFT_JS_WAIT: 22,
  WEFT_JS_THEN: 23,
  WEFT_JS_CALLABLE: 1,
  WEFT_JS_THENABLE: 2,
  WEFT_JS_CONVERTING: 4,

  // The C library's, as the guest passes them to the host.
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_APPEND: 0o2000,
  O_NOFOLLOW: 0o400000,
  DT_UNKNOWN: 0,
  DT_FIFO: 1,
  DT_CHR: 2,
  DT_DIR: 4,
  DT_BLK: 6,
  DT_REG: 8,
  DT_LNK: 10,
  DT_SOCK: 12,
  SIGALRM: 14,
  WEFT_TTY_RAW: 1,

  // wasm/include/weft_wait.h
  WEFT_MAX_THREADS: 4096,
  WEFT_WAIT_NONE: 0,
  WEFT_WAIT_LOCK: 1,
  WEFT_WAIT_SLEEP: 2,
  WEFT_WAIT_READ: 3,
  WEFT_WAIT_WRITE: 4,
  WEFT_WAIT_POLL: 5,
  WEFT_WAIT_HOST: 6,
  WEFT_WAIT_WORLD: 7,
  WEFT_WAIT_TURN: 8,
  WEFT_WAIT_MUTEX: 9,
  _Py_THREAD_DETACHED: 0,
  _Py_THREAD_ATTACHED: 1,
  _Py_THREAD_SUSPENDED: 2,
  FRAME_OWNED_BY_CSTACK: 3,
  _Py_CRITICAL_SECTION_INACTIVE: 1,
  _Py_CRITICAL_SECTION_TWO_MUTEXES: 2,
  _Py_CRITICAL_SECTION_MASK: 3,
  PYTHREAD_LOCK_MARK: 0x5bfe,

  // wasm/include/weft_class.h
  WEFT_FUNCTION: 0,
  WEFT_METHOD: 1,
  WEFT_CONSTRUCTOR: 2,
  WEFT_NOTHING: 3,
  WEFT_BORROW_NONE: 0,
  WEFT_BORROW_SHARED: 1,
  WEFT_BORROW_EXCLUSIVE: 2,
  WEFT_BORROW_LOCKED: 3,
  WEFT_FIELD_I32: 0,
  WEFT_FIELD_I64: 1,
  WEFT_FIELD_F64: 2,
  WEFT_FIELD_BOOL: 3,
  WEFT_FIELD_OBJECT: 4,
  WEFT_FIELD_STR: 5,
  WEFT_FIELD_BYTES: 6,
  WEFT_READONLY: 1,
  WEFT_UNSENDABLE: 2,
  WEFT_LOCKED: 4,
} as const;

/** Offset of a member, in bytes: `offsetOf("weft_job", "result")`. */
export function offsetOf<S extends keyof typeof STRUCTS>(struct: S, field: keyof (typeof STRUCTS)[S]["fields"]): number {
  const fields: Struct["fields"] = STRUCTS[struct].fields;
  return fields[field as string]![0];
}

/** Everything that this package takes for granted about the runtime's module. */
export interface Layout {
  readonly structs: Readonly<Record<string, Struct>>;
  readonly constants: Readonly<Record<string, number>>;
  readonly functions: Readonly<Record<string, string>>;
}

const layout = (): Layout => ({ structs: STRUCTS, constants: { ...CONSTANTS, ...errno }, functions: FUNCTIONS });

export const LAYOUT: Layout = /* @__PURE__ */ layout();

/** 32 bits that differ, but for chance, between layouts that differ (FNV-1a over their JSON). */
export function layoutHash(layout: Layout): number {
  const text = JSON.stringify([layout.structs, layout.constants, layout.functions]);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    // The tables are ASCII.
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * The built runtime belongs to another version of this package, or its files to different builds.
 * @example
 * ```js
 * try {
 *   await (await loadWeft()).terminate();
 * } catch (error) {
 *   if (error instanceof LayoutError) {
 *     console.log("build the runtime again");
 *   }
 * }
 * ```
 */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
}

/**
 * The hash of {@link LAYOUT}, which bundling writes here: each realm would take 2 ms to make it, and needs nothing else of the tables.
 * There is no such thing where the sources run as they are.
 */
declare const weftLayoutHash: number;

let own: number | undefined;

/**
 * Compares what the module was built for with what this package takes for granted. Runs no Python, and
 * may be called before Python starts.
 * @param functions the module's exports; those of another version may lack any of them.
 * @throws LayoutError when they differ: any further use could corrupt memory.
 */
export function checkLayout(functions: { readonly weft_layout_hash?: () => number }): void {
  own ??= typeof weftLayoutHash === "undefined" ? layoutHash(LAYOUT) : weftLayoutHash;
  const built = functions.weft_layout_hash;
  const hex = (hash: number): string => hash.toString(16).padStart(8, "0");
  if (typeof built !== "function" || built() >>> 0 !== own) {
    throw new LayoutError(
      `the Python runtime was built by another version of this package (layout ${typeof built === "function" ? hex(built() >>> 0) : "unknown"}, needed ${hex(own)}); ` +
        'run "weft build" to build it again, and load all of the package from one installation',
    );
  }
}

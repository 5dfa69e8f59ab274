/** Which implementation of Python runs: with threads on workers, or a component on one thread. */
export type Profile = "threaded" | "solo";

/** A function of the host's that Python code can call: keyword arguments come as one last object. */
export type PortableFunction = (...values: never[]) => unknown;

/**
 * What crosses the border, always as a copy: `undefined`, booleans, numbers, bigints, strings, Uint8Array, arrays, Sets, Maps and
 * plain objects of such. Towards Python also `null` and functions. From Python, None is `undefined`, an int a number where that is
 * exact and else a bigint, tuples are arrays, and a dict is a Map unless all of its keys are str.
 */
export type PortableValue = unknown;

/** How a call is made. */
export interface PortableCallOptions {
  /** Interrupts the code, as {@link PortableInterpreter.interrupt} does. */
  readonly signal?: AbortSignal;
}

/** How a portable interpreter is started. */
export interface PortableOptions {
  /** Environment variables that Python sees. None by default. */
  readonly env?: Readonly<Record<string, string>>;
  /** `sys.argv`: one empty string by default. */
  readonly argv?: readonly string[];
  /** Working directory in the guest: `/tmp` by default. */
  readonly workingDirectory?: string;
  /** Receives standard output as it is written; by default it goes where the host's own goes. */
  readonly stdout?: (text: string) => void;
  /** Receives standard error. */
  readonly stderr?: (text: string) => void;
  /** Gives a line of standard input, `null` at its end. Without it the input is empty. */
  readonly stdin?: () => string | null;
}

/**
 * A Python interpreter with what all profiles can do; `wasm/weft.wit` is the same interface for hosts of any language. Calls are
 * carried out one after the other.
 * @example
 * ```js
 * const python = await loadWeft({ profile: "auto" });
 * await python.set("numbers", [3, 1, 2]);
 * console.log(python.profile, await python.eval("sorted(numbers)")); // threaded [ 1, 2, 3 ]
 * await python.dispose();
 * ```
 */
export interface PortableInterpreter {
  readonly profile: Profile;
  /** Why it is this profile, in words for people. */
  readonly reason: string;
  /**
   * Runs statements in `__main__`.
   * @throws PythonError what they raise.
   */
  run(code: string, options?: PortableCallOptions): Promise<void>;
  /** The value of an expression in `__main__`. @throws PythonError what it raises; TypeError for a value without a counterpart. */
  eval(code: string, options?: PortableCallOptions): Promise<PortableValue>;
  /** Calls what the expression `callable` gives. */
  call(callable: string, positional?: readonly PortableValue[], named?: Readonly<Record<string, PortableValue>>, options?: PortableCallOptions): Promise<PortableValue>;
  /** A global of `__main__`. @throws PythonError NameError when there is none. */
  get(name: string): Promise<PortableValue>;
  /** Sets a global of `__main__`. */
  set(name: string, value: PortableValue): Promise<void>;
  /** A whole file. @throws PythonError FileNotFoundError and its like. */
  readFile(path: string): Promise<Uint8Array>;
  /** Creates or replaces a file; folders on its way are made. */
  writeFile(path: string, data: Uint8Array | string): Promise<void>;
  /** Names in a folder, sorted. */
  listFolder(path: string): Promise<string[]>;
  /** Removes a file, or a folder with all that is in it. */
  remove(path: string): Promise<void>;
  /**
   * Raises KeyboardInterrupt in the code that runs. In the solo profile only a function of the host's that Python calls can do so,
   * as Python keeps the thread; except on a page's own thread in browsers with JavaScript Promise Integration.
   */
  interrupt(): void;
  /** Ends Python: `atexit` functions run, later calls fail. A second call waits for the same end. @returns the exit status. */
  dispose(): Promise<number>;
}

/** A function's WebAssembly type, as in `"(i32 i64) -> f64"`. */
export type WasmType = string;

/** What the check needs of a module's binary. */
export interface WasmFunctions {
  /** Types of the exported functions, by the exports' names. */
  readonly exports: ReadonlyMap<string, WasmType>;
}

const VALUE_TYPES: Readonly<Record<number, string>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref",
};

const Section = { type: 1, import: 2, function: 3, export: 7 } as const;
const Kind = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;

/** Reads a binary from front to back. */
class Reader {
  #at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) {
      throw new RangeError("the WebAssembly binary ends in the middle of something");
    }
    return byte;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      throw new RangeError("the WebAssembly binary ends in the middle of something");
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** LEB128: limits can have 64 bits, what we use of the numbers has fewer than 53. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        return value;
      }
    }
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.number()));
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: this.number() }, item);
  }

  valueType(): string {
    const code = this.byte();
    const type = VALUE_TYPES[code];
    if (type === undefined) {
      throw new TypeError(`0x${code.toString(16)} is a value type that this reader does not know`);
    }
    return type;
  }
}

/**
 * Reads the types of a module's exported functions out of its type, import, function and export sections.
 * @throws TypeError when it is no WebAssembly module or uses what this reader does not know; RangeError when it is cut off.
 */
export function readWasm(binary: Uint8Array): WasmFunctions {
  const reader = new Reader(binary);
  if ([...reader.take(8)].join() !== "0,97,115,109,1,0,0,0") {
    throw new TypeError("this is no WebAssembly module of version 1");
  }
  let types: WasmType[] = [];
  /** Type indices: those of imported functions come first. */
  const functions: number[] = [];
  const exports = new Map<string, WasmType>();
  while (!reader.atEnd) {
    const id = reader.byte();
    const section = new Reader(reader.take(reader.number()));
    switch (id) {
      case Section.type:
        types = section.list(() => functionType(section));
        break;
      case Section.import:
        section.list(() => {
          section.name();
          section.name();
          const index = importedFunction(section);
          if (index !== undefined) {
            functions.push(index);
          }
        });
        break;
      case Section.function:
        functions.push(...section.list(() => section.number()));
        break;
      case Section.export:
        section.list(() => {
          const name = section.name();
          const kind = section.byte();
          const index = section.number();
          if (kind === Kind.function) {
            const type = types[functions[index] ?? -1];
            if (type === undefined) {
              throw new TypeError(`the export ${name} has no type`);
            }
            exports.set(name, type);
          }
        });
        break;
      default:
        break; // Code, data and the like.
    }
  }
  return { exports };
}

function functionType(section: Reader): WasmType {
  const form = section.byte();
  if (form !== 0x60) {
    throw new TypeError(`0x${form.toString(16)} is a form of type that this reader does not know`);
  }
  const parameters = section.list(() => section.valueType());
  const results = section.list(() => section.valueType());
  return typeText(parameters, results);
}

/** Reads the description of an import; the type index where it is a function. */
function importedFunction(section: Reader): number | undefined {
  const kind = section.byte();
  switch (kind) {
    case Kind.function:
      return section.number();
    case Kind.table:
      section.valueType();
      skipLimits(section);
      return undefined;
    case Kind.memory:
      skipLimits(section);
      return undefined;
    case Kind.global:
      section.valueType();
      section.byte();
      return undefined;
    case Kind.tag:
      section.byte();
      section.number();
      return undefined;
    default:
      throw new TypeError(`${kind} is a kind of import that this reader does not know`);
  }
}

function skipLimits(section: Reader): void {
  const flags = section.byte();
  section.number();
  if (flags & 1) {
    section.number();
  }
}

function typeText(parameters: readonly string[], results: readonly string[]): WasmType {
  return `(${parameters.join(" ")}) -> ${results.length === 0 ? "nothing" : results.join(" ")}`;
}

const SIGNATURE_TYPES: Readonly<Record<string, string>> = { p: "i32", i: "i32", l: "i64", d: "f64" };

/** The WebAssembly type of one of functions.ts's signatures. */
export function wasmTypeOf(signature: string): WasmType {
  const [result = "", ...parameters] = [...signature].map((code) => {
    const type = code === "v" ? "" : SIGNATURE_TYPES[code];
    if (type === undefined) {
      throw new TypeError(`${JSON.stringify(code)} in the signature ${JSON.stringify(signature)} is no type`);
    }
    return type;
  });
  if (signature === "" || parameters.includes("")) {
    throw new TypeError(`${JSON.stringify(signature)} is no signature`);
  }
  return typeText(parameters, result === "" ? [] : [result]);
}

/** What the generated glue says about the module's exports. */
export interface GlueExports {
  /** The members of `weftExports()`: C's names to the exports' names. */
  readonly listed: ReadonlyMap<string, string>;
  /** Names of C functions that the glue offers on the module object: all that are exported for the host. */
  readonly offered: readonly string[];
}

/**
 * Reads names out of the glue, whether the linker shortened the exports' names or not.
 * @throws TypeError when the glue has no `weftExports()` in the form that the linker prints.
 */
export function readGlue(text: string): GlueExports {
  const body = /\bweftExports\s*=\s*\(\)\s*=>\s*\(\{([^}]*)\}\)/.exec(text)?.[1];
  if (body === undefined) {
    throw new TypeError("the glue has no weftExports() in the expected form");
  }
  const listed = new Map<string, string>();
  for (const member of body.split(",").map((part) => part.trim()).filter((part) => part !== "")) {
    const match = /^(?:"(\w+)"|'(\w+)'|(\w+))\s*:\s*wasmExports(?:\[["']([\w$]+)["']\]|\.([\w$]+))$/.exec(member);
    if (!match) {
      throw new TypeError(`weftExports() has a member in another form: ${member}`);
    }
    listed.set((match[1] ?? match[2] ?? match[3])!, (match[4] ?? match[5])!);
  }
  const offered = [...text.matchAll(/\bModule\[["']_(\w+)["']\]\s*=(?!=)/g)].map((match) => match[1]!);
  return { listed, offered: [...new Set(offered)].sort() };
}

/**
 * What is wrong between the declared functions and a module, in words; nothing when all fits.
 * @param functions declared functions and their signatures.
 * @param others functions that the module exports although TypeScript does not call them.
 */
export function functionProblems(functions: Readonly<Record<string, string>>, others: readonly string[], wasm: WasmFunctions, glue: GlueExports): string[] {
  const problems: string[] = [];
  for (const [name, signature] of Object.entries(functions)) {
    const short = glue.listed.get(name);
    const type = short === undefined ? undefined : wasm.exports.get(short);
    const declared = wasmTypeOf(signature);
    if (type === undefined) {
      problems.push(`${name} is declared but not exported`);
    } else if (type !== declared) {
      problems.push(`${name} is declared as ${declared} and is ${type}`);
    }
  }
  for (const name of glue.listed.keys()) {
    if (!Object.hasOwn(functions, name)) {
      problems.push(`${name} is exported but not declared`);
    }
  }
  for (const name of glue.offered) {
    if (!glue.listed.has(name) && !others.includes(name)) {
      problems.push(`${name} is exported but not declared`);
    }
  }
  for (const name of others) {
    if (!glue.offered.includes(name)) {
      problems.push(`${name} is excused but not exported`);
    }
  }
  return problems;
}

import { BuildError } from "../errors.js";

/** Size and alignment in memory, in bytes, as the canonical ABI of components has them. */
interface Layout {
  readonly size: number;
  readonly align: number;
}

const FIXED: Readonly<Record<string, Layout>> = {
  bool: { size: 1, align: 1 },
  u8: { size: 1, align: 1 },
  u32: { size: 4, align: 4 },
  u64: { size: 8, align: 8 },
  s64: { size: 8, align: 8 },
  f64: { size: 8, align: 8 },
  string: { size: 8, align: 4 },
};

/** What the header needs of a WIT file: names, and types as they are written. */
interface Wit {
  readonly records: ReadonlyMap<string, readonly (readonly [name: string, type: string])[]>;
  readonly variants: ReadonlyMap<string, readonly (readonly [name: string, type: string | undefined])[]>;
  readonly aliases: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<string, string>;
}

/**
 * The numbers that C written by hand has to agree with: sizes, places of fields, numbers of cases.
 * @param text a WIT file of this package: records, variants, enums, aliases and functions.
 * @throws BuildError for a type that this does not know.
 */
export function witHeader(text: string): string {
  const wit = parse(text);
  const lines = ["/* Made of wasm/weft.wit by the build. */"];
  const define = (name: string, value: number): void => {
    lines.push(`#define WIT_${name.toUpperCase().replaceAll("-", "_")} ${value}`);
  };
  for (const [name, fields] of wit.records) {
    let at = 0;
    for (const [field, type] of fields) {
      const { size, align } = layout(type, wit);
      at = aligned(at, align);
      define(`${name}-${field}`, at);
      at += size;
    }
    define(`${name}-size`, layout(name, wit).size);
  }
  for (const [name, cases] of wit.variants) {
    cases.forEach(([one], index) => {
      define(`${name}-${one}`, index);
    });
    const { size, align } = layout(name, wit);
    define(`${name}-size`, size);
    define(`${name}-align`, align);
    define(`${name}-payload`, payload(cases, wit));
  }
  for (const [name, type] of wit.results) {
    define(`${name}-result-size`, layout(type, wit).size);
    define(`${name}-result-payload`, payload(resultCases(type), wit));
  }
  return `${lines.join("\n")}\n`;
}

function parse(text: string): Wit {
  // `%` only says that a name is no keyword.
  const code = text.replace(/\/\/.*/g, "").replaceAll("%", "");
  const members = (body: string): string[] => body.split(",").map((part) => part.trim()).filter((part) => part !== "");
  const blocks = (kind: string): [string, string[]][] =>
    [...code.matchAll(new RegExp(`\\b${kind} ([\\w-]+) \\{([^}]*)\\}`, "g"))].map(([, name, body]) => [name!, members(body!)]);
  const split = (member: string): [string, string] => member.split(/:\s*/) as [string, string];
  return {
    records: new Map(blocks("record").map(([name, fields]) => [name, fields.map(split)])),
    variants: new Map(
      [...blocks("variant"), ...blocks("enum")].map(([name, cases]) => [
        name,
        cases.map((one) => {
          const [, label, type] = /^([\w-]+)(?:\((.*)\))?$/.exec(one) ?? [];
          return [label!, type] as const;
        }),
      ]),
    ),
    aliases: new Map([...code.matchAll(/\btype ([\w-]+) = ([^;]+);/g)].map(([, name, type]) => [name!, type!])),
    results: new Map([...code.matchAll(/\b([\w-]+): func\([^)]*\) -> (result<[^;]*>);/g)].map(([, name, type]) => [name!, type!])),
  };
}

function resultCases(type: string): readonly (readonly [string, string | undefined])[] {
  // The first comma outside of angle brackets.
  const inner = type.slice("result<".length, -1);
  let depth = 0;
  const comma = [...inner].findIndex((letter) => {
    depth += letter === "<" ? 1 : letter === ">" ? -1 : 0;
    return letter === "," && depth === 0;
  });
  const ok = inner.slice(0, comma).trim();
  return [
    ["ok", ok === "_" ? undefined : ok],
    ["error", inner.slice(comma + 1).trim()],
  ];
}

function layout(type: string, wit: Wit): Layout {
  const fixed = FIXED[type];
  if (fixed) {
    return fixed;
  }
  if (type.startsWith("list<")) {
    return FIXED["string"]!;
  }
  if (type.startsWith("result<")) {
    return ofVariant(resultCases(type), wit);
  }
  const alias = wit.aliases.get(type);
  if (alias !== undefined) {
    return layout(alias, wit);
  }
  const fields = wit.records.get(type);
  if (fields) {
    let size = 0;
    let align = 1;
    for (const [, field] of fields) {
      const one = layout(field, wit);
      size = aligned(size, one.align) + one.size;
      align = Math.max(align, one.align);
    }
    return { size: aligned(size, align), align };
  }
  const cases = wit.variants.get(type);
  if (!cases) {
    throw new BuildError(`wasm/weft.wit uses the type ${type}, which src/build/solo/wit-header.ts does not know; add its layout there`);
  }
  return ofVariant(cases, wit);
}

type Cases = readonly (readonly [string, string | undefined])[];

function payloads(cases: Cases, wit: Wit): Layout[] {
  return cases.flatMap(([, type]) => (type === undefined ? [] : [layout(type, wit)]));
}

/** Where the payload starts: behind one byte, as long as there are at most 256 cases. */
function payload(cases: Cases, wit: Wit): number {
  return Math.max(1, ...payloads(cases, wit).map(({ align }) => align));
}

function ofVariant(cases: Cases, wit: Wit): Layout {
  const align = payload(cases, wit);
  return { align, size: aligned(align + Math.max(0, ...payloads(cases, wit).map(({ size }) => size)), align) };
}

function aligned(at: number, align: number): number {
  return Math.ceil(at / align) * align;
}

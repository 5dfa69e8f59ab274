/** Files by their names, as a link carries them. */
export type Files = Readonly<Record<string, string>>;

/** What a link opens. */
export interface Shared {
  readonly files: Files;
  /** Name of the file that is shown. */
  readonly active: string;
}

const PREFIX = "#code=";

/** A link's fragment, which no server sees: compressed JSON. */
export async function encodeShare(shared: Shared): Promise<string> {
  const data = new TextEncoder().encode(JSON.stringify(shared));
  const packed = await through(data, new CompressionStream("deflate-raw"));
  let text = "";
  for (const byte of packed) {
    text += String.fromCharCode(byte);
  }
  return PREFIX + btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * What {@link encodeShare} made; `undefined` for other fragments.
 * @throws Error for one that is cut off or damaged.
 */
export async function decodeShare(fragment: string): Promise<Shared | undefined> {
  if (!fragment.startsWith(PREFIX)) {
    return undefined;
  }
  try {
    const text = atob(fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const data = await through(packed, new DecompressionStream("deflate-raw"));
    const shared = JSON.parse(new TextDecoder().decode(data)) as Partial<Shared>;
    const files = Object.entries(shared.files ?? {}).filter(([name, value]) => isFileName(name) && typeof value === "string");
    if (files.length === 0) {
      throw new Error("it has no files");
    }
    return { files: Object.fromEntries(files), active: shared.active ?? files[0]![0] };
  } catch (error) {
    throw new Error(`the link is cut off or damaged: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Names that a file may have: no folders. */
export function isFileName(name: string): boolean {
  return /^[\w][\w.-]{0,63}$/.test(name);
}

async function through(data: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([data]).stream().pipeThrough(stream)).arrayBuffer());
}

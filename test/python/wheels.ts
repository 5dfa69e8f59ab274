import type { HostWeft, PackageSource, WheelFile } from "./package.js";

/** What a wheel is made of, and what is wrong with it. */
export interface WheelParts {
  readonly name: string;
  readonly version: string;
  /** `py3-none-any` by default. */
  readonly tag?: string;
  /** Texts by their paths. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further lines of METADATA. */
  readonly metadata?: readonly string[];
  /** Texts that stand in the place of those that RECORD was made for. */
  readonly tamper?: Readonly<Record<string, string>>;
  /** Files that RECORD does not have. */
  readonly unlisted?: Readonly<Record<string, string>>;
  /** The name in METADATA. */
  readonly inside?: string;
  /** Wheel-Version. */
  readonly format?: string;
}

const MAKE = `
def make_wheel(name, version, tag="py3-none-any", files={}, metadata=[], tamper={}, unlisted={}, inside=None, format="1.0"):
    import base64, hashlib, io, zipfile
    info = f"{name}-{version}.dist-info"
    own = {
        f"{info}/METADATA": "\\n".join(["Metadata-Version: 2.1", f"Name: {inside or name}", f"Version: {version}", *metadata, "", ""]),
        f"{info}/WHEEL": f"Wheel-Version: {format}\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: {tag}\\n",
    }
    listed = {**files, **own}
    digest = lambda text: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    record = "".join(f"{path},sha256={digest(text)},{len(text.encode())}\\n" for path, text in listed.items()) + f"{info}/RECORD,,\\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in {**listed, **tamper, **unlisted, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)
    return [f"{name}-{version}-{tag}.whl", out.getvalue()]
`;

/** Makes a wheel, on Python's main thread: by the standard library alone. */
export async function makeWheel(weft: HostWeft, parts: WheelParts): Promise<WheelFile> {
  await weft.run(MAKE);
  const [name, data] = (await weft.eval(`make_wheel(**__import__("json").loads(${JSON.stringify(JSON.stringify(parts))}))`)) as [string, Uint8Array];
  return { name, data };
}

/** What is installed, by name. */
export async function versions(weft: HostWeft): Promise<Record<string, string>> {
  return (await weft.eval("{d.metadata['Name']: d.version for d in __import__('importlib.metadata').metadata.distributions()}")) as Record<string, string>;
}

/**
 * Installs a wheel that is in order together with another source.
 * @returns why it was refused.
 * @throws Error when it was installed, or anything of it.
 */
export async function refusalOf(weft: HostWeft, source: PackageSource): Promise<string> {
  // Outside of the folder of packages too.
  const files = (): Promise<unknown> => weft.eval("sorted(f'{at}/{name}' for at, _, names in __import__('os').walk(__import__('os').path.expanduser('~')) for name in names if '__pycache__' not in at)");
  const before = JSON.stringify(await files());
  const refusal = await weft.install([await makeWheel(weft, { name: "bystander", version: "1.0" }), source]).then(
    (installed) => Promise.reject(new Error(`it was installed: ${JSON.stringify(installed)}`)),
    (error: unknown) => (error as Error).message,
  );
  const after = JSON.stringify(await files());
  if (after !== before) {
    throw new Error(`files were made or removed: ${after} instead of ${before}`);
  }
  return refusal;
}

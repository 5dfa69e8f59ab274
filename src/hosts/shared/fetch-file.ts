/**
 * Reads a file of the network, whole.
 * @throws Error with the reason where there is none; the signal's reason.
 */
export async function fetchFile(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const failed = (why: string, cause?: unknown): Error => new Error(`${url.href} could not be read: ${why}`, { cause });
  try {
    const response = await fetch(url, signal ? { signal } : {});
    if (!response.ok) {
      throw failed(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    }
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    signal?.throwIfAborted();
    // What fetch() throws itself says nothing of the address.
    throw error instanceof TypeError ? failed(`${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ""}`, error) : error;
  }
}

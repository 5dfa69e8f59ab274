/** A response as its headers have come. */
export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  /** Where it came from, after redirects. */
  readonly url: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** The next part of the body, or `null` at its end. */
  read(): Promise<Uint8Array | null>;
  /** Nobody wants the rest. */
  cancel(): void;
}

/** A request on its way. */
export interface HttpExchange {
  /** Rejects when there is no answer. */
  readonly response: Promise<HttpResponse>;
  cancel(): void;
}

/** Requests of Python's `http.client` by `fetch()`, under its rules. */
export interface HttpService {
  request(method: string, url: string, headers: readonly (readonly [string, string])[], body: Uint8Array | undefined): HttpExchange;
}

interface Scope {
  readonly isSecureContext?: boolean;
  readonly location?: { readonly href: string; readonly origin: string };
}

const scope = globalThis as unknown as Scope;

/** Browsers do not say why there was no answer: what can be known, and what may be. */
function explain(url: string, error: unknown): Error {
  const { message, cause } = error as Error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (cause instanceof Error) {
    // Node says it.
    return new Error(typeof code === "string" && !cause.message.includes(code) ? `${code}: ${cause.message}` : cause.message);
  }
  if (scope.location === undefined) {
    return new Error(message);
  }
  const { protocol, origin } = new URL(url);
  if (scope.location.href.startsWith("https:") && protocol === "http:") {
    return new Error(`${message}: a page on https: may not use ${url}, which is not encrypted`);
  }
  return new Error(
    origin === scope.location.origin
      ? `${message}: the server of ${origin} does not answer`
      : `${message}: ${origin} does not answer, or does not allow this page (${scope.location.origin}) to read its answer: Access-Control-Allow-Origin`,
  );
}

function responseOf(response: Response): HttpResponse {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  const headers: string[] = [];
  const decoded = response.headers.has("content-encoding");
  response.headers.forEach((value, name) => {
    // fetch() has undone the encoding, so neither it nor the length is that of what comes.
    // The connection is fetch()'s.
    if (!/^(connection|keep-alive|transfer-encoding)$/.test(name) && !(decoded && (name === "content-encoding" || name === "content-length"))) {
      headers.push(name, value);
    }
  });
  return {
    status: response.status,
    reason: response.statusText,
    url: response.url,
    headers,
    read: async () => {
      const part = await reader?.read();
      return part?.value ?? null;
    },
    cancel: () => {
      // It may be at its end, or have failed: nobody asks any more.
      reader?.cancel().catch(() => undefined);
    },
  };
}

/** Uses this realm's `fetch()`. */
export const fetchService: HttpService = {
  request: (method, url, headers, body) => {
    const abort = new AbortController();
    const response = fetch(url, { method, headers: headers as [string, string][], signal: abort.signal, ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }) }).then(
      responseOf,
      (error: unknown) => {
        throw explain(url, error);
      },
    );
    // Python may hear of a failure only after it has come.
    response.catch(() => undefined);
    return {
      response,
      cancel: () => {
        abort.abort();
      },
    };
  },
};

/** The part of a page's or worker's global scope that this folder uses; Node's types, which the rest is checked with, lack it. */
export interface WebWorker extends EventTarget {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  terminate(): void;
}

interface WebScope extends EventTarget {
  readonly crossOriginIsolated?: boolean;
  readonly isSecureContext?: boolean;
  readonly location: { readonly href: string; readonly origin: string };
  /** Pages only; another window where this one is in a frame. */
  readonly parent?: unknown;
  readonly document?: { readonly baseURI: string; createElement(name: string): unknown };
  readonly Worker: new (url: string | URL, options: { type?: "module"; name: string }) => WebWorker;
  readonly XMLHttpRequest: new () => BlockingRequest;
  readonly navigator: unknown;
  /** Workers only. */
  postMessage(message: unknown): void;
  fetch(url: string | URL, init?: { cache?: "no-cache"; integrity?: string; signal?: AbortSignal }): Promise<Response>;
  reportError(error: unknown): void;
  /** Workers only. Throws a TypeError in those that are modules. */
  importScripts(...urls: readonly string[]): void;
}

/** What is used of requests that block. */
interface BlockingRequest {
  responseType: string;
  readonly status: number;
  readonly statusText: string;
  readonly response: unknown;
  readonly responseText: string;
  open(method: string, url: string, asynchronous: false): void;
  overrideMimeType(type: string): void;
  send(): void;
}

/** This realm's global scope. */
export const web = globalThis as unknown as WebScope;

import type { Server } from "node:http";
export type Content = { readonly file: string } | { readonly body: string | Uint8Array; readonly type: string };
export function serveFolder(
  folder: string,
  headers: Readonly<Record<string, string>>,
  port?: number,
  host?: string,
  contents?: (path: string) => Content | undefined,
): Promise<Server>;

import type { Server } from "node:http";
export function serveFolder(folder: string, headers: Readonly<Record<string, string>>, port?: number, host?: string): Promise<Server>;

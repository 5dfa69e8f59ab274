export const HEADERS: Readonly<Record<string, string>>;
export function bundlePlayground(): Promise<void>;
export function copyRuntime(): void;

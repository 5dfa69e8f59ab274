/** The parts of the origin private file system that this folder uses. */
export interface SyncHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}

export interface FileHandle {
  createSyncAccessHandle(): Promise<SyncHandle>;
  getFile(): Promise<{ readonly size: number }>;
}

export interface DirectoryHandle {
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<DirectoryHandle>;
  getFileHandle(name: string, options: { create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
  keys(): AsyncIterable<string>;
}

/** Whether an error of the browser's says that there is no such file. */
export function isMissing(error: unknown): boolean {
  return (error as { name?: unknown }).name === "NotFoundError";
}

/** Whether it says that there is no more room. */
export function isFull(error: unknown): boolean {
  return (error as { name?: unknown }).name === "QuotaExceededError";
}

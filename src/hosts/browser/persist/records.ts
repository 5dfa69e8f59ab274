/** Names from the top of the folder. */
export type Path = readonly string[];

/** A file, directory or symbolic link. Times are milliseconds since 1970. */
export interface Entry {
  readonly ino: number;
  mode: number;
  links: number;
  atime: number;
  mtime: number;
  ctime: number;
  /** Of a directory: numbers by names. */
  readonly children: Map<string, number> | undefined;
  /** Of a symbolic link. */
  readonly target: string | undefined;
}

/** One change. What they mean is said once, in `Tree.apply`. */
export type Record =
  | readonly ["make", ino: number, parent: number, name: string, mode: number, time: number, target: string | null]
  | readonly ["link", ino: number, parent: number, name: string, time: number]
  | readonly ["drop", parent: number, name: string, time: number]
  | readonly ["move", parent: number, name: string, newParent: number, newName: string, time: number]
  | readonly ["mode", ino: number, mode: number, time: number]
  | readonly ["times", ino: number, atime: number, mtime: number, ctime: number]
  | readonly ["next", ino: number];

/** An operation fails as the guest's system call does. */
export class FsError extends Error {
  constructor(readonly errno: number) {
    super(`guest errno ${errno}`);
  }
}

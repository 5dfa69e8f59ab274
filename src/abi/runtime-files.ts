/** The files of a built runtime, beside its manifest.json. */

/** The memory of initialized Python (src/runtime/snapshot.ts). */
export const SNAPSHOT_FILE = "weft.snapshot";
/** Folder with machine code that engines have made of the module (src/hosts/node/code-cache.ts). Not part of the manifest: programs run without it. */
export const CODE_FOLDER = "code";
/** The glue, the module, the standard library's core and the snapshot: what a program loads. */
export const PROGRAM_FILES = ["weft.mjs", "weft.wasm", "python313.zip", SNAPSHOT_FILE] as const;
/** Parts of the standard library that are read when a program first needs something of them. */
export const LIBRARY_PARTS = ["python313-modules.zip", "python313-tables.zip", "python313-sources.zip"] as const;

/**
 * Pages hash files by pieces of so many bytes: the engine copies what it hashes, and has memory for copies of this size which it uses again.
 * `tree` in the manifest is the SHA-256 of the pieces' SHA-256s.
 */
export const HASHED_PIECE = 256 * 1024;

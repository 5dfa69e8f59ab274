import { leb } from "../../src/build/branches/leb.js";

/** How every module begins. */
export const MODULE: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export const section = (id: number, ...content: number[]): number[] => [id, ...leb(content.length), ...content];

/** A function's code, with its locals before it. */
export const body = (...code: number[]): number[] => [...leb(code.length), ...code];

/** The test file that a bundle was made of (scripts/portable.mjs). */
declare module "weft:test-file" {
  export const name: string;
  export const load: () => Promise<unknown>;
}

/** What a realm needs of the page that loaded Python, whoever starts it. */
export interface RealmSetup {
  /** See {@link OutputBudget}. */
  readonly budget: Int32Array;
  /** URLs of modules for Python, which are imported before the first thread. */
  readonly modules: readonly string[];
  /** See `Channel`; where a persistent folder is mounted. */
  readonly persist: SharedArrayBuffer | undefined;
}

/** The host realm's first message to a worker realm. What comes after it is the glue's and the shared part's. */
export interface RealmStart {
  readonly weftRealm: RealmSetup & {
    /** The realm's number. */
    readonly id: number;
    /** The runtime's glue, whose content was checked. */
    readonly glueUrl: string;
  };
}

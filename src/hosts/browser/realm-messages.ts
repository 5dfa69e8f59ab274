/** What a realm needs of the page that loaded Python, whoever starts it. */
export interface RealmSetup {
  /** See {@link OutputBudget}. */
  readonly budget: Int32Array;
  /** URLs of modules for Python, which are imported before the first thread. */
  readonly modules: readonly string[];
  /** See `Channel`; where a persistent folder is mounted. */
  readonly persist: SharedArrayBuffer | undefined;
}

/** The package for a realm that loads it only when it is needed there. */
export interface PackagePlace {
  /** URL of it as a classic script, which is loaded without waiting for the event loop. */
  readonly script: string;
  /** URL of it as a module. */
  readonly module: string;
  /** The global symbol's key under which a realm has it once it is loaded: no other version has the same. */
  readonly key: string;
}

/** The host realm's first message to a worker realm. What comes after it is the glue's and the shared part's. */
export interface RealmStart {
  readonly weftRealm: RealmSetup & {
    /** The realm's number. */
    readonly id: number;
    /** The runtime's glue, whose content was checked. */
    readonly glueUrl: string;
    /** Where the page's package is not part of another bundle. */
    readonly package: PackagePlace | undefined;
  };
}

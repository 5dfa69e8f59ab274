/** A library that is put under stress. */
export interface StressedPackage {
  /** Debian's name. */
  readonly name: string;
  /** The folder of its modules, below the package's. */
  readonly modules: string;
  /** Its own tests that run here, below the package's folder; those that are missing need packages that are not pinned. */
  readonly tests: readonly string[];
  /** Packages that it needs. */
  readonly needs: readonly string[];
}

/** What pytest is made of. */
export const PYTEST = ["python3-pytest", "python3-pluggy", "python3-iniconfig", "python3-packaging"] as const;

export const PACKAGES: readonly StressedPackage[] = [
  { name: "python-cachetools", modules: "src", tests: ["tests"], needs: [] },
  { name: "python-transitions", modules: ".", tests: ["tests/test_core.py", "tests/test_threading.py"], needs: ["python3-six"] },
  { name: "python-boltons", modules: ".", tests: ["tests"], needs: [] },
  { name: "blinker", modules: "src", tests: ["tests"], needs: [] },
  { name: "jinja2", modules: "src", tests: ["tests"], needs: ["markupsafe"] },
  { name: "bidict", modules: ".", tests: ["tests"], needs: [] },
  { name: "pyrsistent", modules: ".", tests: ["tests"], needs: [] },
];

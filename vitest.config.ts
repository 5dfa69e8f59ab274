import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Each test that runs a command bounds it itself and reports more than a timeout would.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

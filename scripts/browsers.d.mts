export declare function findBrowser(name: "chromium" | "firefox"): string;
export declare function ensureBrowsers(): void;

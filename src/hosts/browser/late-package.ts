import type { LatePackage, RealmPackage } from "../shared/late-realm.js";
import type { PackagePlace } from "./realm-messages.js";
import { web } from "./web.js";

/** The package in a realm of a page. */
export interface LatePagePackage extends LatePackage {
  /** Resolves when `now` may be called. */
  ready(): Promise<void>;
}

/** The bundle for pages, as a file beside the worker's script. */
export class PackageFile implements LatePagePackage {
  readonly #place: PackagePlace;

  constructor(place: PackagePlace) {
    this.#place = place;
  }

  async ready(): Promise<void> {
    try {
      web.importScripts();
    } catch {
      // This worker is a module, which can load nothing later: its script is of another origin.
      await this.soon();
    }
  }

  /** @throws Error when it cannot be loaded, or the server has another version of it by now. */
  now(): RealmPackage {
    return this.#find() ?? this.#load();
  }

  async soon(): Promise<RealmPackage> {
    const found = this.#find();
    if (!found) {
      await import(this.#place.module);
    }
    return found ?? this.#loaded();
  }

  #load(): RealmPackage {
    const { script, module } = this.#place;
    const global = globalThis as { weftPackageUrl?: string };
    global.weftPackageUrl = module;
    try {
      web.importScripts(script);
    } catch (error) {
      throw new Error(`${script}, by which Python uses JavaScript, could not be loaded: ${String(error)}`, { cause: error });
    } finally {
      delete global.weftPackageUrl;
    }
    return this.#loaded();
  }

  /** Modules of the user's may have loaded it. */
  #find(): RealmPackage | undefined {
    return (globalThis as unknown as Record<symbol, RealmPackage | undefined>)[Symbol.for(this.#place.key)];
  }

  #loaded(): RealmPackage {
    const found = this.#find();
    if (!found) {
      throw new Error(`the server has another version of weft-python by now than this page began with (${this.#place.script}): load the page again`);
    }
    return found;
  }
}

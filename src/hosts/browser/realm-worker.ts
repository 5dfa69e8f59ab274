/** Script of every worker realm: a classic script, and a module where it is of another origin than the page. */
import { PackageFile } from "./late-package.js";
import { startRealm } from "./start-realm.js";

startRealm(({ package: place }) => {
  if (!place) {
    throw new TypeError("realm-worker.js is for pages that load weft-python as it is: another bundle needs a worker script of its own");
  }
  return new PackageFile(place);
});

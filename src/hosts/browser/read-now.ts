import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { web } from "./web.js";

/** Reads a file while its thread waits, in pages and workers. */
export function readNow(url: string): Uint8Array {
  const page = web.document !== undefined;
  const request = new web.XMLHttpRequest();
  try {
    request.open("GET", url, false);
    // Pages get no bytes in this way: text it is, of which each character is a byte, or U+F700 and that.
    if (page) {
      request.overrideMimeType("text/plain; charset=x-user-defined");
    } else {
      request.responseType = "arraybuffer";
    }
    request.send();
  } catch (error) {
    throw new RuntimeFilesError(`${url} could not be loaded: the server does not answer, or the page's Content-Security-Policy (connect-src) or the server's CORS headers forbid it`, { cause: error });
  }
  if (request.status !== 200) {
    throw new RuntimeFilesError(`${url} could not be loaded: the server answered ${request.status} ${request.statusText}`);
  }
  return page ? Uint8Array.from(request.responseText, (character) => character.charCodeAt(0) & 0xff) : new Uint8Array(request.response as ArrayBuffer);
}

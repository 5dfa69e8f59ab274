/**
 * The page that Python programs of the playground use as `weft.page`: a frame without an origin, so that programs, which may come
 * by links, reach neither the playground's own page nor what it keeps.
 */
import { servePage } from "../hosts/browser/bridge/serve-page.js";
import type { FromStage, ToStage } from "./protocol.js";

const post = (message: FromStage): void => {
  parent.postMessage(message, "*");
};

let end: (() => void) | undefined;

addEventListener("message", ({ source, data }: MessageEvent<ToStage>) => {
  if (source !== parent) {
    return;
  }
  if (data.kind === "port") {
    end?.();
    end = servePage(data.port);
  } else if (data.kind === "clear") {
    document.body.replaceChildren();
    post({ kind: "cleared" });
  } else {
    document.documentElement.style.colorScheme = data.scheme;
  }
});

const tell = (): void => {
  post({ kind: "stage", empty: document.body.childNodes.length === 0, height: document.documentElement.offsetHeight });
};
new ResizeObserver(tell).observe(document.documentElement);
new MutationObserver(tell).observe(document.body, { childList: true });
post({ kind: "stage-ready" });

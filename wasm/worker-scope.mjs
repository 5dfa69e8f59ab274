// What the glue takes for its worker, whom it gets messages from and sends them to: usually the worker itself. A worker of the user's
// own that joins Python in a page gives another object, and keeps its own messages; see src/hosts/browser/join.ts.
const self = globalThis.weftScope ?? globalThis;
const postMessage = (message, transfer) => self.postMessage(message, transfer);
const startWorker = (instance) => self.startWorker(instance);

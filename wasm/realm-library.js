// Emscripten library: how the host realm makes workers and hears of events.
//
// The host passes an object as `Module.weft` (GuestCallbacks in src/abi/module.ts) to
// the glue in the realm that owns the runtime; worker realms never call these.
addToLibrary({
  $weftRealms__deps: ["$PThread", "weft_snapshot_thread"],
  $weftRealms__postset: "weftRealms();",
  $weftRealms: () => {
    if (ENVIRONMENT_IS_PTHREAD) {
      // The glue has just begun to listen, and what arrived before is still waiting: whoever
      // listened earlier would have taken the glue's first messages away.
      globalThis["weftPython"]["listen"]();
      const initialize = PThread.threadInitTLS;
      PThread.threadInitTLS = () => {
        if (!_weft_snapshot_thread(_pthread_self())) {
          initialize();
        }
      };
      return;
    }
    const { weft } = Module;
    // The glue would load itself as the worker's script. Ours sets up the realm's host
    // object first, with the stack size that recursion limits rely on.
    PThread.allocateUnusedWorker = () => {
      PThread.unusedWorkers.push(weft.createWorker());
    };
    // Listening to a worker makes it keep Node's process; the host says itself what keeps it.
    const load = PThread.loadWasmModuleToWorker;
    PThread.loadWasmModuleToWorker = (worker) => {
      const loaded = load.call(PThread, worker);
      worker.unref?.();
      return loaded;
    };
    // How many workers were idle all the while since the last look at them, see below.
    let idle = 0;
    const noteIdle = () => {
      idle = Math.min(idle, PThread.unusedWorkers.length);
    };
    // Once a program has shown that it starts threads, one idle worker is kept ready.
    const getNewWorker = PThread.getNewWorker;
    PThread.getNewWorker = () => {
      const { unusedWorkers } = PThread;
      if (!weft.mayMakeWorkers()) {
        // One that is loaded, or none: pthread_create() then fails, and its caller waits for an admission (weft_thread.h).
        const ready = unusedWorkers.findIndex((one) => one.loaded);
        if (ready < 0) {
          weft.onThreadRefused();
          return undefined;
        }
        const [one] = unusedWorkers.splice(ready, 1);
        noteIdle();
        return one;
      }
      const worker = getNewWorker.call(PThread);
      noteIdle();
      if (PThread.runningWorkers.length > 0) {
        setTimeout(() => {
          if (PThread.unusedWorkers.length === 0) {
            PThread.allocateUnusedWorker();
            PThread.loadWasmModuleToWorker(PThread.unusedWorkers[0]);
          }
        }, 0);
      }
      return worker;
    };
    // For threads that the host starts in a worker of its choice.
    Module["weftTakeWorker"] = () => {
      if (PThread.unusedWorkers.length === 0) {
        PThread.allocateUnusedWorker();
        PThread.loadWasmModuleToWorker(PThread.unusedWorkers[0]);
      }
      const worker = PThread.unusedWorkers.pop();
      noteIdle();
      return worker;
    };
    Module["weftUseWorker"] = (worker) => {
      PThread.unusedWorkers.push(worker);
    };
    // For a worker of the user's own that joins: the promise is settled when it has the module.
    Module["weftLoadWorker"] = (worker) => PThread.loadWasmModuleToWorker(worker);
    Module["weftForgetWorker"] = (worker) => {
      PThread.unusedWorkers.splice(PThread.unusedWorkers.indexOf(worker), 1);
      noteIdle();
    };
    // A worker costs megabytes even when idle, and tens of milliseconds to make: programs that start threads burst by
    // burst find those of the last burst. Now and then those go that were idle all the while, but for some.
    const returnWorkerToPool = PThread.returnWorkerToPool;
    let watched = false;
    const look = () => {
      watched = false;
      for (let surplus = idle - weft.idleWorkers; surplus > 0; surplus--) {
        weft.endWorker(PThread.unusedWorkers.shift());
      }
      watch();
    };
    const watch = () => {
      idle = PThread.unusedWorkers.length;
      if (idle > weft.idleWorkers) {
        watched = true;
        weft.afterIdleTime(look);
      }
    };
    PThread.returnWorkerToPool = (worker) => {
      // The realm waits for messages to its thread at the beginning of the thread's record, without end. Emscripten leaves it
      // waiting there when it frees the record (emscripten-core/emscripten#27492): a mutex that gets the same place
      // wakes one, which is the oldest there, and a thread that waits for the mutex sleeps on. Woken, the realm finds that its
      // thread has ended. If it has the next one by then it waits once more for that, whose end wakes both.
      Atomics.notify(HEAP32, worker.pthread_ptr >>> 2);
      returnWorkerToPool.call(PThread, worker);
      if (worker["weftJoined"]) {
        // It is its owner's: no other thread is started there.
        Module["weftForgetWorker"](worker);
      }
      weft.onThreadGone(worker);
      if (!watched) {
        watch();
      }
    };
  },

  // A thread of the snapshot's: it has everything but a realm.
  weft_host_resume__deps: ["$weftRealms", "$spawnThread"],
  weft_host_resume: (thread, routine) => spawnThread({ pthread_ptr: thread, startRoutine: routine, arg: 0, transferList: [] }),

  weft_host_event__deps: ["$weftRealms"],
  weft_host_event: (kind, a, b) => {
    Module["weft"].onEvent(kind, a >>> 0, b >>> 0);
  },
});

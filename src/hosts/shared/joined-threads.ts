import type { Guest } from "../../runtime/guest.js";
import type { JoinEnd, JoinLeft, JoinReply, JoinRequest } from "./join-messages.js";
import type { HostPlatform, RealmPort, RealmWorker } from "./platform.js";

/** What the glue takes for a worker: the other end of a port. */
class JoinedWorker implements RealmWorker {
  /** The glue keeps it out of its pool. */
  readonly weftJoined = true;
  /** The glue's. */
  onmessage: ((event: { readonly data: unknown }) => void) | undefined;
  readonly port: RealmPort & { ref?(): void; unref?(): void };

  constructor(port: RealmPort) {
    this.port = port;
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    this.port.postMessage(message, transfer);
  }

  /** Under Node the glue listens to events: {@link onmessage}, which it sets too, is enough. */
  on(): void {
    // See above.
  }

  ref(): void {
    this.port.ref?.();
  }

  unref(): void {
    this.port.unref?.();
  }

  /** Only its owner can end the worker: it is told. */
  terminate(): void {
    const end: JoinEnd = { weftEnd: "Python has ended" };
    this.port.postMessage(end);
  }
}

/** Workers of the user's own that join as Python threads. */
export class JoinedThreads {
  readonly #guest: Guest;
  readonly #channel: HostPlatform["channel"];
  readonly #glueUrl: string;
  readonly #realm: () => number;
  readonly #setup: unknown;
  /** Those whose port is open. */
  readonly #workers = new Set<JoinedWorker>();
  /** Those that are threads. */
  readonly #threads = new Set<RealmWorker>();
  #over = false;

  /**
   * @param realm a number for another realm.
   * @param setup what the platform's `joinWeft()` needs.
   */
  constructor(guest: Guest, channel: HostPlatform["channel"], glueUrl: string, realm: () => number, setup: unknown) {
    this.#guest = guest;
    this.#channel = channel;
    this.#glueUrl = glueUrl;
    this.#realm = realm;
    this.#setup = setup;
  }

  /** See `HostWeft.joinPort`. */
  port(): RealmPort {
    const [mine, theirs] = this.#channel();
    const worker = new JoinedWorker(mine);
    this.#workers.add(worker);
    mine.onmessage = ({ data }) => {
      const { weftJoin } = data as Partial<JoinRequest>;
      if (weftJoin === "here") {
        this.#welcome(worker);
      } else if (weftJoin === "listening") {
        this.#start(worker);
      } else {
        worker.onmessage?.({ data });
      }
    };
    mine.addEventListener("close", () => {
      this.#workers.delete(worker);
      if (this.#threads.delete(worker) && !this.#over) {
        this.#guest.fail(new Error("a worker that had joined Python ended without leave(): its thread may have held locks"));
      }
    });
    // A port that nobody uses shall not keep the process.
    worker.unref();
    return theirs;
  }

  #welcome(worker: JoinedWorker): void {
    if (this.#over) {
      worker.terminate();
      return;
    }
    const reply: JoinReply = { weftRealm: { id: this.#realm(), glueUrl: this.#glueUrl, setup: this.#setup } };
    worker.postMessage(reply);
  }

  #start(worker: JoinedWorker): void {
    void this.#guest.module.weftLoadWorker(worker).then(() => {
      if (this.#over) {
        return;
      }
      const failed = this.#guest.spawnThread(worker, 0);
      if (failed === 0) {
        this.#threads.add(worker);
        return;
      }
      const end: JoinEnd = { weftEnd: `cannot start a thread: the limit of threads is reached (guest errno ${failed})` };
      this.#guest.module.weftForgetWorker(worker);
      worker.postMessage(end);
    });
  }

  /** A thread has ended and given its place back. */
  gone(worker: RealmWorker): void {
    if (this.#threads.delete(worker)) {
      const left: JoinLeft = { weftLeft: true };
      worker.postMessage(left);
      (worker as JoinedWorker).port.close();
    }
  }

  /** Python has ended. */
  end(): void {
    this.#over = true;
    this.#threads.clear();
    this.#workers.forEach((worker) => {
      worker.terminate();
    });
  }
}

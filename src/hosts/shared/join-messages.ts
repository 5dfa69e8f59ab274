/** From a worker that joins to the host realm: that it is there, and that the glue listens. */
export interface JoinRequest {
  readonly weftJoin: "here" | "listening";
}

/** What a worker needs to load the runtime: its realm's number, the glue's URL, and what the platform's realms need. */
export interface JoinReply {
  readonly weftRealm: { readonly id: number; readonly glueUrl: string; readonly setup: unknown };
}

/** There will be no thread, or none any more. */
export interface JoinEnd {
  readonly weftEnd: string;
}

/** The thread has ended and given its place back. */
export interface JoinLeft {
  readonly weftLeft: true;
}

/** From a worker that joins to the host realm: that it is there, and that the glue listens. */
export interface JoinRequest {
  readonly weftJoin: "here" | "listening";
}

/** What a worker needs to load the runtime: its realm's number, and the glue's URL. */
export interface JoinReply {
  readonly weftRealm: { readonly id: number; readonly glueUrl: string };
}

/** There will be no thread, or none any more. */
export interface JoinEnd {
  readonly weftEnd: string;
}

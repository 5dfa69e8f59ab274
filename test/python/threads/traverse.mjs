/** Functions that traverse.test.ts spawns. */
import { Keeper } from "../modules/traversed.mjs";

/** What a traversal on this thread finds out about attaching, each time. */
export function attachInTraverse(weft) {
  const seen = [];
  const nameOf = (call) => {
    try {
      return String(call());
    } catch (error) {
      return error.name;
    }
  };
  weft.attach((py) => {
    const object = Keeper.create(py);
    object.callMethod("behave", "hook");
    Keeper.borrowMut(object, (it) => {
      it.state.hook = () => {
        seen.push([
          nameOf(() => weft.tryAttach(() => "attached")),
          nameOf(() => weft.attach(() => "attached")),
          nameOf(() => py.detach(() => "detached")),
          String(weft.realm.attachCount),
        ]);
      };
    });
    py.import("gc").callMethod("collect");
  });
  return seen;
}

import { syntaxTree } from "@codemirror/language";
import { Prec, StateEffect, StateField, type EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, showTooltip, ViewPlugin, type Tooltip, type ViewUpdate } from "@codemirror/view";

/** The call around a position: where its arguments begin, and what is called. */
interface Call {
  readonly at: number;
  readonly name: string;
}

const setTooltip = StateEffect.define<Tooltip | null>();

const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update: (tooltip, transaction) => {
    for (const effect of transaction.effects) {
      if (effect.is(setTooltip)) {
        return effect.value;
      }
    }
    return tooltip && { ...tooltip, pos: transaction.changes.mapPos(tooltip.pos) };
  },
  provide: (field) => showTooltip.from(field),
});

function callAround(state: EditorState): Call | null {
  const { head, empty } = state.selection.main;
  for (let node = empty ? syntaxTree(state).resolveInner(head, -1) : null; node; node = node.parent) {
    if (node.name === "ArgList" && node.from < head && (head < node.to || node.lastChild?.name !== ")")) {
      const name = node.prevSibling ? state.sliceDoc(node.prevSibling.from, node.prevSibling.to) : "";
      return /^[A-Za-z_][\w.]*$/.test(name) ? { at: node.from, name } : null;
    }
  }
  return null;
}

/**
 * Shows the signature of a function while its arguments are typed. Escape hides it.
 * @param signature of what a dotted name means; `null` where that is not known.
 */
export function signatureHelp(signature: (name: string) => Promise<string | null>): Extension {
  const follow = ViewPlugin.fromClass(
    class {
      #call: Call | null = null;

      update({ docChanged, selectionSet, view, state }: ViewUpdate): void {
        if (!docChanged && !selectionSet) {
          return;
        }
        const call = callAround(state);
        if (call?.name === this.#call?.name && call?.at === this.#call?.at) {
          return;
        }
        this.#call = call;
        void this.#show(view, call);
      }

      async #show(view: EditorView, call: Call | null): Promise<void> {
        // Not in the update's own turn.
        const text = await Promise.resolve(call && signature(call.name));
        if (this.#call !== call) {
          return;
        }
        const tooltip: Tooltip | null = call && text !== null
          ? { pos: call.at, above: true, create: () => ({ dom: Object.assign(document.createElement("div"), { className: "description signature", role: "status", textContent: text }) }) }
          : null;
        view.dispatch({ effects: setTooltip.of(tooltip) });
      }
    },
  );
  // The same key closes a list of completions: the extension comes before theirs, and lets the key go on.
  const hide = (view: EditorView): boolean => {
    if (view.state.field(shown) !== null) {
      view.dispatch({ effects: setTooltip.of(null) });
    }
    return false;
  };
  return [shown, follow, Prec.highest(keymap.of([{ key: "Escape", run: hide }]))];
}

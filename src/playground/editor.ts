import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { diagnosticCount, lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers, type Tooltip, hoverTooltip } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Problem } from "./protocol.js";
import { signatureHelp } from "./signature-help.js";

/** Colours come from the page's variables, so that both themes need one style. */
const HIGHLIGHTS = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-function)" },
  { tag: [tags.definition(tags.function(tags.variableName)), tags.className], color: "var(--code-function)", fontWeight: "600" },
  { tag: tags.meta, color: "var(--code-number)" },
  { tag: tags.operator, color: "var(--muted)" },
]);

const LOOK = EditorView.theme({
  "&": { height: "100%", fontSize: "14px", backgroundColor: "var(--panel)", color: "var(--text)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { padding: "12px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 16px 0 6px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--panel)", color: "var(--faint)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 6px 0 14px", minWidth: "28px" },
  ".cm-activeLine": { backgroundColor: "var(--line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--line)", color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--selection)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--border)", borderRadius: "8px", boxShadow: "var(--shadow)", overflow: "hidden" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)" },
  ".cm-searchMatch": { backgroundColor: "var(--selection)" },
});

/** What the editor asks the page. */
export interface EditorListener {
  onChange(name: string, text: string): void;
  complete(text: string): Promise<readonly string[]>;
  describe(name: string): Promise<{ readonly signature: string | null; readonly documentation: string | null } | null>;
}

/** The editor: one document for each file, each with its own history and selection. */
export class Editor {
  readonly #view: EditorView;
  readonly #listener: EditorListener;
  readonly #states = new Map<string, EditorState>();
  readonly #extensions: Extension;
  #name = "";
  /** Changes that are not the user's. */
  #quiet = false;

  constructor(parent: HTMLElement, listener: EditorListener) {
    this.#listener = listener;
    this.#extensions = [
      lineNumbers(),
      lintGutter(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      history(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightSelectionMatches(),
      indentUnit.of("    "),
      EditorState.tabSize.of(4),
      python(),
      syntaxHighlighting(HIGHLIGHTS),
      // Before completion, whose Escape ends there while it waits for names.
      signatureHelp(async (name) => (await this.#listener.describe(name))?.signature ?? null),
      autocompletion({ override: [(context) => this.#complete(context)], icons: false }),
      hoverTooltip((view, position) => this.#describe(view, position), { hoverTime: 500 }),
      keymap.of([
        // The page's shortcut.
        { key: "Mod-Enter", run: () => true },
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...completionKeymap,
        indentWithTab,
      ]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !this.#quiet) {
          this.#listener.onChange(this.#name, update.state.doc.toString());
        }
      }),
      EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Python code. Escape, then Tab leaves the editor." }),
      LOOK,
    ];
    this.#view = new EditorView({ parent });
  }

  /** Shows a file. */
  open(name: string, text: string): void {
    if (this.#name !== "") {
      this.#states.set(this.#name, this.#view.state);
    }
    this.#name = name;
    const kept = this.#states.get(name);
    this.#view.setState(kept && kept.doc.toString() === text ? kept : this.#make(text));
  }

  /** A file has another text now, not by the user's keys here. */
  replace(name: string, text: string): void {
    if (name !== this.#name) {
      this.#states.delete(name);
    } else if (this.#view.state.doc.toString() !== text) {
      this.#quiet = true;
      try {
        this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
      } finally {
        this.#quiet = false;
      }
    }
  }

  forget(name: string): void {
    this.#states.delete(name);
    if (name === this.#name) {
      this.#name = "";
    }
  }

  focus(): void {
    this.#view.focus();
  }

  /** Underlines where the program failed, in the file that is shown. */
  mark(problems: readonly Problem[]): void {
    const { doc } = this.#view.state;
    const diagnostics = problems.filter(({ file }) => file === this.#name).map((problem) => diagnostic(doc, problem));
    if (diagnostics.length === 0 && diagnosticCount(this.#view.state) === 0) {
      return;
    }
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
    const first = diagnostics[0];
    if (first) {
      this.#view.dispatch({ effects: EditorView.scrollIntoView(first.from, { y: "nearest", yMargin: 40 }) });
    }
  }

  #make(text: string): EditorState {
    return EditorState.create({ doc: text, extensions: this.#extensions });
  }

  async #complete(context: CompletionContext): Promise<CompletionResult | null> {
    const word = context.matchBefore(/[A-Za-z_][\w.]*/);
    if (!word || (!context.explicit && word.text.length < 2 && !word.text.includes("."))) {
      return null;
    }
    const names = await this.#listener.complete(word.text);
    const dot = word.text.lastIndexOf(".") + 1;
    const found = new Set(names.map((name) => name.slice(dot).replace(/\($|\(\)$|\s+$/, "")));
    if (dot === 0) {
      // Names of this file, which the interpreter may not know yet.
      for (const [name] of context.state.doc.toString().matchAll(/[A-Za-z_]\w+/g)) {
        if (name !== word.text && name.startsWith(word.text)) {
          found.add(name);
        }
      }
    }
    return found.size === 0 ? null : { from: word.from + dot, options: [...found].map((label) => ({ label })), validFor: /^\w*$/ };
  }

  async #describe(view: EditorView, position: number): Promise<Tooltip | null> {
    const line = view.state.doc.lineAt(position);
    const at = position - line.from;
    for (const match of line.text.matchAll(/[A-Za-z_][\w.]*/g)) {
      if (match.index <= at && at <= match.index + match[0].length) {
        const end = /^\w*/.exec(line.text.slice(at))![0].length + at;
        const name = line.text.slice(match.index, end);
        const known = await this.#listener.describe(name);
        if (!known || (known.signature === null && known.documentation === null)) {
          return null;
        }
        return {
          pos: line.from + match.index,
          end: line.from + end,
          above: true,
          create: () => {
            const dom = document.createElement("div");
            dom.className = "description";
            if (known.signature !== null) {
              dom.append(Object.assign(document.createElement("code"), { textContent: known.signature }));
            }
            if (known.documentation !== null) {
              dom.append(Object.assign(document.createElement("p"), { textContent: known.documentation.split("\n\n").slice(0, 2).join("\n\n") }));
            }
            return { dom };
          },
        };
      }
    }
    return null;
  }
}

function diagnostic(doc: Text, problem: Problem): Diagnostic {
  const line = doc.line(Math.max(1, Math.min(problem.line, doc.lines)));
  const column = (value: number): number => Math.min(problem.bytes === true ? characters(line.text, value) : value, line.length);
  const indent = /^\s*/.exec(line.text)![0].length;
  let from = line.from + (problem.column === null ? indent : column(problem.column));
  let to = problem.end === null ? line.to : line.from + column(problem.end);
  if (from >= to) {
    // Something has to be underlined: the rest of the line, or its last character.
    to = line.to;
    from = Math.max(line.from, Math.min(from, to - 1));
  }
  return { from, to, severity: "error", message: problem.message };
}

/** How many characters the first bytes of a line's UTF-8 are. */
function characters(text: string, count: number): number {
  const data = new TextEncoder().encode(text);
  return new TextDecoder().decode(data.subarray(0, count)).length;
}

/** The editor's Python grammar and what it needs, to be evaluated in a task of its own before editor.ts is. */
export { python } from "@codemirror/lang-python";

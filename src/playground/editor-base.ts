/** The part of the editor that everything else of it needs, to be evaluated in a task of its own before editor.ts is. */
export { EditorView } from "@codemirror/view";

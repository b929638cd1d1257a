// vitest reads only this name; the list of projects is in vitest.workspace.ts.
export { default } from "./vitest.workspace.ts";

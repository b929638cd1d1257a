export { type StaticDirectory, staticFiles } from "./static-files.ts";

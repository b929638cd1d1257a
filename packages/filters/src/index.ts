export { acceptedEncodings } from "./accept-encoding.ts";
export { type StaticDirectory, staticFiles } from "./static-files.ts";

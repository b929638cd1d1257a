import { STATUS_CODES } from "node:http";
import { Fields } from "@mothership/kernel";
import { responseHead } from "./write-head.ts";

const allowed = Fields.from([["Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"]]);
const text = Fields.from([["Content-Type", "text/plain; charset=utf-8"]]);

/** The whole answer to a request that is not worked on. It ends the connection and repeats nothing that the client sent. */
export function refusalAnswer(status: number, date: string): string {
  const content = `${status} ${STATUS_CODES[status] ?? "Error"}\n`;
  const fields = status === 405 ? Fields.from([...allowed, ...text]) : text;
  return responseHead(status, fields, { delimiter: content.length, connection: "close", upgrade: "", trailers: false, date }) + content;
}

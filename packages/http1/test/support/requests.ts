import { bodyOf, Fields, type Incoming } from "@mothership/kernel";

export const ok = { status: 200, fields: new Fields() };

/** A handler that says what it was asked for. */
export const echo = (incoming: Incoming): void =>
  incoming.respond(ok, bodyOf(`${incoming.method} ${incoming.target} ${incoming.authority}`));

/** Requests as they stand on the wire; `more` are whole field lines. */
export const get = (target: string, more = ""): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
export const post = (content: string, more = "", length = content.length): string =>
  `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n${more}\r\n${content}`;

import { randomBytes } from "node:crypto";
import type { Fields } from "@mothership/kernel";

/** Gives ids that are unique across processes and restarts: a random word per source, then a count. They are no secret. */
export function idSource(): () => string {
  const source = randomBytes(9).toString("base64url");
  let count = 0;
  return () => `${source}-${(++count).toString(36)}`;
}

/** The id that a trusted forwarder gave this request, if it is of a kind that is safe in any log and header. */
export function givenId(fields: Fields): string | undefined {
  const id = fields.get("x-request-id");
  return id !== undefined && /^[\w.:+/=-]{1,128}$/.test(id) ? id : undefined;
}

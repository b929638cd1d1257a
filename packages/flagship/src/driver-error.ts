import { messageOf, redact } from "@mothership/kernel";
import type { ElectionUrl } from "./election-url.ts";
import { ElectionDatabaseError } from "./errors.ts";

const maxMessageLength = 300;
/** A shorter password would blank out half of every message, and is no secret anyway. */
const minSecretLength = 4;

/** The system's codes for a peer that is not there now. */
const networkCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  // The file of a Unix socket, which a server makes when it starts.
  "ENOENT",
]);

/** SQLSTATEs of a server that is starting, stopping or full, and of connections that broke: classes 08 and 53, and 57P01 to 57P05. */
const transientState = /^(?:08|53)|^57P0[1-5]$/;

/**
 * What went wrong on a connection, as an error of ours. Once it is `established`, whatever the server did not say itself is the
 * connection's end, in whichever words the driver tells it. Nothing of the driver's object is kept: it may hold whatever a server
 * or a pooler sent, and their words are searched for the password.
 */
export function databaseError(
  error: unknown,
  { target, password }: Pick<ElectionUrl, "target" | "password">,
  { established = false }: { readonly established?: boolean } = {},
): ElectionDatabaseError {
  if (error instanceof ElectionDatabaseError) return error;
  const code = codeOf(error);
  const sqlState = /^[\dA-Z]{5}$/.test(code) && !networkCodes.has(code) ? code : undefined;
  const text = withoutSecret(redact(textOf(error)), password).slice(0, maxMessageLength);
  const silent = code === "" && /terminated|timeout|establishing an SSL connection/i.test(text);
  const transient = sqlState === undefined ? established || networkCodes.has(code) || silent : transientState.test(sqlState);
  return new ElectionDatabaseError(target, sqlState === undefined ? text : `${text} (SQLSTATE ${sqlState})`, { sqlState, transient });
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

/** A name with several addresses fails with one error for each and no message of its own. */
function textOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return messageOf(error);
}

/** The text with the password blanked out, as it is and as it stands in a URL. */
export function withoutSecret(text: string, password: string | undefined): string {
  if (password === undefined || password.length < minSecretLength) return text;
  return text.replaceAll(password, "***").replaceAll(encodeURIComponent(password), "***");
}

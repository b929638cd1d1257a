import { TaskFailedError } from "@mothership/supervisor";
import { JobFailedError } from "./errors.ts";

/** What the parts say in their own terms where users have others. */
const messages: Readonly<Record<string, string>> = { "an essential process is lost": "A critical process is lost" };

/** A log message of a part as the program says it: in the terms of the manifest, and beginning with a capital. */
export function inOwnTerms(message: string): string {
  return Object.hasOwn(messages, message) ? (messages[message] ?? message) : message.charAt(0).toUpperCase() + message.slice(1);
}

/** Why a prelaunch job is not done, in the same terms: the supervisor calls it a task. */
export function jobFailure(error: unknown): unknown {
  return error instanceof TaskFailedError ? new JobFailedError(error) : error;
}

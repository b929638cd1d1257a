import { hasCode, messageOf } from "@mothership/kernel";

/** Why a file could not be read, as the end of a sentence about it: the words of the system name the call and the path once more. */
export function fileProblem(error: unknown): string {
  if (hasCode(error, "ENOENT") || hasCode(error, "ENOTDIR")) return "there is no such file";
  if (hasCode(error, "EACCES")) return "this user may not read it";
  if (hasCode(error, "EISDIR")) return "it is a folder";
  return messageOf(error);
}

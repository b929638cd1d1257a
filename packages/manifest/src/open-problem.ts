const reasons: Readonly<Record<string, readonly [string, string?]>> = {
  ENOENT: ["does not exist", "mothership init writes one to start from; -c names another file"],
  ENOTDIR: ["does not exist: a part of the path is no folder"],
  EACCES: ["may not be read by this user"],
  EPERM: ["may not be read by this user"],
  ELOOP: ["is a symbolic link that leads in a circle"],
  ENAMETOOLONG: ["has a name that is too long"],
  ERR_INVALID_ARG_VALUE: ["is not a path"],
  EMFILE: ["cannot be opened: too many files are open"],
};

/** Why a file could not be opened or read, as the end of a sentence about it, and what to do when that is known. */
export function openProblem(error: unknown): readonly [reason: string, hint: string | undefined] {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
  const [reason, hint] = reasons[code] ?? [`cannot be read (${code})`];
  return [reason, hint];
}

import { setFlagsFromString } from "node:v8";

/** The first and the last Node whose V8 is known to have the flag; another would complain on stderr. */
const known = { from: 24, to: 26 };

/**
 * Tells V8 not to guess which objects live long. It guesses while a fleet starts, from the few requests of that time, and then makes most of what
 * a request needs among the old objects, where only a full collection finds it (docs/decisions/0019-short-lives.md).
 *
 * For commands that go on: after it, Node's own modules are loaded without their compiled code, which costs a short command 12 ms.
 */
export function expectShortLives(): void {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= known.from && major <= known.to) setFlagsFromString("--no-allocation-site-pretenuring");
}

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/*
 * Node reads each piece of a socket into a buffer of its own, and V8 lets some 50 MB of them pile up before it looks for those that nobody
 * holds any more: what one fast stream costs. So after every few megabytes we ask for that look ourselves. It visits young objects only, and
 * takes less time than what it saves the system in fresh pages.
 */

/** So many bytes of pieces may be garbage before it is looked for. */
const everyBytes = 4 * 1024 * 1024;
/** Smaller pieces are no more than other objects, which V8 counts by itself. */
const smallestPiece = 4_096;
/** The flag belongs to all threads: one that hides it may do so just as another one looks. */
const mostTries = 8;

type Collect = (options: { readonly type: "minor" }) => void;

let sinceLast = 0;
let collect: Collect | undefined;
let tries = 0;

/** Says that a piece of so many bytes came from the system, in a buffer of its own. For whoever reads sockets; one count for all of a thread. */
export function pieceReceived(bytes: number): void {
  if (bytes < smallestPiece) return;
  sinceLast += bytes;
  if (sinceLast < everyBytes) return;
  sinceLast = 0;
  if (!collect && tries < mostTries) {
    tries++;
    collect = collector();
  }
  collect?.({ type: "minor" });
}

/** V8's own function, which it gives to contexts that are made while it is exposed; undefined where there is none to be had. */
function collector(): Collect | undefined {
  const exposed: unknown = Reflect.get(globalThis, "gc");
  if (typeof exposed === "function") return exposed as Collect; // V8's, or what its owner wants to stand for it
  try {
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
    return found as Collect | undefined; // narrowed by the script
  } catch {
    // Another runtime. It streams as well, with more memory.
    return undefined;
  } finally {
    hide();
  }
}

function hide(): void {
  try {
    setFlagsFromString("--no-expose-gc");
  } catch {
    // As above.
  }
}

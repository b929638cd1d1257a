import { type Fields, hasCode } from "@mothership/kernel";
import { payloadLimits } from "../limits.ts";

/** One change of header fields. The name is as the guest wrote it. */
export type FieldEdit =
  | { readonly kind: "set" | "add"; readonly name: string; readonly value: string }
  | { readonly kind: "remove"; readonly name: string };

export type EditOutcome = "done" | "not allowed" | "limit" | "not found";

/** Fields of the connection and of framing: the proxy writes them itself, and a guest that could would smuggle requests. */
const owned: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** True for a field that is the proxy's own; `key` is its lower-case name. */
export function isOwned(key: string): boolean {
  return owned.has(key);
}

const authority = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/** The header fields of a message with a guest's changes on them, which are made for good only when the call ends well. */
export class FieldsDraft {
  readonly #original: Fields;
  #current: Fields | undefined;
  readonly edits: FieldEdit[] = [];

  constructor(original: Fields) {
    this.#original = original;
  }

  /** What the guest sees. */
  get current(): Fields {
    return this.#current ?? this.#original;
  }

  set(name: string, value: string): EditOutcome {
    return this.#edit({ kind: "set", name, value });
  }

  add(name: string, value: string): EditOutcome {
    return this.#edit({ kind: "add", name, value });
  }

  remove(name: string): EditOutcome {
    const key = name.toLowerCase();
    if (isOwned(key) || key === "host") return "not allowed";
    return this.current.has(key) ? this.#edit({ kind: "remove", name }) : "not found";
  }

  #edit(edit: FieldEdit): EditOutcome {
    if (this.edits.length >= payloadLimits.headerEdits) return "limit";
    const key = edit.name.toLowerCase();
    if (isOwned(key)) return "not allowed";
    if (edit.kind !== "remove") {
      if (edit.value.length > payloadLimits.headerValueBytes) return "limit";
      // A second Host would be read differently by different programs behind us.
      if (key === "host" && (edit.kind === "add" || !authority.test(edit.value))) return "not allowed";
    }
    this.#current ??= this.#original.copy();
    try {
      applyEdit(this.#current, edit);
    } catch (error) {
      // Anything else must not pass for an answer: near the end of the stack a guest could provoke it.
      if (hasCode(error, "MS_FIELD_INVALID")) return "not allowed";
      throw error;
    }
    this.edits.push(edit);
    return "done";
  }
}

/** Makes changes for good. They have been checked by a draft. */
export function applyEdits(fields: Fields, edits: readonly FieldEdit[]): void {
  for (const edit of edits) applyEdit(fields, edit);
}

function applyEdit(fields: Fields, edit: FieldEdit): void {
  if (edit.kind === "remove") fields.delete(edit.name.toLowerCase());
  else if (edit.kind === "set") fields.set(edit.name, edit.value);
  else fields.append(edit.name, edit.value);
}

import type { FieldEdit } from "./message/fields-draft.ts";

/** Why a guest gave no verdict. */
export type FailureKind =
  /** Its code trapped, or overflowed the stack. */
  | "trap"
  /** It used up its fuel. */
  | "fuel"
  /** It broke a rule of its ABI: a pointer outside its memory, JSON that is none. */
  | "fault"
  /** It was not asked: too many failures lately. */
  | "quarantined"
  /** It was not asked: all its instances are at work, or new ones were made too fast. */
  | "busy"
  /** It was not asked: the description of the request is too long. */
  | "tooLarge";

export interface Failure {
  readonly kind: FailureKind;
  /** For operators; never for clients. */
  readonly reason: string;
  /** When trying again makes sense. */
  readonly retryAfterMs?: number;
}

/** What a guest changed of a message. */
export interface Changes {
  readonly path?: string;
  /** With its `?`, or "". */
  readonly query?: string;
  readonly method?: string;
  readonly status?: number;
  /** In the order in which they were made. */
  readonly edits: readonly FieldEdit[];
  readonly body?: Uint8Array;
}

/** An answer in place of what would have been sent. */
export interface Block {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

export type Verdict =
  | { readonly action: "continue"; readonly changes: Changes }
  | { readonly action: "block"; readonly block: Block }
  | { readonly action: "fail"; readonly failure: Failure };

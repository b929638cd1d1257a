/** Where a command prints. Tests hand in their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Width in characters; undefined when it is no terminal. */
  readonly columns: number | undefined;
  /** Somebody is looking. */
  readonly interactive: boolean;
  readonly color: boolean;
}

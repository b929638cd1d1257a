/** Text that is written many times a turn goes out in one call: a system call for each line of a ship that floods would cost more than all the rest. */
export interface BatchedOutput {
  write(text: string): void;
  /** Hands over what is held at once, for whoever is about to take the stream. */
  flush(): void;
}

/** Held text is handed over at this length, whatever the turn. Characters. */
const longest = 65_536;

/** Holds what is written until the code that runs now is done; nothing is kept longer, so nothing is lost at an exit. */
export function batched(out: (text: string) => void): BatchedOutput {
  let held = "";
  const flush = (): void => {
    if (held === "") return;
    const text = held;
    held = "";
    out(text);
  };
  return {
    write(text) {
      if (held === "") queueMicrotask(flush);
      held += text;
      if (held.length >= longest) flush();
    },
    flush,
  };
}

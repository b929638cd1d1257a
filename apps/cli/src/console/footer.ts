/** Text that goes by, with one line below it that stays and changes: a terminal's simplest form of progress. */
export interface FooterOutput {
  /** Whole lines that stay. */
  write(text: string): void;
  /** The line below; "" takes it away. It must fit the terminal, for what wraps could not be taken away again. */
  footer(text: string): void;
}

/** Rewrites the current line of the terminal that `out` writes to. */
export function footerOutput(out: (text: string) => void): FooterOutput {
  let shown = "";
  const erase = "\r\x1b[K";
  return {
    write: (text) => out(shown === "" ? text : `${erase}${text}${shown}`),
    footer(text) {
      if (text === shown) return;
      out(shown === "" ? text : `${erase}${text}`);
      shown = text;
    },
  };
}

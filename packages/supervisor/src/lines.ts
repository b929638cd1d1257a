/** One line of output of a process. */
export interface LogLine {
  readonly name: string;
  readonly stream: "stdout" | "stderr";
  readonly pid: number;
  /** Counts the lines of this process from 1, over restarts. */
  readonly seq: number;
  /** Wall time. */
  readonly at: number;
  /** Without the newline; bytes that are not UTF-8 are replaced. */
  readonly text: string;
  /** The line was too long or not finished in time: the next one of this stream goes on with it. */
  readonly continued: boolean;
  /** For who follows: lines lost before this one because the reader was too slow. */
  readonly dropped: number;
}

import type { Writable } from "node:stream";
import { hasCode, messageOf } from "@mothership/kernel";
import { exitCodes } from "../command-line/exit-codes.ts";

/** What became of the output of a command that prints its answer and ends. */
export interface OutputWatch {
  /** Losing its output is no failure: it runs on. */
  ignore(): void;
  /** The exit code of the program, where the command ended with this one. */
  exitCode(code: number): number;
}

/**
 * An answer that nobody can have got, as on a full disk, is a failure: said once, and `onLost` is called, also after the command has ended. A
 * reader that went away (`mothership chart | head`) has had enough, and there is nobody left to tell.
 */
export function watchOutput(stream: Writable, err: (text: string) => void, onLost: (exitCode: number) => void): OutputWatch {
  let ignored = false;
  let lost = false;
  stream.on("error", (error) => {
    if (lost || ignored || hasCode(error, "EPIPE")) return;
    lost = true;
    err(`mothership: the output could not be written: ${messageOf(error)}\n`);
    onLost(exitCodes.failed);
  });
  return {
    ignore() {
      ignored = true;
    },
    exitCode: (code) => (lost && code === exitCodes.done ? exitCodes.failed : code),
  };
}

import { exitCodes } from "../command-line/exit-codes.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type Completion, complete } from "./complete.ts";
import { namesAround } from "./names.ts";

/** Answers a shell: its name, then the words behind the program's up to the cursor. A line for each candidate; `:files` where files may stand. */
export async function answer([shell = "", ...words]: readonly string[], terminal: Terminal): Promise<number> {
  const completion = await complete(shell === "bash" ? joinBroken(words) : words, namesAround);
  terminal.out(answerText(completion, shell === "bash" ? keptPart(words) : ""));
  return exitCodes.done;
}

/** The lines of an answer; `kept` is what the shell keeps of the word and does not want again. */
export function answerText({ files, candidates }: Completion, kept: string): string {
  const lines = candidates.filter(({ word }) => isPlain(word)).map(({ word, about }) => `${word.slice(kept.length)}\t${about}`);
  return [...(files ? [`:files${files.prefix}`] : []), ...lines].map((line) => `${line}\n`).join("");
}

/** What a shell would take for more than a word is not offered: it would go into the line as it stands. */
function isPlain(word: string): boolean {
  return /^[\w.,:@%+=/-]+$/.test(word);
}

/** bash cuts words at these characters: `--for=ready` and `app:1` come as three. */
const isBreak = (word: string | undefined): boolean => /^[=:@]+$/.test(word ?? "");

/** The words as they were typed. */
export function joinBroken(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [at, word] of words.entries()) {
    const last = joined.length - 1;
    if (last >= 0 && (isBreak(word) || isBreak(words[at - 1]))) joined[last] += word;
    else joined.push(word);
  }
  return joined;
}

/** What stands before the part of the last word that bash is going to replace. */
export function keptPart(words: readonly string[]): string {
  const whole = joinBroken(words).at(-1) ?? "";
  const part = words.at(-1) ?? "";
  return isBreak(part) ? whole : whole.slice(0, whole.length - part.length);
}

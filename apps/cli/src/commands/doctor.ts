import type { Line } from "@mothership/tui/text";
import { plainJson } from "../bridge/plain-json.ts";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { type Finding, findingsOf } from "../doctor/findings.ts";
import { lookAround } from "../doctor/look.ts";
import { lineText } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { wrap } from "../terminal/wrap.ts";

/** `mothership doctor`: is this machine fit to run a fleet? Exit code 1 when something has to be mended first. */
export async function doctor(invocation: Invocation, terminal: Terminal): Promise<number> {
  const findings = findingsOf(await lookAround(invocation));
  terminal.out(invocation.json ? `${plainJson({ findings })}\n` : drawFindings(findings, terminal));
  return findings.some(({ grade }) => grade === "fail") ? exitCodes.failed : exitCodes.done;
}

const colors = { ok: "green", warn: "yellow", fail: "red" } as const;

/** A line for each finding, what to do below it, and the sum. */
export function drawFindings(findings: readonly Finding[], { columns = 100, color }: Pick<Terminal, "columns" | "color">): string {
  const width = Math.max(...findings.map(({ about }) => about.length));
  const indent = 6 + width + 2;
  const lines = findings.flatMap(({ grade, about, found, advice }): Line[] => [
    ...wrap(found, columns, indent)
      .split("\n")
      .map(
        (text, at): Line =>
          at > 0 ? [{ text }] : [{ text: grade.padEnd(6), bold: true, color: colors[grade] }, { text: `${about.padEnd(width)}  ${text}` }],
      ),
    ...(advice === "" ? [] : `${" ".repeat(indent)}${wrap(`→ ${advice}`, columns, indent)}`.split("\n").map((text): Line => [{ text }])),
  ]);
  const count = (grade: Finding["grade"]): number => findings.filter((finding) => finding.grade === grade).length;
  const sum =
    count("fail") > 0
      ? "something has to be mended first"
      : count("warn") > 0
        ? "a fleet can run here; look at the warnings"
        : "all is well";
  return `${[...lines, [], [{ text: sum }]].map((line) => lineText(line, columns, color)).join("\n")}\n`;
}

import { hasCode, MothershipError, messageOf, redact } from "@mothership/kernel";
import type { ManifestError } from "@mothership/manifest";
import { type Invocation, parseCommandLine } from "./command-line/args.ts";
import { exitCodeOf, exitCodes } from "./command-line/exit-codes.ts";
import { helpFor } from "./command-line/help.ts";
import { completeWord } from "./completion/scripts.ts";
import { manifestPath } from "./files/manifest-path.ts";
import { type OutputWatch, watchOutput } from "./process/lost-output.ts";
import { yieldToInit } from "./process/pid1.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** Runs the program on this process: the only caller is the launcher in `bin`. */
export async function run(): Promise<void> {
  const terminal: Terminal = {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: process.stdout.columns,
    interactive: process.stdout.isTTY,
    color: process.stdout.isTTY && process.stdout.hasColors(),
  };
  yieldToInit(terminal.err);
  const output = watchOutput(process.stdout, terminal.err, (exitCode) => {
    process.exitCode ||= exitCode;
  });
  // There is nobody left to tell.
  process.stderr.on("error", () => undefined);
  process.exitCode = output.exitCode(await main(process.argv.slice(2), terminal, output));
}

/** From the words behind `mothership` to the exit code. Whatever goes wrong becomes one clear text, never a stack. */
export async function main(words: readonly string[], terminal: Terminal, output?: OutputWatch): Promise<number> {
  let invocation: Invocation | undefined;
  try {
    if (words[0] === completeWord) return await (await import("./completion/answer.ts")).answer(words.slice(1), terminal);
    invocation = parseCommandLine(words);
    if (invocation.command === "run" && !invocation.help) output?.ignore();
    return await perform(invocation, terminal);
  } catch (error) {
    return await report(error, terminal, invocation);
  }
}

// Each command is loaded when it is asked for: `clearance` must not pay for the proxy.
async function perform(invocation: Invocation, terminal: Terminal): Promise<number> {
  if (invocation.help) {
    terminal.out(helpFor(invocation.command));
    return exitCodes.done;
  }
  switch (invocation.command) {
    case "version":
      terminal.out(`mothership ${(await import("./version.ts")).version}\n`);
      return exitCodes.done;
    case "help":
      terminal.out(helpFor("help"));
      return exitCodes.done;
    case "clearance":
      return (await import("./commands/clearance.ts")).clearance(invocation, terminal);
    case "preflight":
      return (await import("./commands/preflight.ts")).preflight(invocation, terminal);
    case "chart":
      return (await import("./commands/chart.ts")).chart(invocation, terminal);
    case "init":
      return (await import("./commands/init.ts")).init(invocation, terminal);
    case "import":
      return (await import("./commands/import.ts")).importCommand(invocation, terminal);
    case "export":
      return (await import("./commands/export.ts")).exportCommand(invocation, terminal);
    case "payload":
      return (await import("./commands/payload.ts")).payload(invocation, terminal);
    case "shields":
      return (await import("./commands/shields.ts")).shields(invocation, terminal);
    case "run":
      return (await import("./commands/run.ts")).run(invocation, terminal);
    case "doctor":
      return (await import("./commands/doctor.ts")).doctor(invocation, terminal);
    case "completions":
      return (await import("./commands/completions.ts")).completions(invocation, terminal);
    case "tui":
      return (await import("./commands/tui.ts")).tui(invocation, terminal);
    case "status":
      return (await import("./commands/status.ts")).status(invocation, terminal);
    case "explain":
      return (await import("./commands/status.ts")).explain(invocation, terminal);
    case "logs":
      return (await import("./commands/logs.ts")).logs(invocation, terminal);
    case "start":
    case "stop":
    case "restart":
      return (await import("./commands/steer.ts")).steer(invocation.command, invocation, terminal);
    case "signal":
      return (await import("./commands/steer.ts")).signal(invocation, terminal);
    case "wait":
      return (await import("./commands/steer.ts")).wait(invocation, terminal);
    case "plan":
    case "reload":
      return (await import("./commands/steer.ts")).reload(invocation.command, invocation, terminal);
  }
}

async function report(error: unknown, terminal: Terminal, invocation: Invocation | undefined): Promise<number> {
  if (hasCode(error, "MS_MANIFEST_INVALID")) {
    const { formatIssues } = await import("@mothership/manifest");
    // The code says which class it is, whichever copy of the package made it.
    terminal.err(`${formatIssues(error as ManifestError, { color: terminal.color, columns: terminal.columns }).trimEnd()}\n`);
    return exitCodes.usage;
  }
  if (error instanceof MothershipError) {
    terminal.err(
      `mothership: ${redact(error.message)}${invocation && hasCode(error, "MS_NOT_RUNNING") ? await elsewhere(invocation) : ""}\n`,
    );
    return exitCodeOf(hasReason(error) ? error.reasonCode : error.code);
  }
  // A mistake of ours: say so, and how to get at what a bug report needs.
  terminal.err(
    `mothership: this should not have happened: ${redact(messageOf(error))}; MOTHERSHIP_DEBUG=1 shows where, please report it\n`,
  );
  if (process.env["MOTHERSHIP_DEBUG"] === "1" && error instanceof Error) terminal.err(`${redact(error.stack ?? "")}\n`);
  return exitCodes.failed;
}

/** A fleet is found by its manifest, so the wrong folder looks like a fleet that does not run. */
async function elsewhere(invocation: Invocation): Promise<string> {
  const { existsSync } = await import("node:fs");
  const path = manifestPath(invocation);
  return existsSync(path)
    ? ""
    : `; there is no ${path} ${invocation.manifest === undefined ? "in this folder either: -c names the fleet's manifest" : "either"}`;
}

/** A failure that the fleet reported: what counts is the code that it gave. */
function hasReason(error: object): error is { readonly reasonCode: string } {
  return "reasonCode" in error && typeof error.reasonCode === "string";
}

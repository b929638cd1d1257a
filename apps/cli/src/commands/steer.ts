import { constants } from "node:os";
import { ControlFailedError, type FleetControl, type ReloadPlan, UnitUnknownError } from "@mothership/control";
import { deadline, systemClock } from "@mothership/kernel";
import { parseDuration } from "@mothership/manifest";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { fleetOf } from "../control-socket.ts";
import { UsageError } from "../errors.ts";
import type { Terminal } from "../terminal/terminal.ts";

const did = { start: "runs", stop: "is stopped", restart: "was restarted" } as const;

/** `mothership start`, `stop` and `restart`: one unit after the other, each to its end. */
export async function steer(verb: keyof typeof did, invocation: Invocation, terminal: Terminal): Promise<number> {
  const control = fleetOf(invocation);
  // A name that is wrong must not be found out when half of it is done.
  if (invocation.operands.length > 1) assertKnown(invocation.operands, (await control.snapshot()).units);
  for (const name of invocation.operands) {
    await control[verb](name);
    terminal.out(invocation.json ? `${JSON.stringify({ unit: name, done: verb })}\n` : `"${name}" ${did[verb]}\n`);
  }
  return exitCodes.done;
}

/** `mothership signal NAME SIGNAL`. */
export async function signal(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [name = "", written = ""] = invocation.operands;
  const signal = signalNamed(written);
  await fleetOf(invocation).signal(name, signal);
  terminal.out(invocation.json ? `${JSON.stringify({ unit: name, done: "signal", signal })}\n` : `${signal} went to "${name}"\n`);
  return exitCodes.done;
}

/** A signal by its name, with or without SIG, or by its number. */
function signalNamed(written: string): string {
  const name = /^\d+$/.test(written)
    ? Object.entries(constants.signals).find(([, number]) => number === Number(written))?.[0]
    : written.toUpperCase().replace(/^(?!SIG)/, "SIG");
  if (name === undefined || !Object.hasOwn(constants.signals, name))
    throw new UsageError(`there is no signal "${written}"; write one such as SIGHUP`);
  return name;
}

/** `mothership plan` and `reload`. */
export async function reload(verb: "plan" | "reload", invocation: Invocation, terminal: Terminal): Promise<number> {
  const plan = await fleetOf(invocation)
    [verb]()
    .catch((error: unknown) => {
      // The sentence of the error is about the first one only.
      if (!(error instanceof ControlFailedError) || error.problems.length < 2) throw error;
      throw new ControlFailedError(error.problems.join("\n"), error.reasonCode, error.problems);
    });
  terminal.out(invocation.json ? `${JSON.stringify(plan)}\n` : drawPlan(plan, verb === "plan"));
  return exitCodes.done;
}

/** What a reload does, or did. */
export function drawPlan(plan: ReloadPlan, ahead: boolean): string {
  const row = (names: readonly string[], future: string, past: string): string[] =>
    names.length === 0 ? [] : [`${ahead ? future : past}: ${names.join(", ")}`];
  const lines = [
    ...row(plan.added, "would start", "started"),
    ...row(plan.replaced, "would restart", "restarted"),
    ...row(plan.updated, "would change without a restart", "changed without a restart"),
    ...row(plan.removed, "would stop", "stopped"),
    ...row(plan.swapped, "would swap", "swapped"),
    ...row(plan.nextStart, "would hold from the next start of mothership on", "holds from the next start of mothership on"),
    ...row(plan.needsRestart, "cannot be reloaded, needs a new start of mothership", "needs a new start of mothership"),
  ];
  return lines.length === 0 ? "nothing has changed\n" : `${lines.join("\n")}\n`;
}

/** `mothership wait`: until units are ready, or stopped. */
export async function wait(invocation: Invocation, terminal: Terminal): Promise<number> {
  const goal = invocation.for ?? "ready";
  if (goal !== "ready" && goal !== "stopped") throw new UsageError(`"--for ${goal}": write ready or stopped`);
  const ms = parseDuration(invocation.timeout ?? "60s");
  if (ms === undefined) throw new UsageError(`"--timeout ${invocation.timeout}": write a span such as 30s or 2m`);
  using limit = deadline(`waiting for ${invocation.operands.join(", ") || "the fleet"} to be ${goal}`, ms, systemClock);
  await untilReached(fleetOf(invocation), invocation.operands, goal, limit.signal);
  if (invocation.json) terminal.out(`${JSON.stringify({ reached: goal })}\n`);
  return exitCodes.done;
}

async function untilReached(
  control: FleetControl,
  names: readonly string[],
  goal: "ready" | "stopped",
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { units, seq } = await control.snapshot({ signal });
    assertKnown(names, units);
    // Without names, what somebody stopped on purpose is not waited for.
    const wanted = units.filter((unit) =>
      names.length === 0 ? goal === "stopped" || unit.state !== "stopped" : names.includes(unit.name),
    );
    if (wanted.every(({ healthy, pid }) => (goal === "ready" ? healthy : pid === undefined))) return;
    for await (const _ of control.watch({ after: seq, signal })) break;
  }
}

/** @throws {UnitUnknownError} for the first of these names that no unit has. */
function assertKnown(names: readonly string[], units: readonly { readonly name: string }[]): void {
  const known = units.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UnitUnknownError(unknown, known);
}

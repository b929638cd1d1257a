import { chartOf, drawChart } from "../bridge/chart.ts";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { fleetOf } from "../control-socket.ts";
import { readManifest } from "../files/manifest-file.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** How long a running fleet may take to say how many clients it has. */
const answerMs = 2_000;

/** `mothership chart`: which route leads where, and how many clients a bay has where the fleet runs. */
export async function chart(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { manifest } = await readManifest(invocation);
  const drawn = chartOf(manifest, await clientsOfBays(invocation));
  terminal.out(invocation.json ? `${JSON.stringify(drawn, null, 2)}\n` : drawChart(drawn, terminal.columns));
  return exitCodes.done;
}

/** Of the fleet that runs from this manifest; nothing without one. A fleet that does not answer is no reason to draw no chart. */
async function clientsOfBays(invocation: Invocation): Promise<Map<string, number>> {
  try {
    const { units } = await fleetOf(invocation).snapshot({ signal: AbortSignal.timeout(answerMs) });
    return new Map(units.flatMap(({ name, clients }) => (clients === undefined ? [] : [[name, clients] as const])));
  } catch {
    return new Map();
  }
}

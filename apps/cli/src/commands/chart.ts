import type { Invocation } from "../args.ts";
import { chartOf, drawChart } from "../bridge/chart.ts";
import { exitCodes } from "../exit-codes.ts";
import { readManifest } from "../manifest-file.ts";
import type { Terminal } from "../terminal.ts";

/** `mothership chart`: which route leads where. */
export async function chart(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { manifest } = await readManifest(invocation);
  const drawn = chartOf(manifest);
  terminal.out(invocation.json ? `${JSON.stringify(drawn, null, 2)}\n` : drawChart(drawn, terminal.columns ?? 80));
  return exitCodes.done;
}

import { silentLogger, systemClock } from "@mothership/kernel";
import { checkUplinks, type UplinkReport } from "@mothership/uplinks";
import { unwritableLogs } from "../bridge/log-files.ts";
import { missingTerminals } from "../bridge/preflight.ts";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { readManifest } from "../files/manifest-file.ts";
import { manifestPath } from "../files/manifest-path.ts";
import { listenForStop } from "../process/signals.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership preflight`: is the manifest valid, can its uplinks be reached from here, its logs be written, and terminals be had? Exit code 1 when not. */
export async function preflight(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { manifest } = await readManifest(invocation);
  using stopped = listenForStop({ received: () => undefined, failed: (error) => terminal.err(`${String(error)}\n`) }, "stop");
  const deps = { clock: systemClock, log: silentLogger };
  const reports = await checkUplinks(manifest.mothership.uplinks, deps, { signal: stopped.stop });
  const { flagship } = manifest.mothership;
  const namesRelease = flagship.launchId ?? (process.env["MS_LAUNCH_ID"] || process.env["MS_RELEASE"]);
  const note =
    flagship.enabled && flagship.election === "postgres" && !namesRelease
      ? "no release is named (launch_id, MS_LAUNCH_ID or MS_RELEASE): a finished launch counts only for servers that arrive within 60 s after it"
      : undefined;
  const problems = [...(await unwritableLogs(manifest)), ...missingTerminals(manifest)];
  const ok = problems.length === 0 && reports.every((report) => report.ok);
  if (invocation.json) terminal.out(`${JSON.stringify({ ok, uplinks: reports, problems, ...(note && { note }) })}\n`);
  else {
    terminal.out(drawReports(manifestPath(invocation), reports, terminal.columns));
    for (const text of [...problems, ...(note ? [note] : [])]) terminal.out(`\n${text}\n`);
  }
  return ok ? exitCodes.done : exitCodes.failed;
}

/** The text of `preflight`: a row for each uplink. */
function drawReports(file: string, reports: readonly UplinkReport[], columns = Infinity): string {
  if (reports.length === 0) return `${file} is valid and names no uplinks\n`;
  const rows = reports.map(({ name, target, ok, durationMs, reason, sharedWith }) => [
    ok ? "ok" : "FAILED",
    name,
    target,
    `${Math.round(durationMs)} ms`,
    reason ?? (sharedWith === undefined ? "" : `checked with "${sharedWith}"`),
  ]);
  const down = reports.filter((report) => !report.ok).length;
  const sum =
    down === 0 ? "all uplinks can be reached" : `${down} of ${reports.length} uplinks cannot be reached; a launch would be aborted`;
  return `${table([["", "NAME", "TARGET", "TOOK", ""], ...rows], { width: columns, elastic: [1, 2] })}\n${sum}\n`;
}

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { hasCode, MothershipError, messageOf, silentLogger, systemClock } from "@mothership/kernel";
import { inspectModule, type ModuleReport, type PayloadPhase, runOnce, type TrialInput, type TrialResult } from "@mothership/payloads";
import { bytes as sizeOf } from "@mothership/tui/text";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { UsageError } from "../errors.ts";
import { fileProblem } from "../files/file-problem.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership payload check FILE` and `payload run FILE --request req.json`. Exit code 1 for a module that could not be used. */
export async function payload(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [verb = "", file = ""] = invocation.operands;
  if (verb !== "check" && verb !== "run")
    throw new UsageError(`"payload ${verb}": write "payload check FILE" or "payload run FILE --request FILE"`);
  const module = new Uint8Array(await contentOf(file));
  const reported = reportOf(file, module);
  if (verb === "check") {
    terminal.out(invocation.json ? `${JSON.stringify(reported)}\n` : drawReport(file, reported));
    return reported.problems.length === 0 ? exitCodes.done : exitCodes.failed;
  }
  const input = invocation.request === undefined ? {} : inputOf(invocation.request, (await contentOf(invocation.request)).toString("utf8"));
  const phase: PayloadPhase = reported.phases[0] ?? "request";
  const deps = { clock: systemClock, log: silentLogger };
  const spec = { name: basename(file), phase, routes: ["(?s).*"], body: true };
  const result = await runOnce(spec, module, input, deps).catch((error: unknown) => {
    // All of the specification is ours, so what it is told to be wrong with is the request that was asked for.
    throw hasCode(error, "MS_PAYLOAD_SPEC") ? new UsageError(`${invocation.request ?? file}: ${messageOf(error)}`) : error;
  });
  terminal.out(`${JSON.stringify(plain(result), null, 2)}\n`);
  return exitCodes.done;
}

/** The text of `payload check`. */
export function drawReport(file: string, report: ModuleReport): string {
  const { costs, memoryBytes } = report;
  const imports = report.imports.map(({ module, name, signature, problem }) => [`  ${module}.${name}`, signature ?? "", problem ?? ""]);
  const exports = report.exports.map(({ name, kind, signature }) => [`  ${name}`, signature ?? kind]);
  const maximum = memoryBytes.maximum === undefined ? "as much as it is given" : sizeOf(memoryBytes.maximum);
  return [
    `${file}: ABI ${report.abi}, phases: ${report.phases.join(", ") || "none"}\n`,
    `imports:\n${table(imports)}`,
    `exports:\n${table(exports)}`,
    `memory: ${sizeOf(memoryBytes.initial)} to begin with, at most ${maximum}; start-up code: ${report.startFunctions.join(", ") || "none"}\n`,
    `cost: ${costs.bytes} bytes, ${costs.meteredBytes} with metering; ${costs.functions} functions, ${costs.loops} loops, at most ${costs.dearestRegion} fuel between two looks at it\n`,
    report.problems.length === 0
      ? "it can be used\n"
      : `it cannot be used:\n${report.problems.map((problem) => `  ${problem}\n`).join("")}`,
  ].join("\n");
}

function reportOf(file: string, module: Uint8Array<ArrayBuffer>): ModuleReport {
  try {
    return inspectModule(module);
  } catch (error) {
    throw error instanceof MothershipError ? new UsageError(`${file}: ${error.message}`) : error;
  }
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${fileProblem(error)}`);
  }
}

/** The request of a trial. What it may hold is checked by `runOnce`; here only that it is a table at all. */
function inputOf(file: string, text: string): TrialInput {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${messageOf(error)}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new UsageError(`${file} must hold a JSON object such as {"method":"GET","path":"/"}`);
  return parsed;
}

/** Bytes of bodies as text, for reading. */
function plain(result: TrialResult): unknown {
  return JSON.parse(
    JSON.stringify(result, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : value)),
    (_, value: unknown) => {
      const buffer = value as { readonly type?: unknown; readonly data?: unknown } | null;
      return buffer?.type === "Buffer" && Array.isArray(buffer.data) ? Buffer.from(buffer.data).toString("utf8") : value;
    },
  );
}

import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { type AbortOptions, hasCode, messageOf } from "@mothership/kernel";
import { ControlFailedError, ControlProtocolError, NotRunningError, UnitUnknownError } from "./errors.ts";
import type { ControlLogLine, FleetControl, FleetEvent, FleetSnapshot, LogsOptions, ReloadPlan, UnitExplanation } from "./fleet-control.ts";
import { jsonLines, parseJson } from "./stream.ts";

/** Largest answer that is no stream, in bytes. */
const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * The control of a fleet in another process, through its socket. Each call is a connection of its own, so there is nothing to close.
 *
 * Calls reject with {@link NotRunningError} when nothing answers, {@link UnitUnknownError}, or {@link ControlFailedError} with the fleet's reason.
 */
export function connectControl(path: string): FleetControl {
  const unit = (name: string, action = ""): string => `/v1/units/${encodeURIComponent(name)}${action}`;
  // The server is the same program: what it sends has the types of the contract.
  const get = async <T>(target: string, options: AbortOptions = {}): Promise<T> => (await whole(path, "GET", target, options)) as T;
  const post = async <T>(target: string, options: AbortOptions = {}, body?: unknown): Promise<T> =>
    (await whole(path, "POST", target, options, body)) as T;
  return {
    snapshot: (options) => get<FleetSnapshot>("/v1/fleet", options),
    explain: (name, options) => get<UnitExplanation>(unit(name), options),
    plan: (options) => get<ReloadPlan>("/v1/plan", options),
    reload: (options) => post<ReloadPlan>("/v1/reload", options),
    start: async (name, options) => void (await post(unit(name, "/start"), options)),
    stop: async (name, options) => void (await post(unit(name, "/stop"), options)),
    restart: async (name, options) => void (await post(unit(name, "/restart"), options)),
    signal: async (name, signal, options) => void (await post(unit(name, "/signal"), options, { signal })),
    watch: ({ after, ...options } = {}) => lines<FleetEvent>(path, `/v1/events${after === undefined ? "" : `?after=${after}`}`, options),
    logs: (options = {}) => lines<ControlLogLine>(path, `/v1/logs?${logsQuery(options)}`, options),
  };
}

/**
 * The pid of the fleet that answers at a control socket; "nobody" when nothing does, undefined when something answers that does not say.
 */
export async function askPid(path: string, options: AbortOptions = {}): Promise<number | "nobody" | undefined> {
  try {
    return (await connectControl(path).snapshot(options)).pid;
  } catch (error) {
    return hasCode(error, "MS_NOT_RUNNING") ? "nobody" : undefined;
  }
}

function logsQuery({ units = [], tail, since, follow }: LogsOptions): string {
  const query = new URLSearchParams(units.map((name) => ["unit", name]));
  if (tail !== undefined) query.set("tail", String(tail));
  if (since !== undefined) query.set("since", String(since));
  if (follow) query.set("follow", "1");
  return query.toString();
}

async function* lines<T>(path: string, target: string, { signal }: AbortOptions): AsyncIterable<T> {
  const response = await send(path, "GET", target, { signal });
  if (response.statusCode !== 200) throw failure(target, await text(response));
  try {
    for await (const value of jsonLines(response as AsyncIterable<Uint8Array>)) yield value as T;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw hasCode(error, "MS_CONTROL_PROTOCOL") ? error : new ControlFailedError(`the fleet ended the stream: ${messageOf(error)}`);
  } finally {
    response.destroy();
  }
}

async function whole(path: string, method: string, target: string, options: AbortOptions, body?: unknown): Promise<unknown> {
  const response = await send(path, method, target, options, body);
  const answer = await text(response);
  if (response.statusCode === 200) return parseJson(answer);
  throw failure(target, answer);
}

async function send(path: string, method: string, target: string, { signal }: AbortOptions, body?: unknown): Promise<IncomingMessage> {
  const content = body === undefined ? undefined : JSON.stringify(body);
  const sent = request({ socketPath: path, method, path: target, agent: false, headers: { Host: "control" }, ...(signal && { signal }) });
  sent.end(content);
  try {
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return response;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (hasCode(error, "ENOENT") || hasCode(error, "ECONNREFUSED")) throw new NotRunningError(path, { cause: error });
    if (hasCode(error, "EACCES")) throw new ControlFailedError(`the control socket ${path} belongs to another user; run this as that user`);
    throw new ControlFailedError(`the fleet did not answer: ${messageOf(error)}`);
  }
}

async function text(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > maxAnswerBytes) throw new ControlProtocolError(`the answer is larger than ${maxAnswerBytes} bytes`);
    }
  } catch (error) {
    throw hasCode(error, "MS_CONTROL_PROTOCOL") ? error : new ControlFailedError(`the fleet ended before it answered: ${messageOf(error)}`);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function failure(target: string, answer: string): Error {
  const parsed = parseJson(answer);
  const error = typeof parsed === "object" && parsed !== null && "error" in parsed ? parsed.error : undefined;
  if (typeof error !== "object" || error === null || !("message" in error) || typeof error.message !== "string") {
    return new ControlProtocolError("the answer says that something failed, but not what");
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const problems = "problems" in error && Array.isArray(error.problems) ? error.problems.map(String) : [];
  if (code !== "MS_UNIT_UNKNOWN") return new ControlFailedError(error.message, code, problems);
  return new UnitUnknownError(decodeURIComponent(target.split("/")[3] ?? ""), [], error.message);
}

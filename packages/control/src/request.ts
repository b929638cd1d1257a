import type { IncomingMessage } from "node:http";
import { constants } from "node:os";
import type { LogsOptions } from "./fleet-control.ts";

/** A request on the control socket, understood. */
export type Request =
  | { readonly kind: "fleet" | "plan" | "reload" }
  | { readonly kind: "unit" | "start" | "stop" | "restart"; readonly unit: string }
  | { readonly kind: "signal"; readonly unit: string; readonly signal: string }
  | { readonly kind: "events"; readonly after: number | undefined }
  | { readonly kind: "logs"; readonly options: LogsOptions };

/** Why it was not understood, for the sender. */
export interface RequestProblem {
  readonly status: number;
  readonly problem: string;
}

/** No request needs more than a signal's name. */
const maxBodyBytes = 4096;

/** Reads method, path, query and body of a request of the contract (see the README). */
export async function parseRequest(message: IncomingMessage): Promise<Request | RequestProblem> {
  const { pathname, searchParams } = new URL(message.url ?? "/", "http://control");
  const [, version, area, unit, action, ...rest] = pathname.split("/");
  if (version !== "v1" || rest.length > 0) return { status: 404, problem: `there is nothing at ${pathname}; paths begin with /v1/` };
  const name = unit === undefined ? undefined : decode(unit);
  if (message.method === "GET") return read(area, name, action, searchParams) ?? unknown(message.method, pathname);
  if (message.method !== "POST") return { status: 405, problem: "only GET and POST are served here" };
  if (area === "reload" && name === undefined) return { kind: "reload" };
  if (area !== "units" || name === undefined) return unknown(message.method, pathname);
  if (action === "start" || action === "stop" || action === "restart") return { kind: action, unit: name };
  if (action === "signal") return signalOf(name, await bodyOf(message));
  return unknown(message.method, pathname);
}

function read(
  area: string | undefined,
  unit: string | undefined,
  action: string | undefined,
  query: URLSearchParams,
): Request | RequestProblem | undefined {
  if (action !== undefined) return undefined;
  if (area === "units" && unit !== undefined) return { kind: "unit", unit };
  if (unit !== undefined) return undefined;
  if (area === "fleet" || area === "plan") return { kind: area };
  const [after, tail, since] = ["after", "tail", "since"].map((key) => number(query.get(key)));
  if ([after, tail, since].some(Number.isNaN)) return { status: 400, problem: "after, tail and since are whole numbers" };
  if (area === "events") return { kind: "events", after };
  if (area !== "logs") return undefined;
  const options = {
    units: query.getAll("unit"),
    follow: query.get("follow") === "1",
    ...(tail !== undefined && { tail }),
    ...(since !== undefined && { since }),
  };
  return { kind: "logs", options };
}

function signalOf(unit: string, body: string | undefined): Request | RequestProblem {
  let signal: unknown;
  try {
    const parsed: unknown = JSON.parse(body ?? "");
    signal = typeof parsed === "object" && parsed !== null && "signal" in parsed ? parsed.signal : undefined;
  } catch {
    return { status: 400, problem: 'the body is to be JSON such as {"signal":"SIGHUP"}' };
  }
  if (typeof signal !== "string" || !Object.hasOwn(constants.signals, signal))
    return { status: 400, problem: 'the body is to name a signal: {"signal":"SIGHUP"}' };
  return { kind: "signal", unit, signal };
}

async function bodyOf(message: IncomingMessage): Promise<string | undefined> {
  let text = "";
  for await (const piece of message.setEncoding("utf8") as AsyncIterable<string>) {
    text += piece;
    if (text.length > maxBodyBytes) return undefined;
  }
  return text;
}

function unknown(method: string, pathname: string): RequestProblem {
  return { status: 404, problem: `there is nothing at ${method} ${pathname}` };
}

function number(text: string | null): number | undefined {
  if (text === null) return undefined;
  return /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

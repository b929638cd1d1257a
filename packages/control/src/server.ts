import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { dirname } from "node:path";
import { type AbortOptions, type Closable, type Deps, hasCode, messageOf, redact } from "@mothership/kernel";
import { askPid } from "./client.ts";
import { AlreadyRunningError, ControlSocketError } from "./errors.ts";
import type { FleetControl } from "./fleet-control.ts";
import { parseRequest, type Request } from "./request.ts";
import { ensurePrivateFolder } from "./socket-path.ts";

/** A line without content is sent so often on a stream that is quiet, so that both sides notice when the other is gone. */
const keepAliveMs = 15_000;
/** Connections at once: a stuck client must not use up the descriptors of the fleet. */
const maxConnections = 128;

/**
 * Serves a fleet's control plane as HTTP and JSON on a Unix socket that only this user can open (mode 0600). A socket file that nobody
 * answers on is replaced; `close` removes it and ends all streams.
 *
 * @throws {AlreadyRunningError} when another process answers there; {ControlSocketError} when the socket cannot be made.
 */
export async function serveControl(control: FleetControl, path: string, deps: Deps): Promise<Closable> {
  ensurePrivateFolder(dirname(path));
  const ending = new AbortController();
  const server = createServer({ keepAlive: false }, (request, response) => {
    answer(control, request, response, ending.signal, deps).catch((error: unknown) => {
      deps.log.warn("A request on the control socket failed", { error });
      response.destroy();
    });
  });
  server.maxConnections = maxConnections;
  await listen(server, path);
  const served: Closable = {
    async close() {
      ending.abort(new Error("the fleet ends"));
      const closed = server.listening ? once(server, "close") : undefined;
      server.close();
      server.closeAllConnections();
      await closed;
    },
    [Symbol.asyncDispose]: () => served.close(),
  };
  return served;
}

async function listen(server: Server, path: string): Promise<void> {
  try {
    await tryListen(server, path);
  } catch (error) {
    if (!hasCode(error, "EADDRINUSE"))
      throw new ControlSocketError(`the control socket ${path} cannot be made: ${messageOf(error)}`, { cause: error });
    const pid = await askPid(path);
    if (pid !== "nobody") throw new AlreadyRunningError(path, pid);
    // A socket file outlives a process that was killed.
    await unlink(path);
    await tryListen(server, path);
  }
}

async function tryListen(server: Server, path: string): Promise<void> {
  // The folder is ours alone, so nobody can connect between the two calls.
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
}

async function answer(
  control: FleetControl,
  request: IncomingMessage,
  response: ServerResponse,
  ending: AbortSignal,
  deps: Deps,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort(new Error("the client left")));
  const signal = AbortSignal.any([ending, gone.signal]);
  const parsed = await parseRequest(request);
  if ("problem" in parsed) return send(response, parsed.status, { error: { message: parsed.problem, code: "MS_CONTROL_PROTOCOL" } });
  try {
    await perform(control, parsed, response, { signal }, deps);
  } catch (error) {
    if (signal.aborted) response.destroy();
    else if (response.headersSent) response.destroy();
    else send(response, statusOf(error), { error: toldOf(error) });
  }
}

async function perform(
  control: FleetControl,
  request: Request,
  response: ServerResponse,
  options: AbortOptions,
  deps: Deps,
): Promise<void> {
  switch (request.kind) {
    case "fleet":
      return send(response, 200, await control.snapshot(options));
    case "unit":
      return send(response, 200, await control.explain(request.unit, options));
    case "events":
      return stream(response, control.watch({ ...options, ...(request.after !== undefined && { after: request.after }) }), deps);
    case "logs":
      return stream(response, control.logs({ ...options, ...request.options }), deps);
    case "plan":
      return send(response, 200, await control.plan(options));
    case "reload":
      return send(response, 200, await control.reload(options));
    case "start":
    case "stop":
    case "restart":
      await control[request.kind](request.unit, options);
      return send(response, 200, {});
    case "signal":
      await control.signal(request.unit, request.signal, options);
      return send(response, 200, {});
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

async function stream(response: ServerResponse, values: AsyncIterable<unknown>, { clock }: Deps): Promise<void> {
  response.writeHead(200, { "Content-Type": "application/x-ndjson", "Cache-Control": "no-store" });
  response.flushHeaders();
  let timer = clock.timer(keepAliveMs, beat);
  function beat(): void {
    response.write("\n");
    timer = clock.timer(keepAliveMs, beat);
  }
  // Fires when nothing can be written any more, so that nobody waits for the drain.
  const gone = new AbortController();
  response.once("close", () => gone.abort(new Error("the client left")));
  try {
    for await (const value of values) {
      if (!response.write(`${JSON.stringify(value)}\n`)) await once(response, "drain", { signal: gone.signal });
    }
    response.end();
  } finally {
    timer[Symbol.dispose]();
  }
}

/** What a client is told about a failure. An error with a list of `problems`, such as that of an invalid manifest, has all of them told. */
function toldOf(error: unknown): object {
  const code = codeOf(error);
  const problems = typeof error === "object" && error !== null && "problems" in error ? error.problems : undefined;
  return {
    message: redact(messageOf(error)),
    ...(code && { code }),
    ...(Array.isArray(problems) && { problems: problems.map((problem) => redact(String(problem))) }),
  };
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" && error.code.startsWith("MS_")
    ? error.code
    : undefined;
}

function statusOf(error: unknown): number {
  if (hasCode(error, "MS_UNIT_UNKNOWN")) return 404;
  // What the fleet refuses or cannot do is no fault of the request; 409 says "not in this state".
  return codeOf(error) ? 409 : 500;
}

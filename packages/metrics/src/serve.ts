import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { isIP } from "node:net";
import {
  type AbortOptions,
  type Address,
  type Closable,
  type Deps,
  deadline,
  formatAddress,
  type Logger,
  messageOf,
} from "@mothership/kernel";
import { preferredFormat } from "./accept.ts";
import { MetricsAddressError } from "./errors.ts";
import { watchEventLoop } from "./event-loop.ts";
import type { FleetMetrics } from "./metrics.ts";

/** What `/health` says: 200 or 503, and this as JSON. */
export interface Health {
  readonly healthy: boolean;
  /** In one word: `running`, `mayday`. */
  readonly status: string;
  /** Threads that serve requests, where there are to be several. */
  readonly threads?: { readonly running: number; readonly wanted: number };
}

export interface MetricsServerSpec {
  /** A bare port read by `parseAddress` is one of the loopback, which is what a page without a password should be on. */
  readonly address: Address;
  /** On the loopback: host names under which the page may be asked for, besides those of the loopback itself. Default: none. */
  readonly hosts?: readonly string[] | undefined;
  /** Asked for each request to `/health`; one that throws makes it 503. */
  readonly healthy: () => Health;
}

/** A running metrics page. Closing waits a second for answers under way, or until the signal fires. */
export interface MetricsServer extends Closable {
  /** Where it listens; the port is the real one. */
  readonly address: Address;
}

/** Limits of a page that few ask for: what is beyond them is refused or closed. */
const limits = { headBytes: 8192, connections: 64, headMs: 5_000, requestMs: 10_000, idleMs: 75_000, stallMs: 30_000, closeMs: 1_000 };

/**
 * Serves `/metrics` and `/health` over HTTP until it is closed, and watches the event loop meanwhile.
 *
 * @throws {MetricsAddressError} when the address cannot be had.
 */
export async function serveMetrics(
  metrics: FleetMetrics,
  spec: MetricsServerSpec,
  deps: Deps,
  { signal }: AbortOptions = {},
): Promise<MetricsServer> {
  // Loaded here and not above: together they take some 50 ms, which nobody should pay who serves no metrics.
  const [{ createServer }] = await Promise.all([import("node:http"), metrics.prepare()]);
  signal?.throwIfAborted();
  const server = createServer(
    {
      maxHeaderSize: limits.headBytes,
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      answer(metrics, spec, request, response, deps).catch((error: unknown) => {
        deps.log.error("the metrics page could not be written", { path: request.url, reason: messageOf(error) });
        if (response.headersSent) response.destroy();
        else send(request, response, 500, "text/plain; charset=utf-8", "The page could not be written.\n");
      });
    },
  );
  server.maxConnections = limits.connections;
  // A scraper that stops reading would otherwise keep a whole page in memory for as long as it likes.
  server.setTimeout(limits.stallMs);
  server.on("drop", () =>
    deps.log.warn("a connection to the metrics page was closed, for there are too many", { limit: limits.connections }),
  );
  await listen(server, spec.address);
  const address = addressOf(server, spec.address);
  if (!isLocal(address)) deps.log.warn("the metrics page can be read from other machines", { address: formatAddress(address) });

  const watch = watchEventLoop(deps.clock);
  const collecting = metrics.onScrape(() => {
    const delay = watch.read();
    if (delay) metrics.setEventLoopDelay(delay);
  });
  let closing: Promise<void> | undefined;
  const close = async (options: AbortOptions = {}): Promise<void> => {
    collecting[Symbol.dispose]();
    watch[Symbol.dispose]();
    using limit = deadline("closing the metrics page", limits.closeMs, deps.clock, options.signal);
    const force = (): void => server.closeAllConnections();
    closing ??= new Promise<void>((resolve) => server.close(() => resolve()));
    if (limit.signal.aborted) force();
    limit.signal.addEventListener("abort", force, { once: true });
    await closing;
    limit.signal.removeEventListener("abort", force);
  };
  return { address, close, [Symbol.asyncDispose]: () => close() };
}

async function answer(
  metrics: FleetMetrics,
  spec: MetricsServerSpec,
  request: IncomingMessage,
  response: ServerResponse,
  { log }: Deps,
): Promise<void> {
  if (!isAllowedHost(request.headers.host, spec))
    return send(request, response, 421, "text/plain; charset=utf-8", "The metrics page is not served under this name.\n");
  const path = (request.url ?? "").split("?", 1)[0];
  if (path !== "/metrics" && path !== "/health")
    return send(request, response, 404, "text/plain; charset=utf-8", "Here are /metrics and /health.\n");
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    return send(request, response, 405, "text/plain; charset=utf-8", "Only GET and HEAD are answered here.\n");
  }
  if (path === "/health") {
    const health = healthOf(spec, log);
    return send(request, response, health.healthy ? 200 : 503, "application/json", `${JSON.stringify(health)}\n`);
  }
  const { contentType, body } = await metrics.render(preferredFormat(request.headers.accept));
  response.setHeader("Vary", "Accept");
  send(request, response, 200, contentType, body);
}

/**
 * A page on the web can have a name of its own resolve to this machine, and its script then reads what answers under that name (DNS
 * rebinding). An address cannot be made to mean something else, so that only names are looked at. What is not on the loopback can be read by
 * others anyway, and no browser reaches a Unix socket.
 */
function isAllowedHost(host: string | undefined, { address, hosts = [] }: MetricsServerSpec): boolean {
  if (host === undefined || address.kind === "unix" || !isLocal(address)) return true;
  const name = host.replace(/:\d*$/, "").toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost") || isIP(name.replace(/^\[(.*)\]$/, "$1")) !== 0) return true;
  return hosts.some((allowed) => allowed.toLowerCase() === name);
}

/** Whoever asks decides by the status whether to restart us, so that a mistake of ours must be an answer too. */
function healthOf({ healthy }: MetricsServerSpec, log: Logger): Health {
  try {
    return healthy();
  } catch (error) {
    log.error("the health of the fleet is not known", { reason: messageOf(error) });
    return { healthy: false, status: "unknown" };
  }
}

function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string): void {
  // A body that nobody asked for is not read: the connection ends with the answer.
  const unread = request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined;
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    ...(unread && { Connection: "close" }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function listen(server: Server, address: Address): Promise<void> {
  try {
    if (address.kind === "unix") server.listen({ path: address.path });
    else server.listen({ host: address.host, port: address.port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    throw new MetricsAddressError(address, error);
  }
}

function addressOf(server: Server, asked: Address): Address {
  const bound = server.address();
  return asked.kind === "tcp" && bound !== null && typeof bound === "object" ? { ...asked, port: bound.port } : asked;
}

function isLocal(address: Address): boolean {
  return address.kind === "unix" || address.host === "localhost" || address.host === "::1" || address.host.startsWith("127.");
}

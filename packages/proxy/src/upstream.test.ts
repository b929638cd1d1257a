import type { ClientPool } from "@mothership/http1";
import { silentLogger } from "@mothership/kernel";
import { FakeClock, settle } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type Running, Upstream } from "./upstream.ts";

class Job implements Running {
  place = -1;
  readonly isTunnel: boolean;
  aborted: Error | undefined;
  readonly #upstream: Upstream;

  constructor(upstream: Upstream, isTunnel = false) {
    this.#upstream = upstream;
    this.isTunnel = isTunnel;
    upstream.enter(this);
  }

  abort(reason: Error): void {
    this.aborted = reason;
    this.#upstream.leave(this);
  }
}

function upstreamWith(graceMs = 1000) {
  const clock = new FakeClock();
  const events: string[] = [];
  const pool: ClientPool = {
    open: 0,
    idle: 0,
    queued: 0,
    request: () => ({ cancel: () => undefined }),
    close: async () => void events.push("pool closed"),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const spec = { name: "app", address: { kind: "unix", path: "/run/app" }, graceMs } as const;
  return { clock, events, upstream: new Upstream(spec, pool, { clock, log: silentLogger }) };
}

describe("Upstream.drain", () => {
  test("resolves at once when nothing runs, and leaves it out of use", async () => {
    const { upstream, clock } = upstreamWith();
    await upstream.drain();
    expect(upstream.available).toBe(false);
    expect(upstream.draining).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test("ends tunnels at once and waits for requests", async () => {
    const { upstream, clock } = upstreamWith();
    const tunnel = new Job(upstream, true);
    const request = new Job(upstream);
    expect([upstream.inFlight, upstream.tunnels]).toEqual([1, 1]);
    let drained = false;
    const drain = upstream.drain().then(() => (drained = true));
    expect(tunnel.aborted).toMatchObject({ code: "MS_DRAINED" });
    expect(request.aborted).toBeUndefined();
    await clock.advance(999);
    expect(drained).toBe(false);
    expect(upstream.draining).toBe(true);
    upstream.leave(request);
    await drain;
    expect(request.aborted).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  test("cuts off what is left when its grace has passed", async () => {
    const { upstream, clock } = upstreamWith();
    const request = new Job(upstream);
    const drain = upstream.drain();
    await clock.advance(1000);
    await drain;
    expect(request.aborted).toMatchObject({ code: "MS_DRAINED" });
  });

  test("cuts off what is left when its signal fires, also one that has fired already", async () => {
    const { upstream } = upstreamWith();
    const stop = new AbortController();
    const first = new Job(upstream);
    const drain = upstream.drain({ signal: stop.signal });
    await settle();
    expect(first.aborted).toBeUndefined();
    stop.abort();
    await drain;
    expect(first.aborted).toBeDefined();
    const second = new Job(upstream);
    await upstream.drain({ signal: stop.signal });
    expect(second.aborted).toBeDefined();
  });

  test("is as patient as its signal, whatever its own grace", async () => {
    const { upstream, clock } = upstreamWith(1000);
    const stop = new AbortController();
    const request = new Job(upstream);
    const drain = upstream.drain({ signal: stop.signal });
    await clock.advance(5000);
    expect(request.aborted).toBeUndefined();
    stop.abort();
    await drain;
  });

  test("may run twice at a time", async () => {
    const { upstream } = upstreamWith();
    const request = new Job(upstream);
    const drains = Promise.all([upstream.drain(), upstream.drain()]);
    await settle();
    upstream.leave(request);
    await drains;
    expect(upstream.draining).toBe(false);
  });
});

test("closing an upstream drains it, then closes its connections", async () => {
  const { upstream, events } = upstreamWith();
  const request = new Job(upstream);
  const close = upstream.close();
  await settle();
  expect(events).toEqual([]);
  upstream.leave(request);
  await close;
  expect(events).toEqual(["pool closed"]);
});

describe("Upstream.hold", () => {
  test("ends with the word of whoever knows, and a drain does not end it", async () => {
    const { upstream } = upstreamWith();
    upstream.hold();
    const told: string[] = [];
    upstream.room.enter((outcome) => void told.push(outcome));
    await upstream.drain();
    expect([upstream.available, upstream.holding, upstream.held, told]).toEqual([false, true, 1, []]);
    upstream.available = true;
    expect([upstream.available, upstream.holding, upstream.held, told]).toEqual([true, false, 0, ["released"]]);
    upstream.hold();
    upstream.room.enter((outcome) => void told.push(outcome));
    upstream.available = false;
    expect([upstream.available, upstream.holding, upstream.held, told]).toEqual([false, false, 0, ["released", "unavailable"]]);
  });

  test("ends when it is closed, before the requests that run have ended", async () => {
    const { upstream, clock } = upstreamWith();
    const job = new Job(upstream);
    upstream.hold();
    const told: string[] = [];
    upstream.room.enter((outcome) => void told.push(outcome));
    const closed = upstream.close();
    expect([upstream.holding, told]).toEqual([false, ["unavailable"]]);
    upstream.leave(job);
    await closed;
    expect(clock.pending).toBe(0);
  });
});

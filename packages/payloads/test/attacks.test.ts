/** What a hostile guest can do to the others: every attack runs against the real clock, between requests of a payload that behaves. */
import { systemClock } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { payloadMiddleware } from "../src/path/middleware.ts";
import { openPayload, type Payload } from "../src/payload.ts";
import type { PayloadSpec } from "../src/spec.ts";
import { attacks } from "./support/attacks.ts";
import { answering, TestExchange } from "./support/exchange.ts";
import { nativeGuest, recordingLogger } from "./support/guests.ts";
import { wat } from "./support/wat.ts";

const deps = { clock: systemClock, log: recordingLogger([]) };
const requests = 400;

async function server(bytes: Uint8Array<ArrayBuffer>, spec: Partial<PayloadSpec> = {}) {
  const hostile = await openPayload({ name: "hostile", phase: "request", routes: ["/hostile"], ...spec }, bytes, deps);
  const friendly = await openPayload(
    { name: "friendly", phase: "request", routes: ["/friendly"] },
    nativeGuest("(drop (call $get_request))"),
    deps,
  );
  const next = answering("fine");
  const handler = payloadMiddleware([hostile, friendly], deps)(next);
  const send = (target: string): TestExchange => {
    const exchange = new TestExchange({ target });
    // Nothing here waits: no body is held.
    void handler(exchange);
    return exchange;
  };
  return { hostile, friendly, send };
}

/** Every fifth request goes to the hostile payload. */
function traffic(send: (target: string) => TestExchange) {
  const seen = { friendly: 0, hostile: 0, lostMs: 0 };
  for (let index = 0; index < requests; index++) {
    const hostile = index % 5 === 0;
    const before = performance.now();
    const status = send(hostile ? "/hostile" : "/friendly").sent!.head.status;
    if (hostile) {
      seen.lostMs += performance.now() - before;
      expect(status).toBe(503);
      seen.hostile++;
    } else {
      expect(status).toBe(200);
      seen.friendly++;
    }
  }
  return seen;
}

function attempts({ stats }: Payload): number {
  return stats.calls;
}

describe.each(attacks)("$name", ({ bytes, spec }) => {
  test("is answered with 503, soon without being tried, and the others are served", async () => {
    const { hostile, friendly, send } = await server(bytes, spec);
    const { lostMs } = traffic(send);
    expect(friendly.stats.failures).toMatchObject({ trap: 0, fuel: 0, fault: 0, busy: 0 });
    expect(attempts(friendly)).toBe((requests / 5) * 4);
    // Ten cheap failures are allowed, three dear ones; a slow machine may see a probe or two besides.
    expect(attempts(hostile)).toBeLessThanOrEqual(13);
    // Unbounded, eighty calls would take seconds or forever.
    expect(lostMs).toBeLessThan(5000);
    expect(hostile.stats.quarantines + hostile.stats.failures.busy).toBeGreaterThan(0);
  });
});

test("a start that never ends is an error at load, in bounded time", async () => {
  const loops = wat('(module (memory (export "memory") 1) (func $s (loop $l (br $l))) (start $s) (func (export "on_request")))');
  const before = performance.now();
  await expect(openPayload({ name: "loops", phase: "request", routes: [], startFuel: 100_000_000 }, loops, deps)).rejects.toMatchObject({
    code: "MS_PAYLOAD_START",
  });
  expect(performance.now() - before).toBeLessThan(20_000);
});

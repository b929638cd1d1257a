import { once } from "node:events";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ClientBuckets } from "./client-buckets.ts";
import { rateLimitMemory, SharedBucket, SharedClientBuckets } from "./shared-buckets.ts";
import { rateOf, wholeTokens } from "./token-bucket.ts";

describe("shared buckets", () => {
  test("let through exactly what buckets of one thread do", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("a", "b", "10.0.0.1", "2001:db8::/64"), fc.nat(40_000)), { maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), steps, (count, requests) => {
        const rate = rateOf(count, 60_000);
        const own = new ClientBuckets(rate, 1000);
        const shared = new SharedClientBuckets(rate, rateLimitMemory(1000));
        let now = 1;
        for (const [client, later] of requests) {
          now += later;
          const can = wholeTokens(rate, own.fullAt(client), now) >= 1;
          if (can) own.take(client, now);
          expect(shared.take(client, now) !== undefined).toBe(can);
        }
      }),
    );
  });

  test("of one memory are the same buckets, for all clients together too", () => {
    const memory = rateLimitMemory(100);
    const rate = rateOf(3, 60_000);
    const [one, other] = [new SharedClientBuckets(rate, memory), new SharedClientBuckets(rate, memory)];
    expect([one, other, one, other].map((buckets) => buckets.take("a", 1) !== undefined)).toEqual([true, true, true, false]);
    expect(other.take("b", 1)).toBeDefined();
    const all = [new SharedBucket(rate, memory), new SharedBucket(rate, memory)];
    for (const bucket of [...all, all[0]!]) expect(bucket.take(1)).toBeDefined();
    expect(all[1]!.take(1)).toBeUndefined();
    all[0]!.giveBack();
    expect([all[1]!.take(1) !== undefined, all[1]!.take(1)]).toEqual([true, undefined]);
  });

  test("give the place of a full bucket to the next client, and tell of one that begins anew for want of places", () => {
    const rate = rateOf(2, 60_000);
    let forgotten = 0;
    const buckets = new SharedClientBuckets(rate, rateLimitMemory(8), () => forgotten++);
    const clients = Array.from({ length: 16 }, (_, index) => `client ${index}`);
    for (const client of clients) buckets.take(client, 1);
    expect(forgotten).toBe(0);
    buckets.take("one too many", 2);
    expect(forgotten).toBe(1);
    // It has its own quota, and nothing of whoever had the place.
    expect([buckets.take("one too many", 2) !== undefined, buckets.take("one too many", 2)]).toEqual([true, undefined]);
    for (const client of clients) buckets.take(`later ${client}`, 60_003);
    expect(forgotten).toBe(1);
  });

  test("keep a client that is at its limit there, however many others come", () => {
    const rate = rateOf(10, 60_000);
    let forgotten = 0;
    const buckets = new SharedClientBuckets(rate, rateLimitMemory(8), () => forgotten++);
    const greedy = (): boolean => buckets.take("greedy", 1) !== undefined;
    for (let count = 0; count < 10; count++) expect(greedy()).toBe(true);
    // Each of them has taken one token, and so has less to forget.
    for (let count = 0; count < 1000; count++) buckets.take(`one of many ${count}`, 1);
    expect(forgotten).toBe(985);
    expect(greedy()).toBe(false);
  });

  test("let a client have its quota once, however many threads take at the same moment", async () => {
    const quota = 5000;
    const threads = 4;
    const memory = rateLimitMemory(100);
    const gate = new SharedArrayBuffer(4);
    const code = `
      import { workerData, parentPort } from "node:worker_threads";
      const { SharedBucket, SharedClientBuckets } = await import(workerData.module);
      const { rateOf } = await import(workerData.rates);
      const rate = rateOf(workerData.quota, 60_000);
      const clients = new SharedClientBuckets(rate, workerData.memory);
      const all = new SharedBucket(rateOf(workerData.quota * 2, 60_000), workerData.memory);
      const gate = new Int32Array(workerData.gate);
      Atomics.add(gate, 0, 1);
      Atomics.notify(gate, 0);
      for (let seen = Atomics.load(gate, 0); seen < workerData.threads; seen = Atomics.load(gate, 0)) Atomics.wait(gate, 0, seen);
      let taken = 0;
      let together = 0;
      for (let count = 0; count < workerData.quota * 3; count++) {
        if (clients.take("192.0.2.1", 1) !== undefined) taken++;
        if (all.take(1) !== undefined) together++;
      }
      parentPort.postMessage([taken, together]);`;
    const workerData = {
      module: new URL("./shared-buckets.ts", import.meta.url).href,
      rates: new URL("./token-bucket.ts", import.meta.url).href,
      quota,
      threads,
      memory,
      gate,
    };
    const source = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const results = await Promise.all(
      Array.from({ length: threads }, async () => {
        const [counts] = (await once(new Worker(source, { workerData }), "message")) as [[number, number]];
        return counts;
      }),
    );
    expect(results.reduce((sum, [taken]) => sum + taken, 0)).toBe(quota);
    expect(results.reduce((sum, [, together]) => sum + together, 0)).toBe(quota * 2);
  });
});

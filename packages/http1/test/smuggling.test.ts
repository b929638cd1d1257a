import { expect, test } from "vitest";
import { canonical, lenientReadings } from "./support/lenient.ts";
import { mutation, randomness, seeds } from "./support/mutate.ts";
import { proxy } from "./support/proxy.ts";
import { origin, plainOk, send, until } from "./support/wire.ts";

/** MS_HTTP1_SMUGGLING_MESSAGES and MS_HTTP1_FUZZ_SEED ask for a longer or another run. */
const messages = Number(process.env["MS_HTTP1_SMUGGLING_MESSAGES"] ?? 15_000);
const seed = Number(process.env["MS_HTTP1_FUZZ_SEED"] ?? 9110);

/** An upstream that answers as soon as one canonical request is there, with a proxy before it that uses each connection once. */
async function scene() {
  const upstream = await origin((text, socket) => {
    if (typeof canonical(text) === "number") socket.write(plainOk);
  });
  const front = await proxy(upstream.port, {}, { limits: { maxRequests: 1 }, timeouts: { firstByteMs: 2_000, continueMs: 1 } });
  return {
    upstream,
    front,
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

test(`of ${messages} tricks and their mutations nothing reaches the upstream, or canonical requests that nobody can misread (b1 to b3)`, {
  timeout: 3_600_000,
}, async () => {
  await using it = await scene();
  const random = randomness(seed);
  const counts = { refused: 0, passed: 0, cut: 0 };
  for (let index = 0; index < messages; index++) {
    const message = index < seeds.length ? Buffer.from(seeds[index]!, "latin1") : mutation(random);
    const note = `message ${index} of seed ${seed}: ${JSON.stringify(message.toString("latin1"))}`;
    const before = { served: it.front.requests.length, connections: it.upstream.received.length };
    await send(it.front.port, [message]);
    await until(() => it.front.upstream.open === 0);
    const served = it.front.requests.slice(before.served);
    const arrived = it.upstream.received.slice(before.connections);
    // A request whose body turns out bad or is cut may have been given up before its connection stood.
    expect(arrived.length, note).toBeLessThanOrEqual(served.length);
    for (const bytes of arrived) {
      const outcome = canonical(bytes);
      if (outcome === "incomplete") {
        counts.cut++;
        continue;
      }
      expect(outcome, note).toBe(bytes.length);
      const readings = lenientReadings(bytes);
      expect(readings, note).toHaveLength(1);
      expect(readings[0], note).toHaveLength(1);
      counts.passed++;
    }
    if (served.length === 0) counts.refused++;
  }
  console.info(JSON.stringify({ messages, seed, ...counts }));
  expect(counts.refused).toBeGreaterThan(messages / 10);
  expect(counts.passed).toBeGreaterThan(messages / 10);
});

test("the careless readers are careless: each trick misleads at least one of them when it arrives as it is", () => {
  const tricks = seeds.filter((text) => lenientReadings(text).length > 1);
  expect(tricks.length).toBeGreaterThan(8);
});

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encodeWebSocketFrame, freePort, opcodes, openRawClient, type RawClient } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bay, startFleet } from "./support/fleet.ts";

const floodBay = join(import.meta.dirname, "fixtures/flood-bay.mjs");
const mega = 1_048_576;

function rssBytes(pid: number): number {
  return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
}

describe.runIf(process.platform === "linux")("a client of a bay that stops reading", () => {
  test("costs neither the other 999 their latency nor mothership its memory", async () => {
    const port = await freePort();
    await using fleet = startFleet(`
[mothership.bind]
ws = "127.0.0.1:${port}"
${bay("bay", "ws:/.*", floodBay)}`);
    await fleet.running();
    const others: RawClient[] = [];
    while (others.length < 999) others.push(...(await Promise.all(Array.from({ length: 111 }, () => openRawClient(port)))));
    /** The next message; pings come whenever they are due. */
    const echo = async (client: RawClient): Promise<string | undefined> => {
      for (;;) {
        const frame = await client.next();
        if (frame?.opcode !== opcodes.ping) return frame?.payload.toString();
        client.send(opcodes.pong, frame.payload);
      }
    };
    /** One message of each and its echo: milliseconds for all. */
    const round = async (word: string): Promise<number> => {
      const begun = performance.now();
      for (const client of others) client.send(opcodes.text, word);
      expect(new Set(await Promise.all(others.map(echo)))).toEqual(new Set([word]));
      return performance.now() - begun;
    };
    const rounds = async (name: string): Promise<number> => {
      const times: number[] = [];
      for (let count = 0; count < 5; count++) times.push(await round(`${name} ${count}`));
      return Math.min(...times);
    };
    await rounds("warm");
    const before = await rounds("before");
    const bayPid = (await fleet.units()).find(({ name }) => name === "bay")!.pid!;
    const memory = [rssBytes(fleet.pid), rssBytes(bayPid)] as const;

    const stuck = await openRawClient(port);
    stuck.socket.pause();
    stuck.socket.write(encodeWebSocketFrame(opcodes.text, Buffer.from("flood")));
    // What the system holds for a connection is some megabytes; when that is full, the flood stands.
    const during = await rounds("during");
    // Loose: other work on the machine must not fail a test. `bench/docking/slow-client.ts` has the figures.
    expect(during).toBeLessThan(10 * before + 500);
    expect(rssBytes(fleet.pid) - memory[0]).toBeLessThan(64 * mega);
    expect(rssBytes(bayPid) - memory[1]).toBeLessThan(64 * mega);

    for (const client of [...others, stuck]) client.socket.destroy();
  });
});

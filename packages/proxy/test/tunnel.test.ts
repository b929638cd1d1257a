import { once } from "node:events";
import type { Socket } from "node:net";
import { eventually, FakeClock, settle, tempFolder } from "@mothership/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { openTunnel, type TunnelOutcome } from "../src/tunnel.ts";
import { closed, readAll, socketPair } from "./sockets.ts";

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

async function tunnel(held: { readonly client?: string; readonly upstream?: string } = {}, idleMs = 60_000) {
  const [client, clientSide] = await socketPair();
  const [upstream, upstreamSide] = await socketPair();
  open.push(client, clientSide, upstream, upstreamSide);
  const clock = new FakeClock();
  const outcomes: TunnelOutcome[] = [];
  const pipe = openTunnel(
    { socket: clientSide, held: Buffer.from(held.client ?? "") },
    { socket: upstreamSide, held: Buffer.from(held.upstream ?? "") },
    idleMs,
    clock,
    (outcome) => outcomes.push(outcome),
  );
  const ended = () => eventually("the end of the tunnel", () => outcomes[0]);
  return { client, upstream, clientSide, upstreamSide, pipe, clock, outcomes, ended };
}

describe("rule 53 (RFC 9110, 7.8): a tunnel", () => {
  test("carries bytes both ways, those that were sent behind the heads first", async () => {
    const { client, upstream, ended } = await tunnel({ client: "early ", upstream: "hello " });
    client.end("request");
    upstream.end("answer");
    expect(await Promise.all([readAll(upstream), readAll(client)])).toEqual(["early request", "hello answer"]);
    expect(await ended()).toEqual({ end: "clean", bytesFromClient: 13, bytesToClient: 12 });
  });

  test("lets one side go on after the other has sent all, in both directions", async () => {
    for (const [first, second] of [
      ["client", "upstream"],
      ["upstream", "client"],
    ] as const) {
      const both = await tunnel();
      both[first].end("done");
      expect(await readAll(both[second])).toBe("done");
      expect(both.outcomes).toEqual([]);
      both[second].end("still here");
      expect(await readAll(both[first])).toBe("still here");
      expect((await both.ended()).end).toBe("clean");
    }
  });

  test("over Unix sockets, which know no reset, cuts one side when the other is lost", async () => {
    using folder = tempFolder();
    const [client, clientSide] = await socketPair(folder.join("a.sock"));
    const [upstream, upstreamSide] = await socketPair(folder.join("b.sock"));
    open.push(client, clientSide, upstream, upstreamSide);
    const outcomes: TunnelOutcome[] = [];
    const none = Buffer.alloc(0);
    openTunnel({ socket: clientSide, held: none }, { socket: upstreamSide, held: none }, 0, new FakeClock(), (outcome) =>
      outcomes.push(outcome),
    );
    upstreamSide.destroy(new Error("lost"));
    await closed(client);
    expect(outcomes).toEqual([{ end: "lost", bytesFromClient: 0, bytesToClient: 0 }]);
  });

  test("resets one side when the other is reset", async () => {
    for (const [first, second] of [
      ["client", "upstream"],
      ["upstream", "client"],
    ] as const) {
      const both = await tunnel();
      both[first].resetAndDestroy();
      await expect(readAll(both[second])).rejects.toMatchObject({ code: "ECONNRESET" });
      expect((await both.ended()).end).toBe("lost");
      expect(both.clientSide.destroyed && both.upstreamSide.destroyed).toBe(true);
      expect(both.clock.pending).toBe(0);
    }
  });

  test("does not read a side faster than the other takes it", async () => {
    const { client, upstream, clientSide, upstreamSide } = await tunnel();
    const piece = Buffer.alloc(65_536);
    let sent = 0;
    // Nobody reads at the far end: sooner or later the near one must not take any more.
    while (sent < 200) {
      sent++;
      if (!client.write(piece)) {
        await settle();
        if (client.writableLength > 4_000_000) break;
      }
    }
    await eventually("the client's side to pause", () => clientSide.isPaused());
    expect(upstreamSide.writableLength).toBeLessThan(300_000);
    client.end();
    let received = 0;
    for await (const bytes of upstream.iterator({ destroyOnReturn: false })) received += (bytes as Buffer).length;
    expect(received).toBe(sent * piece.length);
  });

  test("ends when nothing was sent for the idle time, and not before", async () => {
    const { client, upstream, clock, ended, outcomes } = await tunnel({}, 1000);
    await clock.advance(900);
    client.write("x");
    await once(upstream, "data");
    await clock.advance(900);
    expect(outcomes).toEqual([]);
    await clock.advance(100);
    expect(await ended()).toEqual({ end: "idle", bytesFromClient: 1, bytesToClient: 0 });
    await Promise.all([closed(client), closed(upstream)]);
  });

  test("ends on demand and leaves no timer", async () => {
    const { client, upstream, pipe, clock, outcomes } = await tunnel();
    pipe.abort();
    pipe.abort();
    expect(outcomes).toEqual([{ end: "aborted", bytesFromClient: 0, bytesToClient: 0 }]);
    await Promise.all([closed(client), closed(upstream)]);
    expect(clock.pending).toBe(0);
  });

  test("has no timer where idling is allowed", async () => {
    const { clock, pipe } = await tunnel({}, 0);
    expect(clock.pending).toBe(0);
    pipe.abort();
  });
});

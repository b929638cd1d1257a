import { FakeClock } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomSource } from "../test/fuzz.ts";
import type { Channel } from "./channel.ts";
import { FrameDecoder } from "./decode.ts";
import type { Frame } from "./frame.ts";
import { frameCost, pieceBytes } from "./limits.ts";
import { Boarded, Mux, type MuxTerms } from "./mux.ts";
import { Budget, Outbox } from "./outbox.ts";

const terms: MuxTerms = {
  version: 2,
  sendWindow: 1_000,
  sendLinkWindow: 5_000,
  receiveWindow: 1_000,
  receiveLinkWindow: 5_000,
  maxReceive: 1_000_000,
};

interface Arrived {
  readonly connId: number;
  readonly data: Uint8Array;
  readonly binary: boolean;
  readonly cost: number;
  readonly channel: Channel<string>;
}

/** One side of a link whose bytes go nowhere by themselves. */
class Side {
  readonly clock = new FakeClock();
  readonly wire = {
    backlog: 0,
    frames: [] as Frame[],
    write: (bytes: Uint8Array) => void this.wire.frames.push(...this.#decoder.push(Uint8Array.from(bytes))),
  };
  readonly arrived: Arrived[] = [];
  readonly emptied: number[] = [];
  readonly budget = new Budget(1_000_000);
  readonly mux: Mux<string>;
  readonly #decoder = new FrameDecoder({ maxFrameBytes: 10_000_000 });
  readonly #boarded = new Boarded();

  constructor(more: Partial<MuxTerms> = {}) {
    this.mux = new Mux<string>(
      { ...terms, ...more },
      this.wire,
      {
        message: (channel, data, binary, cost) => void this.arrived.push({ connId: channel.connId, data, binary, cost, channel }),
        emptied: (channel) => void this.emptied.push(channel.connId),
        stray: (connId, type) => this.#boarded.check(connId, type, false),
      },
      this.clock,
    );
  }

  open(connId: number, outbox = new Outbox(this.budget)): Channel<string> {
    this.#boarded.add(connId);
    return this.mux.open(connId, `client ${connId}`, outbox);
  }

  /** The frames written since the last call. */
  take(): Frame[] {
    return this.wire.frames.splice(0);
  }

  give(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.type === "message" || frame.type === "cargo" || frame.type === "credit") this.mux.receive(frame);
    }
  }
}

function sizes(frames: readonly Frame[]): string[] {
  return frames.map((frame) =>
    frame.type === "message" ? `${frame.connId}:${frame.data.length}${frame.continues ? "+" : ""}` : frame.type,
  );
}

describe("sending", () => {
  test("begins a message while there is credit, and the next one when credit has come back", () => {
    const side = new Side();
    const channel = side.open(1);
    expect([
      channel.send(Buffer.alloc(900), true, true),
      channel.send(Buffer.alloc(900), true, true),
      channel.send(Buffer.alloc(1), true, true),
    ]).toEqual([true, true, false]);
    expect(sizes(side.take())).toEqual(["1:900", "1:900"]);
    side.mux.receive({ type: "credit", connId: 1, bytes: 964, messages: 1 });
    expect(sizes(side.take())).toEqual(["1:1"]);
    expect([side.emptied, channel.sent, channel.acknowledged]).toEqual([[1], 3, 1]);
  });

  test("holds one client back and no other", () => {
    const side = new Side();
    const [slow, fast] = [side.open(1), side.open(2)];
    slow.send(Buffer.alloc(2_000), true, true);
    expect(slow.send(Buffer.alloc(1), true, true)).toBe(false);
    expect(fast.send(Buffer.alloc(1), true, true)).toBe(true);
  });

  test("stops at the window of the link, whoever used it up, and then goes on in turn", () => {
    const side = new Side({ sendWindow: 10_000 });
    const channels = [1, 2, 3].map((connId) => side.open(connId));
    channels[0]!.send(Buffer.alloc(4_990), true, true);
    for (const channel of channels) for (let count = 0; count < 2; count++) expect(channel.send(Buffer.alloc(500), true, true)).toBe(false);
    expect(sizes(side.take())).toEqual(["1:4990"]);
    side.mux.receive({ type: "credit", connId: 1, bytes: 5_054, messages: 1 });
    expect(sizes(side.take())).toEqual(["1:500", "2:500", "3:500", "1:500", "2:500", "3:500"]);
  });

  test("gives back to the link what a client that leaves had outstanding", () => {
    const side = new Side({ sendWindow: 10_000 });
    const [gone, stays] = [side.open(1), side.open(2)];
    gone.send(Buffer.alloc(5_000), true, true);
    expect(stays.send(Buffer.alloc(1), true, true)).toBe(false);
    side.take();
    gone.close();
    expect(sizes(side.take())).toEqual(["2:1"]);
  });

  test("cuts long messages into pieces that alternate, 16 messages at a time", () => {
    const side = new Side({ sendWindow: 10_000_000, sendLinkWindow: 100_000_000 });
    const channels = Array.from({ length: 18 }, (_, at) => side.open(at + 1));
    side.wire.backlog = Number.POSITIVE_INFINITY;
    for (const channel of channels) channel.send(Buffer.alloc(pieceBytes * 20 + 1), true, true);
    channels[0]!.send(Buffer.alloc(5), true, true);
    side.wire.backlog = 0;
    side.mux.pump();
    const order = sizes(side.take());
    const begun = new Set<string>();
    let most = 0;
    for (const one of order) {
      const [connId = ""] = one.split(":");
      if (one.endsWith("+")) begun.add(connId);
      else begun.delete(connId);
      most = Math.max(most, begun.size);
    }
    expect([most, begun.size, order.length]).toEqual([16, 0, 18 * 21 + 1]);
    // The short message of client 1 comes behind its long one.
    expect(order.indexOf("1:5")).toBeGreaterThan(order.indexOf("1:1"));
  });

  test("stops while too much waits to leave", () => {
    const side = new Side();
    const channel = side.open(1);
    side.wire.backlog = 1_048_576;
    expect(channel.send(Buffer.alloc(1), true, true)).toBe(false);
    expect(side.take()).toEqual([]);
    side.wire.backlog = 0;
    side.mux.pump();
    expect(sizes(side.take())).toEqual(["1:1"]);
  });

  test("keeps a copy of what it cannot send, unless it is given the bytes", () => {
    const side = new Side({ sendWindow: 1 });
    const channel = side.open(1);
    channel.send(Buffer.alloc(1), true, true);
    const bytes = Buffer.from("abc");
    channel.send(bytes, true, false);
    bytes.fill(0);
    expect(Buffer.from(channel.outbox.first!.data).toString()).toBe("abc");
  });

  test("held, sends nothing more, not even the rest of a message, and the next link sends that whole", () => {
    const first = new Side({ sendWindow: 1_000_000, sendLinkWindow: 1_000_000 });
    const outbox = new Outbox(first.budget);
    const channel = first.open(1, outbox);
    // The link takes one piece.
    const { write } = first.wire;
    first.wire.write = (bytes) => {
      write(bytes);
      if (bytes.length > 1_000) first.wire.backlog = 2_000_000;
    };
    expect(channel.send(Buffer.alloc(pieceBytes * 2, "a"), true, true)).toBe(false);
    expect(sizes(first.take())).toEqual([`1:${pieceBytes}+`]);
    first.mux.hold();
    first.wire.backlog = 0;
    first.mux.pump();
    expect(first.take()).toEqual([]);
    first.mux.close();
    expect([channel.sent, outbox.count]).toEqual([0, 1]);
    const second = new Side({ sendWindow: 1_000_000, sendLinkWindow: 1_000_000 });
    second.open(1, outbox);
    second.mux.pump();
    expect(sizes(second.take())).toEqual([`1:${pieceBytes}+`, `1:${pieceBytes}`]);
    expect(first.budget.used).toBe(0);
  });

  test("refuses credit for what was never sent", () => {
    const side = new Side();
    side.open(1).send(Buffer.alloc(1), true, true);
    expect(() => side.mux.receive({ type: "credit", connId: 1, bytes: 66, messages: 1 })).toThrowError(/More credit/);
    expect(() => side.mux.receive({ type: "credit", connId: 1, bytes: 65, messages: 2 })).toThrowError(/More credit/);
    expect(() => side.mux.receive({ type: "credit", connId: 2, bytes: 1, messages: 1 })).toThrowError(/never boarded/);
  });
});

describe("receiving", () => {
  const message = (connId: number, bytes: number): Frame => ({
    type: "message",
    connId,
    binary: true,
    continues: false,
    data: Buffer.alloc(bytes),
  });

  test("returns credit at once for half a window, and for less a little later", async () => {
    const side = new Side();
    const channel = side.open(1);
    side.give([message(1, 100), message(1, 500)]);
    const [small, large] = side.arrived;
    channel.taken(small!.cost);
    expect(side.take()).toEqual([]);
    channel.taken(large!.cost);
    expect(side.take()).toEqual([{ type: "credit", connId: 1, bytes: 728, messages: 2 }]);
    side.give([message(1, 1)]);
    channel.taken(side.arrived[2]!.cost);
    await side.clock.advance(49);
    expect(side.take()).toEqual([]);
    await side.clock.advance(1);
    expect(side.take()).toEqual([{ type: "credit", connId: 1, bytes: 65, messages: 1 }]);
    expect([side.clock.pending, side.mux.unreturned]).toEqual([0, 0]);
  });

  test("returns many small debts before they use up the window of the link", () => {
    const side = new Side({ receiveLinkWindow: 2_000 });
    for (let connId = 1; connId <= 5; connId++) {
      const channel = side.open(connId);
      side.give([message(connId, 36)]);
      channel.taken(side.arrived.at(-1)!.cost);
    }
    expect(side.take()).toHaveLength(5);
  });

  test("refuses a message that is begun without credit of the client, or of the link", () => {
    const side = new Side();
    side.open(1);
    side.give([message(1, 935), message(1, 1)]);
    expect(() => side.give([message(1, 0)])).toThrowError(expect.objectContaining({ code: "MS_CREDIT_EXCEEDED" }));
    const link = new Side({ receiveWindow: 100_000 });
    link.open(1);
    link.open(2);
    link.give([message(1, 4_936)]);
    expect(() => link.give([message(2, 0)])).toThrowError(expect.objectContaining({ code: "MS_CREDIT_EXCEEDED" }));
  });

  test("ignores what comes for a client that has left", () => {
    const side = new Side();
    const channel = side.open(5);
    channel.close();
    side.give([message(5, 1), message(4, 1), { type: "credit", connId: 5, bytes: 1, messages: 1 }]);
    expect(side.arrived).toEqual([]);
    channel.taken(65);
    channel.send(Buffer.alloc(1), true, true);
    expect([side.take(), side.clock.pending, side.budget.used]).toEqual([[], 0, 0]);
  });
});

test("two sides exchange everything in order, whatever is sent and however late it is taken, within the windows", async () => {
  const plan = fc.record({
    seed: fc.nat(),
    clients: fc.integer({ min: 1, max: 5 }),
    window: fc.integer({ min: 1, max: 3_000 }),
    linkWindow: fc.integer({ min: 1, max: 6_000 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ seed, clients, window, linkWindow }) => {
      const random = randomSource(seed);
      const windows = { sendWindow: window, receiveWindow: window, sendLinkWindow: linkWindow, receiveLinkWindow: linkWindow };
      const [left, right] = [new Side(windows), new Side(windows)];
      const senders = Array.from({ length: clients }, (_, at) => left.open(at + 1));
      for (let connId = 1; connId <= clients; connId++) right.open(connId);
      const sent: string[][] = senders.map(() => []);
      const heard: string[][] = senders.map(() => []);
      let taken = 0;
      for (let step = 0; step < 200 || heard.flat().length < sent.flat().length; step++) {
        if (step < 200) {
          const at = random(clients);
          const word = `${step}:`.padEnd(random(10) === 0 ? 2_000 : 20, "x");
          sent[at]!.push(word);
          senders[at]!.send(Buffer.from(word), false, true);
        }
        right.give(left.take());
        // Takes some of what has come, sometimes late; towards the end everything, so that it ends.
        while (taken < right.arrived.length && (step > 200 || random(3) > 0)) {
          const { connId, data, cost, channel } = right.arrived[taken++]!;
          heard[connId - 1]!.push(Buffer.from(data).toString());
          channel.taken(cost);
        }
        // One message may go beyond.
        expect(right.mux.unreturned).toBeLessThanOrEqual(linkWindow + 2_000 + frameCost);
        if (step % 7 === 0 || step > 200) await right.clock.advance(50);
        left.give(right.take());
      }
      expect(heard).toEqual(sent);
      expect(left.budget.used).toBe(0);
    }),
    { numRuns: 40 },
  );
});

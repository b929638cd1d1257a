import { connect, createServer } from "node:net";
import { systemClock } from "@mothership/kernel";
import { eventually, FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { DialFailure, dial, type Resolve } from "../src/dial.ts";
import { closedPort, listen, silentAddress, tcpServer } from "./servers.ts";

const resolveTo =
  (...addresses: readonly string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));

describe("dial", () => {
  test("tries the next address beside one that does not answer, and lets go of the slow one", async () => {
    await using silent = await silentAddress();
    await using _ = await listen(createServer(), { port: silent.port });
    const clock = new FakeClock();
    const dialing = dial("name", silent.port, { clock, resolve: resolveTo(silent.host, "127.0.0.1") }, {});
    await clock.advance(249);
    expect(clock.nextIn).toBe(1);
    await clock.advance(1);
    const socket = await dialing;
    expect(socket.remoteAddress).toBe("127.0.0.1");
    expect(clock.pending).toBe(0);
    socket.destroy();
  });

  test("tries the next address at once when one refuses", async () => {
    await using server = await tcpServer();
    const socket = await dial("name", server.port, { clock: new FakeClock(), resolve: resolveTo("127.0.0.3", "127.0.0.1") }, {});
    expect(socket.remoteAddress).toBe("127.0.0.1");
    socket.destroy();
  });

  test("gives a first address that is slow its full time when the others fail", async () => {
    await using silent = await silentAddress();
    const clock = new FakeClock();
    const controller = new AbortController();
    const dialing = dial("name", silent.port, { clock, resolve: resolveTo(silent.host, "127.0.0.3") }, { signal: controller.signal });
    let settled = false;
    const watched = dialing
      .catch(() => undefined)
      .finally(() => {
        settled = true;
      });
    await clock.advance(250);
    await eventually("the second refused", () => connectFails("127.0.0.3", silent.port));
    expect(settled).toBe(false);
    controller.abort(new Error("enough"));
    await watched;
    await expect(dialing).rejects.toThrow("enough");
  });

  test("names each reason once, with the addresses that gave it", async () => {
    const port = await closedPort();
    const dialing = dial("name", port, { clock: systemClock, resolve: resolveTo("127.0.0.1", "127.0.0.3") }, {});
    await expect(dialing).rejects.toEqual(expect.any(DialFailure));
    await expect(dialing).rejects.toThrow(/^connection refused \(127\.0\.0\.1, 127\.0\.0\.3\)$/);
  });

  test("alternates the families and stops after sixteen addresses", async () => {
    const port = await closedPort();
    const many = Array.from({ length: 30 }, (_, at) => `127.0.1.${at + 1}`);
    const dialing = dial("name", port, { clock: systemClock, resolve: resolveTo(...many) }, {});
    await expect(dialing).rejects.toThrow(/127\.0\.1\.16\)$/);
    const mixed = dial("name", port, { clock: systemClock, resolve: resolveTo("127.0.1.1", "127.0.1.2", "::ffff:127.0.1.3") }, {});
    await expect(mixed).rejects.toThrow(/\(127\.0\.1\.1, ::ffff:127\.0\.1\.3, 127\.0\.1\.2\)/);
  });

  test("leaves nothing when it was cancelled before", async () => {
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(dial("127.0.0.1", 1, { clock: systemClock }, { signal })).rejects.toThrow("never mind");
  });
});

function connectFails(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

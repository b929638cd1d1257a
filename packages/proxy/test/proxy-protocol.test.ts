import { emptyBody, Fields, type Handler, silentLogger, systemClock } from "@mothership/kernel";
import { eventually, FakeClock } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type ListenerSpec, openProxy } from "../src/proxy.ts";
import { rawClient } from "./edge.ts";
import { closed, readAll } from "./sockets.ts";

const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const v1 = "PROXY TCP4 203.0.113.5 192.0.2.1 4660 443\r\n";
const v2 = Buffer.from("0d0a0d0a000d0a515549540a21110014cb007105c00002011234 01bb20000501 00000000".replaceAll(" ", ""), "hex").toString(
  "latin1",
);

async function bindWith(
  proxyProtocol: ListenerSpec["proxyProtocol"],
  more: Partial<ListenerSpec> = {},
  clock: FakeClock | typeof systemClock = systemClock,
) {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const answer: Handler = (exchange) => {
    const { address, port, secure } = exchange.client;
    exchange.respond(
      { status: 200, fields: Fields.from([["X-Client", `${address} ${port} ${secure} ${exchange.fields.get("x-forwarded-for")}`]]) },
      emptyBody,
    );
  };
  const listener = {
    name: "lb",
    address: { kind: "tcp", host: "127.0.0.1", port: 0 },
    ...(proxyProtocol && { proxyProtocol }),
    ...more,
  } as const;
  const proxy = await openProxy({ listeners: [listener], graceMs: 1000 }, answer, { clock, log });
  const bound = proxy.address("lb");
  const port = bound.kind === "tcp" ? bound.port : 0;
  const refused: string[] = [];
  proxy.events.on("headerRefused", ({ reason }) => refused.push(reason));
  const ask = async (text: string): Promise<string> => {
    const client = await rawClient(port, text);
    try {
      const answered = await readAll(client);
      return /X-Client: (.*)\r\n/.exec(answered)?.[1] ?? answered.slice(0, 12);
    } finally {
      client.destroy();
    }
  };
  return { port, ask, refused, warnings, proxy, [Symbol.asyncDispose]: () => proxy.close({ signal: AbortSignal.abort() }) };
}

describe("rule 64: a bind behind a balancer", () => {
  test("takes the client from either version, glued to the request", async () => {
    for (const rule of ["auto", "required", { from: ["127.0.0.0/8"] }] as const) {
      await using bind = await bindWith(rule);
      expect(await bind.ask(v1 + request)).toBe("203.0.113.5 4660 false 203.0.113.5");
      expect(await bind.ask(v2 + request)).toBe("203.0.113.5 4660 true 203.0.113.5");
    }
  });

  test("takes the header one byte at a time", async () => {
    await using bind = await bindWith("required");
    for (const header of [v1, v2]) {
      const client = await rawClient(bind.port);
      client.setNoDelay(true);
      for (const byte of header + request) {
        client.write(byte, "latin1");
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await readAll(client)).toContain("203.0.113.5");
      client.destroy();
    }
  });

  test("keeps the peer where the header names none", async () => {
    await using bind = await bindWith("required");
    expect(await bind.ask(`PROXY UNKNOWN\r\n${request}`)).toMatch(/^127\.0\.0\.1 \d+ false 127\.0\.0\.1$/);
  });

  test("works without a header where it is optional, and from those who send none", async () => {
    for (const rule of ["auto", { from: ["10.0.0.0/8"] }] as const) {
      await using bind = await bindWith(rule);
      expect(await bind.ask(request)).toMatch(/^127\.0\.0\.1 /);
    }
  });

  test("drops what has no valid header without a word, and says so to the operator", async () => {
    for (const [rule, text] of [
      ["required", request],
      ["required", "PROXY NONSENSE\r\n"],
      ["auto", `PROXY TCP4 1.2.3.4\r\n${request}`],
      ["auto", "\r\n\r\n\0\r\nQUIT\n\x11\x11\0\0"],
    ] as const) {
      await using bind = await bindWith(rule);
      expect(await bind.ask(text).catch((error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? "" : String(error)))).toBe("");
      await eventually("the event", () => bind.refused.length === 1);
    }
  });

  test("does not take a header from those who are not to send one", async () => {
    await using bind = await bindWith({ from: ["10.0.0.0/8"] });
    expect(await bind.ask(v1 + request)).toBe("HTTP/1.1 400");
  });

  test("judges the client that the header names by the trusted proxies, not the balancer", async () => {
    await using bind = await bindWith("required", { trustedProxies: ["127.0.0.1"] });
    expect(await bind.ask(v1 + request.replace("\r\n\r\n", "\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"))).toBe(
      "203.0.113.5 4660 false 203.0.113.5",
    );
  });

  test("does not wait for ever: half a header is dropped, a silent client may be one that has no header", async () => {
    const clock = new FakeClock();
    await using bind = await bindWith("auto", {}, clock);
    const half = await rawClient(bind.port, "PROXY TCP4 ");
    const silent = await rawClient(bind.port);
    await eventually("both", () => bind.proxy.connections === 2);
    // The bytes have to have arrived before the time moves.
    await eventually("the half header", () => clock.pending === 2);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    await clock.advance(5000);
    await closed(half);
    silent.write(request);
    expect(await readAll(silent)).toContain("HTTP/1.1 200");
    silent.destroy();
  });

  test("closes at once when it is still waiting for headers", async () => {
    await using bind = await bindWith("required");
    const client = await rawClient(bind.port, "PROXY ");
    await eventually("the connection", () => bind.proxy.connections === 1);
    await bind.proxy.close();
    await closed(client);
  });

  test("survives clients that leave within the header", async () => {
    await using bind = await bindWith("required");
    for (const leave of ["end", "resetAndDestroy"] as const) {
      const client = await rawClient(bind.port, "PROXY TCP4 ");
      await eventually("the connection", () => bind.proxy.connections === 1);
      client[leave]();
      await eventually("it gone", () => bind.proxy.connections === 0);
      client.destroy();
    }
  });

  test("is warned of where anybody could pretend to be a client", async () => {
    await using open = await bindWith("auto", { address: { kind: "tcp", host: "0.0.0.0", port: 0 } });
    expect(open.warnings).toHaveLength(1);
    await using local = await bindWith("auto");
    expect(local.warnings).toHaveLength(0);
  });

  test("fails to open with a network that is none", async () => {
    await expect(bindWith({ from: ["10.0.0.0/40"] })).rejects.toMatchObject({ code: "MS_TRUSTED_PROXY_INVALID" });
  });
});

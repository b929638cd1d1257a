import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Address, bodyOf, Fields, type Handler } from "@mothership/kernel";
import { createAuthority, eventually, FakeClock, freePort, gate, tempFolder } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openProxy, type Proxy as RunningProxy } from "../src/proxy.ts";
import { deps, exchangeRaw } from "./edge.ts";
import { closed, readAll } from "./sockets.ts";

const at = (port: number): Address => ({ kind: "tcp", host: "127.0.0.1", port });
const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const last = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
/** Says which bind a request came in on. */
const says =
  (text: string): Handler =>
  (exchange) =>
    exchange.respond({ status: 200, fields: new Fields() }, bodyOf(`${text} ${exchange.bind};`));

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  await once(socket, "connect");
  return socket;
}

/** Sends a request on a connection that is kept, and resolves with the answer once its body is there. */
async function ask(socket: Socket, text = request): Promise<string> {
  socket.write(text);
  let answer = "";
  while (!/;|HTTP\/1.1 4/.test(answer)) answer += String((await once(socket, "data"))[0]);
  return answer;
}

const refused = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve("accepted");
    }).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });

/** A certificate in files of that name. */
function written(folder: ReturnType<typeof tempFolder>, { cert, key }: { readonly cert: string; readonly key: string }, name = "one") {
  const [certFile, keyFile] = [folder.join(`${name}.pem`), folder.join(`${name}.key`)];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  return { certFile, keyFile };
}

async function change(proxy: RunningProxy, spec: Parameters<RunningProxy["prepare"]>[0], handler: Handler): Promise<void> {
  (await proxy.prepare(spec)).commit(handler);
}

describe("a change of the listeners", () => {
  test("keeps the socket and the connections of an address that stays, and has new settings in force for them", async () => {
    const port = await freePort();
    await using proxy = await openProxy({ listeners: [{ name: "http", address: at(port) }], graceMs: 2000 }, says("old"), deps);
    const socket = await connected(port);
    expect(await ask(socket)).toContain("old http;");
    await change(
      proxy,
      { listeners: [{ name: "web", address: at(port), limits: { maxHeadBytes: 100 }, maxConnections: 7 }], maxConnectionsPerClient: 50 },
      says("new"),
    );
    // From the next request on; what a connection may cost was agreed when it began.
    expect(await ask(socket, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(200)}\r\n\r\n`)).toContain("new web;");
    expect(await exchangeRaw(port, `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(200)}\r\n\r\n`)).toContain(" 431 ");
    expect(proxy.address("web")).toEqual(at(port));
    expect(() => proxy.address("http")).toThrow(RangeError);
    socket.destroy();
  });

  test("opens what is new first, and serves who has connected to it once it is in force", async () => {
    const [port, added] = [await freePort(), await freePort()];
    await using proxy = await openProxy({ listeners: [{ name: "http", address: at(port) }], graceMs: 2000 }, says("old"), deps);
    const ready = await proxy.prepare({
      listeners: [
        { name: "http", address: at(port) },
        { name: "more", address: at(added) },
      ],
    });
    const early = await connected(added);
    const answer = ask(early);
    expect(await exchangeRaw(port, last)).toContain("old http;");
    ready.commit(says("new"));
    expect(await answer).toContain("new more;");
    early.destroy();
  });

  test("gives the file of a Unix socket other permissions, and keeps its connections", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    const local = (mode?: number) => ({
      listeners: [{ name: "local", address: { kind: "unix", path } as const, ...(mode !== undefined && { mode }) }],
    });
    const permissions = (): string => (statSync(path).mode & 0o777).toString(8);
    await using proxy = await openProxy({ ...local(), graceMs: 2000 }, says("old"), deps);
    const byItself = permissions();
    const socket = connect(path).setEncoding("latin1");
    expect(await ask(socket)).toContain("old local;");
    const modes: string[] = [];
    for (const mode of [0o600, 0o660, undefined]) {
      await change(proxy, local(mode), says(`${mode}`));
      modes.push(permissions());
      expect(await ask(socket)).toContain(`${mode} local;`);
    }
    expect(modes).toEqual(["600", "660", byItself]);
    socket.destroy();
  });

  test("lets a request on a listener that is gone finish, while nobody is let in any more", async () => {
    const [port, other] = [await freePort(), await freePort()];
    const begun = gate();
    const finish = gate();
    const slow: Handler = async (exchange) => {
      begun.open();
      await finish.opened;
      exchange.respond({ status: 200, fields: new Fields() }, bodyOf("at last;"));
    };
    await using proxy = await openProxy(
      {
        listeners: [
          { name: "http", address: at(port) },
          { name: "old", address: at(other) },
        ],
        graceMs: 60_000,
      },
      slow,
      deps,
    );
    const [idle, running] = [await connected(other), await connected(other)];
    const answer = ask(running);
    await begun.opened;
    const gone = closed(idle);
    await change(proxy, { listeners: [{ name: "http", address: at(port) }] }, says("new"));
    await gone;
    expect(await refused(other)).toBe("ECONNREFUSED");
    expect(await exchangeRaw(port, last)).toContain("new http;");
    const end = closed(running);
    finish.open();
    expect(await answer).toMatch(/connection: close[\s\S]*at last;/i);
    await end;
  });

  test("moves a listener to another address, and swaps the names of two", async () => {
    const [one, two, three] = [await freePort(), await freePort(), await freePort()];
    const listeners = [
      { name: "a", address: at(one) },
      { name: "b", address: at(two) },
    ];
    await using proxy = await openProxy({ listeners, graceMs: 2000 }, says("old"), deps);
    const kept = await connected(two);
    expect(await ask(kept)).toContain("old b;");
    await change(
      proxy,
      {
        listeners: [
          { name: "b", address: at(three) },
          { name: "a", address: at(two) },
        ],
      },
      says("new"),
    );
    expect(await ask(kept)).toContain("new a;");
    expect(await exchangeRaw(three, last)).toContain("new b;");
    expect(await refused(one)).toBe("ECONNREFUSED");
    kept.destroy();
  });

  test("that cannot be made leaves everything as it was", async () => {
    const [port, free, taken] = [await freePort(), await freePort(), await freePort()];
    await using proxy = await openProxy({ listeners: [{ name: "http", address: at(port) }], graceMs: 2000 }, says("old"), deps);
    await using _ = await openProxy({ listeners: [{ name: "stranger", address: at(taken) }], graceMs: 2000 }, says("stranger"), deps);
    const listeners = [
      { name: "renamed", address: at(port) },
      { name: "free", address: at(free) },
      { name: "taken", address: at(taken) },
    ];
    await expect(proxy.prepare({ listeners })).rejects.toMatchObject({
      code: "MS_BIND_IN_USE",
      message: expect.stringContaining('"taken"'),
    });
    expect(await refused(free)).toBe("ECONNREFUSED");
    expect(await exchangeRaw(port, last)).toContain("old http;");
    await expect(proxy.prepare({ listeners: [], errorPages: { folder: "/nowhere" } })).rejects.toMatchObject({ code: "MS_ERROR_PAGES" });
    await expect(proxy.prepare({ listeners: [listeners[0]!, { ...listeners[0]!, address: at(free) }] })).rejects.toThrow(RangeError);
  });

  test("that widens or narrows the address of a listener on its own port says who is in the way", async () => {
    const port = await freePort();
    await using proxy = await openProxy({ listeners: [{ name: "http", address: at(port) }], graceMs: 2000 }, says("old"), deps);
    const wide = { kind: "tcp", host: "0.0.0.0", port } as const;
    await expect(proxy.prepare({ listeners: [{ name: "http", address: wide }] })).rejects.toMatchObject({
      code: "MS_BIND_IN_USE",
      message: expect.stringContaining('the bind "http" of before listens on that port'),
    });
    expect(await exchangeRaw(port, last)).toContain("old http;");
  });

  test("that is abandoned closes what it had opened, and who waited there", async () => {
    const [port, added] = [await freePort(), await freePort()];
    await using proxy = await openProxy({ listeners: [{ name: "http", address: at(port) }], graceMs: 2000 }, says("old"), deps);
    const ready = await proxy.prepare({ listeners: [{ name: "more", address: at(added) }] });
    const early = await connected(added);
    const gone = closed(early);
    await ready.abandon();
    await gone;
    expect(await refused(added)).toBe("ECONNREFUSED");
    expect(await exchangeRaw(port, last)).toContain("old http;");
  });

  test("that comes too late for a proxy that closes is abandoned", async () => {
    const [port, added] = [await freePort(), await freePort()];
    const proxy = await openProxy({ listeners: [{ name: "http", address: at(port) }], graceMs: 2000 }, says("old"), deps);
    const ready = await proxy.prepare({ listeners: [{ name: "more", address: at(added) }] });
    await proxy.close();
    expect(await refused(added)).toBe("ECONNREFUSED");
    ready.commit(says("new"));
    await ready.abandon();
    expect([await refused(port), await refused(added), proxy.connections]).toEqual(["ECONNREFUSED", "ECONNREFUSED", 0]);
    const late = proxy.prepare({ listeners: [{ name: "more", address: at(added) }] });
    await expect(late).rejects.toThrow("closing");
    expect(await refused(added)).toBe("ECONNREFUSED");
  });

  test("gives new certificates to new connections, and leaves the old ones alone", async () => {
    using folder = tempFolder();
    const authority = createAuthority();
    const files = (name: string) => written(folder, authority.issue([name]), name);
    const port = await freePort();
    const listener = (name: string, http2?: false) => ({
      listeners: [{ name: "https", address: at(port), tls: { certificates: [files(name)] }, ...(http2 === false && { http2 }) }],
    });
    const open = async (servername: string) => {
      const socket = connectTls({ port, host: "127.0.0.1", servername, ca: authority.cert, ALPNProtocols: ["h2", "http/1.1"] });
      await once(socket, "secureConnect");
      return socket;
    };
    await using proxy = await openProxy({ ...listener("one.test"), graceMs: 2000 }, says("old"), deps);
    const before = await open("one.test");
    expect(before.alpnProtocol).toBe("h2");
    await change(proxy, listener("two.test", false), says("new"));
    const after = await open("two.test");
    expect(after.alpnProtocol).toBe("http/1.1");
    expect(before.destroyed).toBe(false);
    // Plain again: nothing ends TLS there any more.
    await change(proxy, { listeners: [{ name: "https", address: at(port) }] }, says("plain"));
    expect(await exchangeRaw(port, last)).toContain("plain https;");
    before.destroy();
    after.destroy();
  });

  test("serves who has begun TLS, or said a PROXY header, on a listener that was not in force yet", async () => {
    using folder = tempFolder();
    const authority = createAuthority();
    const files = written(folder, authority.issue(["one.test"]));
    const [https, balanced] = [await freePort(), await freePort()];
    await using proxy = await openProxy({ listeners: [], graceMs: 2000 }, says("old"), deps);
    const ready = await proxy.prepare({
      listeners: [
        { name: "https", address: at(https), tls: { certificates: [files] } },
        { name: "balanced", address: at(balanced), proxyProtocol: "required" },
      ],
    });
    const plain = await connected(balanced);
    plain.write(`PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${request}`);
    const answered = once(plain, "data");
    const secure = connectTls({ port: https, host: "127.0.0.1", servername: "one.test", ca: authority.cert });
    const secured = once(secure, "secureConnect");
    await once(secure, "connect");
    // Long enough that what they have sent was read by then.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    ready.commit((exchange) => exchange.respond({ status: 200, fields: new Fields() }, bodyOf(`${exchange.client.address};`)));
    await secured;
    expect(String((await answered)[0])).toContain("192.0.2.1;");
    secure.write(request);
    expect(String((await once(secure, "data"))[0])).toContain("HTTP/1.1 200");
    secure.destroy();
    plain.destroy();
  });

  test("leaves no watch on certificates that are not in use any more", async () => {
    using folder = tempFolder();
    const certificate = createAuthority().issue(["one.test"]);
    const files = (name: string) => written(folder, certificate, name);
    const clock = new FakeClock();
    const [port, taken] = [await freePort(), await freePort()];
    await using _ = await openProxy({ listeners: [{ name: "stranger", address: at(taken) }] }, says("stranger"), deps);
    const secured = (name: string, where = port, bind = "https") =>
      ({ name: bind, address: at(where), tls: { certificates: [files(name)] } }) as const;
    await using proxy = await openProxy({ listeners: [secured("one")], graceMs: 2000 }, says("old"), { ...deps, clock });
    expect(clock.pending).toBe(1);
    await (await proxy.prepare({ listeners: [secured("one")] })).abandon();
    expect(clock.pending).toBe(1);
    await (await proxy.prepare({ listeners: [secured("two")] })).abandon();
    expect(clock.pending).toBe(1);
    await expect(proxy.prepare({ listeners: [secured("two"), secured("three", taken, "more")] })).rejects.toThrow('"more"');
    expect(clock.pending).toBe(1);
    await change(proxy, { listeners: [secured("two")] }, says("new"));
    expect(clock.pending).toBe(1);
    await change(proxy, { listeners: [{ name: "https", address: at(port) }] }, says("plain"));
    expect(clock.pending).toBe(0);
  });

  test("has other limits, and other protocols of TLS, in force for whoever connects then", async () => {
    using folder = tempFolder();
    const authority = createAuthority();
    const files = written(folder, authority.issue(["one.test"]));
    const port = await freePort();
    const tls = { certificates: [files] };
    await using proxy = await openProxy({ listeners: [{ name: "https", address: at(port), tls }], graceMs: 2000 }, says("old"), deps);
    await change(proxy, { listeners: [{ name: "https", address: at(port), tls, http2: false, maxConnections: 1 }] }, says("new"));
    const options = { port, host: "127.0.0.1", servername: "one.test", ca: authority.cert, ALPNProtocols: ["h2", "http/1.1"] };
    const first = connectTls(options);
    await once(first, "secureConnect");
    expect(first.alpnProtocol).toBe("http/1.1");
    const second = connect(port, "127.0.0.1");
    expect(await readAll(second).catch(() => "")).toBe("");
    first.destroy();
  });

  test("forgets who has left before it was in force", async () => {
    const added = await freePort();
    await using proxy = await openProxy({ listeners: [], graceMs: 2000 }, says("old"), deps);
    const ready = await proxy.prepare({ listeners: [{ name: "more", address: at(added), trustedProxies: ["unix"] }] });
    const early = await connected(added);
    early.resetAndDestroy();
    await once(early, "close");
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    ready.commit(says("new"));
    await eventually("nobody", () => proxy.connections === 0);
  });

  test("of the limit of connections of one client counts those that there are", async () => {
    const port = await freePort();
    const listeners = [{ name: "http", address: at(port) }];
    await using proxy = await openProxy({ listeners, graceMs: 2000, maxConnectionsPerClient: 10 }, says("old"), deps);
    const first = await connected(port);
    expect(await ask(first)).toContain("old http;");
    await change(proxy, { listeners, maxConnectionsPerClient: 1 }, says("new"));
    const second = await connected(port);
    second.write(request);
    expect(await readAll(second).catch(() => "")).toBe("");
    expect(await ask(first)).toContain("new http;");
    first.destroy();
  });

  test("one after the other, whatever they are, end where the last one says", async () => {
    const names = ["a", "b", "c"];
    const places = [0, 1, 2, 3];
    // Which name is at which place; at most one name for each.
    const plan = fc.uniqueArray(fc.record({ name: fc.constantFrom(...names), place: fc.constantFrom(...places) }), {
      maxLength: 3,
      selector: ({ name }) => name,
    });
    const plans = fc.array(
      plan.filter((one) => new Set(one.map(({ place }) => place)).size === one.length),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(plans, async (sequence) => {
        using folder = tempFolder();
        const pathOf = (place: number): string => folder.join(`${place}.sock`);
        const specOf = (one: readonly { readonly name: string; readonly place: number }[]) => ({
          listeners: one.map(({ name, place }) => ({ name, address: { kind: "unix", path: pathOf(place) } as const })),
        });
        await using proxy = await openProxy({ listeners: [], graceMs: 2000 }, says("begin"), deps);
        const kept = new Map<number, Socket>();
        for (const [step, one] of sequence.entries()) {
          await change(proxy, specOf(one), says(`step ${step}`));
          for (const place of places) {
            const name = one.find((listener) => listener.place === place)?.name;
            const before = kept.get(place);
            if (name === undefined) {
              if (before) await closed(before);
              kept.delete(place);
              continue;
            }
            const socket = before ?? connect(pathOf(place)).setEncoding("latin1");
            kept.set(place, socket);
            expect(await ask(socket)).toContain(`step ${step} ${name};`);
          }
        }
        for (const socket of kept.values()) socket.destroy();
      }),
      { numRuns: 25 },
    );
  });
});

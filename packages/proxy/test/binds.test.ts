import { once } from "node:events";
import { existsSync, linkSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type Address, emptyBody, Fields, type Handler } from "@mothership/kernel";
import { eventually, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bindError } from "../src/bind.ts";
import { type ListenerSpec, openProxy } from "../src/proxy.ts";
import { deps, exchangeRaw, rawClient } from "./edge.ts";
import { closed, readAll } from "./sockets.ts";

const anywhere: Address = { kind: "tcp", host: "127.0.0.1", port: 0 };
const ok: Handler = (exchange) => exchange.respond({ status: 200, fields: Fields.from([["X-Bind", exchange.bind]]) }, emptyBody);
const open = (...listeners: readonly ListenerSpec[]) => openProxy({ listeners, graceMs: 1000 }, ok, deps);
const request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

async function overUnix(path: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, "connect");
  socket.write(request);
  try {
    return await readAll(socket);
  } finally {
    socket.destroy();
  }
}

const portOf = (address: Address): number => (address.kind === "tcp" ? address.port : 0);

describe("binds", () => {
  test("are told apart by name, whatever they listen on", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    await using proxy = await open(
      { name: "http", address: anywhere },
      { name: "six", address: { ...anywhere, host: "::1" } },
      { name: "local", address: { kind: "unix", path } },
    );
    expect(await exchangeRaw(portOf(proxy.address("http")), request)).toContain("X-Bind: http");
    expect(await overUnix(path)).toContain("X-Bind: local");
    expect(proxy.address("six")).toMatchObject({ kind: "tcp", host: "::1", port: expect.any(Number) });
    expect(() => proxy.address("none")).toThrow(RangeError);
  });

  // Whoever develops on macOS gets the reason; the systems that servers run on spread connections.
  test.skipIf(process.platform !== "linux")("share a port where they are asked to, and with nobody else", async () => {
    const named =
      (name: string): Handler =>
      (exchange) =>
        exchange.respond({ status: 200, fields: Fields.from([["X-Thread", name]]) }, emptyBody);
    const open = (name: string, address: Address, sharesPort: "first" | "further") =>
      openProxy({ listeners: [{ name: "http", address, sharesPort }], graceMs: 1000 }, named(name), deps);
    await using first = await open("first", anywhere, "first");
    const address = first.address("http");
    await using second = await open("second", address, "further");
    expect(second.address("http")).toEqual(address);
    const answers = await Promise.all(Array.from({ length: 64 }, () => exchangeRaw(portOf(address), request)));
    for (const name of ["first", "second"]) expect(answers.some((answer) => answer.includes(`X-Thread: ${name}`))).toBe(true);
    await expect(open("stranger", address, "first")).rejects.toMatchObject({ code: "MS_BIND_IN_USE" });
    await expect(openProxy({ listeners: [{ name: "http", address }] }, ok, deps)).rejects.toMatchObject({ code: "MS_BIND_IN_USE" });
  });

  test("a port in use is an error that names the bind and the address, and leaves no other bind open", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const first = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    const failure = open({ name: "first", address: { ...anywhere, port: first } }, { name: "second", address: { ...anywhere, port } });
    await expect(failure).rejects.toMatchObject({
      code: "MS_BIND_IN_USE",
      bind: "second",
      address: `tcp://127.0.0.1:${port}`,
      message: expect.stringMatching(/Bind "second" cannot listen on .*stop it/),
    });
    await expect(rawClient(first)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await new Promise((resolve) => other.close(resolve));
  });

  test.each([
    ["EACCES", { kind: "tcp", host: "0.0.0.0", port: 80 }, "MS_BIND_DENIED", "below 1024"],
    ["EACCES", { kind: "unix", path: "/run/x" }, "MS_BIND_DENIED", "folder"],
    ["EPERM", { kind: "tcp", host: "0.0.0.0", port: 8080 }, "MS_BIND_DENIED", "refused"],
    ["EADDRNOTAVAIL", { kind: "tcp", host: "192.0.2.1", port: 80 }, "MS_BIND_FAILED", "interface"],
    ["ENOTFOUND", { kind: "tcp", host: "nowhere.invalid", port: 80 }, "MS_BIND_FAILED", "host"],
    ["ENOENT", { kind: "unix", path: "/nowhere/x" }, "MS_BIND_FAILED", "folder"],
    ["EMFILE", { kind: "tcp", host: "0.0.0.0", port: 80 }, "MS_BIND_FAILED", "too many"],
  ] as const)("%s becomes a sentence about the bind: %j", (code, address, expected, words) => {
    const error = bindError({ name: "web", address }, Object.assign(new Error("too many open files"), { code }));
    expect(error).toMatchObject({ code: expected, bind: "web", message: expect.stringContaining('"web"') });
    expect(error.message).toContain(words);
    expect(error.cause).toBeDefined();
  });

  test("an address that no interface has is an error that names the bind", async () => {
    await expect(open({ name: "far", address: { kind: "tcp", host: "192.0.2.1", port: 0 } })).rejects.toMatchObject({
      code: "MS_BIND_FAILED",
      bind: "far",
    });
  });

  test("a trusted proxy that is none fails before anything is open", async () => {
    await expect(open({ name: "http", address: anywhere, trustedProxies: ["10.0.0.0/99"] })).rejects.toMatchObject({
      code: "MS_TRUSTED_PROXY_INVALID",
    });
  });

  test("two of one name are a mistake of the caller, after which nothing is open", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    await expect(open({ name: "http", address: { kind: "unix", path } }, { name: "http", address: anywhere })).rejects.toThrow(RangeError);
    expect(existsSync(path)).toBe(false);
  });

  test("opening ends when its signal has fired", async () => {
    const opening = openProxy({ listeners: [{ name: "http", address: anywhere }] }, ok, deps, {
      signal: AbortSignal.abort(new Error("stop")),
    });
    await expect(opening).rejects.toThrow("stop");
  });

  test("more connections than allowed are turned away and counted", async () => {
    await using proxy = await open({ name: "http", address: anywhere, maxConnections: 2 });
    const port = portOf(proxy.address("http"));
    const turnedAway: string[] = [];
    proxy.events.on("turnedAway", ({ bind }) => turnedAway.push(bind));
    const held = [await rawClient(port), await rawClient(port)];
    await eventually("both accepted", () => proxy.connections === 2);
    const third = await rawClient(port);
    expect(await readAll(third).catch(() => "")).toBe("");
    await eventually("the event", () => turnedAway.length === 1);
    held[0]!.destroy();
    await eventually("room again", () => proxy.connections === 1);
    expect(await exchangeRaw(port, request)).toMatch(/^HTTP\/1\.1 200 /);
    held[1]!.destroy();
    third.destroy();
  });

  test("more connections of one client than it may have, over all listeners, are turned away and counted", async () => {
    const listeners = [
      { name: "one", address: anywhere, proxyProtocol: "required" as const },
      { name: "two", address: anywhere, proxyProtocol: { from: ["10.0.0.0/8"] } },
    ];
    await using proxy = await openProxy({ listeners, maxConnectionsPerClient: 2, graceMs: 1000 }, ok, deps);
    const turnedAway: string[] = [];
    proxy.events.on("turnedAway", ({ bind, peer }) => turnedAway.push(`${bind} ${peer}`));
    const from = async (address: string): Promise<Socket> => {
      const family = address.includes(":") ? "TCP6 " : "TCP4 ";
      const local = address.includes(":") ? "::1" : "192.0.2.1";
      const socket = await rawClient(portOf(proxy.address("one")), `PROXY ${family}${address} ${local} 1 2\r\n`);
      return socket;
    };
    const held = [await from("192.0.2.7"), await from("192.0.2.7"), await from("2001:db8::1"), await from("2001:db8::2")];
    await eventually("all accepted", () => proxy.connections === 4);
    await closed(await from("192.0.2.7"));
    await closed(await from("2001:db8::ffff:3"));
    await eventually("the events", () => turnedAway.length === 2);
    expect(turnedAway).toEqual(["one 192.0.2.7", "one 2001:db8::ffff:3"]);
    held.push(await from("192.0.2.8"), await from("2001:db8:0:1::1"));
    held[0]!.destroy();
    await eventually("room again", () => proxy.connections === 5);
    const again = await from("192.0.2.7");
    again.write(request);
    expect(await readAll(again)).toMatch(/^HTTP\/1\.1 200 /);
    held.push(again);
    // The client of the other listener is 127.0.0.1, which has none so far.
    held.push(await rawClient(portOf(proxy.address("two"))), await rawClient(portOf(proxy.address("two"))));
    await closed(await rawClient(portOf(proxy.address("two"))));
    expect(turnedAway.at(-1)).toBe("two 127.0.0.1");
    for (const socket of held) socket.destroy();
  });

  test("trusted proxies and Unix sockets, behind which are many clients, are not counted", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    const listeners = [
      { name: "http", address: anywhere, trustedProxies: ["127.0.0.1"] },
      { name: "local", address: { kind: "unix", path } as const },
    ];
    await using proxy = await openProxy({ listeners, maxConnectionsPerClient: 1, graceMs: 1000 }, ok, deps);
    const port = portOf(proxy.address("http"));
    const held = [await rawClient(port), await rawClient(port), connect({ path }), connect({ path })];
    await eventually("all accepted", () => proxy.connections === 4);
    for (const socket of held) socket.destroy();
  });

  test("what is refused on the wire is reported with its section", async () => {
    await using proxy = await open({ name: "http", address: anywhere });
    const refused: unknown[] = [];
    proxy.events.on("refused", (event) => refused.push(event));
    expect(await exchangeRaw(portOf(proxy.address("http")), "GET / HTTP/1.1\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    expect(refused).toEqual([
      expect.objectContaining({ bind: "http", peer: "127.0.0.1", status: 400, section: expect.stringContaining("RFC") }),
    ]);
  });
});

describe("Unix sockets", () => {
  test("have the mode that was asked for, and are gone after closing", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    const proxy = await open({ name: "local", address: { kind: "unix", path }, mode: 0o600 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await proxy.close();
    expect(existsSync(path)).toBe(false);
  });

  test("take the place of a file that nobody listens on any more", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    // A process that was killed leaves its file behind; so does one whose file was put back.
    const dead = createServer().listen(path);
    await once(dead, "listening");

    linkSync(path, folder.join("kept"));
    await new Promise((resolve) => dead.close(resolve));
    renameSync(folder.join("kept"), path);
    await using proxy = await open({ name: "local", address: { kind: "unix", path } });
    expect(await overUnix(path)).toMatch(/^HTTP\/1\.1 200 /);
    expect(proxy.address("local")).toEqual({ kind: "unix", path });
  });

  test("do not take the place of one that somebody listens on", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    const alive = createServer(
      (socket) =>
        void socket
          .on("error", () => undefined)
          .resume()
          .end("alive"),
    ).listen(path);
    await once(alive, "listening");
    await expect(open({ name: "local", address: { kind: "unix", path } })).rejects.toMatchObject({ code: "MS_BIND_IN_USE", bind: "local" });
    expect(await overUnix(path)).toBe("alive");
    await new Promise((resolve) => alive.close(resolve));
  });

  test("do not take the place of a file that is no socket", async () => {
    using folder = tempFolder();
    const path = folder.join("precious");
    writeFileSync(path, "data");
    await expect(open({ name: "local", address: { kind: "unix", path } })).rejects.toMatchObject({
      code: "MS_BIND_IN_USE",
      message: expect.stringContaining("left alone"),
    });
    expect(readFileSync(path, "utf8")).toBe("data");
  });

  test("in a folder that does not exist are an error that says so", async () => {
    await expect(open({ name: "local", address: { kind: "unix", path: "/nowhere/at/all.sock" } })).rejects.toMatchObject({
      code: "MS_BIND_FAILED",
      message: expect.stringContaining("folder"),
    });
  });

  test("say nothing about the address of a peer, which has none", async () => {
    using folder = tempFolder();
    const path = folder.join("edge.sock");
    let seen: unknown;
    await using proxy = await open({ name: "local", address: { kind: "unix", path } });
    proxy.replace((exchange) => {
      seen = { client: exchange.client, forwarded: exchange.fields.get("x-forwarded-for") };
      ok(exchange);
    });
    await overUnix(path);
    expect(seen).toEqual({ client: { address: "", port: 0, secure: false, trusted: false }, forwarded: undefined });
  });
});

describe("who the client is", () => {
  async function clientSeen(listener: Partial<ListenerSpec>, fields: string): Promise<{ address: string; secure: boolean; id: string }> {
    let seen = { address: "", secure: false, id: "" };
    await using proxy = await open({ name: "http", address: anywhere, ...listener });
    proxy.replace((exchange) => {
      seen = { address: exchange.client.address, secure: exchange.client.secure, id: exchange.id };
      ok(exchange);
    });
    await exchangeRaw(portOf(proxy.address("http")), `GET / HTTP/1.1\r\nHost: x\r\n${fields}Connection: close\r\n\r\n`);
    return seen;
  }
  const claims = "X-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Proto: https\r\nX-Request-Id: given-1\r\n";

  test("is the peer, unless the peer is trusted", async () => {
    expect(await clientSeen({}, claims)).toEqual({ address: "127.0.0.1", secure: false, id: expect.not.stringContaining("given") });
    expect(await clientSeen({ trustedProxies: ["127.0.0.0/8"] }, claims)).toEqual({ address: "203.0.113.5", secure: true, id: "given-1" });
  });

  test("counts as secure on a bind behind something that ended TLS", async () => {
    expect((await clientSeen({ secure: true }, "")).secure).toBe(true);
  });
});

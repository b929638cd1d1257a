import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { connect } from "node:tls";
import { eventually, FakeClock, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { certificateFiles } from "./certificates.ts";
import { deps, rawClient } from "./edge.ts";
import { closed, readAll } from "./sockets.ts";
import { given, looks, open, portOf, request, secure } from "./tls-proxy.ts";

describe("a bind with TLS", () => {
  test("serves HTTP/1.1 to a client that trusts the certificate, and counts it as secure", async () => {
    using folder = tempFolder();
    const files = certificateFiles(folder.join("a"), { names: ["a.example"] });
    await using proxy = await open([files]);
    const socket = await secure(proxy, { servername: "a.example", ca: files.cert, rejectUnauthorized: true });
    expect(socket.getProtocol()).toBe("TLSv1.3");
    socket.write(request("a.example"));
    const answer = await readAll(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain("X-Client: 127.0.0.1 true");
    expect(answer).toContain("X-Proto: https");
    socket.destroy();
    await eventually("nothing left", () => proxy.connections === 0);
  });

  test("chooses among certificates: exact name, wildcard, then the first", async () => {
    using folder = tempFolder();
    const list = [
      certificateFiles(folder.join("first"), { names: ["first.example"] }),
      certificateFiles(folder.join("wild"), { names: ["*.b.example"] }),
      certificateFiles(folder.join("exact"), { names: ["x.b.example", "a.example"] }),
      { ...certificateFiles(folder.join("named"), { names: ["inner.example"] }), names: ["Named.Example."] },
    ];
    await using proxy = await open(list);
    expect(await given(proxy, "a.example")).toBe("DNS:x.b.example, DNS:a.example");
    expect(await given(proxy, "X.B.example")).toBe("DNS:x.b.example, DNS:a.example");
    expect(await given(proxy, "y.b.example")).toBe("DNS:*.b.example");
    expect(await given(proxy, "named.example")).toBe("DNS:inner.example");
    for (const name of ["inner.example", "b.example", "z.y.b.example", "other.example", undefined])
      expect(await given(proxy, name), String(name)).toBe("DNS:first.example");
  });

  test("rule 15 (RFC 9110, 15.5.20): a host with another certificate than the connection's is answered 421", async () => {
    using folder = tempFolder();
    const list = [
      certificateFiles(folder.join("a"), { names: ["a.example", "also.example"] }),
      certificateFiles(folder.join("b"), { names: ["*.b.example"] }),
    ];
    await using proxy = await open(list);
    const ask = async (host: string, servername?: string): Promise<string> => {
      const socket = await secure(proxy, servername === undefined ? {} : { servername });
      socket.write(request(host));
      const answer = await readAll(socket);
      socket.destroy();
      return answer;
    };
    expect(await ask("x.b.example", "a.example")).toMatch(/^HTTP\/1\.1 421 [\s\S]*X-Mothership-Error: misdirected/);
    expect(await ask("a.example:8443", "x.b.example")).toMatch(/^HTTP\/1\.1 421 /);
    expect(await ask("other.example", "x.b.example")).toMatch(/^HTTP\/1\.1 421 /);
    for (const [host, name] of [
      ["A.example:8443", "a.example"],
      ["also.example", "a.example"],
      ["y.b.example", "x.b.example"],
      ["other.example", "a.example"],
      ["x.b.example", undefined],
    ] as const)
      expect(await ask(host, name), `${name} ${host}`).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([
    ["TLSv1.2", undefined, "TLSv1.2"],
    ["TLSv1.3", "TLSv1.3", "TLSv1.3"],
  ] as const)("a client of %s is welcome with minVersion %s", async (maxVersion, minVersion, spoken) => {
    using folder = tempFolder();
    const certificates = [certificateFiles(folder.join("a"))];
    await using proxy = await open([], { tls: { certificates, ...(minVersion && { minVersion }) } });
    const socket = await secure(proxy, { maxVersion });
    expect(socket.getProtocol()).toBe(spoken);
    expect(socket.getCipher().name).toContain("GCM");
    socket.destroy();
  });

  test.each([
    ["TLS 1.1", undefined, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
    ["TLS 1.2 where 1.3 is asked for", "TLSv1.3", { maxVersion: "TLSv1.2" }],
    ["a suite without forward secrecy", undefined, { maxVersion: "TLSv1.2", ciphers: "AES128-GCM-SHA256" }],
    ["a suite without authenticated encryption", undefined, { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA" }],
  ] as const)("refuses %s, and says so in an event", async (_, minVersion, options) => {
    using folder = tempFolder();
    const certificates = [certificateFiles(folder.join("a"))];
    await using proxy = await open([], { tls: { certificates, ...(minVersion && { minVersion }) } });
    const failures: string[] = [];
    proxy.events.on("handshakeFailed", ({ bind, peer, reason }) => failures.push(`${bind} ${peer} ${reason}`));
    await expect(secure(proxy, options)).rejects.toThrow();
    await eventually("the event", () => failures.length === 1 && proxy.connections === 0);
    expect(failures[0]).toMatch(/^https 127\.0\.0\.1 \w+/);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "a client of %s resumes its session, whichever certificate it has, also after a reload",
    async (maxVersion) => {
      using folder = tempFolder();
      const clock = new FakeClock();
      const list = [
        certificateFiles(folder.join("a"), { names: ["a.example"] }),
        certificateFiles(folder.join("b"), { names: ["b.example"] }),
      ];
      await using proxy = await open(list, {}, { ...deps, clock });
      const visit = async (
        servername: string | undefined,
        session?: Buffer,
      ): Promise<{ readonly reused: boolean; readonly session: Buffer }> => {
        const name = servername === undefined ? {} : { servername };
        const socket = connect({ port: portOf(proxy), host: "127.0.0.1", rejectUnauthorized: false, maxVersion, ...name, session });
        const ticket = once(socket, "session");
        await once(socket, "secureConnect");
        const reused = socket.isSessionReused();
        // A session that is taken up again brings no new ticket in TLS 1.2.
        const [next] = reused ? [session] : ((await ticket) as [Buffer]);
        socket.destroy();
        return { reused, session: next! };
      };
      for (const name of ["a.example", "b.example", undefined]) {
        const { session } = await visit(name);
        expect((await visit(name, session)).reused, String(name)).toBe(true);
        certificateFiles(folder.join("a"), { names: ["a.example"] });
        await looks(clock, 2);
        expect((await visit(name, session)).reused, `${name} after a reload`).toBe(true);
        await clock.advance(12 * 3_600_000);
        expect((await visit(name, session)).reused, `${name} with keys of the day before`).toBe(false);
      }
    },
  );

  test("a client cannot renegotiate, which would cost us more than it (CVE-2011-1473)", async () => {
    using folder = tempFolder();
    await using proxy = await open([certificateFiles(folder.join("a"))]);
    const socket = await secure(proxy, { maxVersion: "TLSv1.2" });
    socket.on("error", () => undefined);
    const failure = await new Promise((resolve) => {
      socket.once("close", () => resolve("closed"));
      socket.renegotiate({ rejectUnauthorized: false }, resolve);
    });
    expect(failure).not.toBeNull();
    socket.destroy();
  });

  test("what is no TLS is dropped without an answer", async () => {
    using folder = tempFolder();
    await using proxy = await open([certificateFiles(folder.join("a"))]);
    const failures: string[] = [];
    proxy.events.on("handshakeFailed", ({ reason }) => failures.push(reason));
    const client = await rawClient(portOf(proxy), request("a.example"));
    // An alert is all that TLS has to say.
    expect(await readAll(client)).not.toContain("HTTP");
    client.destroy();
    await eventually("the event", () => failures.length === 1 && proxy.connections === 0);
  });

  test("a client that leaves in the middle of a handshake, or goes silent, is not kept", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    await using proxy = await open([certificateFiles(folder.join("a"))], {}, { ...deps, clock });
    const failures: string[] = [];
    proxy.events.on("handshakeFailed", ({ reason }) => failures.push(reason));
    const leaving = await rawClient(portOf(proxy));
    leaving.write(Buffer.of(0x16, 0x03, 0x01));
    await eventually("accepted", () => proxy.connections === 1);
    leaving.destroy();
    await eventually("gone", () => proxy.connections === 0);
    const silent = await rawClient(portOf(proxy));
    await eventually("accepted", () => proxy.connections === 1);
    await clock.advance(9_999);
    expect(proxy.connections).toBe(1);
    await clock.advance(1);
    await closed(silent);
    await eventually("gone", () => proxy.connections === 0);
    expect(failures).toEqual(["the client left", "it took too long"]);
  });

  test("handshakes beyond the limit are closed at once", async () => {
    using folder = tempFolder();
    const tls = { certificates: [certificateFiles(folder.join("a"))], maxHandshakes: 2 };
    await using proxy = await open([], { tls });
    const held = [await rawClient(portOf(proxy)), await rawClient(portOf(proxy))];
    await eventually("both accepted", () => proxy.connections === 2);
    await closed(await rawClient(portOf(proxy)));
    held[0]!.destroy();
    await eventually("room again", () => proxy.connections === 1);
    (await secure(proxy)).destroy();
    held[1]!.destroy();
  });

  test("rule 64: a PROXY protocol header comes before TLS, cut anywhere, glued to the client's hello or not", async () => {
    using folder = tempFolder();
    const certificates = [certificateFiles(folder.join("a"))];
    await using proxy = await open([], { tls: { certificates }, proxyProtocol: "required" });
    const header = Buffer.from("PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\r\n");
    for (const glued of [true, false]) {
      const raw = connectTcp({ port: portOf(proxy), host: "127.0.0.1" });
      await once(raw, "connect");
      raw.setNoDelay(true);
      if (glued) {
        raw.cork();
        raw.write(header);
      } else for (const byte of header) raw.write(Buffer.of(byte));
      const socket = connect({ socket: raw, rejectUnauthorized: false });
      if (glued) setImmediate(() => raw.uncork());
      await once(socket, "secureConnect");
      socket.write(request("a.example"));
      expect(await readAll(socket)).toContain("X-Client: 192.0.2.7 true");
      socket.destroy();
    }
  });

  test("rule 64: where the header may be missing, TLS begins with or without it, and after a silence", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const certificates = [certificateFiles(folder.join("a"))];
    await using proxy = await open([], { tls: { certificates }, proxyProtocol: "auto" }, { ...deps, clock });
    for (const [header, silence, client] of [
      ["PROXY TCP4 192.0.2.7 192.0.2.1 4000 443\r\n", 0, "192.0.2.7"],
      ["", 0, "127.0.0.1"],
      ["", 5000, "127.0.0.1"],
    ] as const) {
      const raw = await rawClient(portOf(proxy), header);
      await eventually("accepted", () => proxy.connections === 1);
      await clock.advance(silence);
      const socket = await secure(proxy, { socket: raw });
      socket.write(request("a.example"));
      expect(await readAll(socket)).toContain(`X-Client: ${client} true`);
      socket.destroy();
      await eventually("gone", () => proxy.connections === 0);
    }
  });

  test("drains: a request that runs over TLS is finished, what is idle or in a handshake is closed", async () => {
    using folder = tempFolder();
    const proxy = await open([certificateFiles(folder.join("a"))]);
    const idle = await secure(proxy);
    idle.write(request("a.example", "keep-alive"));
    await once(idle, "data");
    const shaking = await rawClient(portOf(proxy));
    await eventually("both", () => proxy.connections === 2);
    const end = Promise.all([closed(idle), closed(shaking)]);
    await proxy.close();
    await end;
    expect(proxy.connections).toBe(0);
  });

  test("rule 60: a client that closes its sending side gets its answer over TLS as well", async () => {
    using folder = tempFolder();
    await using proxy = await open([certificateFiles(folder.join("a"))]);
    const raw = connectTcp({ port: portOf(proxy), host: "127.0.0.1", allowHalfOpen: true });
    await once(raw, "connect");
    const socket = await secure(proxy, { socket: raw });
    socket.end(request("a.example"));
    expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });
});

import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:http2";
import { bodyOf, type Exchange, Fields, type Handler, silentLogger, systemClock } from "@mothership/kernel";
import { openProxy } from "@mothership/proxy";
import { createAuthority, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { openRelay, relayAt, relayedBay } from "./relay.ts";

const deps = { clock: systemClock, log: silentLogger };
const bay = { name: "chat", address: { kind: "unix", path: "/nowhere" }, config: {} } as const;

async function ask(options: { readonly port?: number; readonly socketPath?: string; readonly headers?: Record<string, string> }) {
  const sent = request({ host: "127.0.0.1", path: "/a?b", agent: false, ...options }).end();
  const [response] = await once(sent, "response");
  let body = "";
  for await (const piece of response.setEncoding("utf8")) body += String(piece);
  return { status: response.statusCode as number, headers: response.headers, body };
}

/** A bay that answers with what it was told, and a thread in front of it whose clients speak for others. */
async function opened() {
  const scope = new AsyncDisposableStack();
  const folder = scope.use(tempFolder());
  const place = relayAt(folder.join("relay.sock"));
  const seen: Exchange[] = [];
  const handler: Handler = (exchange) => {
    seen.push(exchange);
    exchange.respond({ status: 503, fields: Fields.from([["X-Mothership-Error", "bay-full"]]) }, bodyOf("no"));
  };
  scope.use(await openRelay(place, (name) => (name === bay.name ? handler : undefined), deps));
  const far = relayedBay(bay, place, deps);
  scope.use(far);
  const listener = { name: "http", address: { kind: "tcp", host: "127.0.0.1", port: 0 }, trustedProxies: ["127.0.0.1"] } as const;
  const proxy = scope.use(await openProxy({ listeners: [listener] }, far.handler, deps));
  const address = proxy.address("http");
  return { seen, path: place.path, port: address.kind === "tcp" ? address.port : 0, [Symbol.asyncDispose]: () => scope.disposeAsync() };
}

describe("what is for a bay", () => {
  test("arrives with who the client is and without a word of the way, and the answer comes back whole", async () => {
    await using one = await opened();
    const headers = { "X-Forwarded-For": "198.51.100.7, 203.0.113.9", "X-Forwarded-Proto": "https", Via: "1.0 older" };
    const { status, headers: got, body } = await ask({ port: one.port, headers: { ...headers, "X-Request-Id": "abc" } });
    expect([status, got["x-mothership-error"], body]).toEqual([503, "bay-full", "no"]);
    const [exchange] = one.seen;
    expect([exchange?.client, exchange?.id, exchange?.path, exchange?.query]).toEqual([
      { address: "203.0.113.9", port: 0, secure: true },
      "abc",
      "/a",
      "?b",
    ]);
    expect(exchange?.fields.all("via")).toEqual(["1.0 older", "1.1 mothership"]);
    expect(Array.from(exchange?.fields ?? [], ([name]) => name.toLowerCase()).filter((name) => name.startsWith("x-mothership"))).toEqual(
      [],
    );
  });

  test("is a WebSocket over HTTP/2 too, on the side of the client", async () => {
    await using scope = new AsyncDisposableStack();
    const folder = scope.use(tempFolder());
    const place = relayAt(folder.join("relay.sock"));
    const echo: Handler = ({ incoming, fields }) => {
      const accept = createHash("sha1")
        .update(`${fields.get("sec-websocket-key")}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      const { socket, held } = incoming.takeOver({ status: 101, fields: Fields.from([["Sec-WebSocket-Accept", accept]]) });
      socket.on("error", () => undefined).write(held);
      socket.pipe(socket);
    };
    scope.use(await openRelay(place, () => echo, deps));
    const far = scope.use(relayedBay(bay, place, deps));
    const authority = createAuthority();
    const { cert, key } = authority.issue(["localhost"]);
    const [certFile, keyFile] = [folder.join("cert"), folder.join("key")];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    const listener = { name: "https", address: { kind: "tcp", host: "127.0.0.1", port: 0 } } as const;
    const proxy = scope.use(
      await openProxy({ listeners: [{ ...listener, tls: { certificates: [{ certFile, keyFile }] } }] }, far.handler, deps),
    );
    const address = proxy.address("https");
    const session = connect(`https://localhost:${address.kind === "tcp" ? address.port : 0}`, {
      ca: authority.cert,
      lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }] as never),
    });
    scope.defer(() => session.destroy());
    await once(session, "remoteSettings");
    const stream = session.request({ ":method": "CONNECT", ":protocol": "websocket", ":path": "/ws", "sec-websocket-version": "13" });
    const [headers] = await once(stream, "response");
    expect(headers[":status"]).toBe(200);
    const heard = once(stream, "data");
    stream.write("there and back");
    expect(String((await heard)[0])).toBe("there and back");
    stream.destroy();
  });

  test("is taken from nobody who does not know the secret", async () => {
    await using one = await opened();
    const client = "https 1 203.0.113.9";
    for (const field of ["chat", "0 chat", `${"0".repeat(48)} chat`, " chat", ""]) {
      const { status } = await ask({ socketPath: one.path, headers: { "X-Mothership-Bay": field, "X-Mothership-Client": client } });
      expect(status).toBe(404);
    }
    expect(one.seen).toEqual([]);
  });

  test("keeps its secret from those who look at the request on the way back", async () => {
    await using scope = new AsyncDisposableStack();
    const folder = scope.use(tempFolder());
    const place = relayAt(folder.join("relay.sock"));
    const refuse: Handler = (exchange) => exchange.respond({ status: 404, fields: new Fields() }, bodyOf("no"));
    scope.use(await openRelay(place, () => refuse, deps));
    const far = scope.use(relayedBay(bay, place, deps));
    let seen: string[] = [];
    // As a payload does: it sees the fields of the request beside the answer.
    const watched: Handler = (exchange) => {
      exchange.onResponse((head, body) => {
        seen = Array.from(exchange.fields, ([name, value]) => `${name}: ${value}`);
        return { head, body };
      });
      return far.handler(exchange);
    };
    const listener = { name: "http", address: { kind: "tcp", host: "127.0.0.1", port: 0 } } as const;
    const proxy = scope.use(await openProxy({ listeners: [listener] }, watched, deps));
    const address = proxy.address("http");
    expect((await ask({ port: address.kind === "tcp" ? address.port : 0 })).status).toBe(404);
    expect(seen).toContain("Via: 1.1 mothership");
    expect(seen.filter((line) => line.includes(place.secret) || /^x-mothership/i.test(line))).toEqual([]);
  });

  test("cannot be said by a client in the place of its thread", async () => {
    await using one = await opened();
    await ask({ port: one.port, headers: { "X-Mothership-Bay": "x other", "X-Mothership-Client": "http 1 192.0.2.1" } });
    expect(one.seen[0]?.client.address).toBe("127.0.0.1");
  });
});

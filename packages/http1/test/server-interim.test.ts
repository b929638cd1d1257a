import { bodyOf, emptyBody, Fields, type Incoming, type Tunnel } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import { open, send, serve, turns, until, withoutDate } from "./support/wire.ts";

const ok = { status: 200, fields: new Fields() };
const head = (status: number, fields: [string, string][] = []) => ({ status, fields: Fields.from(fields) });
const post = (more: string, content: string): string =>
  `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n${more}\r\n${content}`;
const echo = (incoming: Incoming): void => incoming.respond(ok, bodyOf(incoming.target));

describe("a client that expects 100", () => {
  test("gets none before the handler says so, even when the body is read (rule 44; RFC 9110, 10.1.1)", async () => {
    const bodies: string[] = [];
    await using server = await serve((incoming) => {
      expect(incoming.expectsContinue).toBe(true);
      incoming.body.read({ data: (piece) => bodies.push(String(piece)) > 0, end: () => echo(incoming), fail: () => undefined });
    });
    await using client = await open(server.port);
    client.socket.write("POST /q HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    await until(() => server.requests.length === 1);
    await turns(30);
    expect(client.text()).toBe("");
    server.requests[0]!.interim(head(100));
    await until(() => client.text() === "HTTP/1.1 100 Continue\r\n\r\n");
    client.socket.write("hi");
    await until(() => client.text().endsWith("/q"));
    expect(bodies).toEqual(["hi"]);
  });

  test("gets it once (rule 46; RFC 9110, 15.2.1)", async () => {
    await using server = await serve((incoming) => {
      incoming.interim(head(100));
      incoming.interim(head(100));
      echo(incoming);
    });
    const text = await send(server.port, post("Expect: 100-continue\r\n", "hi"));
    expect(text.match(/100 Continue/g)).toHaveLength(1);
  });

  test("may get a final answer at once, and the connection closes (rule 44; RFC 9110, 10.1.1)", async () => {
    await using server = await serve((incoming) => incoming.respond(head(401), emptyBody));
    await using client = await open(server.port);
    client.socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
    await until(() => client.socket.readableEnded);
    expect(withoutDate(client.text())).toBe("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
});

test("interim responses come in order, without framing or fields of one hop (rule 47; RFC 9110, 15.2)", async () => {
  await using server = await serve((incoming) => {
    incoming.interim(
      head(103, [
        ["Link", "</a>"],
        ["Content-Length", "5"],
        ["Connection", "x"],
      ]),
    );
    incoming.interim(head(102));
    incoming.interim(head(199));
    incoming.interim(head(101));
    incoming.interim(head(200));
    incoming.interim(head(99));
    echo(incoming);
    incoming.interim(head(103));
  });
  const get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  expect(withoutDate(await send(server.port, get))).toBe(
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 199 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/x",
  );
  expect(await send(server.port, get.replace("1.1", "1.0"))).toMatch(/^HTTP\/1.1 200 OK/);
});

describe("an upgrade", () => {
  const ask = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

  test("hands over the socket and what came behind the request (rule 49; RFC 9110, 7.8)", async () => {
    const tunnels: Tunnel[] = [];
    await using server = await serve((incoming) => {
      const tunnel = incoming.takeOver(
        head(101, [
          ["Sec-WebSocket-Accept", "x"],
          ["Upgrade", "evil"],
        ]),
      );
      tunnels.push(tunnel);
      tunnel.socket.on("error", () => undefined);
      tunnel.socket.on("data", (piece) => tunnel.socket.write(`<${piece}>`));
      tunnel.socket.write(`held ${Buffer.from(tunnel.held)}`);
      tunnel.socket.resume();
    });
    await using client = await open(server.port);
    client.socket.write(`${ask}GET /evil HTTP/1.1\r\n\r\n`);
    await until(() => client.text().includes("held"));
    expect(client.text()).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nheld GET /evil HTTP/1.1\r\n\r\n",
    );
    await server.connections[0]!.done;
    client.socket.write("frame");
    await until(() => client.text().endsWith("<frame>"));
    expect(server.requests).toHaveLength(1);
    tunnels[0]!.socket.destroy();
  });

  test("that is answered otherwise closes, and what came behind it is nothing (rule 49; RFC 9110, 7.8)", async () => {
    await using server = await serve(echo);
    const text = await send(server.port, `${ask}GET /evil HTTP/1.1\r\nHost: a\r\n\r\n`, { keepOpen: true });
    expect(withoutDate(text)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n/chat");
    expect(server.requests).toHaveLength(1);
  });

  test("cannot be taken over when it was not asked for, or with fields that cannot be sent", async () => {
    await using server = await serve((incoming) => {
      const fields = new Fields();
      fields.appendParsed("X", "x", "a\r\nb");
      expect(() => incoming.takeOver({ status: 101, fields })).toThrow();
      echo(incoming);
    });
    expect(await send(server.port, "GET /plain HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/\/plain$/);
    expect(await send(server.port, ask)).toMatch(/\/chat$/);
  });

  test("of another protocol is served as if it had not been asked for (rule 51; RFC 9110, 7.8)", async () => {
    await using server = await serve(echo);
    const text = await send(
      server.port,
      "POST /h HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhi",
    );
    expect(text).toMatch(/^HTTP\/1.1 200 .*\/h$/s);
    expect(text).not.toContain("Connection: close");
    expect(server.requests[0]!.upgrade).toBeUndefined();
  });
});

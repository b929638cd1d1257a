import { describe, expect, test } from "vitest";
import { proxy } from "./support/proxy.ts";
import { open, origin, plainOk, send, turns, until, withoutDate } from "./support/wire.ts";

/*
 * The checklist end to end: bytes on a socket, the proxy of the README, and an upstream that notes every byte. Details and variants stand in the tests of
 * the parts.
 */

const get = (fields = "", target = "/"): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const post = (fields: string, content = ""): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${content}`;
const hidden = "GET /evil HTTP/1.1\r\nHost: b\r\n\r\n";
const chunks = "5\r\nhello\r\n0\r\n\r\n";

describe("no byte of it reaches the upstream, and the connection closes", () => {
  test.each<[rule: string, request: string, status: number]>([
    ["1; RFC 9112, 3.2: HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["2; RFC 9112, 3.2: two Host lines", get("Host: b\r\n"), 400],
    ["3; RFC 9110, 7.2: a bad Host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400],
    ["5; RFC 9112, 3.2.2: another scheme", get("", "ftp://a/"), 400],
    ["5; RFC 9110, 4.2.4: userinfo", get("", "http://u:p@a/"), 400],
    ["6; RFC 9112, 3.2.4: an asterisk without OPTIONS", get("", "*"), 400],
    ["7; RFC 9112, 3.2: a fragment", get("", "/a#b"), 400],
    ["7; RFC 9112, 3.2: a backslash", get("", "/..\\..\\x"), 400],
    ["8; RFC 9112, 3.2: a control character in the target", get("", "/a\x01"), 400],
    ["8; RFC 9112, 3.2: a byte above ASCII in the target", get("", "/\xe9"), 400],
    ["9; RFC 9112, 2.3: no version", "GET /\r\n\r\n", 400],
    ["9; RFC 9110, 15.6.6: another version", get().replace("1.1", "2.0"), 505],
    ["9; RFC 9110, 15.6.6: a later minor version", get().replace("1.1", "1.2"), 505],
    ["10; RFC 9110, 9.1: a method that is no token", get().replace("GET", "G@T"), 400],
    ["11; RFC 9110, 9.3.6: CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 405],
    ["11; RFC 9110, 9.3.6: CONNECT in another form", get().replace("GET", "CONNECT"), 405],
    ["11; RFC 9110, 9.3.8: TRACE", get("Cookie: secret\r\n").replace("GET", "TRACE"), 405],
    ["13; RFC 9112, 2.2: a bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400],
    ["13; RFC 9112, 2.2: a bare CR", get("X: a\rY: b\r\n"), 400],
    ["13; RFC 9112, 3: two spaces", get().replace(" ", "  "), 400],
    ["14; RFC 9110, 15.5.15: a long target", get("", `/${"a".repeat(8_192)}`), 414],
    ["14; RFC 6585, 5: a long head", get(`X: ${"a".repeat(17_000)}\r\n`), 431],
    ["16; RFC 9112, 5.1: a space before the colon", get("X : y\r\n"), 400],
    ["16; RFC 9112, 5.2: a folded line", get("X: y\r\n z\r\n"), 400],
    ["16; RFC 9110, 5.1: an empty name", get(": y\r\n"), 400],
    ["16; RFC 9110, 5.5: NUL in a value", get("X: a\0b\r\n"), 400],
    ["20; RFC 9110, 5.3: two Authorization lines", get("Authorization: a\r\nAuthorization: b\r\n"), 400],
    ["21; RFC 6585, 5: too many fields", get("X: y\r\n".repeat(1_100)), 431],
    ["22; RFC 9112, 11.2: a disguised framing field", post("Content_Length: 5\r\n", "hello"), 400],
    ["27; RFC 9112, 6.3: CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"), 400],
    ["27; RFC 9112, 6.3: TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunks), 400],
    ["28; RFC 9112, 6.3: two lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400],
    ["28; RFC 9112, 6.3: a list of lengths", post("Content-Length: 5, 5\r\n", "hello"), 400],
    ["29; RFC 9112, 6.3: a signed length", post("Content-Length: +5\r\n", "hello"), 400],
    ["30; RFC 9112, 6.1: another coding", post("Transfer-Encoding: gzip, chunked\r\n", chunks), 501],
    ["30; RFC 9112, 6.1: nearly chunked", post("Transfer-Encoding: xchunked\r\n", chunks), 400],
    ["30; RFC 9112, 6.1: an empty element", post("Transfer-Encoding: ,chunked\r\n", chunks), 400],
    ["30; RFC 9112, 6.1: an empty coding beside a length", post("Transfer-Encoding:\r\nContent-Length: 5\r\n", "hello"), 400],
    ["31; RFC 9112, 6.1: a coding in HTTP/1.0", post("Transfer-Encoding: chunked\r\n", chunks).replace("1.1", "1.0"), 400],
    ["35; RFC 9112, 2.2: a second request behind a bad one", `GARBAGE\r\n\r\n${get()}`, 400],
    ["45; RFC 9110, 10.1.1: an unknown expectation", post("Expect: tea\r\nContent-Length: 5\r\n", "hello"), 417],
    [
      "50; RFC 9110, 7.8: an upgrade with content",
      get("Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n") + "hello",
      400,
    ],
  ])("rule %s", async (_, request, status) => {
    await using upstream = await origin((__, socket) => socket.write(plainOk));
    await using front = await proxy(upstream.port);
    const answer = await send(front.port, `${request}${get("", "/next")}`, { keepOpen: true });
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\r\\nConnection: close\\r\\n`));
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(answer).not.toContain("secret");
    expect(front.requests).toEqual([]);
    expect(upstream.received).toEqual([]);
    expect(front.refusals).toMatchObject([{ status }]);
  });
});

describe("what reaches the upstream is one canonical request", () => {
  test.each<[rule: string, request: string, arrives: string]>([
    ["4; RFC 9112, 3.2.2: an absolute target replaces Host", get("", "http://b/x?y"), "GET /x?y HTTP/1.1\r\nHost: b\r\n\r\n"],
    ["13; RFC 9112, 2.2: an empty line before", `\r\n${get()}`, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [
      "17; RFC 9110, 7.6.1: fields of one hop",
      get("Connection: keep-alive\r\nKeep-Alive: timeout=1\r\nProxy-Connection: close\r\nTE: gzip\r\nUpgrade: h2c\r\nX: y\r\n"),
      "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
    ],
    [
      "18; RFC 9110, 7.6.1: fields that Connection names",
      get("Connection: X-A , x-b\r\nx-a: 1\r\nX-B: 2\r\nX-C: 3\r\n"),
      "GET / HTTP/1.1\r\nHost: a\r\nX-C: 3\r\n\r\n",
    ],
    [
      "19; RFC 9110, 7.6.1: framing that Connection names",
      post("Connection: Content-Length, Cookie, Host\r\nCookie: c\r\nContent-Length: 5\r\n", "hello"),
      "POST / HTTP/1.1\r\nHost: a\r\nCookie: c\r\nContent-Length: 5\r\n\r\nhello",
    ],
    [
      "23; CVE-2026-21710: names that objects have",
      get("__proto__: 1\r\nconstructor: 2\r\n"),
      "GET / HTTP/1.1\r\nHost: a\r\n__proto__: 1\r\nconstructor: 2\r\n\r\n",
    ],
    ["24; RFC 9110, 5.5: bytes above ASCII in a value", get("X: caf\xe9\r\n"), "GET / HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n"],
    [
      "29; RFC 9112, 6.3: leading zeros",
      post("Content-Length: 0005\r\n", "hello"),
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    ],
    [
      "32; RFC 9112, 7.1.1: chunk extensions",
      post("Transfer-Encoding: chunked\r\n", '005;a="b"\r\nhello\r\n0;c\r\n\r\n'),
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
    [
      "33; RFC 9110, 6.5.1: trailers, announced and allowed",
      post("Transfer-Encoding: chunked\r\nTrailer: X-Sum, Host\r\n", "5\r\nhello\r\n0\r\nHost: b\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n"),
      "POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum, Host\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    ],
    [
      "34; GHSA-ggv3-7p47-pfv8: DELETE with a request in its content",
      `DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
      `DELETE / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ],
    [
      "51; RFC 9110, 7.8: an upgrade to h2c",
      get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n"),
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    [
      "49; RFC 9110, 7.8: an upgrade that is declined, with a request glued on",
      get("Connection: upgrade\r\nUpgrade: websocket\r\n") + hidden,
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
  ])("rule %s", async (_, request, arrives) => {
    await using upstream = await origin((text, socket) => {
      if (text.length >= arrives.length) socket.write(plainOk);
    });
    await using front = await proxy(upstream.port);
    expect(await send(front.port, request)).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok$/);
    expect(upstream.received).toEqual([arrives]);
  });
});

describe("what an upstream does wrong never looks right to the client", () => {
  const client = async (
    response: string,
    { request = get(), end = false, reset = false } = {},
  ): Promise<{ text: string; open: number }> => {
    await using upstream = await origin((_, socket) => {
      socket.write(Buffer.from(response, "latin1"), () => {
        if (end) socket.end();
        if (reset) setImmediate(() => socket.resetAndDestroy());
      });
    });
    await using front = await proxy(upstream.port);
    const text = withoutDate(await send(front.port, request));
    await until(() => front.upstream.open === front.upstream.idle);
    return { text, open: front.upstream.open };
  };

  test.each<[rule: string, response: string]>([
    ["16; RFC 9112, 5.1: a space before the colon", "HTTP/1.1 200 OK\r\nX : y\r\nContent-Length: 2\r\n\r\nok"],
    ["37; RFC 9112, 6.3: a length and a coding", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["37; RFC 9112, 6.3: two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok"],
    ["37; RFC 9112, 2.2: bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
    ["37; RFC 9112, 5.2: a folded line", "HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 2\r\n\r\nok"],
    ["42; RFC 9112, 4: status 099", "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"],
    ["42; RFC 9112, 4: status 999", "HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n"],
    ["48; RFC 9110, 15.2.2: 101 unasked", "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"],
  ])("rule %s: 502, and the connection is dropped", async (_, response) => {
    const { text, open: left } = await client(response);
    expect(text).toBe("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 10\r\n\r\nno answer\n");
    expect(left).toBe(0);
  });

  test("rule 38; RFC 9112, 9.2: bytes behind a response reach nobody, and the connection is dropped", async () => {
    const { text, open: left } = await client(`${plainOk}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    expect(text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    expect(left).toBe(0);
  });

  test.each([
    ["a length that is not reached", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", { end: true }],
    ["no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", { end: true }],
    ["a reset", "HTTP/1.1 200 OK\r\n\r\nabc", { reset: true }],
  ])("rule 39; RFC 9112, 8: %s is a reset for the client", async (_, response, how) => {
    await using upstream = await origin((__, socket) => {
      socket.write(response, () => {
        setImmediate(() => ("end" in how ? socket.end() : socket.resetAndDestroy()));
      });
    });
    await using front = await proxy(upstream.port);
    await using one = await open(front.port);
    let code: string | undefined;
    one.socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    one.socket.write(get());
    await one.closed;
    expect(code).toBe("ECONNRESET");
    expect(one.socket.readableEnded).toBe(false);
  });

  test("rule 40; RFC 9112, 6.3: content up to the end of the connection becomes chunks, or close for HTTP/1.0", async () => {
    const endless = "HTTP/1.1 200 OK\r\n\r\nabc";
    expect((await client(endless, { end: true })).text).toBe("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    expect((await client(endless, { end: true, request: "GET / HTTP/1.0\r\n\r\n" })).text).toBe(
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc",
    );
  });

  test.each([
    ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"],
    ["GET", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n"],
    ["GET", "HTTP/1.1 205 Reset Content\r\nContent-Length: 4\r\n\r\nevil", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"],
  ])("rule 41; RFC 9112, 6.3: content that %s with %j cannot have reaches nobody", async (method, response, text) => {
    const outcome = await client(response, { request: get().replace("GET", method) });
    expect(outcome).toEqual({ text, open: 0 });
  });

  test("rule 47; RFC 9110, 15.2: interim responses are relayed in order, not to HTTP/1.0", async () => {
    const response = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X-H\r\nX-H: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${plainOk}`;
    expect((await client(response)).text).toBe(
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-H: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    );
    expect((await client(response, { request: "GET / HTTP/1.0\r\n\r\n" })).text).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});

describe("one exchange and the next", () => {
  test("rule 44; RFC 9110, 10.1.1: an upstream that says no to an expectation gets no byte of the body", async () => {
    await using upstream = await origin((_, socket) => socket.write("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"));
    await using front = await proxy(upstream.port);
    await using one = await open(front.port);
    one.socket.write(post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
    await until(() => one.socket.readableEnded);
    expect(one.text()).toMatch(/^HTTP\/1\.1 417 [\s\S]*Connection: close/);
    expect(upstream.received).toEqual([post("Content-Length: 5\r\nExpect: 100-continue\r\n")]);
  });

  test("rule 46; RFC 9110, 15.2.1: the 100 of the upstream is the only one", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      if (text.endsWith("hello")) socket.write(plainOk);
    });
    await using front = await proxy(upstream.port);
    await using one = await open(front.port);
    one.socket.write(post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
    await until(() => one.text() === "HTTP/1.1 100 Continue\r\n\r\n");
    one.socket.write("hello");
    await until(() => one.text().endsWith("ok"));
    expect(one.text().match(/100 Continue/g)).toHaveLength(1);
  });

  test("rule 53; RFC 9110, 7.8: a tunnel carries bytes both ways and ends on both sides", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
      if (text.endsWith("ping")) socket.write("pong");
    });
    await using front = await proxy(upstream.port);
    await using one = await open(front.port);
    one.socket.write(get("Connection: upgrade\r\nUpgrade: websocket\r\n"));
    await until(() => one.text().includes("101"));
    one.socket.write("ping");
    await until(() => one.text().endsWith("pong"));
    one.socket.end();
    await one.closed;
    expect(upstream.received[0]).toMatch(/ping$/);
  });

  test("rule 56; RFC 9112, 9.3.1: a reused connection that is gone is named stale", async () => {
    await using upstream = await origin((text, socket) => {
      if (text.split("GET").length === 2) socket.write(plainOk);
      else socket.resetAndDestroy();
    });
    await using front = await proxy(upstream.port);
    await send(front.port, get());
    expect(await send(front.port, get())).toMatch(/^HTTP\/1\.1 502 /);
    expect(front.errors).toMatchObject([{ code: "MS_HTTP1_UPSTREAM_CLOSED", written: true, stale: true }]);
  });

  test("rule 59; RFC 9112, 9.3.2: of two pipelined POSTs the second waits for the first", async () => {
    const order: string[] = [];
    await using upstream = await origin((text, socket) => {
      const target = /POST (\/\w+)[\s\S]*hello$/.exec(text.slice(text.lastIndexOf("POST")))?.[1];
      if (target === undefined) return;
      order.push(`${target} arrives`);
      void turns(target === "/slow" ? 50 : 0).then(() => {
        order.push(`${target} answered`);
        socket.write(plainOk);
      });
    });
    await using front = await proxy(upstream.port);
    const request = (target: string): string => post("Content-Length: 5\r\n", "hello").replace("/", target);
    await send(front.port, request("/slow") + request("/fast"));
    expect(order).toEqual(["/slow arrives", "/slow answered", "/fast arrives", "/fast answered"]);
  });
});

import { type Body, bodyOf, emptyBody, Fields } from "@mothership/kernel";
import { describe, expect, test } from "vitest";
import type { Outgoing } from "../src/index.ts";
import { always, ask, get, post, settled } from "./support/ask.ts";
import { HandBody, listen, origin, plainOk, pool, turns, until } from "./support/wire.ts";

describe("a request on the wire", () => {
  async function sent(outgoing: Outgoing): Promise<string> {
    await using upstream = await origin((text, socket) => {
      if (/\r\n\r\n(?:.*(?:abcde|0\r\n(?:X.*\r\n)?\r\n))?$/s.test(text)) socket.write(plainOk);
    });
    await using client = pool(upstream.port);
    const answer = ask(client, outgoing);
    await settled(answer);
    expect(answer.error ?? answer.cut).toBeUndefined();
    return upstream.received.join("|");
  }

  test("has no framing without a body, except where its absence would surprise (RFC 9110, 8.6)", async () => {
    expect(await sent(get)).toBe("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(await sent(post(emptyBody))).toBe("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  });

  test("has a length when it is known, chunks when it is not (rule 34; RFC 9112, 6)", async () => {
    expect(await sent(post(bodyOf("abcde")))).toBe("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde");
    const body: Body = {
      length: undefined,
      read: (reader) => {
        reader.data(Buffer.from("abc"));
        reader.data(Buffer.from(""));
        reader.data(Buffer.from("de"));
        reader.end(
          Fields.from([
            ["X-Sum", "1"],
            ["X-Other", "2"],
          ]),
        );
      },
      resume: () => undefined,
      cancel: () => undefined,
    };
    const fields = Fields.from([["Trailer", "x-sum"]]);
    expect(await sent({ ...get, method: "DELETE", body, fields })).toBe(
      "DELETE / HTTP/1.1\r\nHost: a\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
    expect(await sent({ ...get, method: "DELETE", body })).toMatch(/2\r\nde\r\n0\r\n\r\n$/);
  });

  test("that cannot be sent as it is never leaves (rule 43)", async () => {
    await using upstream = await origin(always(plainOk));
    await using client = pool(upstream.port);
    const body = new HandBody();
    const answer = ask(client, { ...post(body), target: "/ HTTP/1.1\r\nHost: b\r\n\r\nGET /" });
    await settled(answer);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_REQUEST_INVALID", written: false });
    expect(body).toMatchObject({ reader: undefined, cancelled: undefined });
    expect(client.open).toBe(0);
  });

  test.each([
    ["fails", (body: HandBody) => body.reader!.fail(new Error("left")), "MS_HTTP1_REQUEST_BODY_FAILED"],
    ["is longer than it said", (body: HandBody) => body.reader!.data(Buffer.from("abcdef")), "MS_HTTP1_REQUEST_BODY_FAILED"],
    ["is shorter than it said", (body: HandBody) => body.reader!.end(), "MS_HTTP1_REQUEST_BODY_FAILED"],
  ])("whose body %s is cut off (RFC 9112, 8)", async (_, finish, code) => {
    await using upstream = await origin(() => undefined);
    await using client = pool(upstream.port);
    const body = new HandBody(5);
    const answer = ask(client, post(body));
    await until(() => body.reader !== undefined);
    body.reader!.data(Buffer.from("abc"));
    await until(() => upstream.received[0]?.endsWith("abc") === true);
    finish(body);
    await settled(answer);
    expect(answer.error).toMatchObject({ code, written: true });
    expect(client.open).toBe(0);
    expect(upstream.received).toHaveLength(1);
    expect(upstream.received[0]).toMatch(/abc$/);
  });
});

describe("a response", () => {
  async function answered(bytes: string, outgoing: Outgoing = get, end?: "end" | "reset") {
    await using upstream = await origin((text, socket) => {
      if (!text.endsWith("\r\n\r\n")) return;
      socket.write(Buffer.from(bytes, "latin1"), () => {
        if (end === "end") socket.end();
        else if (end === "reset") setImmediate(() => socket.resetAndDestroy());
      });
    });
    await using client = pool(upstream.port);
    const answer = ask(client, outgoing);
    await settled(answer);
    await until(() => client.open === client.idle);
    return { answer, idle: client.idle };
  }

  test.each([
    ["with a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", 1],
    ["in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc", 1],
    ["that says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", "abc", 0],
    ["of HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", 0],
    ["of HTTP/1.0 that stays", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", "abc", 1],
    ["of 204", "HTTP/1.1 204 No Content\r\n\r\n", "", 1],
    ["of 304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", "", 1],
    ["whose upstream wants no more", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nKeep-Alive: timeout=5, max=0\r\n\r\nabc", "abc", 0],
  ])("%s is complete, and the connection free or closed (RFC 9112, 6.3 and 9.3)", async (_, bytes, text, idle) => {
    const outcome = await answered(bytes);
    expect(outcome.answer).toMatchObject({ ended: true, text });
    expect(outcome.idle).toBe(idle);
  });

  test("to HEAD has no content, whatever its fields say (rule 41; RFC 9112, 6.3)", async () => {
    for (const field of ["Content-Length: 3", "Transfer-Encoding: chunked", "X: y"]) {
      const outcome = await answered(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`, { ...get, method: "HEAD" });
      expect(outcome).toMatchObject({ answer: { ended: true, text: "" }, idle: 1 });
    }
  });

  test("without framing ends with the connection (rule 40; RFC 9112, 6.3)", async () => {
    const outcome = await answered("HTTP/1.1 200 OK\r\n\r\nabc", get, "end");
    expect(outcome).toMatchObject({ answer: { ended: true, text: "abc" }, idle: 0 });
  });

  test.each([
    ["a length that is not reached", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "end"],
    ["a length that is not reached, by a reset", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "reset"],
    ["no last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "end"],
    ["no end of its trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", "end"],
    ["a reset instead of its end", "HTTP/1.1 200 OK\r\n\r\nabc", "reset"],
  ] as const)("with %s is cut off, never ended (rule 39; RFC 9112, 8)", async (_, bytes, end) => {
    const { answer } = await answered(bytes, get, end);
    expect(answer).toMatchObject({ ended: false, cut: { code: "MS_HTTP1_TRUNCATED", written: true } });
  });

  test.each([
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "LENGTH_AND_ENCODING", "rule 37"],
    ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "LENGTH_REPEATED", "rule 37"],
    ["HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "LINE_END_BAD", "rule 37"],
    ["HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "FIELD_FOLDED", "rules 16 and 37"],
    ["HTTP/1.1 200 OK\r\nX : a\r\n\r\n", "FIELD_NAME_BAD", "rule 16"],
    ["HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "FIELD_VALUE_BAD", "rule 16"],
    ["HTTP/1.1 099 Low\r\n\r\n", "STATUS_BAD", "rule 42"],
    ["HTTP/1.1 999 High\r\n\r\n", "STATUS_BAD", "rule 42"],
    ["HTTP/2.0 200 OK\r\n\r\n", "VERSION_UNKNOWN", "rule 9"],
    ["SSH-2.0-OpenSSH_9\r\n", "VERSION_BAD", "rule 9"],
    ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "UPGRADE_UNASKED", "rule 48"],
    ["HTTP/1.1 100 Continue\r\n\r\n".repeat(33), "INTERIM_TOO_MANY", "limit"],
    [`HTTP/1.1 200 OK\r\nX: ${"y".repeat(70_000)}`, "HEAD_TOO_LARGE", "limit"],
    [`HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(201)}\r\n`, "FIELDS_TOO_MANY", "rule 21"],
  ])("%# that an intermediary must not pass on is refused: %s", async (bytes, code) => {
    const { answer, idle } = await answered(bytes);
    expect(answer.error).toMatchObject({ code: "MS_HTTP1_BAD_RESPONSE", written: true, refusal: { code: `MS_HTTP1_${code}` } });
    expect(answer.head).toBeUndefined();
    expect(idle).toBe(0);
  });

  test("in malformed chunks is cut off (rule 37; RFC 9112, 7.1)", async () => {
    const { answer, idle } = await answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n");
    expect(answer).toMatchObject({
      text: "abc",
      ended: false,
      cut: { code: "MS_HTTP1_BAD_RESPONSE", refusal: { code: "MS_HTTP1_CHUNK_SIZE_BAD" } },
    });
    expect(idle).toBe(0);
  });

  test("has its trailers kept apart, those that may be relayed (rule 33; RFC 9110, 6.5)", async () => {
    const { answer } = await answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nContent-Length: 5\r\n\r\n");
    expect([...answer.trailers!]).toEqual([["X-Sum", "1"]]);
    expect(answer.head!.fields.has("x-sum")).toBe(false);
  });

  test.each([
    ["a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"],
    ["no content", "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil"],
    ["a last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nevil"],
  ])("with bytes behind %s is complete, and its connection is dropped (rules 38 and 41; RFC 9112, 9.2)", async (_, bytes) => {
    const outcome = await answered(bytes);
    expect(outcome).toMatchObject({ answer: { ended: true }, idle: 0 });
    expect(outcome.answer.text).not.toContain("evil");
  });

  test("is the same wherever its bytes are cut", async () => {
    const bytes = Buffer.from(
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    );
    await using upstream = await listen((socket) => {
      let cut = 1;
      socket.setNoDelay(true);
      socket.on("data", () => {
        socket.write(bytes.subarray(0, cut));
        const rest = bytes.subarray(cut);
        setImmediate(() => setImmediate(() => socket.write(rest)));
        cut++;
      });
    });
    await using client = pool(upstream.port);
    for (let cut = 1; cut < bytes.length; cut++) {
      const answer = ask(client, get);
      await settled(answer);
      expect(answer, `cut at ${cut}`).toMatchObject({ interims: [103], text: "abc", ended: true });
    }
    expect(client).toMatchObject({ open: 1, idle: 1 });
  });
});

test("bytes on an idle connection drop it (rule 38; RFC 9112, 9.2)", async () => {
  await using upstream = await origin((text, socket) => {
    if (text.endsWith("\r\n\r\n")) socket.write(plainOk, () => void turns(20).then(() => socket.write(plainOk)));
  });
  await using client = pool(upstream.port);
  await settled(ask(client, get));
  expect(client.idle).toBe(1);
  await until(() => client.open === 0);
});

test("interim responses come in order, before the final one (rule 47; RFC 9110, 15.2)", async () => {
  await using upstream = await origin(
    always(`HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 150 X\r\n\r\n${plainOk}`),
  );
  await using client = pool(upstream.port);
  const answer = ask(client, get);
  await settled(answer);
  expect(answer).toMatchObject({ interims: [103, 102, 150], text: "ok", ended: true });
});

import { bodyOf, Fields, type Incoming, type Outcome } from "@mothership/kernel";
import { gate } from "@mothership/testkit";
import { expect, test } from "vitest";
import { open, send, serve } from "./support/wire.ts";

const echo = (incoming: Incoming): void =>
  incoming.respond({ status: 200, fields: new Fields() }, bodyOf(`${incoming.method} ${incoming.target} ${incoming.authority}`));
const get = (target: string, more = ""): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
const withoutDate = (text: string): string => text.replaceAll(/Date: [^\r]*\r\n/g, "");

test("answers a request and keeps the connection", async () => {
  await using server = await serve(echo);
  const text = await send(server.port, get("/1") + get("/2"));
  expect(withoutDate(text)).toBe(
    "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /1 aHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /2 a",
  );
});

test("answers pipelined requests in order and never works on two at once (rule 59; RFC 9112, 9.3.2)", async () => {
  const open: Incoming[] = [];
  await using server = await serve((incoming) => open.push(incoming));
  const answer = send(server.port, get("/1") + get("/2") + get("/3"));
  for (const target of ["/1", "/2", "/3"]) {
    while (open.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(open.map((one) => one.target)).toEqual([target]);
    echo(open.pop()!);
  }
  expect((await answer).match(/GET \/\d/g)).toEqual(["GET /1", "GET /2", "GET /3"]);
});

test("a client that closes its sending side still gets its answer (rule 60; RFC 9112, 9.6)", async () => {
  const answer = gate<Incoming>();
  await using server = await serve((incoming) => answer.open(incoming));
  const text = send(server.port, get("/late"));
  const incoming = await answer.opened;
  await new Promise((resolve) => setTimeout(resolve, 20));
  echo(incoming);
  expect(await text).toContain("GET /late a");
});

test("tells the handler how the exchange ended", async () => {
  const outcomes: Outcome[] = [];
  await using server = await serve((incoming) => {
    incoming.onFinished = (outcome) => outcomes.push(outcome);
    echo(incoming);
  });
  await send(server.port, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  expect(outcomes).toEqual([{ status: 200, end: "complete", requestBytes: 5, responseBytes: 9 }]);
});

test("reports a client that left, and cancels what it would have got", async () => {
  const finished = gate<Outcome>();
  const arrived = gate();
  await using server = await serve((incoming) => {
    incoming.onFinished = (outcome) => finished.open(outcome);
    arrived.open();
  });
  const client = await open(server.port);
  client.socket.write(get("/"));
  await arrived.opened;
  client.socket.resetAndDestroy();
  expect(await finished.opened).toMatchObject({ status: 0, end: "clientLeft" });
});

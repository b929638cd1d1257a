import type { Socket } from "node:net";
import { systemClock } from "@mothership/kernel";
import { eventually, gate } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { edgeTo, get, httpOrigin, rawOrigin, told } from "./edge.ts";
import { recorder } from "./recorder.ts";

describe("requests that are sent again", () => {
  /** Answers the first request on a connection and breaks off at the second, as a server does whose keep-alive time is over. */
  function tiredOrigin(seen: string[]) {
    return rawOrigin((socket: Socket) => {
      let requests = 0;
      socket.on("data", (piece: Buffer) => {
        seen.push(piece.toString("latin1").split(" ")[0]!);
        if (++requests > 1) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
  }

  test("rule 56 (RFC 9112, 9.3.1): GET on a reused connection that broke is sent once more", async () => {
    const seen: string[] = [];
    await using origin = await tiredOrigin(seen);
    await using edge = await edgeTo(origin.address);
    expect(await get(edge)).toContain("ok");
    expect(await get(edge)).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toEqual(["GET", "GET", "GET"]);
  });

  test("rule 56: the second try does not take another connection that has lain as long", async () => {
    const seen: string[] = [];
    await using origin = await tiredOrigin(seen);
    await using edge = await edgeTo(origin.address);
    await Promise.all([get(edge), get(edge), get(edge)]);
    expect(edge.upstream.pool.idle).toBe(3);
    expect(await get(edge)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("rule 55 (RFC 9110, 9.2.2): POST is not, whether it has a body or none", async () => {
    for (const body of ["", "x=1"]) {
      const seen: string[] = [];
      await using origin = await tiredOrigin(seen);
      await using edge = await edgeTo(origin.address);
      expect(await get(edge)).toContain("ok");
      expect(told(await get(edge, "/", "POST", body))).toBe("502 upstream-closed");
      expect(seen.filter((method) => method === "POST")).toHaveLength(1);
    }
  });

  test("rule 57: but no more of them at once than the budget has", async () => {
    const seen: string[] = [];
    await using origin = await tiredOrigin(seen);
    const log = recorder();
    await using edge = await edgeTo(origin.address, { upstream: { retries: { ratio: 0, min: 0 } }, deps: { clock: systemClock, log } });
    expect(await get(edge)).toMatch(/^HTTP\/1\.1 200 /);
    expect(told(await get(edge))).toBe("502 upstream-closed");
    expect(seen).toEqual(["GET", "GET"]);
    expect(log.lines.at(-1)?.fields?.["detail"]).toContain("too many requests are sent again already");
  });

  test("rule 57: a place in the budget is free again when the second try is over", async () => {
    const seen: string[] = [];
    await using origin = await tiredOrigin(seen);
    await using edge = await edgeTo(origin.address, { upstream: { retries: { ratio: 0, min: 1 } } });
    for (let count = 0; count < 5; count++) expect(await get(edge)).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toHaveLength(9);
    expect(edge.upstream.retries.running).toBe(0);
  });

  test("rule 56: what fails on a fresh connection is not sent again", async () => {
    let connections = 0;
    await using origin = await rawOrigin((socket) => {
      connections++;
      socket.once("data", () => socket.resetAndDestroy());
    });
    await using edge = await edgeTo(origin.address);
    expect(told(await get(edge))).toBe("502 upstream-closed");
    expect(connections).toBe(1);
  });

  test("rule 57: nothing is sent again once an answer has begun", async () => {
    const seen: string[] = [];
    await using origin = await rawOrigin((socket) => {
      let requests = 0;
      socket.on("data", () => {
        seen.push("x");
        socket.write(
          ++requests === 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" : "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        );
        if (requests === 2) socket.end();
      });
    });
    await using edge = await edgeTo(origin.address);
    expect(await get(edge)).toContain("ok");
    await expect(get(edge)).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(seen).toHaveLength(2);
  });

  test("an upstream that restarts with many idle connections costs no request", async () => {
    const hold = gate();
    let held = 0;
    await using origin = await httpOrigin((request, response) => {
      if (request.url !== "/hold") return void response.end("ok");
      held++;
      void hold.opened.then(() => response.end("ok"));
    });
    await using edge = await edgeTo(origin.address);
    const many = Array.from({ length: 20 }, () => get(edge, "/hold"));
    await eventually("twenty connections", () => held === 20);
    hold.open();
    await Promise.all(many);
    for (const socket of origin.sockets) socket.resetAndDestroy();
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(edge)));
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(Array(20).fill("200"));
  });
});

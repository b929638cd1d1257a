import { readFileSync } from "node:fs";
import { systemClock } from "@mothership/kernel";
import { eventually } from "@mothership/testkit";
import { describe, expect, inject, test } from "vitest";
import { lockKeyOf } from "../src/lock-key.ts";
import { coordinatorOf, electionSpec, endSessions, serverUrl, sql } from "./arena.ts";
import { aborted, age, launch, states, tokens } from "./on-record.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

describe("a flagship that is lost", () => {
  test("hears of it, may announce nothing, and by default aborts the launch for all", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    const told = expect(escort.waitUntilReady()).rejects.toEqual(
      aborted(/the flagship \(.+ pid \d+\) was lost before it announced a result/),
    );
    await endSessions(spec.fleet, true);
    await eventually("the flagship has noticed", () => flagship.signal.aborted);
    expect(flagship.signal.reason).toMatchObject({ code: "MS_FLAGSHIP_OFFICE_LOST", message: expect.stringContaining("release 1") });
    await expect(flagship.announceReady()).rejects.toMatchObject({ code: "MS_FLAGSHIP_OFFICE_LOST" });
    await flagship.announceAbort("never said");
    await told;
    await using late = await coordinatorOf(spec).elect();
    await expect(late.waitUntilReady()).rejects.toEqual(aborted(/was lost/));
    expect(await states(spec.fleet)).toEqual(["aborted"]);
  });

  test("before anybody waits is found by the next to arrive", async () => {
    const spec = electionSpec();
    await using _ = await coordinatorOf(spec).elect();
    await endSessions(spec.fleet);
    await using next = await coordinatorOf(spec).elect();
    expect(next.role).toBe("escort");
    await expect(next.waitUntilReady()).rejects.toEqual(aborted(/was lost/));
  });

  test("long ago is no reason to abort", async () => {
    const spec = electionSpec();
    await using _ = await coordinatorOf(spec).elect();
    await endSessions(spec.fleet);
    await age(spec.fleet, 61);
    await using next = await coordinatorOf(spec).elect();
    expect(next.role).toBe("flagship");
    expect(await states(spec.fleet)).toEqual(["aborted", "running"]);
  });

  test("is replaced by one escort where that is wanted, and the others wait for the new one", async () => {
    const spec = electionSpec({ onFlagshipLoss: "takeover", answerTimeoutMs: 500 });
    await using flagship = await coordinatorOf(spec).elect();
    const escorts = await Promise.all([1, 2, 3].map(() => coordinatorOf(spec).elect()));
    const outcomes = escorts.map(async (escort) => {
      const outcome = await escort.waitUntilReady();
      if (outcome === "promoted") {
        expect(escort.role).toBe("flagship");
        await escort.announceReady();
      }
      return outcome;
    });
    await endSessions(spec.fleet, true);
    expect((await Promise.all(outcomes)).toSorted()).toEqual(["promoted", "ready", "ready"]);
    await eventually("the flagship has noticed", () => flagship.signal.aborted);
    expect(await states(spec.fleet)).toEqual(["ready"]);
    await Promise.all(escorts.map((escort) => escort[Symbol.asyncDispose]()));
  });

  test("has time to stop its work before the next begins, whatever launch that is of", async () => {
    const graces = { stopGraceMs: 400, heartbeatMs: 100, answerTimeoutMs: 200 };
    for (const next of [{ onFlagshipLoss: "takeover" }, { launch: launch("next") }] as const) {
      const spec = electionSpec(graces);
      await using _ = await coordinatorOf(spec).elect();
      await endSessions(spec.fleet, true);
      const before = systemClock.now();
      await using successor = await coordinatorOf({ ...spec, ...next }).elect();
      expect(successor.role).toBe("flagship");
      // The last sign of life came at most one pause before the end.
      expect(systemClock.now() - before).toBeGreaterThan(400 + 2 * 200 - 100);
      await successor.announceReady();
      // Nobody has to wait for one that ended in order.
      const after = systemClock.now();
      await using third = await coordinatorOf({ ...spec, launch: launch("third") }).elect();
      expect([third.role, systemClock.now() - after < 400]).toEqual(["flagship", true]);
    }
  });

  test("has that time even if its successor loses its own connection while it waits", async () => {
    const spec = electionSpec({ stopGraceMs: 1000, answerTimeoutMs: 200, onFlagshipLoss: "takeover" });
    await using _ = await coordinatorOf(spec).elect();
    expect(await tokens(spec.fleet)).toBe(1);
    await endSessions(spec.fleet, true);
    const before = systemClock.now();
    const electing = coordinatorOf(spec).elect();
    await eventually("the successor on record", async () => (await tokens(spec.fleet)) >= 2);
    await endSessions(spec.fleet, true);
    await using successor = await electing;
    expect([successor.role, successor.signal.aborted]).toEqual(["flagship", false]);
    expect(systemClock.now() - before).toBeGreaterThan(1000 + 2 * 200 - 100);
  });

  test("is replaced by another when its successor leaves while it waits", async () => {
    const spec = electionSpec({ stopGraceMs: 600, answerTimeoutMs: 200, onFlagshipLoss: "takeover" });
    await using _ = await coordinatorOf(spec).elect();
    await using first = await coordinatorOf(spec).elect();
    expect(await tokens(spec.fleet)).toBe(1);
    const leaving = new AbortController();
    const left = expect(first.waitUntilReady({ signal: leaving.signal })).rejects.toThrow("leaving");
    await endSessions(spec.fleet, true);
    await eventually("the successor on record", async () => (await tokens(spec.fleet)) >= 2);
    await using second = await coordinatorOf(spec).elect();
    const waiting = second.waitUntilReady();
    leaving.abort(new Error("leaving"));
    await left;
    expect([await waiting, second.role, first.role]).toEqual(["promoted", "flagship", "escort"]);
  });

  test("is noticed by itself when the connection falls silent", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    const spec = electionSpec({ answerTimeoutMs: 300 });
    await using flagship = await coordinatorOf({ ...spec, url: serverUrl(proxy.port) }).elect();
    proxy.freeze();
    await eventually("the flagship has noticed", () => flagship.signal.aborted);
    expect(flagship.signal.reason).toMatchObject({ message: expect.stringContaining("no answer within 0.3 s") });
    proxy.mend();
  });

  test("is noticed by itself when somebody tampers with its record", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await sql("DELETE FROM mothership_flagship.launches WHERE fleet = $1", [spec.fleet]);
    await eventually("the flagship has noticed", () => flagship.signal.aborted);
  });

  if (process.platform === "linux") {
    test("is found dead by the server within a minute when its machine vanishes without a word", async () => {
      const spec = electionSpec({ heartbeatMs: 60_000 });
      await using _ = await coordinatorOf(spec).elect();
      const { classid, objid } = lockKeyOf(spec.fleet);
      const holders = await sql(
        `SELECT client_port AS port FROM pg_stat_activity JOIN pg_locks USING (pid)
         WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 1 AND granted`,
        [classid, objid],
      );
      expect(holders).toHaveLength(1);
      // The server's end of the connection: "02" is a keep-alive timer, and what follows is when it fires, in 1/100 s.
      const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
      const ends = `:${hex(inject("postgres").port)} 0100007F:${hex(Number(holders[0]?.["port"]))} `;
      const armed = (): boolean => {
        const lines = readFileSync("/proc/net/tcp", "utf8").split("\n");
        const rest = lines.find((line) => line.includes(ends))?.split(ends)[1] ?? "";
        const [, timer, when = ""] = /^\w\w \w{8}:\w{8} (\d\d):(\w{8}) /.exec(rest) ?? [];
        return timer === "02" && Number.parseInt(when, 16) <= 1000;
      };
      await eventually("a keep-alive within ten seconds", armed);
    });
  }
});

describe("a result whose announcement breaks off", () => {
  const readyStatement = (bytes: Buffer): boolean => bytes.includes("SET state = $3");
  const cutBefore =
    (proxy: TcpProxy): TcpProxy["onRequest"] =>
    (bytes) => {
      if (!readyStatement(bytes)) return "pass";
      proxy.cut();
      return "cut";
    };

  test("counts when the server has it on record", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    const spec = electionSpec();
    await using flagship = await coordinatorOf({ ...spec, url: serverUrl(proxy.port) }).elect();
    await using escort = await coordinatorOf(spec).elect();
    const waiting = escort.waitUntilReady();
    let cuts = 0;
    proxy.onRequest = (bytes) => (readyStatement(bytes) && cuts++ === 0 ? "pass, then cut" : "pass");
    await flagship.announceReady();
    expect([cuts, await waiting, flagship.signal.aborted]).toEqual([1, "ready", false]);
    expect(await states(spec.fleet)).toEqual(["ready"]);
  });

  test("is announced again when the server never got it and nobody has noticed", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    const spec = electionSpec();
    await using flagship = await coordinatorOf({ ...spec, url: serverUrl(proxy.port) }).elect();
    let tries = 0;
    proxy.onRequest = (bytes) => (readyStatement(bytes) && tries++ === 0 ? "cut" : "pass");
    await flagship.announceReady();
    expect([tries, await states(spec.fleet)]).toEqual([2, ["ready"]]);
  });

  test("has failed for the flagship too when the others have given it up", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    const spec = electionSpec();
    await using flagship = await coordinatorOf({ ...spec, url: serverUrl(proxy.port) }).elect();
    await using escort = await coordinatorOf(spec).elect();
    const told = expect(escort.waitUntilReady()).rejects.toEqual(aborted(/was lost/));
    proxy.onRequest = cutBefore(proxy);
    const announced = expect(flagship.announceReady()).rejects.toMatchObject({ code: "MS_FLAGSHIP_OFFICE_LOST" });
    await told;
    proxy.mend();
    await announced;
  });

  test("has failed when the database cannot be asked in time", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    const spec = electionSpec({ answerTimeoutMs: 150, url: serverUrl(proxy.port) });
    await using flagship = await coordinatorOf(spec).elect();
    proxy.onRequest = cutBefore(proxy);
    await expect(flagship.announceReady()).rejects.toMatchObject({
      code: "MS_FLAGSHIP_OFFICE_LOST",
      message: expect.stringContaining("could not be asked whether the result is on record"),
    });
  });
});

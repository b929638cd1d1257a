import { eventually } from "@mothership/testkit";
import { describe, expect, inject, test } from "vitest";
import { coordinatorOf, electionSpec, endSessions, serverUrl, sql } from "./arena.ts";
import { freshName } from "./fresh-name.ts";
import { aborted, age, launch, sessionsOf, states } from "./on-record.ts";
import { openTcpProxy } from "./tcp-proxy.ts";

describe("a launch", () => {
  test("that is done lets an explicit late-comer go, however late", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await flagship.announceReady();
    await age(spec.fleet, 100 * 24 * 3600);
    await using late = await coordinatorOf(spec).elect();
    expect([late.role, await late.waitUntilReady()]).toEqual(["escort", "ready"]);
  });

  test("without an explicit id is done again once its window has passed", async () => {
    const spec = electionSpec({ launch: launch("hash", false), arrivalWindowMs: 60_000 });
    await using first = await coordinatorOf(spec).elect();
    await first.announceReady();
    await age(spec.fleet, 59);
    await using within = await coordinatorOf(spec).elect();
    expect([within.role, await within.waitUntilReady()]).toEqual(["escort", "ready"]);
    await age(spec.fleet, 2);
    await using next = await coordinatorOf(spec).elect();
    expect(next.role).toBe("flagship");
  });

  test("that was aborted can be tried again after its window, with nothing to clean up", async () => {
    const spec = electionSpec();
    await using first = await coordinatorOf(spec).elect();
    await first.announceAbort("disk full");
    await using within = await coordinatorOf(spec).elect();
    await expect(within.waitUntilReady()).rejects.toEqual(aborted(/disk full/));
    await age(spec.fleet, 61);
    await using again = await coordinatorOf(spec).elect();
    expect(again.role).toBe("flagship");
    await again.announceReady();
    expect(await states(spec.fleet)).toEqual(["aborted", "ready"]);
  });

  test("waits for the flagship of another launch of its fleet, and then has its own", async () => {
    const spec = electionSpec();
    await using first = await coordinatorOf(spec).elect();
    const electing = coordinatorOf({ ...spec, launch: launch("next"), pollMs: 60_000 }).elect();
    await eventually("the next candidate connected", async () => (await sessionsOf(spec.fleet)) === 2);
    await first.announceReady();
    await using second = await electing;
    expect([second.role, second.signal.aborted]).toEqual(["flagship", false]);
  });

  test("of another fleet is not in the way", async () => {
    await using one = await coordinatorOf(electionSpec()).elect();
    await using other = await coordinatorOf(electionSpec()).elect();
    expect([one.role, other.role]).toEqual(["flagship", "flagship"]);
  });

  test("of another fleet in the same database may be the first one ever, at the same moment", async () => {
    await sql("CREATE DATABASE cradle");
    const url = serverUrl().replace("/postgres?", "/cradle?");
    const tenures = await Promise.all(Array.from({ length: 12 }, () => coordinatorOf(electionSpec({ url })).elect()));
    expect(new Set(tenures.map(({ role }) => role))).toEqual(new Set(["flagship"]));
    await Promise.all(tenures.map((tenure) => tenure[Symbol.asyncDispose]()));
  });

  test("gives up with the name of whoever is in the way when the election takes too long", async () => {
    const spec = electionSpec();
    await using _ = await coordinatorOf(spec).elect();
    const next = coordinatorOf({ ...spec, launch: launch("next"), electionTimeoutMs: 300 }).elect();
    await expect(next).rejects.toMatchObject({
      code: "MS_ELECTION_TIMEOUT",
      message: expect.stringMatching(/timeout of 0\.3 s: the flagship of launch "release 1 [0-9a-f]+" \(.+ pid \d+\) is at work$/),
    });
    await eventually("the candidate gone", async () => (await sessionsOf(spec.fleet)) === 1);
  });

  test("keeps its latest records only", async () => {
    const { fleet } = electionSpec();
    const first = await coordinatorOf(electionSpec({ fleet })).elect();
    await first.announceReady();
    await sql(
      `INSERT INTO mothership_flagship.launches (fleet, launch, state, holder, token, lease_until)
       SELECT $1, 'old ' || n, 'ready', '', '', now() - interval '1 day' FROM generate_series(1, 600) n`,
      [fleet],
    );
    await using next = await coordinatorOf(electionSpec({ fleet, launch: launch("next") })).elect();
    expect(next.role).toBe("flagship");
    expect((await states(fleet)).length).toBe(500);
  });

  test("survives quotes and other odd characters in names and reasons", async () => {
    const odd = `o'dd "\\ ünï 🚀 $1; --`;
    const spec = electionSpec({ fleet: `${freshName()} ${odd}`, launch: launch(odd) });
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    const waiting = expect(escort.waitUntilReady()).rejects.toMatchObject({ reason: odd });
    await flagship.announceAbort(`${odd}\0`);
    await waiting;
  });
});

describe("an escort", () => {
  test("hears of the result at once, without polling", async () => {
    const spec = electionSpec({ pollMs: 3_600_000 });
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    const waiting = escort.waitUntilReady();
    await flagship.announceReady();
    expect(await waiting).toBe("ready");
  });

  test("finds out from the record when no signal reaches it", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    const waiting = escort.waitUntilReady();
    await sql("UPDATE mothership_flagship.launches SET state = 'ready', finished_at = now() WHERE fleet = $1", [spec.fleet]);
    expect(await waiting).toBe("ready");
    await expect(flagship.announceReady()).rejects.toMatchObject({ code: "MS_FLAGSHIP_OFFICE_LOST" });
  });

  test("that waits too long says so, and the flagship goes on", async () => {
    const spec = electionSpec({ prelaunchTimeoutMs: 200 });
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    await expect(escort.waitUntilReady()).rejects.toMatchObject({
      code: "MS_PRELAUNCH_TIMEOUT",
      message: "The flagship was not ready within the prelaunch timeout of 0.2 s: it is still at work",
    });
    await eventually("only the flagship connected", async () => (await sessionsOf(spec.fleet)) === 1);
    await flagship.announceReady();
    expect(await escort.waitUntilReady()).toBe("ready");
  });

  test("whose connection breaks while it waits asks again on another", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    await using escort = await coordinatorOf({ ...spec, url: serverUrl(proxy.port) }).elect();
    const waiting = escort.waitUntilReady();
    proxy.cut();
    await flagship.announceReady();
    proxy.mend();
    expect(await waiting).toBe("ready");
  });

  test("keeps to its timeout when the database is gone, and says what it last heard", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    await using escort = await coordinatorOf({ ...spec, url: serverUrl(proxy.port), prelaunchTimeoutMs: 400 }).elect();
    const waiting = escort.waitUntilReady();
    proxy.cut();
    await expect(waiting).rejects.toMatchObject({
      code: "MS_PRELAUNCH_TIMEOUT",
      message: expect.stringMatching(/PostgreSQL at 127\.0\.0\.1:\d+\/postgres: /),
    });
    await flagship.announceReady();
  });

  test("whose connection falls silent keeps to its timeout", async () => {
    const spec = electionSpec();
    await using flagship = await coordinatorOf(spec).elect();
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    await using escort = await coordinatorOf({ ...spec, url: serverUrl(proxy.port), prelaunchTimeoutMs: 400 }).elect();
    proxy.freeze();
    await expect(escort.waitUntilReady()).rejects.toMatchObject({ code: "MS_PRELAUNCH_TIMEOUT" });
    await flagship.announceReady();
  });
});

describe("an election", () => {
  test("waits for a database that is not there yet", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    proxy.cut();
    const electing = coordinatorOf(electionSpec({ url: serverUrl(proxy.port) })).elect();
    await new Promise((resolve) => setImmediate(resolve));
    proxy.mend();
    await using tenure = await electing;
    expect(tenure.role).toBe("flagship");
  });

  test("says why it could not reach the database in time", async () => {
    const electing = coordinatorOf(electionSpec({ url: serverUrl(1), electionTimeoutMs: 200 })).elect();
    await expect(electing).rejects.toMatchObject({
      code: "MS_ELECTION_TIMEOUT",
      message: expect.stringMatching(/timeout of 0\.2 s: PostgreSQL at 127\.0\.0\.1:1\/postgres: connect ECONNREFUSED/),
    });
  });

  test("does not try again what the server has refused", async () => {
    const electing = coordinatorOf(electionSpec({ url: serverUrl().replace("/postgres?", "/nowhere?") })).elect();
    await expect(electing).rejects.toMatchObject({
      code: "MS_ELECTION_DATABASE",
      sqlState: "3D000",
      message: expect.stringContaining("does not exist"),
    });
  });

  test("that is cancelled leaves no session, wherever it was", async () => {
    const spec = electionSpec();
    await using _ = await coordinatorOf(spec).elect();
    const controller = new AbortController();
    const waiting = coordinatorOf({ ...spec, launch: launch("next") }).elect({ signal: controller.signal });
    await eventually("the candidate connected", async () => (await sessionsOf(spec.fleet)) === 2);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await eventually("the candidate gone", async () => (await sessionsOf(spec.fleet)) === 1);
  });

  test("that is cancelled while it waits for a lost flagship's work aborts its own launch", async () => {
    const spec = electionSpec({ stopGraceMs: 60_000 });
    await using _ = await coordinatorOf(spec).elect();
    await endSessions(spec.fleet, true);
    const controller = new AbortController();
    const electing = coordinatorOf({ ...spec, launch: launch("next") }).elect({ signal: controller.signal });
    await eventually("on record", async () => (await states(spec.fleet)).length === 2);
    controller.abort(new Error("enough"));
    await expect(electing).rejects.toThrow("enough");
    expect(await states(spec.fleet)).toEqual(["aborted", "aborted"]);
    // The lost flagship's lease is still there for whoever comes next.
    const [row] = await sql(
      "SELECT max(lease_until) > now() + interval '30 s' AS leased FROM mothership_flagship.launches WHERE fleet = $1",
      [spec.fleet],
    );
    expect(row?.["leased"]).toBe(true);
  });

  test("goes on with its own record when the connection broke while it was written", async () => {
    await using proxy = await openTcpProxy({ host: "127.0.0.1", port: inject("postgres").port });
    const spec = electionSpec({ url: serverUrl(proxy.port) });
    let cuts = 0;
    proxy.onRequest = (bytes) => (bytes.includes("INSERT INTO") && cuts++ === 0 ? "pass, then cut" : "pass");
    await using tenure = await coordinatorOf(spec).elect();
    expect([tenure.role, cuts, await states(spec.fleet)]).toEqual(["flagship", 1, ["running"]]);
    await tenure.announceReady();
  });

  test("leaves no session behind once everything is disposed of", async () => {
    const spec = electionSpec();
    {
      await using flagship = await coordinatorOf(spec).elect();
      await using escort = await coordinatorOf(spec).elect();
      const waiting = escort.waitUntilReady();
      await flagship.announceReady();
      await waiting;
      await eventually("the sessions are given back with the result", async () => (await sessionsOf(spec.fleet)) === 0);
      await using late = await coordinatorOf(spec).elect();
      expect(late.role).toBe("escort");
    }
    await eventually("no session", async () => (await sessionsOf(spec.fleet)) === 0);
  });
});

import assert from "node:assert/strict";
import { hasCode } from "@mothership/kernel";
import type { Coordinator, Role, Tenure } from "./coordinator.ts";
import { runOnce } from "./run-once.ts";

/** What the suite needs of a test framework; those of vitest, jest, mocha and `node:test` all fit. */
export interface TestFramework {
  describe(title: string, body: () => void): unknown;
  test(title: string, body: () => Promise<void>): unknown;
}

/** The ground of one launch, which no other test shares. */
export interface Arena extends AsyncDisposable {
  /** The coordinator of one more server. Where roles are told and not found out, it has to be this one. */
  server(role: Role): Coordinator;
}

/** What a kind of coordinator does not do, each with the reason why; those cases are left out. */
export interface Exemptions {
  /** No server is ever an escort. */
  readonly escorts?: string;
  /** Servers do not hear of each other. */
  readonly signals?: string;
}

/**
 * The contract of {@link Coordinator} as tests, for any implementation.
 *
 * @example
 * import { describe, test } from "vitest";
 * coordinatorSuite("mine", () => openArena(), { describe, test });
 */
export function coordinatorSuite(
  name: string,
  open: () => Promise<Arena>,
  { describe, test }: TestFramework,
  exempt: Exemptions = {},
): void {
  const scene = (title: string, body: (arena: Arena) => Promise<void>): void => {
    test(title, async () => {
      await using arena = await open();
      await body(arena);
    });
  };

  describe(`coordinator "${name}" and the flagship`, () => {
    scene("makes the first server the flagship, and may be disposed of twice", async (arena) => {
      const tenure = await arena.server("flagship").elect();
      assert.equal(tenure.role, "flagship");
      await tenure[Symbol.asyncDispose]();
      await tenure[Symbol.asyncDispose]();
    });

    scene("does not take part when the signal has fired", async (arena) => {
      const signal = AbortSignal.abort(new Error("not today"));
      await assert.rejects(arena.server("flagship").elect({ signal }), /not today/);
      await using tenure = await arena.server("flagship").elect();
      assert.equal(tenure.role, "flagship");
    });

    scene("takes one announcement, and keeps quiet about the office once it has", async (arena) => {
      await using tenure = await arena.server("flagship").elect();
      await tenure.announceReady();
      await tenure.announceReady();
      await tenure.announceAbort("too late");
      await tenure[Symbol.asyncDispose]();
      assert.equal(tenure.signal.aborted, false);
    });

    scene("takes an abort", async (arena) => {
      await using tenure = await arena.server("flagship").elect();
      await tenure.announceAbort("the work failed");
    });

    scene("does not let the flagship wait", async (arena) => {
      await using tenure = await arena.server("flagship").elect();
      await assert.rejects(tenure.waitUntilReady(), { code: "MS_TENURE_ROLE" });
    });

    scene("does the work once for one server", async (arena) => {
      let done = 0;
      const role = await runOnce(async () => void done++, arena.server("flagship"));
      assert.deepEqual([role, done], ["flagship", 1]);
    });

    scene("gives the work's own error to the flagship", async (arena) => {
      const error = new Error("the table exists");
      await assert.rejects(
        runOnce(() => Promise.reject(error), arena.server("flagship")),
        error,
      );
    });
  });

  if (exempt.escorts === undefined) {
    describe(`coordinator "${name}" and an escort`, () => {
      scene("lets an escort go once the flagship is ready", async (arena) => {
        await using pair = await elected(arena);
        const [flagship, escort] = pair.tenures;
        const waiting = escort.waitUntilReady();
        await flagship.announceReady();
        assert.equal(await waiting, "ready");
        assert.deepEqual([escort.role, escort.signal.aborted], ["escort", false]);
      });

      scene("does not let an escort announce", async (arena) => {
        await using pair = await elected(arena);
        const [flagship, escort] = pair.tenures;
        await assert.rejects(escort.announceReady(), { code: "MS_TENURE_ROLE" });
        await assert.rejects(escort.announceAbort("me too"), { code: "MS_TENURE_ROLE" });
        await flagship.announceReady();
        assert.equal(await escort.waitUntilReady(), "ready");
      });

      scene("ends a wait whose signal has fired", async (arena) => {
        await using pair = await elected(arena);
        const signal = AbortSignal.abort(new Error("enough"));
        await assert.rejects(pair.tenures[1].waitUntilReady({ signal }), /enough/);
      });
    });
  }

  if (exempt.escorts === undefined && exempt.signals === undefined) {
    describe(`coordinator "${name}" and many servers`, () => {
      scene("makes exactly one of them the flagship, and lets none go before it is ready", async (arena) => {
        await using scope = new AsyncDisposableStack();
        const tenures = await Promise.all(Array.from({ length: 6 }, () => arena.server("escort").elect()));
        for (const tenure of tenures) scope.use(tenure);
        const flagships = tenures.filter(({ role }) => role === "flagship");
        assert.equal(flagships.length, 1);
        const happened: string[] = [];
        const launches = tenures
          .filter(({ role }) => role === "escort")
          .map((escort) => escort.waitUntilReady().then(() => happened.push("launch")));
        // Another election on the way gives the waits time to be wrong.
        await using late = await arena.server("escort").elect();
        assert.equal(late.role, "escort");
        happened.push("ready");
        await flagships[0]?.announceReady();
        await Promise.all(launches);
        assert.equal(await late.waitUntilReady(), "ready");
        assert.deepEqual(happened, ["ready", ...launches.map(() => "launch")]);
      });

      scene("does the work once, whoever comes when", async (arena) => {
        let done = 0;
        const work = async (): Promise<void> => void done++;
        const first = await Promise.all(Array.from({ length: 5 }, () => runOnce(work, arena.server("escort"))));
        const late = await Promise.all(Array.from({ length: 3 }, () => runOnce(work, arena.server("escort"))));
        assert.equal(done, 1);
        assert.deepEqual(first.toSorted(), ["escort", "escort", "escort", "escort", "flagship"]);
        assert.deepEqual(late, ["escort", "escort", "escort"]);
      });

      scene("tells every escort, and those who come late, that and why the flagship failed", async (arena) => {
        await using pair = await elected(arena);
        const [flagship, escort] = pair.tenures;
        const waiting = escort.waitUntilReady();
        const told = assert.rejects(waiting, isAbort(/relation "users" exists/));
        await flagship.announceAbort('relation "users" exists');
        await told;
        await using late = await arena.server("escort").elect();
        assert.equal(late.role, "escort");
        await assert.rejects(late.waitUntilReady(), isAbort(/relation "users" exists/));
      });

      scene("takes a flagship that goes without a word for one that failed", async (arena) => {
        await using pair = await elected(arena);
        const [flagship, escort] = pair.tenures;
        const told = assert.rejects(escort.waitUntilReady(), isAbort(/./));
        await flagship[Symbol.asyncDispose]();
        await told;
      });

      scene("passes no password on in the reason of an abort", async (arena) => {
        await using pair = await elected(arena);
        const [flagship, escort] = pair.tenures;
        const told = assert.rejects(escort.waitUntilReady(), isAbort(/app:\*\*\*@db/));
        await flagship.announceAbort("cannot reach postgres://app:hunter2@db/x");
        await told;
      });

      scene("ends a wait when its signal fires, and the others go on", async (arena) => {
        await using pair = await elected(arena);
        const [flagship, escort] = pair.tenures;
        const controller = new AbortController();
        const told = assert.rejects(escort.waitUntilReady({ signal: controller.signal }), /enough/);
        await using other = await arena.server("escort").elect();
        const waiting = other.waitUntilReady();
        controller.abort(new Error("enough"));
        await told;
        await flagship.announceReady();
        assert.equal(await waiting, "ready");
      });
    });
  }
}

/** A flagship and an escort of one launch. */
async function elected(arena: Arena): Promise<AsyncDisposable & { readonly tenures: readonly [flagship: Tenure, escort: Tenure] }> {
  await using scope = new AsyncDisposableStack();
  const flagship = scope.use(await arena.server("flagship").elect());
  const escort = scope.use(await arena.server("escort").elect());
  assert.deepEqual([flagship.role, escort.role], ["flagship", "escort"]);
  const owned = scope.move();
  return { tenures: [flagship, escort], [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function isAbort(reason: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Error && hasCode(error, "MS_FLAGSHIP_ABORTED") && reason.test(error.message);
}

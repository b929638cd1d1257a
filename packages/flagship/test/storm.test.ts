import { describe, expect, test } from "vitest";
import { startPostgres } from "./postgres-server.ts";
import { chronicle, isCalm, type Lane, type Outcome, openLane, violations } from "./storm.ts";
import { planOf } from "./storm-plan.ts";

const runs = Number(process.env["MOTHERSHIP_STORM_RUNS"] ?? 200);
const firstSeed = Number(process.env["MOTHERSHIP_STORM_SEED"] ?? 1);
const lanes = Number(process.env["MOTHERSHIP_STORM_LANES"] ?? 5);
const password = "storm-pa55:word%2F";

describe("a storm over many launches", () => {
  test(`of ${runs} seeds never makes two work at once, lets nobody launch too early, wait too long or go alone, and shows no password`, {
    timeout: 600_000,
  }, async () => {
    await using server = await startPostgres({ rules: ["host all storm all scram-sha-256"] });
    await server.run(`CREATE ROLE storm LOGIN SUPERUSER PASSWORD '${password}'`);
    const outcomes: Outcome[] = [];
    const seeds = Array.from({ length: runs }, (_, at) => firstSeed + at).values();
    const opened: Lane[] = [];
    {
      await using scope = new AsyncDisposableStack();
      for (let at = 0; at < lanes; at++) opened.push(scope.use(await openLane(server, password)));
      const work = async (lane: Lane): Promise<void> => {
        for (const seed of seeds) outcomes.push(await lane.play(planOf(seed)));
      };
      await Promise.all(opened.map(work));
    }
    const broken = outcomes.filter((outcome) => violations(outcome).length > 0);
    expect(broken.map((outcome) => `${violations(outcome).join("; ")}\n${chronicle(outcome)}`)).toEqual([]);
    expect(outcomes.length).toBe(runs);

    const output = opened.map((lane) => lane.output).join("");
    expect(output).toContain("role decided");
    for (const secret of [password, encodeURIComponent(password)]) expect(output.includes(secret)).toBe(false);

    const figures = summary(outcomes);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(figures.calm.allLaunched).toBeGreaterThanOrEqual(figures.calm.launches * 0.8);
    // A storm that hits nobody shows nothing.
    if (runs >= 200) {
      expect(figures.struck["kill flagship"]).toBeGreaterThan(15);
      expect(figures.struck["cut flagship"]).toBeGreaterThan(5);
      expect(figures.restarts).toBeGreaterThan(3);
      expect(figures.takenOver).toBeGreaterThan(5);
    }
  });
});

function summary(outcomes: readonly Outcome[]) {
  const count = <T>(items: readonly T[]): Map<T, number> => {
    const counts = new Map<T, number>();
    for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
    return counts;
  };
  const struck: Record<string, number> = Object.fromEntries(count(outcomes.flatMap((outcome) => outcome.struck)));
  const ends = outcomes.flatMap(({ stories }) =>
    stories.map(({ reports }) => {
      const last = reports.at(-1);
      return last?.event === "failed" ? last.code : last?.event === "launched" ? "launched" : "killed";
    }),
  );
  const works = outcomes.map(({ stories }) => stories.flatMap(({ reports }) => reports.filter(({ event }) => event === "working")).length);
  const calm = outcomes.filter(isCalm);
  const all = calm.filter(({ stories }) => stories.every(({ reports }) => reports.at(-1)?.event === "launched"));
  return {
    launches: outcomes.length,
    calm: { launches: calm.length, allLaunched: all.length },
    servers: ends.length,
    struck,
    restarts: Object.entries(struck).reduce((sum, [name, times]) => (/^(?:restart|crash)/.test(name) ? sum + times : sum), 0),
    takenOver: works.filter((times) => times > 1).length,
    ends: Object.fromEntries(count(ends)),
  };
}

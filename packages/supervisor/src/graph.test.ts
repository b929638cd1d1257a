import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkGraph, dependentsOf, withDependencies } from "./graph.ts";
import type { CompleteSpec, ProcessSpec } from "./spec.ts";
import { withDefaults } from "./spec.ts";

const spec = (name: string, more: Partial<ProcessSpec> = {}): CompleteSpec => withDefaults({ name, command: name, env: {}, ...more });

function problemsOf(...specs: readonly CompleteSpec[]): readonly string[] {
  try {
    checkGraph(specs);
    return [];
  } catch (error) {
    // checkGraph throws nothing else.
    return (error as { problems: readonly string[] }).problems;
  }
}

describe("checkGraph", () => {
  test.each<[string, readonly CompleteSpec[], readonly string[]]>([
    ["accepts what fits", [spec("db"), spec("web", { dependsOn: ["db"] }), spec("job", { kind: "task", dependsOn: ["db", "web"] })], []],
    ["accepts what is depended on twice", [spec("a"), spec("b", { dependsOn: ["a"] }), spec("c", { dependsOn: ["a", "b", "b"] })], []],
    ["refuses an unknown name", [spec("web", { dependsOn: ["db"] })], ['"web" depends on "db", which is not there']],
    ["refuses a name twice", [spec("web"), spec("web")], ['"web" is there twice']],
    ["refuses itself", [spec("web", { dependsOn: ["web"] })], ['"web" depends on itself: web -> web']],
    [
      "refuses a circle",
      [spec("a", { dependsOn: ["b"] }), spec("b", { dependsOn: ["c"] }), spec("c", { dependsOn: ["a"] })],
      ['"a" depends on itself: a -> b -> c -> a'],
    ],
    [
      "refuses to wait for the end of what is always restarted",
      [spec("db"), spec("web", { dependsOn: [{ on: "db", condition: "completed" }] })],
      ['"web" waits for "db" to be completed, but it is a service that is always restarted'],
    ],
    [
      "accepts to wait for the end of a service that may end",
      [spec("db", { restart: { when: "on-failure" } }), spec("web", { dependsOn: [{ on: "db", condition: "completed" }] })],
      [],
    ],
    [
      "refuses to wait for readiness that nobody looks at",
      [spec("db"), spec("web", { dependsOn: [{ on: "db", condition: "ready" }] })],
      ['"web" waits for "db" to be ready, but it has no check that would tell'],
    ],
    [
      "refuses a broken pattern",
      [spec("db"), spec("web", { dependsOn: [{ on: "db", condition: "log", pattern: "(" }] })],
      ['"web" waits for a line of "db" that matches an invalid pattern: ('],
    ],
    [
      "refuses a broken pattern of a check",
      [spec("web", { startup: { probe: { kind: "log", pattern: "(" } } })],
      ['"web" has a check with an invalid pattern: ('],
    ],
    [
      "refuses a name or command that cannot be",
      [spec("", {}), spec("web", { command: "" })],
      ['"" cannot be a name', '"web" has no command that could be run'],
    ],
  ])("%s", (_, specs, problems) => {
    expect(problemsOf(...specs).filter((problem) => specs[0]!.name !== "" || !problem.includes('"" has no command'))).toEqual(problems);
  });

  test("finds a circle exactly when there is one", () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 16 });
    fc.assert(
      fc.property(edges, (list) => {
        const specs = Array.from({ length: 8 }, (_, from) =>
          spec(`p${from}`, { dependsOn: list.filter(([a]) => a === from).map(([, b]) => `p${b}`) }),
        );
        // By taking away what depends on nothing that is left.
        const left = new Map(specs.map((one) => [one.name, one.dependsOn.map(({ on }) => on)]));
        for (let before = -1; before !== left.size; ) {
          before = left.size;
          for (const [name, needs] of left) if (needs.every((need) => !left.has(need))) left.delete(name);
        }
        expect(problemsOf(...specs).some((problem) => problem.includes("depends on itself"))).toBe(left.size > 0);
      }),
    );
  });

  test("does not mind a chain of many thousands", () => {
    const chain = Array.from({ length: 20_000 }, (_, index) => spec(`p${index}`, index === 0 ? {} : { dependsOn: [`p${index - 1}`] }));
    expect(problemsOf(...chain.toReversed())).toEqual([]);
    const all = new Map(chain.map((one) => [one.name, one]));
    expect(withDependencies(["p19999"], all).size).toBe(20_000);
    expect(dependentsOf(chain).get("p0")).toEqual(["p1"]);
  });
});

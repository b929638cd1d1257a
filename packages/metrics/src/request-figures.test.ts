import type { Outcome } from "@mothership/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePage, seriesValue } from "../test/parse.ts";
import { write } from "./exposition.ts";
import { maxLabelLength } from "./labels.ts";
import { durationBucketsMs, families } from "./registry.ts";
import { type RequestFamily, RequestFigures } from "./request-figures.ts";

const requestFamilies: readonly RequestFamily[] = [
  "requests",
  "requestDuration",
  "responses",
  "unfinished",
  "requestBytes",
  "responseBytes",
];
const complete: Outcome = { status: 200, end: "complete", requestBytes: 0, responseBytes: 0 };

async function pageOf(figures: RequestFigures): Promise<ReturnType<typeof parsePage>> {
  const { body } = await write(
    requestFamilies.map((key) => ({ family: families[key], samples: () => figures.samples(key) })),
    "prometheus",
  );
  return body === "\n" ? new Map() : parsePage(body);
}

const routesOf = (page: ReturnType<typeof parsePage>): readonly string[] =>
  (page.get("mothership_requests_total")?.samples ?? []).map(({ labels }) => labels["route"]!);

interface Ended {
  readonly route: string;
  readonly outcome: Outcome;
  readonly ms: number;
}

const ended: fc.Arbitrary<Ended> = fc.record({
  route: fc.constantFrom("", "/a", "/b/.*", "/c\\d+", "/d", "none", "other"),
  outcome: fc.record({
    status: fc.constantFrom(0, 101, 200, 204, 301, 404, 499, 500, 599),
    end: fc.constantFrom("complete", "clientLeft", "aborted"),
    requestBytes: fc.nat(10_000),
    responseBytes: fc.nat(1_000_000),
  }),
  ms: fc.oneof(fc.constantFrom(...durationBucketsMs), fc.double({ min: 0, max: 100_000, noNaN: true })),
});

describe("RequestFigures", () => {
  test("comes to what a naive count comes to", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(ended, { maxLength: 60 }), async (all) => {
        const figures = new RequestFigures(100, () => undefined);
        for (const { route, outcome, ms } of all) figures.finished(route, outcome, ms);
        const page = await pageOf(figures);
        const groups = Map.groupBy(all, ({ route }) => route || "none");
        expect(new Set(routesOf(page))).toEqual(new Set(groups.keys()));
        for (const [route, own] of groups) {
          const sum = (of: (one: Ended) => number): number => own.reduce((total, one) => total + of(one), 0);
          const labels = { route };
          expect(seriesValue(page, "mothership_requests_total", labels)).toBe(own.length);
          expect(seriesValue(page, "mothership_request_bytes_total", labels)).toBe(sum(({ outcome }) => outcome.requestBytes));
          expect(seriesValue(page, "mothership_response_bytes_total", labels)).toBe(sum(({ outcome }) => outcome.responseBytes));
          for (const digit of ["1", "2", "3", "4", "5"])
            expect(seriesValue(page, "mothership_responses_total", { route, class: `${digit}xx` }) ?? 0).toBe(
              own.filter(({ outcome }) => String(outcome.status).startsWith(digit)).length,
            );
          expect(seriesValue(page, "mothership_responses_total", { route, class: "none" }) ?? 0).toBe(
            own.filter(({ outcome }) => outcome.status === 0).length,
          );
          for (const [end, label] of [
            ["clientLeft", "client_left"],
            ["aborted", "aborted"],
          ])
            expect(seriesValue(page, "mothership_requests_unfinished_total", { route, end: label! }) ?? 0).toBe(
              own.filter(({ outcome }) => outcome.end === end).length,
            );
          const duration = "mothership_request_duration_seconds";
          for (const bound of durationBucketsMs) {
            const le = Number.isInteger(bound / 1000) ? `${bound / 1000}.0` : String(bound / 1000);
            expect(seriesValue(page, duration, { route, le }, `${duration}_bucket`)).toBe(own.filter(({ ms }) => ms <= bound).length);
          }
          expect(seriesValue(page, duration, { route, le: "+Inf" }, `${duration}_bucket`)).toBe(own.length);
          expect(seriesValue(page, duration, labels, `${duration}_count`)).toBe(own.length);
          expect(seriesValue(page, duration, labels, `${duration}_sum`)).toBeCloseTo(sum(({ ms }) => ms) / 1000, 6);
        }
      }),
    );
  });

  test("shows a declared route before its first request, and nothing else of it", async () => {
    const figures = new RequestFigures(100, () => undefined);
    figures.declare(["/a", "/b"]);
    const page = await pageOf(figures);
    expect(seriesValue(page, "mothership_requests_total", { route: "/a" })).toBe(0);
    expect([...page.keys()]).toEqual(["mothership_requests_total"]);
    expect(routesOf(page)).toEqual(["/a", "/b"]);
  });

  test("keeps what was counted of a route that is declared again, and forgets the others", async () => {
    const figures = new RequestFigures(2, () => undefined);
    figures.declare(["/a", "/b"]);
    figures.finished("/a", complete, 1);
    figures.finished("/b", complete, 1);
    figures.declare(["/a", "/c"]);
    figures.finished("/c", complete, 1);
    const page = await pageOf(figures);
    expect(routesOf(page)).toEqual(["/a", "/c"]);
    expect(seriesValue(page, "mothership_requests_total", { route: "/a" })).toBe(1);
  });

  test("counts routes over the limit as other, loses none, and reports each", async () => {
    let dropped = 0;
    const figures = new RequestFigures(100, () => dropped++);
    for (let i = 0; i < 5000; i++) figures.finished(`/made-up-${i}`, complete, 1);
    for (let i = 0; i < 100; i++) figures.finished(`/made-up-${i}`, complete, 1);
    const page = await pageOf(figures);
    expect(routesOf(page)).toHaveLength(101);
    expect(seriesValue(page, "mothership_requests_total", { route: "other" })).toBe(4900);
    expect(page.get("mothership_requests_total")?.samples.reduce((sum, { value }) => sum + value, 0)).toBe(5100);
    expect(dropped).toBe(4900);
  });

  test("puts two routes into one line that differ behind the longest label alone", async () => {
    const figures = new RequestFigures(100, () => undefined);
    const long = "/".padEnd(maxLabelLength, "x");
    figures.declare([`${long}1`, `${long}2`]);
    figures.finished(`${long}1`, complete, 1);
    figures.finished(`${long}2`, complete, 1);
    expect(seriesValue(await pageOf(figures), "mothership_requests_total", { route: long })).toBe(2);
  });

  test("counts what is under way by bind, and bounds the binds too", () => {
    const figures = new RequestFigures(2, () => undefined);
    figures.inFlight("http").count += 2;
    figures.inFlight("https").count += 1;
    figures.inFlight("http").count -= 1;
    for (const bind of ["a", "b"]) figures.inFlight(bind).count += 1;
    expect(Array.from(figures.inFlightSamples(), ({ shared, value }) => [shared["bind"], value])).toEqual([
      ["http", 1],
      ["https", 1],
      ["other", 2],
    ]);
  });
});

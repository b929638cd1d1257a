import { parseManifest } from "@mothership/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Chart, chartOf, drawChart } from "./chart.ts";

const manifest = parseManifest(
  `
[mothership.bind]
http = "0.0.0.0:80"
ws = "unix:///run/ws.sock"
spare = "127.0.0.1:9"
[[mothership.static_dirs]]
path = "./public"
prefix = "/"
[[mothership.static_dirs]]
path = "./assets"
prefix = "/assets"
bind = "http"
[[bays.websocket]]
name = "orbit"
command = "./orbit"
routes = ["ws:/cable"]
[[fleet.web]]
name = "api"
command = "x"
bind = "3001"
routes = [{ bind = "http", pattern = "/api/.*", strip_prefix = "/api" }]
[[fleet.web]]
name = "site"
command = "x"
bind = "unix:///run/site.sock"
routes = [{ bind = "http", pattern = "/.*", ua_filter = "browser" }, "ws:/.*"]
[[fleet.jobs]]
name = "seed"
command = "x"
oneshot = true
[[fleet.workers]]
name = "mailer"
command = "x"
`,
  { env: {}, file: "ship-manifest.toml" },
);

describe("drawChart", () => {
  test("shows what a route asks for, and what it answers itself", () => {
    const answering = parseManifest(`
[mothership.bind]
http = "80"
[[fleet.web]]
name = "site"
command = "x"
bind = "3001"
routes = [
  { bind = "http", pattern = "/a", ja4h = "ge11", ua_filter = "bot", action = "block", status = 404 },
  { bind = "http", pattern = "/b", action = "redirect", redirect_to = "/c" },
]
`);
    expect(drawChart(chartOf(answering))).toBe(
      `http  127.0.0.1:80
├── /a [bot] [ja4h ge11] → 404 (ship site)
└── /b                   → 302 to /c (ship site)
`,
    );
  });

  test("says how many clients a bay has where the fleet runs", () => {
    expect(drawChart(chartOf(manifest, new Map([["orbit", 1]])))).toContain("→ bay orbit (websocket) docked, 1 client\n");
    expect(drawChart(chartOf(manifest, new Map([["orbit", 5_000]])))).toContain("→ bay orbit (websocket) docked, 5000 clients\n");
    expect(chartOf(manifest, new Map([["orbit", 0]])).binds[1]?.routes[0]).toMatchObject({ to: "orbit", clients: 0 });
  });

  test("says how many threads listen on a bind, where it can be more than one", () => {
    const threaded = (edgeThreads: "auto" | number) =>
      drawChart(chartOf({ ...manifest, mothership: { ...manifest.mothership, edgeThreads } }));
    expect(threaded(2)).toMatch(/^http {2}0\.0\.0\.0:80 {2}\(2 threads\)$/m);
    expect(threaded(2)).toMatch(/^ws {2}unix:\/\/\/run\/ws\.sock$/m);
    expect(threaded("auto")).toMatch(/^spare {2}127\.0\.0\.1:9 {2}\(a thread for each processor\)$/m);
  });

  test("draws each bind with its files and its routes in the order in which they are tried", () => {
    expect(drawChart(chartOf(manifest))).toBe(
      `http  0.0.0.0:80
├── /assets/*            → files in ./assets
├── /*                   → files in ./public
├── /api/.* (strip /api) → ship api (web) 127.0.0.1:3001
└── /.* [browser]        → ship site (web) unix:///run/site.sock

ws  unix:///run/ws.sock
├── /*     → files in ./public
├── /cable → bay orbit (websocket) docked
└── /.*    → ship site (web) unix:///run/site.sock

spare  127.0.0.1:9
└── /* → files in ./public

without a route
    ship seed    (jobs) one-shot job
    ship mailer  (workers) no port
`,
    );
  });

  test("stays within its columns whatever the names are", () => {
    const text = fc.string({ unit: "grapheme-ascii", maxLength: 200 });
    const route = fc.record({ pattern: text, to: text, kind: fc.constant("ship" as const), group: text, address: text });
    const chart: fc.Arbitrary<Chart> = fc.record({
      binds: fc.array(
        fc.record({ name: text, address: text, static: fc.array(fc.record({ prefix: text, path: text })), routes: fc.array(route) }),
      ),
      unrouted: fc.array(fc.record({ name: text, kind: fc.constant("ship" as const), group: text, what: text })),
    });
    fc.assert(
      fc.property(chart, fc.integer({ min: 20, max: 120 }), (chart, columns) => {
        const long = drawChart(chart, columns)
          .split("\n")
          .filter((line) => line.length > columns);
        expect(long).toEqual([]);
      }),
    );
  });
});

import { join } from "node:path";
import { eventually, freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { moodyShip, mothership, ship, startFleet } from "./support/fleet.ts";

const built = join(import.meta.dirname, "../../../examples/payloads/built");

describe("a ship that fails", () => {
  test("is looked at after failures in a row, and comes back when its check passes", async () => {
    const [http, metrics, port] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]\nmetrics_port = ${metrics}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${moodyShip(port, "upstream = { circuit_breaker = { min_requests = 100 } }")}`,
    );
    await fleet.running();
    const statusOf = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${http}${path}`)).status;
    for (let n = 0; n < 5; n++) expect(await statusOf("/reset")).toBe(502);
    const { ship, reason } = await fleet.line("the word", (line) => line.message?.startsWith("Requests to a ship fail") === true);
    expect([ship, reason]).toEqual(["moody", expect.stringContaining("upstream-closed")]);
    await eventually("the ship back", async () => (await statusOf("/")) === 200);

    const page = (await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text()).split("\n");
    expect(page).toContain('mothership_upstream_errors_total{upstream="moody",reason="upstream-closed"} 5');
    expect(page).toContain('mothership_upstream_breaker_state{upstream="moody",state="closed"} 1');
    expect(page).toContain("mothership_compression_saturated_total 0");
    const rebound = await fetch(`http://localhost:${metrics}/metrics`);
    expect(rebound.status).toBe(200);
  });

  test.each([1, 2])(
    "opens its breaker after as many failures as that says, and is no mayday while its check passes: %i threads",
    async (threads) => {
      const [http, port] = [await freePort(), await freePort()];
      await using fleet = startFleet(
        `[mothership]\nedge_threads = ${threads}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${moodyShip(port, "upstream = { circuit_breaker = { min_requests = 10 } }")}`,
      );
      await fleet.running();
      let failures = 0;
      await eventually("the open breaker", async () => {
        const answer = await fetch(`http://127.0.0.1:${http}/reset`);
        if (answer.status === 502) failures++;
        return answer.headers.get("x-mothership-error") === "upstream-failing";
      });
      expect(failures).toBe(10);
      await fleet.line("the suspicion", ({ message }) => message?.startsWith("Requests to a ship fail") === true);
      expect(fleet.lines().filter(({ status }) => status === "mayday")).toEqual([]);
    },
  );

  test("is asked again for preflights that it answered before it was restarted", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(`[mothership]\ncors_cache = true\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${moodyShip(port)}`);
    await fleet.running();
    const headers = { Origin: "https://app.example", "Access-Control-Request-Method": "POST" };
    const answerOf = async (): Promise<string | null> =>
      (await fetch(`http://127.0.0.1:${http}/api`, { method: "OPTIONS", headers })).headers.get("x-tries");
    expect([await answerOf(), await answerOf()]).toEqual(["1", "1"]);
    await fetch(`http://127.0.0.1:${http}/`);
    expect(await answerOf()).toBe("1");
    expect((await mothership(["restart", "moody"], { cwd: fleet.folder, env: fleet.env })).code).toBe(0);
    await fetch(`http://127.0.0.1:${http}/`);
    expect(await answerOf()).toBe("2");
  });

  test("on a Unix socket comes back each time it is killed, although its socket file is left", async () => {
    using folder = tempFolder();
    const http = await freePort();
    const more = 'routes = ["http:/.*"]\nmax_restarts = 3';
    await using fleet = startFleet(`[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${ship("app", folder.join("app.sock"), more)}`);
    await fleet.running();
    for (let n = 1; n <= 2; n++) {
      const [before] = await fleet.units();
      process.kill(before!.pid!, "SIGKILL");
      await eventually("another process", async () => {
        const [now] = await fleet.units();
        return now?.state === "ready" && now.pid !== before!.pid;
      });
      expect((await fetch(`http://127.0.0.1:${http}/`)).status).toBe(200);
      expect(fleet.lines().filter(({ message }) => message === "Removed a socket file that nobody answered on")).toHaveLength(n);
    }
    expect(fleet.stdout()).not.toContain("EADDRINUSE");
  });

  test("is not the only one whose errors come in the form that the client prefers: those of payloads do too", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership.bind]
http = "127.0.0.1:${http}"
[[modules]]
name = "auth"
wasm = "${built}/header-auth.wasm"
routes = ["/.*"]
fuel = 1000
config = { tokens = "let-me-in" }
${moodyShip(port)}`);
    await fleet.running();
    const answer = await fetch(`http://127.0.0.1:${http}/`, { headers: { Accept: "application/json" } });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([503, "application/json"]);
    expect(await answer.json()).toEqual({ error: expect.objectContaining({ status: 503, reason: expect.stringMatching(/^payload-/) }) });
  });
});

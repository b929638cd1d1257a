import { existsSync, readdirSync } from "node:fs";
import { eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { bay, mothership, startFleet } from "./support/fleet.ts";

/** A browser's end of a WebSocket that remembers what it heard. */
function client(url: string) {
  const socket = new WebSocket(url);
  const heard: string[] = [];
  socket.addEventListener("message", (event) => void heard.push(String(event.data)));
  const closed = new Promise<number>((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
  const said = async (text: string): Promise<void> => {
    socket.send(text);
    await eventually(`the echo of ${text}`, () => heard.includes(text));
  };
  const opened = new Promise((resolve) => socket.addEventListener("open", resolve));
  return { opened, said, closed, heard, [Symbol.dispose]: () => socket.close() };
}

describe("a bay in the fleet", () => {
  test("answers WebSockets, keeps its clients when it is killed, and tells them when the fleet ends", async () => {
    const [port, metrics] = [await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership]
metrics_port = ${metrics}
[mothership.bind]
ws = "127.0.0.1:${port}"
${bay("echo", "ws:/echo")}`);
    await fleet.running();
    const states = fleet.lines().flatMap((line) => line.status ?? []);
    expect(states).toContain("docking");
    using one = client(`ws://127.0.0.1:${port}/echo`);
    await one.opened;
    await one.said("before");

    const status = async (): Promise<{ pid: number; clients: number }> =>
      JSON.parse((await mothership(["status", "--json"], { cwd: fleet.folder, env: fleet.env })).stdout).units[0];
    const { pid, clients } = await status();
    expect(clients).toBe(1);
    expect((await mothership(["status"], { cwd: fleet.folder, env: fleet.env })).stdout).toMatch(/echo .* ws:\/echo 1 client\n/);
    const chart = await mothership(["chart"], { cwd: fleet.folder, env: fleet.env });
    expect(chart.stdout).toContain("bay echo (websocket) docked, 1 client\n");
    const figures = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    const figure = (name: string, more = ""): number =>
      Number(new RegExp(`^mothership_bay_${name}\\{bay="echo",group="websocket"${more}\\} (\\d+)$`, "m").exec(figures)?.[1]);
    expect([figure("clients"), figure("boardings_total"), figure("reboardings_total")]).toEqual([1, 1, 0]);
    for (const direction of ["in", "out"]) {
      expect(figure("frames_total", `,direction="${direction}"`)).toBeGreaterThan(2);
      expect(figure("bytes_total", `,direction="${direction}"`)).toBeGreaterThan(20);
    }
    expect([figure("queue_bytes", ',direction="to_bay"'), figure("queue_bytes", ',direction="to_clients"')]).toEqual([0, 0]);
    process.kill(pid, "SIGKILL");
    await fleet.line("the bay docked again", (line) => line.status === "running" && line["from"] === "mayday");
    await one.said("after");
    expect((await status()).clients).toBe(1);

    expect((await fetch(`http://127.0.0.1:${port}/echo`)).status).toBe(426);
    fleet.signal("SIGTERM");
    expect(await one.closed).toBe(1001);
    expect((await fleet.ended()).code).toBe(0);
    // No socket of a bay or of the fleet is left behind.
    expect(existsSync(fleet.env["MS_SOCKET_DIR"] ?? "") ? readdirSync(fleet.env["MS_SOCKET_DIR"] ?? "") : []).toEqual([]);
  });
});

test.each([1, 2])(
  "a bay that is restarted by command keeps its clients, which board the new one, with %i threads of the edge",
  async (threads) => {
    const [port, metrics] = [await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership]
edge_threads = ${threads}
metrics_port = ${metrics}
[mothership.bind]
ws = "127.0.0.1:${port}"
${bay("echo", "ws:/echo")}
reboard = true`);
    await fleet.running();
    const clients = Array.from({ length: 8 }, () => client(`ws://127.0.0.1:${port}/echo`));
    const closed = Promise.race(clients.map((one) => one.closed));
    await Promise.all(clients.map((one) => one.opened));
    for (const one of clients) await one.said("before");
    const [before] = await fleet.units();
    expect((await mothership(["restart", "echo"], { cwd: fleet.folder, env: fleet.env })).code).toBe(0);
    const [after] = await fleet.units();
    expect(after).toMatchObject({ state: "ready", clients: 8 });
    expect(after?.pid).not.toBe(before?.pid);
    for (const one of clients) await one.said("after");
    expect(await Promise.race([closed, "nobody was closed"])).toBe("nobody was closed");
    const page = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
    expect(page).toMatch(/^mothership_bay_reboardings_total\{bay="echo",group="websocket"\} 8$/m);
    for (const one of clients) one[Symbol.dispose]();
  },
);

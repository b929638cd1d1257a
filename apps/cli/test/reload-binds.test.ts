import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, get as httpGet } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createAuthority, eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { mothership, ship, startFleet, type TestFleet } from "./support/fleet.ts";

async function reload(fleet: TestFleet, manifest: string) {
  writeFileSync(join(fleet.folder, "ship-manifest.toml"), manifest);
  return await mothership(["reload"], { cwd: fleet.folder, env: fleet.env });
}

const refused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(false);
    }).on("error", () => resolve(true));
  });

/** Status of one request over the connection that the agent keeps, and the local port of that connection. */
function ask(agent: Agent, port: number, path = "/"): Promise<{ readonly status: number | undefined; readonly from: number | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpGet({ agent, port, host: "127.0.0.1", path }, (response) => {
      const from = request.socket?.localPort;
      response.resume().once("end", () => resolve({ status: response.statusCode, from }));
    }).once("error", reject);
  });
}

describe.each([1, 2])("a reload that changes binds, with %i threads of the edge", (threads) => {
  test("keeps connections of those that stay, opens new ones, and lets requests on those that are gone finish", async () => {
    const [kept, gone, added, port] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const manifest = (binds: string, names: readonly string[]): string =>
      `[mothership]\nedge_threads = ${threads}\n[mothership.bind]\n${binds}\n${ship("app", port, `routes = [${names.map((name) => `"${name}:/.*"`).join(", ")}]`)}`;
    await using fleet = startFleet(manifest(`kept = "127.0.0.1:${kept}"\ngone = "127.0.0.1:${gone}"`, ["kept", "gone"]));
    await fleet.running();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await ask(agent, kept);
    expect(before.status).toBe(200);
    const slow = fetch(`http://127.0.0.1:${gone}/slow?ms=1500`);
    await fleet.line("the slow request", ({ msg }) => msg === "slow begun");
    const { code, stderr } = await reload(
      fleet,
      manifest(`kept = { addr = "127.0.0.1:${kept}", max_target = "256B" }\nadded = "127.0.0.1:${added}"`, ["kept", "added"]),
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(await refused(gone)).toBe(true);
    expect((await fetch(`http://127.0.0.1:${added}/`)).status).toBe(200);
    expect(await ask(agent, kept)).toEqual(before);
    expect((await slow).status).toBe(200);
    // A new connection is told what is in force now.
    expect((await fetch(`http://127.0.0.1:${kept}/${"x".repeat(300)}`, { headers: { Connection: "close" } })).status).toBe(414);
    const { listening } = JSON.parse((await mothership(["status", "--json"], { cwd: fleet.folder, env: fleet.env })).stdout) as {
      listening: { bind: string; address: string }[];
    };
    expect(listening).toEqual([
      { bind: "kept", address: `http://127.0.0.1:${kept}/` },
      { bind: "added", address: `http://127.0.0.1:${added}/` },
    ]);
    agent.destroy();
  });

  test("that cannot have an address leaves everything as it was", async () => {
    const [http, port, taken] = [await freePort(), await freePort(), await freePort()];
    const stranger = createServer().listen(taken, "127.0.0.1");
    await once(stranger, "listening");
    try {
      const manifest = (more: string): string =>
        `[mothership]\nedge_threads = ${threads}\n[mothership.bind]\nhttp = "127.0.0.1:${http}"\n${more}\n${ship("app", port, 'routes = ["http:/.*"]')}`;
      await using fleet = startFleet(manifest(""));
      await fleet.running();
      const { code, stderr } = await reload(fleet, manifest(`more = "127.0.0.1:${taken}"`));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(/^mothership: .*"more".*\n$/);
      expect((await fetch(`http://127.0.0.1:${http}/`)).status).toBe(200);
      expect((await reload(fleet, manifest(""))).code).toBe(0);
    } finally {
      stranger.close();
    }
  });
});

describe("a reload", () => {
  test("swaps certificates and error pages, and moves a bind to another address", async () => {
    const authority = createAuthority();
    const [one, two] = [authority.issue(["localhost"]), authority.issue(["localhost"])];
    const [https, moved, port] = [await freePort(), await freePort(), await freePort()];
    const manifest = (cert: string, address: number, more = ""): string =>
      `[mothership.bind]\nhttps = { addr = "127.0.0.1:${https}", cert = "${cert}.pem", key = "${cert}.key" }\nhttp = "127.0.0.1:${address}"\n${more}${ship("app", port, 'routes = ["https:/.*", "http:/a.*"]')}`;
    const from = await freePort();
    await using fleet = startFleet(manifest("one", from), {
      files: { "one.pem": one.cert, "one.key": one.key, "two.pem": two.cert, "two.key": two.key, "404.html": "<p>Gone fishing</p>" },
    });
    await fleet.running();
    const serial = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ port: https, host: "127.0.0.1", servername: "localhost", ca: authority.cert }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        }).on("error", reject);
      });
    const before = await serial();
    const { code, stderr } = await reload(fleet, manifest("two", moved, '[mothership.proxy]\nerror_pages = "."\n'));
    expect([code, stderr]).toEqual([0, ""]);
    expect(await serial()).not.toBe(before);
    expect(await refused(from)).toBe(true);
    const page = await fetch(`http://127.0.0.1:${moved}/none`, { headers: { Accept: "text/html" } });
    expect([page.status, await page.text()]).toEqual([404, "<p>Gone fishing</p>"]);
    await eventually("the words", () => fleet.lines().filter(({ message }) => message?.includes("istening")).length >= 4);
  });
});

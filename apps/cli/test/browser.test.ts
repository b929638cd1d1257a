import { join } from "node:path";
import { createAuthority, eventually, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { findChromium, openPage } from "./support/browser.ts";
import { bay, mothership, ship, startFleet } from "./support/fleet.ts";

const pageShip = join(import.meta.dirname, "fixtures/page-ship.mjs");
const chromium = findChromium();

interface Heard {
  readonly events: string[];
  readonly opened: number;
  readonly bay: string[];
  readonly ship: string[];
}

describe.skipIf(chromium === undefined)("a page in Chromium, over TLS and HTTP/2", () => {
  test("has a WebSocket to a bay, one to a ship, and an EventSource, and gets them back after restarts", async () => {
    const certificate = createAuthority().issue(["localhost"]);
    const [https, inner] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership]
compression = true
[mothership.bind]
https = { addr = "127.0.0.1:${https}", cert = "site.crt", key = "site.key" }
${bay("bay", "https:/bay")}
${ship("ship", inner, 'drain_timeout = "500ms"\nroutes = ["https:/.*"]', pageShip)}`,
      { files: { "site.crt": certificate.cert, "site.key": certificate.key } },
    );
    await fleet.running();
    await using page = await openPage(chromium!, certificate.cert);
    const site = `https://localhost:${https}`;
    await page.open(`${site}/`);
    const heard = (): Promise<Heard> => page.evaluate("heard");
    const say = (text: string): Promise<string> =>
      page.evaluate(`fetch("/say", { method: "POST", body: "${text}" }).then((it) => it.text())`);
    const restart = async (name: string): Promise<void> => {
      expect((await mothership(["restart", name], { cwd: fleet.folder, env: fleet.env })).code).toBe(0);
    };

    // An event arrives while its response goes on, compression or not.
    await eventually("the EventSource is open", async () => (await heard()).opened === 1);
    for (const word of ["one", "two", "three"]) {
      expect(await say(word)).toBe("1");
      await eventually(`the event ${word}`, async () => (await heard()).events.at(-1) === word);
    }
    expect(await page.evaluate(`fetch("/big").then(async (it) => [(await it.text()).length, it.headers.get("content-encoding")])`)).toEqual(
      [1_000_000, expect.stringMatching(/^(zstd|br|gzip)$/)],
    );
    const hops: string[] = await page.evaluate(
      `[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((it) => it.nextHopProtocol)`,
    );
    expect(hops.length).toBeGreaterThanOrEqual(5);
    expect(new Set(hops)).toEqual(new Set(["h2"]));

    // 200 instead of 101: the WebSocket is a stream of the same HTTP/2 connection (RFC 8441).
    for (const name of ["bay", "ship"]) {
      await page.evaluate(`talk("/${name}", heard.${name}).then((socket) => { window.${name}Socket = socket; })`);
      await page.evaluate(`["hello", "\\u20ac", "x".repeat(100000)].forEach((word) => ${name}Socket.send(word))`);
      await eventually(`the echo of ${name}`, async () => (await heard())[name as "bay" | "ship"].length === 3);
      expect((await heard())[name as "bay" | "ship"]).toEqual(["hello", "€", "x".repeat(100_000)]);
    }
    const handshakes = page.events.filter(({ method }) => method === "Network.webSocketHandshakeResponseReceived");
    expect(handshakes.map(({ params }) => params.response.status)).toEqual([200, 200]);

    // The bay's client does not notice that its bay was restarted.
    await restart("bay");
    await page.evaluate(`baySocket.send("still here")`);
    await eventually("the echo after the restart", async () => (await heard()).bay.at(-1) === "still here");
    expect((await heard()).bay.some((word) => word.startsWith("closed"))).toBe(false);

    // What ran through the ship has ended with it; both come back.
    await restart("ship");
    await eventually("the tunnel has ended", async () => (await heard()).ship.at(-1)?.startsWith("closed"));
    await eventually("the EventSource is open again", async () => (await heard()).opened >= 2);
    expect(await say("after")).toBe("1");
    await eventually("an event after the restart", async () => (await heard()).events.at(-1) === "after");
    await page.evaluate(`talk("/ship", heard.ship).then((socket) => socket.send("again"))`);
    await eventually("the echo of the new ship", async () => (await heard()).ship.at(-1) === "again");
  });
});

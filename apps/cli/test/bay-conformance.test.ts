import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort, runWebSocketCase, webSocketCases } from "@mothership/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bay, ship, startFleet, type TestFleet } from "./support/fleet.ts";

const websocketShip = join(import.meta.dirname, "fixtures/websocket-ship.mjs");
const pythonClient = join(import.meta.dirname, "fixtures/websocket-client.py");
let port: number;
let fleet: TestFleet;

beforeAll(async () => {
  port = await freePort();
  const inner = await freePort();
  fleet = startFleet(`
[mothership.bind]
ws = "127.0.0.1:${port}"
${bay("bay", "ws:/bay")}
${ship("ship", inner, 'routes = ["ws:/ship"]', websocketShip)}`);
  await fleet.running();
});

afterAll(async () => {
  await fleet[Symbol.asyncDispose]();
});

describe("the program, in the cases of the Autobahn test suite, by way of a bay", () => {
  test.each(webSocketCases({ maxMessageBytes: 1_048_576, maxFragments: 16_384 }))("$id: $title", async (one) => {
    expect(await runWebSocketCase(one, { port, path: "/bay" })).toMatch(/^(ok|non-strict)$/);
  });
});

describe("the program, in the cases of the Autobahn test suite, by way of a tunnel to a ship", () => {
  test.each(webSocketCases({ maxMessageBytes: 16_777_216, maxFragments: 131_072 }))("$id: $title", async (one) => {
    expect(await runWebSocketCase(one, { port, path: "/ship" })).toMatch(/^(ok|non-strict)$/);
  });
});

/** A Python that has the library: Debian's own may not be the first in the path. */
function pythonWith(library: string): string | undefined {
  return ["python3", "/usr/bin/python3"].find((python) => spawnSync(python, ["-c", `import ${library}`]).status === 0);
}

describe.each(["/bay", "/ship"])("clients that others wrote, at %s", (path) => {
  test.for(["websockets", "autobahn"])(
    "python3-%s: text, bytes, long messages, fragments, pings, a close code",
    async (library, { skip }) => {
      const python = pythonWith(library);
      if (python === undefined) return skip(`python3-${library} is not installed here`);
      const child = spawn(python, [pythonClient, library, `ws://127.0.0.1:${port}${path}`], { stdio: ["ignore", "pipe", "inherit"] });
      let printed = "";
      child.stdout.on("data", (data: Buffer) => {
        printed += data.toString();
      });
      await once(child, "close");
      expect(JSON.parse(printed)).toEqual({ echoes: 11, pongs: 1, code: 4711 });
    },
  );

  test("Node's own WebSocket: text, bytes, a close code", async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
    socket.binaryType = "arraybuffer";
    await once(socket, "open");
    const words = ["", "short", "für alle 😀", "x".repeat(65_536), new Uint8Array([0, 255]), new Uint8Array(1_000_000).fill(7)];
    for (const word of words) {
      socket.send(word);
      const [{ data }] = (await once(socket, "message")) as [{ readonly data: string | ArrayBuffer }];
      expect(Buffer.from(data as string).equals(Buffer.from(word as string))).toBe(true);
    }
    const closed = once(socket, "close") as Promise<[object]>;
    socket.close(4711, "done");
    expect((await closed)[0]).toMatchObject({ code: 4711, wasClean: true });
  });
});

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { eventually } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { upstreamFailures } from "../src/errors.ts";
import { defaultClientLimits, defaultClientTimeouts, defaultServerLimits, defaultServerTimeouts, refusals } from "../src/index.ts";
import { always } from "./support/ask.ts";
import { listen, origin, plainOk, send, withoutDate } from "./support/wire.ts";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const rows = readme.match(/^\|.*\|$/gm)!.map((row) => row.split("|").map((cell) => cell.trim()));

describe("the README", () => {
  test("lists every refusal with its status, section and reason", () => {
    for (const { code, status, section, reason } of Object.values(refusals))
      expect(rows).toContainEqual(["", `\`${code}\``, String(status), section, reason, ""]);
  });

  test("lists every failure of a pool with its sentence", () => {
    for (const [code, sentence] of Object.entries(upstreamFailures)) expect(rows).toContainEqual(["", `\`${code}\``, `${sentence}.`, ""]);
  });

  test("names every limit and time-out", () => {
    const first = rows.map((row) => row[1]).join(" ");
    for (const name of [defaultServerLimits, defaultServerTimeouts, defaultClientLimits, defaultClientTimeouts].flatMap(Object.keys))
      expect(first).toContain(`\`${name}\``);
  });
});

describe("the example of the README", () => {
  test("is a working proxy", { timeout: 30_000 }, async () => {
    const { port } = await (async () => {
      await using free = await listen(() => undefined);
      return { port: free.port };
    })();
    await using upstream = await origin(always(plainOk));
    // Within the package its own name resolves to what it ships.
    const folder = mkdtempSync(join(root, ".example-"));
    let child: ChildProcess | undefined;
    try {
      const file = join(folder, "example.ts");
      writeFileSync(file, /^```ts\n([\s\S]*?)^```/m.exec(readme)![1]!);
      child = spawn(process.execPath, [file, String(port), `127.0.0.1:${upstream.port}`], { stdio: "inherit" });
      const running = child;
      await eventually("the example listens", async () => {
        if (running.exitCode !== null) throw new Error(`the example ended with ${running.exitCode}`);
        const socket = connect(port, "127.0.0.1");
        await once(socket, "connect");
        socket.destroy();
        return true;
      });
      const answer = await send(port, "GET /a HTTP/1.1\r\nHost: b\r\nConnection: X-Secret\r\nX-Secret: 1\r\n\r\n");
      expect(withoutDate(answer)).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      expect(upstream.received).toEqual(["GET /a HTTP/1.1\r\nHost: b\r\n\r\n"]);
    } finally {
      if (child && child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true });
    }
  });
});

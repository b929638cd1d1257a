import { readdirSync, readlinkSync, truncateSync } from "node:fs";
import { eventually } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ask, fakeExchange } from "./exchange.ts";
import { staticSite } from "./static-site.ts";

const { big, file, folder, get, serving } = staticSite();

/** Descriptors of this process that are open on something under the folder. */
function openFiles(): readonly string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder.path) ? [path] : [];
    } catch {
      return [];
    }
  });
}

describe.runIf(process.platform === "linux")("file handles", () => {
  test("are closed after every kind of answer", async () => {
    const paths = ["/ten.txt", "/big.bin", "/docs", "/docs/", "/plain/", "/app.js", "/nofile.js", "/pipe", "/key.pem", "/empty.txt"];
    const kinds = [
      {},
      { "Accept-Encoding": "br" },
      { Range: "bytes=0-1" },
      { Range: "bytes=99999999-" },
      { "If-None-Match": "*" },
      { "If-Match": '"x"' },
    ];
    for (const path of paths) {
      for (const fields of kinds) {
        await get(path, fields);
        await ask(serving(), { method: "HEAD", path, fields });
      }
    }
    await eventually("all files closed", () => openFiles().length === 0);
  });

  test("are closed when the client leaves: before the first byte, in the middle, and while it does not read", async () => {
    for (const leaveAfter of [0, 1, 3]) {
      const exchange = fakeExchange({ path: "/big.bin" });
      await serving()(() => undefined)(exchange);
      const { body } = exchange.answer!;
      expect(openFiles()).toHaveLength(1);
      let pieces = 0;
      if (leaveAfter > 0) {
        const paused = new Promise<void>((resolve) => {
          body.read({
            data: () => {
              if (++pieces < leaveAfter) return true;
              resolve();
              return false;
            },
            end: () => expect.unreachable(),
            fail: () => expect.unreachable(),
          });
        });
        await paused;
      }
      body.cancel(new Error("the client left"));
      await eventually("the file closed", () => openFiles().length === 0);
      expect(pieces).toBe(leaveAfter);
    }
  });

  test("a reader that pauses is given nothing until it goes on", async () => {
    const exchange = fakeExchange({ path: "/big.bin" });
    await serving()(() => undefined)(exchange);
    const { body } = exchange.answer!;
    let bytes = 0;
    let most = 0;
    let waiting = 0;
    const done = new Promise<void>((resolve, reject) => {
      body.read({
        data: (piece) => {
          bytes += piece.length;
          most = Math.max(most, ++waiting);
          setImmediate(() => {
            waiting--;
            body.resume();
          });
          return false;
        },
        end: () => resolve(),
        fail: reject,
      });
    });
    await done;
    expect(bytes).toBe(big.length);
    expect(most).toBe(1);
  });

  test("rule 62: a file that becomes shorter while it is sent is cut off, not ended", async () => {
    file("public/shrinks.bin", big);
    const exchange = fakeExchange({ path: "/shrinks.bin" });
    await serving()(() => undefined)(exchange);
    const { body } = exchange.answer!;
    const outcome = new Promise<string>((resolve) => {
      body.read({
        data: () => {
          truncateSync(folder.join("public/shrinks.bin"), 10);
          return true;
        },
        end: () => resolve("ended"),
        fail: (error) => resolve(error.message),
      });
    });
    expect(await outcome).toContain("shorter");
    await eventually("the file closed", () => openFiles().length === 0);
  });
});

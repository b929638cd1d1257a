import { silentLogger } from "@mothership/kernel";
import { parseManifest } from "@mothership/manifest";
import { expect, test } from "vitest";
import { type Machine, threadCount, threadsProblem } from "./count.ts";

const manifestOf = (threads: string, bind = '"127.0.0.1:8080"') =>
  parseManifest(`[mothership]\nedge_threads = ${threads}\n[mothership.bind]\nhttp = ${bind}\n[[fleet.web]]\nname = "a"\ncommand = "a"\n`);
const linux: Machine = { platform: "linux", processors: 6 };
const mac: Machine = { platform: "darwin", processors: 6 };

function counted(threads: string, machine: Machine, bind?: string): readonly [number, readonly string[]] {
  const said: string[] = [];
  const log = { ...silentLogger, info: (message: string) => void said.push(message) };
  return [threadCount(manifestOf(threads, bind), { log }, machine), said];
}

test("as many threads serve as the manifest says, and with auto one for each processor, 16 at most", () => {
  expect(counted("1", linux)).toEqual([1, []]);
  expect(counted("3", linux)).toEqual([3, []]);
  expect(counted('"auto"', linux)).toEqual([6, [expect.stringContaining("one for each processor")]]);
  expect(counted('"auto"', { ...linux, processors: 200 })[0]).toBe(16);
});

test("where the system does not spread connections, auto is one thread, and a greater number is a problem that names it", () => {
  expect(counted('"auto"', mac)).toEqual([1, [expect.stringContaining("does not spread connections")]]);
  expect(threadsProblem(manifestOf("4"), mac)).toMatch(/edge_threads = 4 .*darwin.* write 1 or "auto"/);
  for (const [threads, machine] of [
    ["4", linux],
    ["1", mac],
    ['"auto"', mac],
  ] as const)
    expect(threadsProblem(manifestOf(threads), machine)).toBeUndefined();
});

test("one thread serves a fleet whose binds are all Unix sockets, and it is said why", () => {
  expect(counted("4", linux, '"unix:///tmp/edge.sock"')).toEqual([1, [expect.stringContaining("Unix socket")]]);
});

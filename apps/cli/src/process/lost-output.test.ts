import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { watchOutput } from "./lost-output.ts";

function watched() {
  const said: string[] = [];
  const codes: number[] = [];
  const stream = new Writable({ autoDestroy: false });
  const watch = watchOutput(
    stream,
    (text) => said.push(text),
    (code) => codes.push(code),
  );
  const fail = (code: string): boolean => stream.emit("error", Object.assign(new Error(`${code}: told`), { code }));
  return { said, codes, watch, fail };
}

test("an answer that cannot be written is said once and makes the command fail, unless it failed otherwise", () => {
  const { said, codes, watch, fail } = watched();
  expect(watch.exitCode(0)).toBe(0);
  fail("ENOSPC");
  fail("ENOSPC");
  expect([said, codes]).toEqual([["mothership: the output could not be written: ENOSPC: told\n"], [1]]);
  expect([watch.exitCode(0), watch.exitCode(6)]).toEqual([1, 6]);
});

test("a reader that went away is no failure, nor is any loss of a fleet that runs on", () => {
  const { said, codes, watch, fail } = watched();
  fail("EPIPE");
  watch.ignore();
  fail("ENOSPC");
  expect([said, codes, watch.exitCode(0)]).toEqual([[], [], 0]);
});

import { describe, expect, test } from "vitest";
import { answer, ask, bodyOf, code, fault } from "../../test/support/ask.ts";
import { bench, echoing, nativeGuest, requestContext, responseContext } from "../../test/support/guests.ts";
import { payloadLimits } from "../limits.ts";

describe("bodies", () => {
  const upper = nativeGuest(`(local.set $n (call $read_body (i32.const 0) (i32.const 4096) (call $get_body)))
    (i32.store8 (i32.const 4096) (i32.const 88)) (drop (call $set_body (i32.const 4096) (local.get $n)))`);

  test("are read and replaced, of requests and of responses", async () => {
    const changes = { edits: [], body: new Uint8Array(Buffer.from("Xello")) };
    expect(await ask(upper, { body: "hello" }, { body: true })).toEqual({ action: "continue", changes });
    expect(await answer(upper, responseContext(200, [], "hello"), { body: true })).toEqual({ action: "continue", changes });
  });

  test("are read from where the guest says, and read again as they were replaced", async () => {
    const part =
      nativeGuest(`(drop (call $set_body {replaced})) (local.set $n (call $read_body (i32.const 2) (i32.const 4096) (i32.const 4)))
      (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $n)))`);
    expect(bodyOf(await ask(part, { body: "x" }, { body: true }))).toBe("plac");
    expect(await code("(call $read_body (i32.const 99) (i32.const 0) (i32.const 4))", { body: "abc" }, { body: true })).toBe(0);
    expect(await code("(call $read_body (i32.const -1) (i32.const 0) (i32.const 4))", { body: "abc" }, { body: true })).toBe(0);
  });

  test("are not there unless they are asked for", async () => {
    for (const call of ["(call $get_body)", "(call $read_body (i32.const 0) (i32.const 0) (i32.const 4))", "(call $set_body {x})"]) {
      expect(await code(call, { body: "abc" })).toBe(-1);
      // Asked for, but not held: an upgrade.
      expect(await code(call, {}, { body: true })).toBe(-1);
    }
  });

  test("of no bytes may be replaced", async () => {
    expect(await ask(nativeGuest("(drop (call $set_body {new}))"), { body: "" }, { body: true })).toMatchObject({
      changes: { body: new Uint8Array(Buffer.from("new")) },
    });
  });

  test("too long a replacement ends the call, so that the original does not slip through", async () => {
    const guest = nativeGuest("(drop (call $set_body {12345}))");
    expect(await ask(guest, { body: "x" }, { body: true, maxBodyBytes: 4 })).toEqual(fault("5 bytes, and 4 are allowed"));
    expect(await ask(guest, { body: "x" }, { body: true, maxBodyBytes: 5 })).toMatchObject({ action: "continue" });
  });
});

describe("pointers", () => {
  const outside = [
    "(i32.const 65536) (i32.const 1)",
    "(i32.const 65530) (i32.const 7)",
    "(i32.const 0) (i32.const 65537)",
    "(i32.const -1) (i32.const 2)",
    "(i32.const 4) (i32.const -1)",
    "(i32.const -1) (i32.const -1)",
  ];
  const inside = "(i32.const 0) (i32.const 1)";
  const calls: readonly (readonly [string, (place: string) => string])[] = [
    ["read_request", (place) => `(call $read_request ${place})`],
    ["read_response", (place) => `(call $read_response ${place})`],
    ["read_config", (place) => `(call $read_config ${place})`],
    ["set_block", (place) => `(call $set_block (i32.const 200) ${place})`],
    ["set_block_with_headers, the body", (place) => `(call $set_block_with_headers (i32.const 200) ${place} {<>})`],
    ["set_block_with_headers, the headers", (place) => `(call $set_block_with_headers (i32.const 200) ${inside} ${place})`],
    ["log", (place) => `(call $log (i32.const 0) ${place})`],
    ["set_path", (place) => `(call $set_path ${place})`],
    ["set_header, the name", (place) => `(call $set_header ${place} {x})`],
    ["set_header, the value", (place) => `(call $set_header {x} ${place})`],
    ["add_header, the name", (place) => `(call $add_header ${place} {x})`],
    ["add_header, the value", (place) => `(call $add_header {x} ${place})`],
    ["remove_header", (place) => `(call $remove_header ${place})`],
    ["read_body", (place) => `(call $read_body (i32.const 0) ${place})`],
    ["set_body", (place) => `(call $set_body ${place})`],
    ["random", (place) => `(call $random ${place})`],
  ];

  test.each(calls)("of %s that lead outside memory end the call", async (name, call) => {
    const { open } = bench();
    for (const place of outside) {
      const bytes = nativeGuest(`(drop ${call(place)})`);
      const payload = await open(bytes, { body: true, phase: name === "read_response" ? "response" : "request" });
      const request = requestContext({ body: "b" });
      const verdict = payload.request ? payload.request(request).verdict : payload.response!(request, responseContext());
      expect(verdict, `${name} ${place}`).toEqual(fault(/lie outside its memory|a body of|have \d+ bytes/));
    }
  });

  test("with no length touch nothing, wherever they point", async () => {
    expect(await code("(call $set_block (i32.const 204) (i32.const -1) (i32.const 0))")).toBe(0);
    expect(await code("(call $read_request (i32.const -1) (i32.const 0))")).toBe(0);
  });

  test("still work after memory has grown and moved", async () => {
    const guest = nativeGuest(`(drop (call $read_request (i32.const 0) (i32.const 10))) (drop (memory.grow (i32.const 3)))
      (local.set $n (call $read_request (i32.const 200000) (i32.const 10)))
      (drop (call $set_block (i32.const 200) (i32.const 200000) (local.get $n)))`);
    expect(bodyOf(await ask(guest))).toBe('{"method":');
  });
});

describe("text", () => {
  const broken = "(i32.const 0) (i32.const 2)";
  const store = "(i32.store8 (i32.const 0) (i32.const 0xc3)) (i32.store8 (i32.const 1) (i32.const 0x28))";

  test.each([
    `(call $set_path ${broken})`,
    `(call $set_header ${broken} {x})`,
    `(call $set_header {x} ${broken})`,
    `(call $add_header {x} ${broken})`,
    `(call $remove_header ${broken})`,
    `(call $set_block_with_headers (i32.const 200) {x} ${broken})`,
  ])("that is not UTF-8 ends the call in %s", async (call) => {
    expect(await ask(nativeGuest(`${store} (drop ${call})`))).toEqual(fault("not UTF-8"));
  });

  test("in the log is repaired", async () => {
    const { open, lines } = bench();
    const payload = await open(
      nativeGuest(`${store} (drop (call $log (i32.const 1) ${broken})) (drop (call $log (i32.const 0) {plain}))
      (drop (call $log (i32.const 2) {for your information})) (drop (call $log (i32.const 9) {unknown level}))`),
    );
    payload.request!(requestContext());
    const about = { payload: "guest", requestId: "r1" };
    expect(lines).toEqual([
      { level: "warn", message: "payload", fields: { ...about, text: "\ufffd(" } },
      { level: "debug", message: "payload", fields: { ...about, text: "plain" } },
      { level: "info", message: "payload", fields: { ...about, text: "for your information" } },
      { level: "info", message: "payload", fields: { ...about, text: "unknown level" } },
    ]);
  });

  test("in the log is limited in lines and in length", async () => {
    const { open, lines } = bench();
    const guest = nativeGuest(`(loop $l (drop (call $log (i32.const 0) (i32.const 0) (i32.const 20000)))
      (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 30))))`);
    const payload = await open(guest);
    payload.request!(requestContext());
    expect(lines).toHaveLength(payloadLimits.logLines + 1);
    expect((lines[0]!.fields["text"] as string).length).toBe(payloadLimits.logLineBytes);
    expect(lines.at(-1)).toMatchObject({ level: "warn", message: "further log lines of the payload are left out" });
    payload.request!(requestContext());
    expect(lines).toHaveLength((payloadLimits.logLines + 1) * 2);
  });
});

describe("limits", () => {
  test("of random bytes count over the call", async () => {
    const twice = (length: number): string =>
      `(drop (call $random (i32.const 0) (i32.const ${length}))) (drop (call $random (i32.const 0) (i32.const ${length})))`;
    expect(await ask(nativeGuest(twice(512)))).toMatchObject({ action: "continue" });
    expect(await ask(nativeGuest(twice(513)))).toEqual(fault("random bytes"));
  });

  test("of a description that would be too long: the guest is not to blame", async () => {
    const fields = Array.from({ length: 20 }, (_, index): [string, string] => [`x-${index}`, "x".repeat(16_000)]);
    const { open } = bench();
    const payload = await open(echoing("get_request", "read_request"));
    for (let count = 0; count < 20; count++)
      expect(payload.request!(requestContext({ fields })).verdict).toMatchObject({ action: "fail", failure: { kind: "tooLarge" } });
    expect(payload.stats.state).toBe("serving");
  });

  test("of fuel apply to what the host does as well", async () => {
    // Each call takes a hundred units by itself; 64 KiB of text take a quarter of a million more.
    const guest = nativeGuest(`(drop (memory.grow (i32.const 2))) (memory.fill (i32.const 0) (i32.const 97) (i32.const 131072))
      (loop $l (drop (call $set_path (i32.const 0) (i32.const 65536))) (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10))))`);
    expect(await ask(guest, {}, { fuel: 1_000_000 })).toMatchObject({ action: "fail", failure: { kind: "fuel" } });
    expect(await ask(guest, {}, { fuel: 5_000_000 })).toMatchObject({ action: "continue" });
  });
});

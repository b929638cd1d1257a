import { silentLogger, systemClock } from "@mothership/kernel";
import { MemoryExchange } from "@mothership/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { accessLines } from "./access-log.ts";

/** The line for a request of this client. */
function lineFor(userAgent: string): string {
  const lines: string[] = [];
  const middleware = accessLines({ sample: 1, query: "full", ja4h: false }, (line) => lines.push(line), {
    clock: systemClock,
    log: silentLogger,
  });
  const exchange = new MemoryExchange({ fields: [["User-Agent", userAgent]] });
  middleware(() => undefined)(exchange);
  exchange.finish();
  return lines[0]!;
}

test("a line of the access log holds nothing that a terminal acts on, and says what was sent all the same", () => {
  // What a header may hold: tabs, and all bytes but those of control and DEL.
  const sent = fc.array(fc.oneof(fc.constant("\t"), fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff })), {
    maxLength: 60,
  });
  const texts = sent.map((codes) => codes.map((code) => (typeof code === "string" ? code : String.fromCharCode(code))).join(""));
  fc.assert(
    fc.property(texts, (text) => {
      const line = lineFor(`x${text}x`);
      expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
      expect(JSON.parse(line).userAgent).toBe(`x${text}x`);
    }),
  );
});

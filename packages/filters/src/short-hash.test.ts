import { expect, test } from "vitest";
import { ShortHash } from "./short-hash.ts";

test("gives what the authors of HalfSipHash-2-4 give for the key 00 to 07 and the bytes 00, 01, 02...", () => {
  const hash = new ShortHash({ low: 0x03020100, high: 0x07060504 });
  const results = [0, 2, 4, 6, 8, 10].map((length) => {
    hash.of(Buffer.from(Array.from({ length }, (_, index) => index)).toString("utf16le"));
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32LE(hash.low);
    bytes.writeUInt32LE(hash.high, 4);
    return bytes.toString("hex");
  });
  expect(results).toEqual([
    "218d1f59b9b83cc8",
    "064f39ef7c50eb57",
    "d5e78a175be52ea1",
    "ce3e91358aa2bc25",
    "edfee820bce4858c",
    "95b0469f06a6f2ee",
  ]);
});

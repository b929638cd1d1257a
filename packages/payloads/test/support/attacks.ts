import type { PayloadSpec } from "../../src/spec.ts";
import { httpWasmGuest, nativeGuest } from "./guests.ts";

export interface Attack {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly spec?: Partial<PayloadSpec>;
}

const repeat = (times: number, code: string): string => Array.from({ length: times }, () => code).join(" ");
const forever = (code: string): string => `(loop $forever ${code} (br $forever))`;
/** The next of a row of pseudo-random numbers in `$n`. */
const step = "(local.set $n (i32.add (i32.mul (local.get $n) (i32.const 1103515245)) (i32.const 12345)))";
const wholeMemory = "(drop (memory.grow (i32.const 255)))";

/** Guests that do their worst. Each would go on for ever, or fail at once. */
export const attacks: readonly Attack[] = [
  { name: "an endless loop", bytes: nativeGuest(forever("")) },
  { name: "recursion without end", bytes: nativeGuest("(call $deep)", "(func $deep (call $deep) (drop (i32.const 0)))") },
  { name: "tail calls without end", bytes: nativeGuest("(call $again)", "(func $again (return_call $again))") },
  { name: "memory up to the limit and beyond", bytes: nativeGuest(forever("(drop (memory.grow (i32.const 1)))")) },
  {
    name: "memory up to the limit, all of it touched, then a trap",
    bytes: nativeGuest(`${wholeMemory} (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1000000)) unreachable`),
  },
  {
    name: "reads all over memory, each depending on the last",
    bytes: nativeGuest(
      `${wholeMemory} ${forever(repeat(20, `(local.set $n (i32.load (i32.and (i32.add (i32.mul (i32.xor (local.get $n) (local.get $m)) (i32.const 1103515245)) (i32.const 12345)) (i32.const 0xfffffc)))) (local.set $m (i32.add (local.get $m) (i32.const 0x9e3779b9)))`))}`,
    ),
  },
  {
    name: "writes all over memory",
    bytes: nativeGuest(
      `${wholeMemory} ${forever(repeat(20, `${step} (i32.store (i32.and (i32.shr_u (local.get $n) (i32.const 7)) (i32.const 0xfffffc)) (local.get $n))`))}`,
    ),
  },
  {
    name: "filling all memory again and again",
    bytes: nativeGuest(`${wholeMemory} ${forever("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1000000))")}`),
  },
  { name: "filling nothing again and again", bytes: nativeGuest(forever("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0))")) },
  {
    name: "copying all memory again and again",
    bytes: nativeGuest(`${wholeMemory} ${forever("(memory.copy (i32.const 0) (i32.const 0x800000) (i32.const 0x800000))")}`),
  },
  {
    name: "divisions",
    bytes: nativeGuest(forever(repeat(20, "(local.set $n (i32.rem_u (i32.const -1) (i32.add (local.get $n) (i32.const 3))))"))),
  },
  {
    name: "calls of a function with fifty thousand locals",
    bytes: nativeGuest(forever("(call $wide)"), `(func $wide (local ${"i64 ".repeat(49_990)}))`),
  },
  {
    name: "branches that move many values",
    bytes: nativeGuest(`${repeat(30, "(i32.const 1)")} (loop $l (param ${"i32 ".repeat(30)}) (local.set $n) (i32.const 0) (br $l))`),
  },
  {
    name: "filling a table",
    bytes: nativeGuest(forever("(table.fill (i32.const 0) (ref.null func) (i32.const 60000))"), "(table 60000 funcref)"),
  },
  { name: "growing a table", bytes: nativeGuest(forever("(drop (table.grow (ref.null func) (i32.const 100)))"), "(table 1 funcref)") },
  { name: "calls of the host", bytes: nativeGuest(forever("(drop (call $set_action (i32.const 0)))")) },
  {
    name: "calls of the host through a table",
    bytes: nativeGuest(
      forever("(drop (call_indirect (type $t) (i32.const 0) (i32.const 0)))"),
      "(type $t (func (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $set_action)",
    ),
  },
  { name: "descriptions again and again", bytes: nativeGuest(forever("(drop (call $read_request (i32.const 0) (i32.const 65536)))")) },
  { name: "headers again and again", bytes: nativeGuest(forever("(drop (call $set_header {x-a} {y}))")) },
  {
    name: "blocks with large bodies",
    bytes: nativeGuest(`${wholeMemory} ${forever("(drop (call $set_block (i32.const 200) (i32.const 0) (i32.const 1000000)))")}`),
  },
  {
    name: "blocks with many headers",
    bytes: nativeGuest(
      forever(
        `(drop (call $set_block_with_headers (i32.const 200) {x} {<${Array.from({ length: 60 }, (_, index) => `"a${index}":"b"`).join()}>}))`,
      ),
    ),
  },
  { name: "log lines without end", bytes: nativeGuest(forever("(drop (call $log (i32.const 0) (i32.const 0) (i32.const 65536)))")) },
  { name: "random bytes without end", bytes: nativeGuest(forever("(drop (call $random (i32.const 0) (i32.const 1)))")) },
  {
    name: "the URI again and again, of a guest of http-wasm",
    bytes: httpWasmGuest(forever("(drop (call $get_uri (i32.const 0) (i32.const 65536)))")),
  },
  {
    name: "the names of headers again and again, of a guest of http-wasm",
    bytes: httpWasmGuest(forever("(drop (call $get_header_names (i32.const 0) (i32.const 0) (i32.const 0)))")),
  },
  {
    name: "a body of single bytes, of a guest of http-wasm",
    bytes: httpWasmGuest(forever("(call $write_body (i32.const 1) (i32.const 0) (i32.const 1))")),
  },
  { name: "a trap", bytes: nativeGuest("unreachable") },
  { name: "a pointer outside memory", bytes: nativeGuest("(drop (call $read_request (i32.const -1) (i32.const 100)))") },
  { name: "a block of no valid JSON", bytes: nativeGuest("(drop (call $set_block_with_headers (i32.const 200) {x} {<<}))") },
];

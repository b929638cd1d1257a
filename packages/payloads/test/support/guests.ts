import { type Deps, Fields, type LogFields, type Logger, type LogLevel } from "@mothership/kernel";
import { FakeClock } from "@mothership/testkit";
import { httpWasmFunctions, httpWasmModule } from "../../src/abi/http-wasm-functions.ts";
import { nativeFunctions } from "../../src/abi/native.ts";
import { RequestContext, ResponseContext } from "../../src/message/context.ts";
import { openPayload, type Payload } from "../../src/payload.ts";
import type { PayloadSpec } from "../../src/spec.ts";
import { wat } from "./wat.ts";

const types: Readonly<Record<string, string>> = { i: "i32", I: "i64", F: "f64" };

function importsOf(module: string, functions: Readonly<Record<string, string>>): string {
  return Object.entries(functions)
    .map(([name, signature]) => {
      const [params = "", results = ""] = signature.split(":");
      const list = (keyword: string, letters: string): string =>
        letters === "" ? "" : `(${keyword} ${Array.from(letters, (letter) => types[letter]).join(" ")})`;
      return `(import "${module}" "${name}" (func $${name} ${list("param", params)} ${list("result", results)}))`;
    })
    .join("\n");
}

/** Texts for a guest: put into its memory from byte 16 on, and written in its code as `{text}`, which becomes pointer and length. */
function withTexts(code: string): { readonly code: string; readonly data: string } {
  const data: string[] = [];
  let at = 16;
  const filled = code.replaceAll(/\{([^{}]*)\}/g, (_, text: string) => {
    const bytes = Buffer.from(text.replaceAll("<", "{").replaceAll(">", "}"));
    data.push(`(data (i32.const ${at}) "${Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("")}")`);
    const place = `(i32.const ${at}) (i32.const ${bytes.length})`;
    at += bytes.length;
    return place;
  });
  return { code: filled, data: data.join("\n") };
}

/**
 * A native guest with this code in its entry functions. All functions of the ABI are imported under their names; `$n` and `$m` are
 * locals. Texts in braces become pointer and length, with angle brackets for braces within them.
 */
export function nativeGuest(code: string, more = ""): Uint8Array<ArrayBuffer> {
  const { code: filled, data } = withTexts(`(func $entry (local $n i32) (local $m i32) ${code})\n${more}`);
  return wat(`(module ${importsOf("mothership", nativeFunctions)} (memory (export "memory") 1) ${data} ${filled}
    (export "on_request" (func $entry)) (export "on_response" (func $entry)))`);
}

/** A guest that blocks with what it read as the body: `length` calls a function that tells it, `read` one that copies it. */
export function echoing(length: string, read: string): Uint8Array<ArrayBuffer> {
  return nativeGuest(`(local.set $n (call $${length})) (local.set $m (call $${read} (i32.const 4096) (local.get $n)))
    (drop (call $set_block (i32.const 200) (i32.const 4096) (local.get $m)))`);
}

/** A guest of http-wasm with this code in its two functions; `$n` is an i64 to be returned by the first. */
export function httpWasmGuest(request: string, response = "", more = ""): Uint8Array<ArrayBuffer> {
  const { code, data } = withTexts(`
    (func (export "handle_request") (result i64) (local $n i64) (local $l i32) (local.set $n (i64.const 1)) ${request} (local.get $n))
    (func (export "handle_response") (param $context i32) (param $failed i32) (local $l i32) ${response})
    ${more}`);
  return wat(`(module ${importsOf(httpWasmModule, httpWasmFunctions)} (memory (export "memory") 1) ${data} ${code})`);
}

export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers. */
export function recordingLogger(lines: LogLine[], about: LogFields = {}): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      void lines.push({ level, message, fields: { ...about, ...fields } });
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => recordingLogger(lines, { ...about, ...fields }),
  };
}

export interface Bench {
  readonly clock: FakeClock;
  readonly lines: LogLine[];
  readonly deps: Deps;
  open(bytes: Uint8Array<ArrayBuffer>, spec?: Partial<PayloadSpec>): Promise<Payload>;
}

/** A clock that stands still, a log that remembers, and payloads on them. */
export function bench(): Bench {
  const clock = new FakeClock();
  const lines: LogLine[] = [];
  const deps = { clock, log: recordingLogger(lines) };
  return {
    clock,
    lines,
    deps,
    open: (bytes, spec) => openPayload({ name: "guest", phase: "request", routes: [".*"], ...spec }, bytes, deps),
  };
}

export interface RequestParts {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly fields?: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly clientIp?: string;
}

export function requestContext({
  method = "GET",
  path = "/",
  query = "",
  fields = [],
  body,
  clientIp = "192.0.2.1",
}: RequestParts = {}): RequestContext {
  const facts = {
    id: "r1",
    bind: "http",
    method,
    path,
    query,
    scheme: "https" as const,
    host: "example.com",
    httpVersion: "1.1",
    clientIp,
    clientPort: 4711,
    tls: { version: "TLSv1.3", sni: "example.com" },
    uaKind: "chromium",
    shield: null,
    fields: Fields.from(fields),
  };
  return new RequestContext(facts, body === undefined ? undefined : Buffer.from(body));
}

export function responseContext(status = 200, fields: readonly (readonly [string, string])[] = [], body?: string): ResponseContext {
  return new ResponseContext({ status, fields: Fields.from(fields) }, body === undefined ? undefined : Buffer.from(body));
}

// Run with `node bench/call.ts [calls]`: what a call costs on a request of 1 KB, with and without metering, and how memory behaves over a
// million calls (or as many as are given).
import { readFileSync } from "node:fs";
import { bodyOf, Fields, systemClock } from "@mothership/kernel";
import { NativeHost, nativeModules } from "../src/abi/native.ts";
import { Services } from "../src/abi/services.ts";
import { wasiImports, wasiModule } from "../src/abi/wasi.ts";
import { GuestPorts } from "../src/engine/ports.ts";
import { openPayload, payloadMiddleware, RequestContext } from "../src/index.ts";
import { readModule, section } from "../src/wasm/module.ts";
import { Reader } from "../src/wasm/reader.ts";
import { Writer } from "../src/wasm/writer.ts";
import { TestExchange } from "../test/support/exchange.ts";
import { httpWasmGuest, nativeGuest, recordingLogger, requestContext } from "../test/support/guests.ts";

const deps = { clock: systemClock, log: recordingLogger([]) };
const million = Number(process.argv[2] ?? 1_000_000);
const rounds = 9;
const perRound = 20_000;

const fields: readonly (readonly [string, string])[] = [
  ["Host", "shop.example.com"],
  ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"],
  ["Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"],
  ["Accept-Encoding", "gzip, deflate, br, zstd"],
  ["Accept-Language", "en-GB,en;q=0.9,de;q=0.7"],
  ["Cookie", "session=0f8fad5bd9cb469fa1657c7d3b4c5d6e; theme=dark; consent=necessary"],
  ["Referer", "https://shop.example.com/catalogue/shoes?page=2"],
  ["Authorization", "Bearer alpha"],
  ["X-Forwarded-For", "198.51.100.7, 192.0.2.1"],
  ["X-Forwarded-Proto", "https"],
  ["X-Request-Id", "0190b2d4-7c1e-7a3b-9d5e-8f2a4c6b1d3f"],
  ["Via", "1.1 mothership"],
];
const { facts } = requestContext({ path: "/catalogue/shoes/4711", query: "?colour=black&size=42", fields });

/** Sums up every byte of the description. */
const hashing = nativeGuest(`(local.set $n (call $read_request (i32.const 4096) (call $get_request)))
  (loop $each (local.set $n (i32.sub (local.get $n) (i32.const 1)))
    (i32.store (i32.const 0) (i32.add (i32.mul (i32.load (i32.const 0)) (i32.const 31)) (i32.load8_u (i32.add (local.get $n) (i32.const 4096)))))
    (br_if $each (local.get $n)))`);
const built = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../../examples/payloads/built/${name}.wasm`, import.meta.url)));

const guests = [
  { name: "hash of every byte", bytes: hashing, config: {} },
  { name: "bot-block (C)", bytes: built("bot-block"), config: { agents: "curl,scrapy", countries: "XX" } },
  { name: "header-auth (AssemblyScript)", bytes: built("header-auth"), config: { tokens: "alpha beta" } },
] as const;

function median(figures: number[]): number {
  return figures.sort((a, b) => a - b)[figures.length >> 1]!;
}

/** Microseconds of one run of each, medians of some rounds after two to warm up. They take turns, so that a busy machine slows all alike. */
function measure(...runs: readonly (() => void)[]): number[] {
  const figures = runs.map((): number[] => []);
  for (let round = -2; round < rounds; round++) {
    for (const [index, run] of runs.entries()) {
      const begun = performance.now();
      for (let count = 0; count < perRound; count++) run();
      if (round >= 0) figures[index]!.push(((performance.now() - begun) * 1000) / perRound);
    }
  }
  return figures.map(median);
}

/** The module as it came, but for its start function, which is exported so that the guest's memory is there when it runs. */
function startLater(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { sections, start } = readModule(bytes);
  if (start === undefined) return bytes;
  const out = new Writer().copy(bytes, 0, 8);
  for (const { id, from, to } of sections) {
    if (id === section.start) continue;
    const part = new Reader(bytes, from, to);
    if (id !== section.export) out.section(id, bytes.subarray(from, to));
    else
      out.section(
        id,
        new Writer()
          .u32(part.u32() + 1)
          .copy(bytes, part.at, to)
          .name("start")
          .byte(0)
          .u32(start)
          .done(),
      );
  }
  return out.done().slice();
}

/** The guest without counter, on the same host functions. */
function unmetered(bytes: Uint8Array<ArrayBuffer>, config: Readonly<Record<string, string>>): () => void {
  const ports = new GuestPorts();
  const services = new Services(ports, deps);
  const host = new NativeHost(ports, services, { config, maxBodyBytes: undefined });
  const functions = host.imports();
  const byModule = Object.fromEntries(nativeModules.map((module) => [module, functions]));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(startLater(bytes)), {
    ...byModule,
    [wasiModule]: wasiImports(ports, services),
  });
  const counter: WebAssembly.Global = Reflect.construct(Reflect.get(WebAssembly, "Global"), [{ value: "i32", mutable: true }, 0]);
  ports.attach(exports["memory"] as WebAssembly.Memory, counter);
  counter.value = 10_000_000;
  (exports["start"] as (() => void) | undefined)?.();
  const entry = exports["on_request"] as () => unknown;
  return () => {
    counter.value = 10_000_000;
    host.begin(new RequestContext(facts));
    host.verdict(entry());
    host.end();
  };
}

console.log(
  `node ${process.version}; description of ${new RequestContext(facts).json().length} bytes; microseconds a call, building the description included`,
);
console.log("".padEnd(34) + "   plain  metered  overhead  whole path    fuel");
for (const { name, bytes, config } of guests) {
  const payload = await openPayload({ name, phase: "request", routes: [".*"], config }, bytes, deps);
  const handler = payloadMiddleware([payload], deps)(() => undefined);
  const exchange = new TestExchange({ target: "/catalogue/shoes/4711?colour=black", fields: fields.slice(1) });
  const [plain = 0, metered = 0, path = 0] = measure(
    unmetered(bytes, config),
    () => void payload.request!(new RequestContext(facts)),
    () => void handler(exchange),
  );
  const overhead = `${((metered / plain - 1) * 100).toFixed(0)} %`;
  console.log(
    `${name.padEnd(34)} ${plain.toFixed(2).padStart(7)} ${metered.toFixed(2).padStart(8)} ${overhead.padStart(9)} ${path.toFixed(2).padStart(11)} ${String(payload.stats.maxFuel).padStart(7)}`,
  );
}
{
  const guest = httpWasmGuest("(drop (call $get_header_values (i32.const 0) {user-agent} (i32.const 4096) (i32.const 2048)))");
  const payload = await openPayload({ name: "http-wasm", phase: "request", routes: [".*"] }, guest, deps);
  const [metered = 0] = measure(() => payload.request!(new RequestContext(facts)).later!.over(false));
  console.log(
    `${"http-wasm, one header, both ways".padEnd(34)} ${"".padStart(7)} ${metered.toFixed(2).padStart(8)} ${"".padStart(21)} ${String(payload.stats.maxFuel).padStart(7)}`,
  );
}

console.log(`\nmemory over ${million} calls, MiB: resident (heap)`);
for (const { name, bytes, config } of guests) {
  const payload = await openPayload({ name, phase: "request", routes: [".*"], config }, bytes, deps);
  const handler = payloadMiddleware([payload], deps)((exchange) => exchange.respond({ status: 200, fields: new Fields() }, bodyOf("")));
  const figures: string[] = [];
  for (let count = 0; count < million; count++) {
    void handler(new TestExchange({ target: "/catalogue/shoes/4711?colour=black", fields: fields.slice(1) }));
    if ((count + 1) % (million / 5) === 0) {
      const { rss, heapUsed } = process.memoryUsage();
      figures.push(`${(rss / 2 ** 20).toFixed(0)} (${(heapUsed / 2 ** 20).toFixed(0)})`);
    }
  }
  const { instances, memoryBytes, recycled } = payload.stats;
  console.log(`${name.padEnd(34)} ${figures.join("  ")}   guest ${memoryBytes / 1024} KiB, ${instances} instance, ${recycled} recycled`);
}

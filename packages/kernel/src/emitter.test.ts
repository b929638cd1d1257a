import { describe, expect, test } from "vitest";
import { Emitter } from "./emitter.ts";

interface Events {
  moved: { readonly to: number };
}

describe("Emitter", () => {
  test("delivers in order, until the subscription is disposed", () => {
    const emitter = new Emitter<Events>(() => undefined);
    const seen: string[] = [];
    const first = emitter.on("moved", ({ to }) => seen.push(`a${to}`));
    emitter.on("moved", ({ to }) => seen.push(`b${to}`));
    emitter.emit("moved", { to: 1 });
    first[Symbol.dispose]();
    emitter.emit("moved", { to: 2 });
    expect(seen).toEqual(["a1", "b1", "b2"]);
  });

  test("a listener that throws is reported and the others still hear", () => {
    const reported: unknown[] = [];
    const emitter = new Emitter<Events>((error) => reported.push(error));
    let heard = 0;
    emitter.on("moved", () => {
      throw new Error("broken");
    });
    emitter.on("moved", () => heard++);
    emitter.emit("moved", { to: 1 });
    expect([reported.length, heard]).toEqual([1, 1]);
  });

  test("a signal ends a subscription, and one that has fired allows none", () => {
    const emitter = new Emitter<Events>(() => undefined);
    const controller = new AbortController();
    let heard = 0;
    emitter.on("moved", () => heard++, { signal: controller.signal });
    controller.abort();
    emitter.on("moved", () => heard++, { signal: controller.signal });
    emitter.emit("moved", { to: 1 });
    expect(heard).toBe(0);
  });

  test("one function subscribed twice hears twice, and each subscription ends alone", () => {
    const emitter = new Emitter<Events>(() => undefined);
    let heard = 0;
    const listener = (): number => heard++;
    using _ = emitter.on("moved", listener);
    emitter.on("moved", listener)[Symbol.dispose]();
    emitter.emit("moved", { to: 1 });
    expect(heard).toBe(1);
  });
});

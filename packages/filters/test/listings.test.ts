import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { FakeClock, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { Listings } from "../src/listings.ts";

describe("Listings", () => {
  test("knows files and folders at any depth, and answers at once when it has looked", async () => {
    using folder = tempFolder();
    mkdirSync(folder.join("a/b"), { recursive: true });
    writeFileSync(folder.join("a/b/c.txt"), "");
    const listings = new Listings(folder.path, new FakeClock());
    expect(await listings.mayHold("a/b/c.txt")).toBe(true);
    expect(listings.mayHold("a/b/c.txt")).toBe(true);
    expect(listings.mayHold("a/b")).toBe(true);
    expect(listings.mayHold("a")).toBe(true);
    expect(listings.mayHold("a/x")).toBe(false);
    expect(listings.mayHold("x/y/z")).toBe(false);
    expect(listings.mayHold("a/b/c.txt.br")).toBe(false);
    expect(await listings.mayHold("a/b/c.txt/d")).toBe(false);
  });

  test("sees what is new and what is gone after a second, not before", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const listings = new Listings(folder.path, clock);
    expect(await listings.mayHold("new.txt")).toBe(false);
    writeFileSync(folder.join("new.txt"), "");
    await clock.advance(999);
    expect(listings.mayHold("new.txt")).toBe(false);
    await clock.advance(1);
    expect(await listings.mayHold("new.txt")).toBe(true);
    rmSync(folder.join("new.txt"));
    await clock.advance(1000);
    expect(await listings.mayHold("new.txt")).toBe(false);
  });

  test("a root that is not there holds nothing", async () => {
    expect(await new Listings("/nowhere/at/all", new FakeClock()).mayHold("x")).toBe(false);
  });

  test("takes a directory with very many names for one that may hold anything", async () => {
    using folder = tempFolder();
    mkdirSync(folder.join("many"));
    for (let count = 0; count <= 4096; count++) symlinkSync("x", folder.join("many", String(count)));
    const listings = new Listings(folder.path, new FakeClock());
    expect(await listings.mayHold("many/nothing")).toBe(true);
  });

  test("reads a directory once for all who ask at the same time", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("x"), "");
    const listings = new Listings(folder.path, new FakeClock());
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => listings.mayHold(index % 2 === 0 ? "x" : "y")));
    expect(answers.filter(Boolean)).toHaveLength(50);
  });

  test("goes on when the time passes while it looks", async () => {
    using folder = tempFolder();
    mkdirSync(folder.join("a"));
    writeFileSync(folder.join("a/b"), "");
    // A clock that runs so fast that nothing is ever fresh.
    let now = 0;
    const clock = Object.assign(new FakeClock(), { now: () => (now += 10_000) });
    expect(await new Listings(folder.path, clock).mayHold("a/b")).toBe(true);
  });
});

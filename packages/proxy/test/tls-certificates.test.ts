import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { FakeClock, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { certificateFiles } from "./certificates.ts";
import { deps } from "./edge.ts";
import { type Line, recorder } from "./recorder.ts";
import { given, looks, open } from "./tls-proxy.ts";

describe("certificates", () => {
  const mistakes: readonly (readonly [what: string, spoil: (stem: string) => void, suffix: string, why: string])[] = [
    ["a file that is not there", (stem) => rmSync(`${stem}.crt`), ".crt", "there is no such file$"],
    ["a key that is not there", (stem) => rmSync(`${stem}.key`), ".key", "there is no such file$"],
    ["a certificate that is none", (stem) => writeFileSync(`${stem}.crt`, "hello"), ".crt", "no certificate in PEM"],
    ["a key that is none", (stem) => writeFileSync(`${stem}.key`, "hello"), ".key", "no private key in PEM"],
    ["a key to another certificate", (stem) => writeFileSync(`${stem}.key`, certificateFiles(`${stem}2`).key), ".key", "not the key to"],
    ["a file that is far too long", (stem) => writeFileSync(`${stem}.crt`, Buffer.alloc(1_048_577)), ".crt", "longer than 1048576 bytes"],
  ];

  test.each(mistakes)("%s is an error that names the bind and the file, and nothing is open after it", async (_, spoil, suffix, why) => {
    using folder = tempFolder();
    const stem = folder.join("a");
    const files = certificateFiles(stem);
    spoil(stem);
    await expect(open([files])).rejects.toMatchObject({
      code: "MS_TLS_CERTIFICATE",
      bind: "https",
      file: stem + suffix,
      message: expect.stringMatching(new RegExp(`^Bind "https" cannot use .* for TLS: .*${why}`)),
    });
  });

  test("a name that is none is an error, and so is no certificate at all", async () => {
    using folder = tempFolder();
    const files = certificateFiles(folder.join("a"));
    await expect(open([{ ...files, names: ["a b"] }])).rejects.toMatchObject({ code: "MS_TLS_CERTIFICATE" });
    await expect(open([])).rejects.toThrow(RangeError);
  });

  test("are reloaded when their files have changed and come to rest", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const log = recorder();
    const list = [certificateFiles(folder.join("a"), { names: ["old-a"] }), certificateFiles(folder.join("b"), { names: ["b.example"] })];
    await using proxy = await open(list, {}, { clock, log });
    certificateFiles(folder.join("a"), { names: ["new-a"] });
    certificateFiles(folder.join("b"), { names: ["b.example", "c.example"] });
    await looks(clock, 1);
    expect(await given(proxy)).toBe("DNS:old-a");
    await looks(clock, 1);
    expect(await given(proxy)).toBe("DNS:new-a");
    expect(await given(proxy, "c.example")).toBe("DNS:b.example, DNS:c.example");
    expect(log.lines.filter(({ message }) => message === "a certificate was reloaded")).toHaveLength(2);
  });

  test("are reloaded through a link that is set to another folder", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    certificateFiles(folder.join("one"), { names: ["one"] });
    certificateFiles(folder.join("two"), { names: ["two"] });
    const files = { certFile: folder.join("live.crt"), keyFile: folder.join("live.key") };
    const point = (to: string): void => {
      for (const [link, suffix] of [
        [files.certFile, "crt"],
        [files.keyFile, "key"],
      ] as const) {
        rmSync(link, { force: true });
        symlinkSync(folder.join(`${to}.${suffix}`), link);
      }
    };
    point("one");
    await using proxy = await open([files], {}, { ...deps, clock });
    expect(await given(proxy)).toBe("DNS:one");
    point("two");
    await looks(clock, 2);
    expect(await given(proxy)).toBe("DNS:two");
  });

  test("that became useless are logged once, and the last good one stays until they are mended", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const log = recorder();
    const files = certificateFiles(folder.join("a"), { names: ["old"] });
    await using proxy = await open([files], {}, { clock, log });
    const errors = (): readonly Line[] => log.lines.filter(({ level }) => level === "error");
    writeFileSync(files.certFile, "half of a certif");
    await looks(clock, 4);
    expect(errors()).toHaveLength(1);
    expect(errors()[0]).toMatchObject({
      message: expect.stringContaining("the one before it stays"),
      fields: { bind: "https", certFile: files.certFile, code: "MS_TLS_CERTIFICATE" },
    });
    rmSync(files.certFile);
    await looks(clock, 4);
    expect(errors()).toHaveLength(2);
    certificateFiles(folder.join("a"), { names: ["expired"], validTo: new Date("2025-06-01") });
    await looks(clock, 2);
    expect(errors()).toHaveLength(3);
    expect(await given(proxy)).toBe("DNS:old");
    certificateFiles(folder.join("a"), { names: ["new"] });
    await looks(clock, 2);
    expect(errors()).toHaveLength(3);
    expect(await given(proxy)).toBe("DNS:new");
  });

  test("that expire are announced once a day, from a third of a short life or from 14 days before", async () => {
    using folder = tempFolder();
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    const log = recorder();
    const days = (from: number, to: number) => ({
      validFrom: new Date(Date.UTC(2026, 0, 1 + from)),
      validTo: new Date(Date.UTC(2026, 0, 1 + to)),
    });
    const list = [
      certificateFiles(folder.join("long"), days(-350, 15)),
      certificateFiles(folder.join("short"), days(-2, 4)),
      certificateFiles(folder.join("over"), days(-30, -1)),
      certificateFiles(folder.join("early"), days(1, 300)),
    ].map((files, index) => ({ ...files, names: [`n${index}`] }));
    await using _ = await open(list, {}, { clock, log });
    const said = (): string[] =>
      log.lines.map(({ level, message, fields }) => `${level} ${/\w+(?=\.crt)/.exec(String(fields?.["certFile"]))?.[0]} ${message}`);
    expect(said()).toEqual([
      "error over a certificate has expired: clients refuse it",
      "error early a certificate is not valid yet: clients refuse it",
    ]);
    await clock.advance(1.5 * 86_400_000);
    await looks(clock, 1);
    expect(said().slice(2).sort()).toEqual([
      "error over a certificate has expired: clients refuse it",
      "warn long a certificate expires soon",
    ]);
    await clock.advance(86_400_000);
    await looks(clock, 1);
    expect(said().slice(4).sort()).toEqual([
      "error over a certificate has expired: clients refuse it",
      "warn long a certificate expires soon",
      "warn short a certificate expires soon",
    ]);
  });

  test("are not looked at any more once the proxy is closed", async () => {
    using folder = tempFolder();
    const clock = new FakeClock();
    const proxy = await open([certificateFiles(folder.join("a"))], {}, { ...deps, clock });
    expect(clock.pending).toBe(1);
    await proxy.close();
    expect(clock.pending).toBe(0);
  });
});

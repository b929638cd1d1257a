import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { type Middleware, silentLogger } from "@mothership/kernel";
import { FakeClock, tempFolder } from "@mothership/testkit";
import { afterAll, beforeAll } from "vitest";
import { type StaticDirectory, staticFiles } from "../src/static-files.ts";
import { type Asked, ask } from "./exchange.ts";

/** A folder full of everything that `staticFiles` has to get right, made before the tests of a file and gone after them. */
export function staticSite() {
  const folder = tempFolder();
  const clock = new FakeClock();
  const big = Buffer.alloc(1_000_000, "0123456789");
  const modified = new Date("2025-06-07T08:09:10.123Z");

  function file(path: string, content: string | Buffer): void {
    mkdirSync(folder.join(path, ".."), { recursive: true });
    writeFileSync(folder.join(path), content);
    utimesSync(folder.join(path), modified, modified);
  }

  beforeAll(() => {
    file("public/index.html", "<h1>root</h1>");
    file("public/app.js", "app();");
    file("public/app.js.br", "BR");
    file("public/app.js.gz", "GZIP");
    file("public/photo.png", "PNG");
    file("public/photo.png.br", "never");
    file("public/orphan.css.gz", "no original");
    file("public/ten.txt", "0123456789");
    file("public/empty.txt", "");
    file("public/big.bin", big);
    file("public/docs/index.html", "docs");
    file("public/plain/file.txt", "x");
    file("public/.env", "SECRET=1");
    file("public/.git/config", "secret");
    file("public/a b.txt", "space");
    file("public/nofile.js.br/x", "a folder, not a neighbour");
    file("public/nofile.js", "plain");
    file("assets/app.js", "other app");
    file("secret/key.pem", "SECRET");
    symlinkSync(folder.join("secret"), folder.join("public/leak"));
    symlinkSync("../secret/key.pem", folder.join("public/key.pem"));
    symlinkSync("ten.txt", folder.join("public/link.txt"));
    symlinkSync("loop", folder.join("public/loop"));
    execFileSync("mkfifo", [folder.join("public/pipe")]);
  });
  afterAll(() => folder[Symbol.dispose]());

  const serving = (...directories: readonly Partial<StaticDirectory>[]): Middleware =>
    staticFiles(
      (directories.length === 0 ? [{}] : directories).map((one) => ({ path: folder.join("public"), prefix: "/", ...one })),
      { clock, log: silentLogger },
    );

  const get = (path: string, fields: Asked["fields"] = {}) => ask(serving(), { path, fields });
  return { folder, clock, big, file, serving, get };
}

import { renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { readBody } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type Asked, ask, fakeExchange } from "./exchange.ts";
import { staticSite } from "./static-site.ts";

const { big, clock, file, folder, get, serving } = staticSite();

describe("staticFiles", () => {
  test("sends a file with its type and validators", async () => {
    const { status, fields, text, length, route } = await get("/ten.txt");
    expect({ status, text, length, route }).toEqual({ status: 200, text: "0123456789", length: 10, route: "static /" });
    expect(fields).toEqual({
      etag: expect.stringMatching(/^"[\w-]+"$/),
      "last-modified": "Sat, 07 Jun 2025 08:09:10 GMT",
      vary: "Accept-Encoding",
      "accept-ranges": "bytes",
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
    });
  });

  test("gives each reader bytes of its own, of a file that is kept too", async () => {
    const middleware = serving();
    for (let time = 0; time < 2; time++) {
      const exchange = fakeExchange({ path: "/ten.txt" });
      await middleware(() => undefined)(exchange);
      const { body } = exchange.answer!;
      const pieces = await new Promise<Uint8Array[]>((resolve, reject) => {
        const read: Uint8Array[] = [];
        body.read({ data: (piece) => read.push(piece) > 0, end: () => resolve(read), fail: reject });
      });
      expect(Buffer.concat(pieces).toString()).toBe("0123456789");
      // They are the reader's.
      for (const piece of pieces) piece.fill(0);
    }
  });

  test("sends a large file and an empty one whole", async () => {
    expect((await get("/big.bin")).text).toBe(big.toString());
    expect(await get("/empty.txt")).toMatchObject({ status: 200, text: "", length: 0 });
  });

  test("finds names that need escapes", async () => {
    expect((await get("/a%20b.txt")).text).toBe("space");
  });

  test("answers HEAD with the length and no content", async () => {
    for (const [path, length] of [
      ["/ten.txt", 10],
      ["/big.bin", 1_000_000],
    ] as const) {
      expect(await ask(serving(), { method: "HEAD", path, fields: { Range: "bytes=0-1" } })).toMatchObject({
        status: 200,
        text: "",
        length,
      });
    }
  });

  test.each(["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"])("leaves %s to the routes", async (method) => {
    expect((await ask(serving(), { method, path: "/ten.txt" })).status).toBe(0);
  });

  test("leaves an upgrade to the routes", async () => {
    expect((await ask(serving(), { path: "/ten.txt", upgrade: "websocket" })).status).toBe(0);
  });

  test.each(["/nothing", "/ten.txt/x", "/plain/", "/plain", `/${"x".repeat(300)}`, "/orphan.css", "/ten.txt/"])(
    "passes on %s, which is no file",
    async (path) => {
      expect((await get(path)).status).toBe(0);
    },
  );

  test.each([
    "/.env",
    "/.git/config",
    "/%2eenv",
    "/%2Egit/config",
    "/plain/../.env",
    "/plain/%2e%2e/.env",
    "/..%2fsecret/key.pem",
    "/../secret/key.pem",
    "/ten.txt%00.html",
  ])("rule 62: does not serve %s", async (path) => {
    expect((await get(path)).status).toBe(0);
  });

  test("serves names with a dot when asked to", async () => {
    expect((await ask(serving({ dotfiles: true }), { path: "/.env" })).text).toBe("SECRET=1");
  });

  test.each(["/leak/key.pem", "/key.pem", "/leak/", "/leak", "/loop"])(
    "rule 62: does not follow the symbolic link of %s out of the directory",
    async (path) => {
      expect((await get(path)).status).toBe(0);
    },
  );

  test("follows a symbolic link that stays inside", async () => {
    expect((await get("/link.txt")).text).toBe("0123456789");
  });

  test("rule 62: does not open what is no regular file, nor wait for it", async () => {
    const server = createServer().listen(folder.join("public/socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    expect((await get("/pipe")).status).toBe(0);
    expect((await get("/socket")).status).toBe(0);
    await new Promise((resolve) => server.close(resolve));
  });

  test("sends the index of a folder, and sends those who forgot the slash to it", async () => {
    expect((await get("/")).text).toBe("<h1>root</h1>");
    expect((await get("/docs/")).text).toBe("docs");
    const redirect = await ask(serving(), { path: "/docs", query: "?a=1" });
    expect(redirect).toMatchObject({ status: 301, fields: { location: "/docs/?a=1" }, text: "" });
    expect((await ask(serving({ index: ["nope.html", "file.txt"] }), { path: "/plain/" })).text).toBe("x");
  });

  test("rule 62: a redirect cannot lead to another host", async () => {
    // A path of this kind cannot come from the proxy; another caller may not be as strict.
    const exchange = fakeExchange({ path: "//docs" });
    await serving({ prefix: "//" })(() => undefined)(exchange);
    expect(exchange.answer?.head.fields.get("location")).toBe("/docs/");
  });

  test("the longest prefix that covers the path decides, and only it", async () => {
    const both = serving({}, { path: folder.join("assets"), prefix: "/assets" });
    expect((await ask(both, { path: "/assets/app.js" })).text).toBe("other app");
    expect((await ask(both, { path: "/app.js" })).text).toBe("app();");
    expect((await ask(both, { path: "/assets/ten.txt" })).status).toBe(0);
    expect((await ask(both, { path: "/assetsx" })).status).toBe(0);
  });

  test("a directory for one bind is not there on others", async () => {
    const limited = serving({}, { path: folder.join("assets"), prefix: "/assets", bind: "internal" });
    expect((await ask(limited, { path: "/assets/app.js", bind: "internal" })).text).toBe("other app");
    expect((await ask(limited, { path: "/assets/app.js", bind: "http" })).status).toBe(0);
    expect((await ask(limited, { path: "/ten.txt", bind: "internal" })).status).toBe(200);
  });

  test("a directory that is not there yet is served when it is, a second later at most", async () => {
    const late = serving({ path: folder.join("late"), prefix: "/" });
    expect((await ask(late, { path: "/x.txt" })).status).toBe(0);
    file("late/x.txt", "now");
    await clock.advance(1000);
    expect((await ask(late, { path: "/x.txt" })).text).toBe("now");
  });

  test("follows a root that is a link when a deployment moves it", async () => {
    file("releases/1/v.txt", "one");
    file("releases/2/v.txt", "two");
    symlinkSync("releases/1", folder.join("current"));
    const served = serving({ path: folder.join("current") });
    expect((await ask(served, { path: "/v.txt" })).text).toBe("one");
    symlinkSync("releases/2", folder.join("next"));
    renameSync(folder.join("next"), folder.join("current"));
    await clock.advance(1000);
    expect((await ask(served, { path: "/v.txt" })).text).toBe("two");
  });
});

describe("compressed neighbours", () => {
  test.each([
    ["br, gzip", "BR", "br"],
    ["gzip", "GZIP", "gzip"],
    ["gzip, br;q=0.1", "GZIP", "gzip"],
    ["deflate", "app();", undefined],
    ["br;q=0", "app();", undefined],
    ["", "app();", undefined],
  ])("Accept-Encoding %j gets %s", async (accept, text, coding) => {
    const answer = await get("/app.js", { "Accept-Encoding": accept });
    expect(answer.text).toBe(text);
    expect(answer.fields["content-encoding"]).toBe(coding);
    expect(answer.fields["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(answer.fields["vary"]).toBe("Accept-Encoding");
  });

  test("each coding has its own ETag", async () => {
    const tags = await Promise.all(
      ["br", "gzip", ""].map(async (accept) => (await get("/app.js", { "Accept-Encoding": accept })).fields["etag"]),
    );
    expect(new Set(tags).size).toBe(3);
  });

  test("types that are compressed already have none", async () => {
    const { text, fields } = await get("/photo.png", { "Accept-Encoding": "br" });
    expect(text).toBe("PNG");
    expect(fields["vary"]).toBeUndefined();
  });

  test("a folder of that name is none", async () => {
    expect((await get("/nofile.js", { "Accept-Encoding": "br" })).text).toBe("plain");
  });
});

describe("conditional and partial answers", () => {
  test("rule 62 (RFC 9110, 15.4.5): 304 says what 200 would say about caching", async () => {
    const { fields } = await get("/ten.txt");
    const answer = await get("/ten.txt", { "If-None-Match": fields["etag"]! });
    expect(answer.status).toBe(304);
    expect(answer.fields).toEqual({ etag: fields["etag"], "last-modified": fields["last-modified"], vary: "Accept-Encoding" });
    expect((await get("/ten.txt", { "If-Modified-Since": fields["last-modified"]! })).status).toBe(304);
    expect((await get("/ten.txt", { "If-None-Match": '"other"' })).status).toBe(200);
  });

  test("rule 62 (RFC 9110, 13.1.1): 412 when the file is another one", async () => {
    expect(await get("/ten.txt", { "If-Match": '"other"' })).toMatchObject({ status: 412, text: "" });
  });

  test("rule 62 (RFC 9110, 15.3.7): 206 with the part", async () => {
    const answer = await get("/ten.txt", { Range: "bytes=2-4" });
    expect(answer).toMatchObject({ status: 206, text: "234", length: 3 });
    expect(answer.fields).toMatchObject({ "content-range": "bytes 2-4/10", vary: "Accept-Encoding" });
    const tail = await get("/big.bin", { Range: "bytes=-200000" });
    expect(tail).toMatchObject({ status: 206, length: 200_000, text: big.subarray(-200_000).toString() });
  });

  test("rule 62 (RFC 9110, 15.5.17): 416 with the size", async () => {
    const answer = await get("/ten.txt", { Range: "bytes=10-" });
    expect(answer).toMatchObject({ status: 416, text: "" });
    expect(answer.fields["content-range"]).toBe("bytes */10");
  });

  test("rule 62 (RFC 9110, 13.1.5): a part of another state of the file is not sent", async () => {
    const { fields } = await get("/ten.txt");
    expect((await get("/ten.txt", { Range: "bytes=0-0", "If-Range": fields["etag"]! })).status).toBe(206);
    expect((await get("/ten.txt", { Range: "bytes=0-0", "If-Range": fields["last-modified"]! })).status).toBe(206);
    expect((await get("/ten.txt", { Range: "bytes=0-0", "If-Range": '"other"' })).status).toBe(200);
  });

  test("a date of the future is not passed on", async () => {
    file("public/future.txt", "x");
    utimesSync(folder.join("public/future.txt"), new Date("2030-01-01"), new Date("2030-01-01"));
    expect((await get("/future.txt")).fields["last-modified"]).toBe(new Date(clock.wallTime()).toUTCString());
  });

  test("another content of the same size is another ETag", async () => {
    file("public/change.txt", "aaa");
    const before = (await get("/change.txt")).fields["etag"];
    writeFileSync(folder.join("public/change.txt"), "bbb");
    expect((await get("/change.txt")).fields["etag"]).not.toBe(before);
  });
});

describe("small files, which are kept for a second", () => {
  test("are what they were for less than a second, and then what they are: changed, replaced, removed", async () => {
    file("public/kept.txt", "first");
    const served = serving();
    const now = async () => {
      const { status, text, fields } = await ask(served, { path: "/kept.txt" });
      return { text: status === 0 ? "nothing" : text, etag: fields["etag"] };
    };
    const first = await now();
    expect(first.text).toBe("first");
    file("public/kept.txt", "changed");
    await clock.advance(999);
    expect(await now()).toEqual(first);
    await clock.advance(1);
    const changed = await now();
    expect(changed.text).toBe("changed");
    expect(changed.etag).not.toBe(first.etag);

    file("replacement", "another file");
    renameSync(folder.join("replacement"), folder.join("public/kept.txt"));
    await clock.advance(1000);
    expect((await now()).text).toBe("another file");

    rmSync(folder.join("public/kept.txt"));
    await clock.advance(1000);
    expect((await now()).text).toBe("nothing");
  });

  test("rule 62: become nothing when a link that leads out of the directory takes their place", async () => {
    file("public/safe.txt", "safe");
    const served = serving();
    expect((await ask(served, { path: "/safe.txt" })).text).toBe("safe");
    rmSync(folder.join("public/safe.txt"));
    symlinkSync(folder.join("secret/key.pem"), folder.join("public/safe.txt"));
    await clock.advance(1000);
    expect((await ask(served, { path: "/safe.txt" })).status).toBe(0);
    rmSync(folder.join("public/safe.txt"));
  });

  test("answer ranges, preconditions and HEAD as the disk does", async () => {
    const served = serving();
    const asked: Omit<Asked, "path">[] = [{}, { method: "HEAD" }, { fields: { Range: "bytes=2-4" } }, { fields: { "If-None-Match": "*" } }];
    for (const more of asked) {
      const kept = await ask(served, { path: "/ten.txt", ...more });
      const read = await ask(serving(), { path: "/ten.txt", ...more });
      expect(kept).toEqual(read);
    }
  });

  test("are not spoilt by who writes into what it got", async () => {
    const served = serving();
    for (let time = 0; time < 2; time++) {
      const exchange = fakeExchange({ path: "/ten.txt" });
      await served(() => undefined)(exchange);
      const { bytes } = await readBody(exchange.answer!.body);
      expect(Buffer.from(bytes).toString()).toBe("0123456789");
      bytes.fill(0);
    }
  });
});

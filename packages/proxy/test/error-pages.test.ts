import { mkdirSync, writeFileSync } from "node:fs";
import { bodyOf, emptyBody, Fields, type Handler } from "@mothership/kernel";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { type Proxy as OpenedProxy, openProxy } from "../src/proxy.ts";
import { answers, reply } from "../src/reply.ts";
import { deps, exchangeRaw } from "./edge.ts";

const anywhere = { kind: "tcp", host: "127.0.0.1", port: 0 } as const;

/** Answers with what the path asks for. */
const handler: Handler = (exchange) => {
  if (exchange.path === "/none") reply(exchange, answers.noRoute);
  else if (exchange.path === "/busy") reply(exchange, { ...answers.unavailable, retryAfterSeconds: 7 });
  else if (exchange.path === "/throw") throw new Error("on purpose");
  else if (exchange.path === "/hook") {
    exchange.onResponse(() => {
      throw new Error("on purpose");
    });
    exchange.respond({ status: 200, fields: new Fields() }, emptyBody);
  } else exchange.respond({ status: 404, fields: Fields.from([["Content-Type", "text/x"]]) }, bodyOf("the upstream's own"));
};

const open = (folder: string): Promise<OpenedProxy> =>
  openProxy({ listeners: [{ name: "http", address: anywhere }], errorPages: { folder } }, handler, deps);

async function get(proxy: OpenedProxy, path: string, accept = "*/*"): Promise<string> {
  const address = proxy.address("http");
  return exchangeRaw(
    address.kind === "tcp" ? address.port : 0,
    `GET ${path} HTTP/1.1\r\nHost: x\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`,
  );
}

describe("error pages", () => {
  test("stand in the place of the proxy's own words, by status and by what the client prefers", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("404.html"), "<h1>Nothing here</h1>");
    writeFileSync(folder.join("404.json"), '{"nothing":true}');
    writeFileSync(folder.join("503.txt"), "closed for today");
    writeFileSync(folder.join("400.txt"), "what was that?");
    writeFileSync(folder.join("500.txt"), "sorry");
    writeFileSync(folder.join("readme.md"), "ignored");
    await using proxy = await open(folder.path);
    const page = await get(proxy, "/none", "text/html");
    expect(page).toMatch(/^HTTP\/1\.1 404 [\s\S]*Content-Type: text\/html; charset=utf-8\r\n[\s\S]*<h1>Nothing here<\/h1>$/);
    expect(page).toContain("X-Mothership-Error: no-route");
    expect(page).toContain("X-Request-Id: ");
    expect(await get(proxy, "/none", "application/json")).toMatch(/Content-Type: application\/json\r\n[\s\S]*\{"nothing":true\}$/);
    expect(await get(proxy, "/none", "text/plain")).toContain("Nothing is served");
    expect(await get(proxy, "/busy")).toMatch(/Retry-After: 7\r\n[\s\S]*closed for today$/);
    expect(await get(proxy, "/%00")).toMatch(/^HTTP\/1\.1 400 [\s\S]*what was that\?$/);
    expect(await get(proxy, "/throw")).toMatch(/^HTTP\/1\.1 500 [\s\S]*sorry$/);
    expect(await get(proxy, "/hook")).toMatch(/^HTTP\/1\.1 500 [\s\S]*sorry$/);
  });

  test("never stand in the place of an upstream's answer", async () => {
    using folder = tempFolder();
    writeFileSync(folder.join("404.txt"), "ours");
    await using proxy = await open(folder.path);
    expect(await get(proxy, "/other")).toMatch(/Content-Type: text\/x\r\n[\s\S]*the upstream's own$/);
  });

  test.each<[string, (path: string) => void, string]>([
    ["a folder that is not there", () => undefined, ""],
    [
      "a page that is too long",
      (path) => {
        mkdirSync(path);
        writeFileSync(`${path}/404.html`, Buffer.alloc(65_537));
      },
      "/404.html",
    ],
    ["a page that is a folder", (path) => void mkdirSync(`${path}/404.html`, { recursive: true }), "/404.html"],
    [
      "too many pages",
      (path) => {
        mkdirSync(path);
        for (let status = 400; status < 530; status++) writeFileSync(`${path}/${status}.txt`, "x");
      },
      "",
    ],
  ])("%s is an error that names it, and nothing is open after it", async (_, make, suffix) => {
    using folder = tempFolder();
    const path = folder.join("pages");
    make(path);
    await expect(open(path)).rejects.toMatchObject({ code: "MS_ERROR_PAGES", path: path + suffix });
  });
});

import { execFile, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { httpOrigin, rawOrigin } from "./edge.ts";
import { type SecureEdge, secureEdgeTo } from "./http2-edge.ts";

const run = promisify(execFile);
// Said in the title, so that a run without it does not pass for one with it.
const version = spawnSync("curl", ["--version"], { encoding: "utf8" });
const usable = version.status === 0 && version.stdout.includes("HTTP2");

/** Runs curl against an edge; `%{http_version} %{http_code}` stands behind what it printed. */
async function curl(edge: SecureEdge, path: string, ...options: readonly string[]): Promise<string> {
  const common = ["--silent", "--show-error", "--max-time", "20", "--cacert", edge.caFile, "--write-out", "\n%{http_version} %{http_code}"];
  const { stdout } = await run("curl", [...common, ...options, `https://127.0.0.1:${edge.port}${path}`], { maxBuffer: 1e8 });
  return stdout;
}

describe.skipIf(!usable)(`curl with HTTP/2 (${usable ? version.stdout.split(" ", 2).join(" ") : "not on this machine"})`, () => {
  test.each([
    ["--http2", "2"],
    ["--http1.1", "1.1"],
  ])("%s gets an answer over a checked certificate", async (option, spoken) => {
    await using origin = await httpOrigin((request, response) => void response.end(`${request.method} ${request.url}`));
    await using edge = await secureEdgeTo(origin.address);
    expect(await curl(edge, "/a?b", option)).toBe(`GET /a?b\n${spoken} 200`);
    expect(await curl(edge, "/", option, "--head")).toMatch(new RegExp(`^HTTP/${spoken} 200[\\s\\S]*\n${spoken} 200$`));
    expect(await curl(edge, "/", option, "--tls-max", "1.2")).toBe(`GET /\n${spoken} 200`);
  });

  test("uploads a file, of which every byte arrives", async () => {
    using folder = tempFolder();
    const file = folder.join("body");
    writeFileSync(file, Buffer.alloc(5_000_000, "0123456789abcdef"));
    await using origin = await httpOrigin((request, response) => {
      let bytes = 0;
      request.on("data", (piece: Buffer) => (bytes += piece.length));
      request.on("end", () => response.end(`${request.headers["content-length"] ?? "unknown"} ${bytes}`));
    });
    await using edge = await secureEdgeTo(origin.address);
    expect(await curl(edge, "/", "--http2", "--data-binary", `@${file}`)).toBe("5000000 5000000\n2 200");
    expect(await curl(edge, "/", "--http2", "--upload-file", file)).toBe("5000000 5000000\n2 200");
  });

  test("rule 36: takes an early answer to a large upload for what it is", async () => {
    using folder = tempFolder();
    const file = folder.join("body");
    writeFileSync(file, Buffer.alloc(20_000_000));
    await using origin = await rawOrigin((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\nConnection: close\r\n\r\ntoo much"));
    });
    await using edge = await secureEdgeTo(origin.address);
    expect(await curl(edge, "/", "--http2", "-H", "Expect:", "--data-binary", `@${file}`)).toBe("too much\n2 413");
  });

  test("rule 39: reports an answer that was cut off", async () => {
    await using origin = await rawOrigin((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"));
    });
    await using edge = await secureEdgeTo(origin.address);
    await expect(curl(edge, "/", "--http2")).rejects.toMatchObject({ code: 92, stdout: expect.stringMatching(/^half/) });
  });

  test("sends two requests over one connection", async () => {
    await using origin = await httpOrigin((request, response) => void response.end(request.url));
    await using edge = await secureEdgeTo(origin.address);
    const both = await curl(edge, "/2", "--http2", "--write-out", " %{num_connects}\n", `https://127.0.0.1:${edge.port}/1`);
    expect(both).toBe("/1 1\n/2 0\n");
  });
});

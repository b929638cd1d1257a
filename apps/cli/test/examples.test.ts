import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { eventually, freePort, isAlive, tempFolder } from "@mothership/testkit";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { dockerfileProblems } from "./support/dockerfile.ts";
import { startFleet } from "./support/fleet.ts";

const examples = join(import.meta.dirname, "../../../examples");

const hasOpenssl = spawnSync("openssl", ["version"]).error === undefined;

/** A copy of an example in which every port of the manifest is another, free one, on this machine alone. */
async function example(
  name: string,
): Promise<{ readonly manifest: string; readonly folder: ReturnType<typeof tempFolder>; readonly ports: ReadonlyMap<string, number> }> {
  const folder = tempFolder();
  cpSync(join(examples, name), folder.path, { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  const text = readFileSync(folder.join("ship-manifest.toml"), "utf8").replaceAll("0.0.0.0:", "127.0.0.1:");
  const ports = new Map<string, number>();
  for (const [, port = ""] of text.matchAll(/127\.0\.0\.1:(\d+)/g)) if (!ports.has(port)) ports.set(port, await freePort());
  const manifest = [...ports].reduce((changed, [port, free]) => changed.replaceAll(port, String(free)), text);
  writeFileSync(folder.join("ship-manifest.toml"), manifest);
  return { manifest: folder.join("ship-manifest.toml"), folder, ports };
}

describe("the example", () => {
  test("web-and-worker serves its page, its stripped prefix and its files, works, and leaves nothing", async () => {
    const { manifest, folder, ports } = await example("web-and-worker");
    using _ = folder;
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    const site = `http://127.0.0.1:${ports.get("8080")}`;
    expect(await (await fetch(site)).text()).toContain("A small fleet");
    expect(await (await fetch(`${site}/api/time`)).json()).toMatchObject({ client: "127.0.0.1" });
    expect((await fetch(`${site}/static/style.css`)).headers.get("content-type")).toMatch(/^text\/css/);
    await fleet.line("the worker", (line) => line.ship === "worker" && line.msg === "worker ready");
    const said = fleet.lines().flatMap((line) => (line.ship === undefined ? [] : [`${line.ship}: ${line.msg}`]));
    expect(said).toContain("prepare: prepared: the folder is there and can be read");
    expect(said).toContain("seed: seeded 3 ships into the harbour");

    const pids = fleet.lines().flatMap((line) => (typeof line["pid"] === "number" ? [line["pid"]] : []));
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("echo-bay answers on two WebSockets, one bay in Node and one in Python, and leaves nothing", async () => {
    const { manifest, folder, ports } = await example("echo-bay");
    using _ = folder;
    // Beside the copy stands what the workspace has installed for the example.
    symlinkSync(join(examples, "echo-bay/node_modules"), folder.join("node_modules"));
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    for (const path of ["/echo", "/python"]) {
      const socket = new WebSocket(`ws://127.0.0.1:${ports.get("8090")}${path}`);
      const heard = new Promise((resolve) => socket.addEventListener("message", ({ data }) => resolve(data)));
      socket.addEventListener("open", () => socket.send(`hello ${path}`));
      expect(await heard).toBe(`hello ${path}`);
      socket.close();
    }
    const pids = (await fleet.units()).flatMap(({ pid }) => pid ?? []);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  test("payloads guards, blocks and decorates", async () => {
    const { manifest, folder, ports } = await example("payloads");
    using _ = folder;
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    const site = `http://127.0.0.1:${ports.get("8080")}`;
    const page = await fetch(site);
    expect([page.status, page.headers.get("content-security-policy")]).toEqual([200, "default-src 'self'"]);
    expect((await fetch(`${site}/admin/x`)).status).toBe(401);
    expect((await fetch(site, { headers: { "User-Agent": "scrapy" } })).status).toBe(403);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });

  test("wasm-auth lets nobody through without a session that the login has signed", async () => {
    const { manifest, folder, ports } = await example("wasm-auth");
    using _ = folder;
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    const site = `http://127.0.0.1:${ports.get("8080")}`;
    const ask = async (headers: Record<string, string>, method = "GET") => {
      const response = await fetch(site, { method, headers, redirect: "manual" });
      return [response.status, response.headers.get("location") ?? (await response.text())];
    };
    expect(await ask({ "X-User": "root" })).toEqual([303, "/login"]);
    expect(await ask({}, "POST")).toEqual([401, "Log in first.\n"]);
    expect((await fetch(`${site}/login`)).status).toBe(200);
    const login = await fetch(`${site}/login`, { method: "POST", body: new URLSearchParams({ user: "ada" }), redirect: "manual" });
    const [cookie = ""] = (login.headers.get("set-cookie") ?? "").split(";");
    expect(cookie).toMatch(/^session=ada\.\d+\.[\da-f]{64}$/);
    expect(await ask({ Cookie: `a=b; ${cookie}`, "X-User": "root" })).toEqual([200, "Hello ada\n"]);
    // As an attacker would: another name, a later end, a signature that is nearly right, none at all, one over nothing.
    for (const forged of [
      cookie.replace("ada", "eve"),
      cookie.replace(/\d{6,}/, "99999999999"),
      cookie.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
      cookie.replace(/\.[^.]*$/, "."),
      "session=..",
      "session=",
    ])
      expect(await ask({ Cookie: forged }), forged).toEqual([303, "/login"]);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);
  });

  test("embed runs its fleet inside a program, and ends with it", async () => {
    const { folder, ports } = await example("embed");
    using _ = folder;
    symlinkSync(join(examples, "embed/node_modules"), folder.join("node_modules"));
    const program = spawn(process.execPath, ["main.js"], {
      cwd: folder.path,
      env: { ...process.env, MS_SOCKET_DIR: folder.join("run") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    onTestFinished(() => void program.kill("SIGKILL"));
    let said = "";
    program.stdout.setEncoding("utf8").on("data", (data: string) => {
      said += data;
    });
    const complaints = text(program.stderr);
    const ended = once(program, "close");
    await eventually("the fleet inside", () => said.includes("counter is "), 20_000);
    expect(await (await fetch(`http://127.0.0.1:${ports.get("8080")}/you`)).text()).toBe("Hello from inside, /you\n");
    program.kill("SIGTERM");
    expect([await ended, await complaints]).toEqual([[0, null], ""]);
    expect(said).toMatch(/greeter is ready\n[\s\S]*landed; lines heard: .*greeter 1/);
  });

  test("docker has a fleet that runs, and files that say how to put it into a container", async () => {
    const { manifest, folder, ports } = await example("docker");
    using _ = folder;
    await using fleet = startFleet("", { args: ["-c", manifest] });
    await fleet.running();
    expect(await (await fetch(`http://127.0.0.1:${ports.get("8080")}/`)).text()).toMatch(/^Hello from process \d+, child of \d+\n$/);
    fleet.signal("SIGTERM");
    expect((await fleet.ended()).code).toBe(0);

    const dockerfile = readFileSync(folder.join("Dockerfile"), "utf8");
    expect(dockerfileProblems(dockerfile)).toEqual([]);
    for (const [, list = ""] of dockerfile.matchAll(/^COPY (?!mothership)(.*) \S+$/gm))
      for (const file of list.split(" ")) expect(existsSync(folder.join(file)), file).toBe(true);
    const compose = parseYaml(readFileSync(folder.join("compose.yaml"), "utf8")) as {
      services: Record<string, { stop_grace_period: string }>;
    };
    expect(Object.keys(compose.services)).toEqual(["fleet"]);
    expect(compose.services["fleet"]?.stop_grace_period).toBe("35s");
  });

  test.skipIf(!hasOpenssl)(
    "tls speaks HTTP/2 with a certificate of its own and sends plain HTTP there (skipped without openssl)",
    async () => {
      const { manifest, folder, ports } = await example("tls");
      using _ = folder;
      for (const time of ["first", "second"]) {
        const made = spawnSync("sh", ["certificates.sh"], { cwd: folder.path, encoding: "utf8" });
        expect(made.status, `${time}: ${made.stderr}`).toBe(0);
      }
      expect(readdirSync(folder.join("tls")).sort()).toEqual(["authority.key", "authority.pem", "authority.srl", "site.key", "site.pem"]);
      await using fleet = startFleet("", { args: ["-c", manifest] });
      await fleet.running();
      const secure = `https://localhost:${ports.get("8443")}`;
      const session = connect(secure, { ca: readFileSync(folder.join("tls/authority.pem")) });
      const stream = session.request({ ":path": "/" });
      const [[headers], body] = await Promise.all([once(stream, "response") as Promise<[{ ":status": number }]>, text(stream)]);
      expect([headers[":status"], body, session.alpnProtocol]).toEqual([200, "Hello over https\n", "h2"]);
      session.close();
      const plain = await fetch(`http://localhost:${ports.get("8080")}/a?b=c`, { redirect: "manual" });
      expect([plain.status, plain.headers.get("location")]).toEqual([308, `${secure}/a?b=c`]);
      fleet.signal("SIGTERM");
      expect((await fleet.ended()).code).toBe(0);
    },
  );
});

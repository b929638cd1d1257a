import { once } from "node:events";
import { connect } from "node:net";
import { freePort, tempFolder } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ship, startFleet } from "./support/fleet.ts";

interface Echo {
  readonly ship: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe("a running fleet", () => {
  test("routes in declaration order, strips prefixes, serves files and says who asked", async () => {
    const [http, one, two] = [await freePort(), await freePort(), await freePort()];
    await using fleet = startFleet(
      `
[mothership.bind]
http = "127.0.0.1:${http}"
[[mothership.static_dirs]]
path = "."
prefix = "/files"
${ship("api", one, 'routes = [{ bind = "http", pattern = "/api/.*", strip_prefix = "/api" }]')}
${ship("site", two, 'routes = ["http:/.*"]')}
`,
      { files: { "hello.txt": "hello from a file\n" } },
    );
    await fleet.running();
    const get = async (path: string): Promise<Echo> => (await (await fetch(`http://127.0.0.1:${http}${path}`)).json()) as Echo;

    expect(await get("/api/time?zone=x")).toMatchObject({ ship: "api", url: "/time?zone=x" });
    expect(await get("/apix")).toMatchObject({ ship: "site", url: "/apix" });
    const { headers } = await get("/");
    expect(headers).toMatchObject({
      host: `127.0.0.1:${http}`,
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": `127.0.0.1:${http}`,
    });
    expect(headers["x-request-id"]).toMatch(/.{8,}/);
    const file = await fetch(`http://127.0.0.1:${http}/files/hello.txt`);
    expect([file.status, file.headers.get("content-type"), await file.text()]).toEqual([
      200,
      expect.stringMatching(/^text\/plain/),
      "hello from a file\n",
    ]);
    expect(await get("/files/missing.txt")).toMatchObject({ ship: "site", url: "/files/missing.txt" });
  });

  test("reaches ships and is reached over Unix sockets, WebSockets included", async () => {
    using sockets = tempFolder();
    const [door, inner] = [sockets.join("door.sock"), sockets.join("ship.sock")];
    await using fleet = startFleet(`
[mothership.bind]
door = "unix://${door}"
${ship("app", inner, 'routes = ["door:/.*"]')}
`);
    await fleet.running();
    const socket = connect(door);
    socket.write(
      "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /);
    socket.write("through the tunnel");
    const [echo] = (await once(socket, "data")) as [Buffer];
    expect(echo.toString()).toBe("through the tunnel");
    socket.destroy();
  });

  test("answers 503 while a ship is down, goes through mayday and back, and counts on it again", async () => {
    const [http, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(`
[mothership.bind]
http = "127.0.0.1:${http}"
${ship("app", port, 'routes = ["http:/.*"]')}
`);
    await fleet.running();
    await expect(fetch(`http://127.0.0.1:${http}/crash?code=3`).then((answer) => answer.status)).resolves.toBe(502);
    await fleet.line("mayday", (line) => line.status === "mayday");
    await fleet.line("the way back", (line) => line.status === "running" && line["from"] === "mayday");
    expect((await fetch(`http://127.0.0.1:${http}/`)).status).toBe(200);
  });

  test("a job runs before the ship that waits for it; one that fails keeps the fleet from starting and says what it said", async () => {
    const port = await freePort();
    await using good = startFleet(`
[[fleet.jobs]]
name = "seed"
command = "${process.execPath}"
args = ["-e", "console.log('seeded')"]
oneshot = true
${ship("app", port, 'depends_on = ["seed"]')}
`);
    await good.running();
    const order = good.lines().flatMap((line) => line.msg ?? []);
    expect(order.indexOf("seeded")).toBeLessThan(order.indexOf("listening"));

    await using bad = startFleet(`
[[mothership.prelaunch]]
name = "migrate"
command = "${process.execPath}"
args = ["-e", "console.error('no such table'); process.exit(7)"]
${ship("app", await freePort())}
`);
    const { code, stdout, stderr } = await bad.ended();
    expect(code).toBe(1);
    expect(stderr).toContain('the job "migrate" failed: ');
    expect(stdout).toMatch(/no such table/);
    expect(bad.lines().some((line) => line.ship === "app")).toBe(false);
    expect(bad.lines().at(-1)).toEqual({ message: "Mothership failed", status: "failed" });
  });

  test("--only and --except choose by tag, group and name", async () => {
    await using fleet = startFleet(
      `
${ship("app", await freePort(), 'tags = ["front"]')}
[[fleet.workers]]
name = "mailer"
command = "${process.execPath}"
args = ["-e", "console.log('mailing'); setInterval(() => {}, 1000)"]
`,
      { args: ["--only", "front,workers", "--except", "mailer"] },
    );
    await fleet.running();
    expect([...new Set(fleet.lines().flatMap((line) => line.ship ?? []))]).toEqual(["app"]);
  });

  test("what is disabled is known but neither checked nor started", async () => {
    await using fleet = startFleet(`
[[bays.websocket]]
name = "later"
command = "no-such-program"
disabled = true
[[fleet.web]]
name = "now"
command = "sleep"
args = ["1000"]
`);
    await fleet.running();
    expect((await fleet.units()).map(({ name, state }) => [name, state])).toEqual([
      ["later", "disabled"],
      ["now", "up"],
    ]);
  });

  test("says in its log how a ship ended and that it is tried again, and passes on the code of one that never came up", async () => {
    await using fleet = startFleet(`
[[fleet.web]]
name = "app"
command = "sh"
args = ["-c", "exit 42"]
bind = "tcp://127.0.0.1:${await freePort()}"
healthcheck = "/"
max_restarts = 1
`);
    expect((await fleet.ended()).code).toBe(42);
    expect(fleet.lines()).toContainEqual(expect.objectContaining({ level: "warn", message: "A process ended", ship: "app", code: 42 }));
    expect(fleet.lines()).toContainEqual(expect.objectContaining({ message: "A process is started again", ship: "app" }));
  });

  test("names a user that there is none of before a job has run", async () => {
    await using fleet = startFleet(`
[[mothership.prelaunch]]
name = "migrate"
command = "sh"
args = ["-c", "echo migrated"]
[[fleet.web]]
name = "app"
command = "sleep"
args = ["1000"]
user = "nobody-of-this-name"
`);
    const { code, stdout, stderr } = await fleet.ended();
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no user "nobody-of-this-name"')]);
    expect(stdout).not.toContain("migrated");
  });
});

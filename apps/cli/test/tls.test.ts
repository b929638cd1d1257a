import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { connect } from "node:tls";
import { createAuthority, freePort } from "@mothership/testkit";
import { describe, expect, test } from "vitest";
import { ship, startFleet } from "./support/fleet.ts";

describe("an https bind", () => {
  test("with a certificate ends TLS, speaks HTTP/2 to who wants it, and takes a renewed certificate", async () => {
    const authority = createAuthority();
    const first = authority.issue(["localhost", "127.0.0.1"]);
    const [https, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(
      `[mothership.bind]\nhttps = { addr = "127.0.0.1:${https}", cert = "site.crt", key = "site.key" }\n${ship("app", port, 'routes = ["https:/.*"]')}`,
      { files: { "site.crt": first.cert, "site.key": first.key, "ca.crt": authority.cert } },
    );
    await fleet.running();
    const { address } = await fleet.line("where it listens", (line) => line.message === "Listening");
    expect(address).toBe(`https://127.0.0.1:${https}/`);
    const curl = (...args: string[]): string =>
      spawnSync(
        "curl",
        [
          "-s",
          "--cacert",
          `${fleet.folder}/ca.crt`,
          "-w",
          " %{http_version}",
          ...args,
          `https://localhost:${https}/x`,
          "--resolve",
          `localhost:${https}:127.0.0.1`,
        ],
        { encoding: "utf8" },
      ).stdout;
    expect(curl("--http1.1")).toMatch(/"x-forwarded-proto":"https".* 1\.1$/s);
    expect(curl("--http2")).toMatch(/"x-forwarded-proto":"https".* 2$/s);

    const serial = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port: https, host: "127.0.0.1", ca: authority.cert, servername: "localhost" }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        }).on("error", reject);
      });
    const before = await serial();
    const second = authority.issue(["localhost"]);
    writeFileSync(`${fleet.folder}/site.key`, second.key);
    writeFileSync(`${fleet.folder}/site.crt`, second.cert);
    await expect.poll(serial, { timeout: 30_000, interval: 200 }).not.toBe(before);
  });

  test("without one takes plain HTTP from a balancer, and says so", async () => {
    const [https, port] = [await freePort(), await freePort()];
    await using fleet = startFleet(`[mothership.bind]\nhttps = "127.0.0.1:${https}"\n${ship("app", port, 'routes = ["https:/.*"]')}`);
    await fleet.running();
    expect(await (await fetch(`http://127.0.0.1:${https}/x`)).text()).toContain('"x-forwarded-proto":"https"');
    await fleet.line("the word", (line) => line.message?.includes("plain HTTP") === true);
  });

  test("with a certificate that cannot be used is not opened, and the file is named", async () => {
    await using fleet = startFleet(
      `[mothership.bind]\nhttps = { addr = "127.0.0.1:${await freePort()}", cert = "nowhere.crt", key = "nowhere.key" }\n[[fleet.web]]\nname = "x"\ncommand = "true"\n`,
    );
    const { code, stderr } = await fleet.ended();
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^mothership: .*nowhere\.(crt|key)/)]);
  });
});

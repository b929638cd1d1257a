import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseManifest } from "@mothership/manifest";
import { tempFolder } from "@mothership/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { tomlEntry } from "../import/toml-text.ts";
import { formatNote } from "../note.ts";
import { exportCompose } from "./export-compose.ts";
import { exportComposeShips } from "./export-compose-ships.ts";
import type { Exported, ExportInput } from "./export-input.ts";
import { exportKubernetes } from "./export-kubernetes.ts";
import { exportKubernetesShips } from "./export-kubernetes-ships.ts";
import { exportSystemd } from "./export-systemd.ts";
import { exportSystemdShips } from "./export-systemd-ships.ts";
import { namedOutside } from "./manifest-variables.ts";
import { commandLine } from "./systemd-text.ts";

const fleet = `
[mothership]
metrics_port = 9090
compression = true
[mothership.bind]
http = "0.0.0.0:80"
local = "127.0.0.1:8081"
[[mothership.uplinks]]
url = "$DATABASE_URL"
[[mothership.prelaunch]]
name = "migrate"
command = "./migrate"
env_file = ".env"
[base.ship]
env_file = [".env", "/etc/secrets.env"]
[[fleet.web]]
name = "app"
command = "./bin/app"
args = ["--cost", "$5 100%"]
cwd = "srv"
env = { MOTTO = "a \\"b\\" $(c) %d" }
bind = "0.0.0.0:3000"
routes = ["http:/.*"]
healthcheck = { path = "/up", interval = "2s", timeout = "1s", failure_threshold = 5 }
startup = { type = "tcp" }
liveness = { type = "exec", command = ["./alive", "-q"] }
memory_limit = "256MiB"
stop_timeout = "30s"
stop_signal = "SIGQUIT"
fatal_exit_codes = [78]
success_exit_codes = [0, 143]
startup_timeout = "90s"
[[fleet.jobs]]
name = "Seed@1"
command = "node"
args = ["seed.js"]
oneshot = true
[[fleet.workers]]
name = "mail+er"
command = "node"
critical = false
user = 1000
depends_on = ["app", "Seed@1"]
memory_limit = "64MiB"
stop_command = ["./stop", "now"]
log = { file = "log/mail.log" }
restart = "on-failure"
[[bays.websocket]]
name = "cable"
command = "./cable"
memory_limit = "64MiB"
`;

function inputOf(text: string): ExportInput {
  const env = { DATABASE_URL: "postgres://db/x" };
  return {
    manifest: parseManifest(text, { folder: "/srv/shop", env }),
    text,
    path: "/srv/shop/ship-manifest.toml",
    name: "shop",
    image: "shop:1",
    program: ["/usr/bin/env", "mothership"],
    ...namedOutside(text),
  };
}
const input = inputOf(fleet);
const notes = (exported: Exported) => exported.notes.map(formatNote).join("\n");
const fileOf = (exported: Exported, name: string) => exported.files.find((file) => file.name === name)?.text ?? "";
// biome-ignore lint/suspicious/noExplicitAny: files of other programs, looked into by paths
const yamlOf = (exported: Exported, name: string): any[] =>
  parseAllDocuments(fileOf(exported, name), { version: "1.1" }).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS() as unknown;
  });
const hasAnalyzer = spawnSync("systemd-analyze", ["--version"]).error === undefined;

/** What systemd itself says of these files. */
function verified(exported: Exported): string {
  using folder = tempFolder();
  for (const { name, text } of exported.files)
    writeFileSync(folder.join(name), text.replaceAll(/\/srv\/shop(?=\/(srv\/)?(bin|migrate|stop))\S*/g, "/bin/true"));
  const { stdout, stderr } = spawnSync("systemd-analyze", ["verify", ...exported.files.map(({ name }) => folder.join(name))], {
    encoding: "utf8",
  });
  return (stdout + stderr)
    .split("\n")
    .filter((line) => line.includes(folder.path) || /shop/.test(line))
    .join("\n");
}

describe("a fleet for systemd", () => {
  test("is one unit that stops, reloads and limits it as mothership needs", () => {
    const exported = exportSystemd(input);
    const unit = fileOf(exported, "shop.service");
    for (const line of [
      "Type=exec",
      "ExecStart=/usr/bin/env mothership run -c /srv/shop/ship-manifest.toml",
      "ExecReload=/usr/bin/env mothership reload -c /srv/shop/ship-manifest.toml",
      "KillMode=mixed",
      "TimeoutStopSec=35s",
      "RestartPreventExitStatus=2 69",
      "Delegate=yes",
      "WorkingDirectory=/srv/shop",
      "EnvironmentFile=-/etc/shop.env",
      "ProtectSystem=full",
    ])
      expect(unit.split("\n")).toContain(line);
    // A unit runs as a user of its own, which only root can do.
    expect(unit).not.toMatch(/^NoNewPrivileges/m);
  });

  test("gets the right to its low ports, and says that it runs as root, where no unit has a user", () => {
    const exported = exportSystemd(inputOf('[mothership.bind]\nhttp = "0.0.0.0:80"\n[[fleet.web]]\nname = "a"\ncommand = "a"\n'));
    expect(fileOf(exported, "shop.service")).toMatch(/AmbientCapabilities=CAP_NET_BIND_SERVICE\n[\s\S]*NoNewPrivileges=yes/);
    expect(notes(exported)).toMatch(/root/);
  });

  test("may be a unit for each ship, with its order, its signals and its limits", () => {
    const exported = exportSystemdShips(input);
    expect(exported.files.map(({ name }) => name)).toEqual([
      "shop.target",
      "shop-migrate.service",
      "shop-app.service",
      "shop-seed-1.service",
      "shop-mail-er.service",
    ]);
    const app = fileOf(exported, "shop-app.service").split("\n");
    for (const line of [
      'ExecStart=/srv/shop/srv/bin/app --cost "$$5 100%%"',
      'Environment="MOTTO=a \\"b\\" $(c) %%d"',
      "EnvironmentFile=/srv/shop/.env",
      "EnvironmentFile=/etc/secrets.env",
      "KillSignal=SIGQUIT",
      "TimeoutStopSec=30s",
      "SuccessExitStatus=143",
      "RestartPreventExitStatus=78",
      "MemoryMax=268435456",
      "Requires=shop-migrate.service",
    ])
      expect(app).toContain(line);
    const mailer = fileOf(exported, "shop-mail-er.service");
    expect(mailer).toMatch(/^Wants=network-online.target shop-app.service\nRequires=shop-migrate.service shop-seed-1.service$/m);
    expect(mailer).toMatch(/^User=1000$/m);
    expect(mailer).toMatch(/^ExecStop=\/srv\/shop\/stop now$/m);
    expect(mailer).toMatch(/^StandardOutput=append:\/srv\/shop\/log\/mail.log$/m);
  });

  test.skipIf(!hasAnalyzer)("has units that systemd finds nothing wrong with (skipped where there is none)", () => {
    expect(verified(exportSystemd(input))).toBe("");
    expect(verified(exportSystemdShips(input))).toBe("");
  });

  test("quotes whatever is in a command line", () => {
    const text = fc.string({ unit: "binary-ascii" }).filter((one) => !one.includes("\0"));
    fc.assert(fc.property(fc.array(text), (args) => void expect(wordsOfUnit(commandLine(["run", ...args]))).toEqual(["run", ...args])));
  });
});

/** Words as systemd.service(5) and systemd.syntax(7) say: quotes, escapes in the way of C, `%%` and `$$`. */
function wordsOfUnit(line: string): string[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|[^\s"]+/gs) ?? [];
  return words.map((word, at) => {
    const plain = word
      .replace(/^"(.*)"$/s, "$1")
      .replaceAll(/\\(?:x([\da-f]{2})|(.))/gs, (_, hex: string | undefined, char: string) =>
        hex ? String.fromCharCode(Number.parseInt(hex, 16)) : char,
      )
      .replaceAll("%%", "%");
    return at === 0 ? plain : plain.replaceAll("$$", "$");
  });
}

describe("a fleet for compose", () => {
  test("is one service, with its ports, the variables that the manifest names, and time to stop", () => {
    const exported = exportCompose(input);
    const [file] = yamlOf(exported, "compose.yaml");
    checkCompose(file);
    expect(file.services.fleet).toMatchObject({
      image: "shop:1",
      init: true,
      environment: ["MOTHERSHIP_INIT=1", "DATABASE_URL"],
      ports: ["80:80", "8081:8081"],
      stop_grace_period: "35s",
      healthcheck: { test: ["CMD", "mothership", "wait", "app", "-c", "ship-manifest.toml", "--timeout", "5s"] },
    });
    expect(fileOf(exported, "Dockerfile")).toMatch(
      /^FROM [\s\S]*^ENTRYPOINT \["mothership"\]\nCMD \["run", "-c", "ship-manifest.toml"\]$/m,
    );
    expect(notes(exported)).toMatch(/bind "local" listens on 127.0.0.1/);
  });

  test("may be a service for each ship, with its order, checks and limits", () => {
    const exported = exportComposeShips(input);
    const [file] = yamlOf(exported, "compose.yaml");
    checkCompose(file);
    const { migrate, app, "mail-er": mailer, "seed-1": seed } = file.services;
    expect(app).toMatchObject({
      entrypoint: ["./bin/app"],
      command: ["--cost", "$$5 100%"],
      working_dir: "/app/srv",
      environment: ['MOTTO=a "b" $$(c) %d'],
      env_file: ["./.env", "/etc/secrets.env"],
      depends_on: { migrate: { condition: "service_completed_successfully" } },
      stop_signal: "SIGQUIT",
      stop_grace_period: "30s",
      mem_limit: 256 * 2 ** 20,
      healthcheck: { interval: "2000ms", timeout: "1000ms", retries: 5 },
      restart: "always",
    });
    expect(mailer.depends_on).toMatchObject({
      app: { condition: "service_healthy" },
      "seed-1": { condition: "service_completed_successfully" },
    });
    expect([mailer.user, mailer.restart, migrate.restart, seed.restart]).toEqual(["1000", "on-failure:10", "no", "no"]);
    expect(notes(exported)).toMatch(
      /routes are left out[\s\S]*bay "cable" is left out[\s\S]*"app": fatal_exit_codes[\s\S]*"mail\+er": the log file is left out/,
    );
  });

  test("has a health check that tells a good answer from a bad one", async () => {
    const exported = exportComposeShips(input);
    const [, , , look] = yamlOf(exported, "compose.yaml")[0].services.app.healthcheck.test as string[];
    let status = 204;
    await using server = createServer((_, response) => response.writeHead(status).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const script = (look ?? "").replaceAll("$$", "$").replace("0.0.0.0:3000", `127.0.0.1:${(server.address() as AddressInfo).port}`);
    const run = async (): Promise<unknown> => (await once(spawn(process.execPath, ["-e", script]), "exit"))[0];
    expect(await run()).toBe(0);
    status = 500;
    expect(await run()).toBe(1);
  });
});

describe("a fleet for Kubernetes", () => {
  test("is one pod with its manifest in a ConfigMap and its binds in a Service", () => {
    const exported = exportKubernetes(input);
    const objects = yamlOf(exported, "shop.yaml");
    objects.forEach(checkObject);
    const [config, deployment, service] = objects;
    expect(objects.map(({ kind }) => kind)).toEqual(["ConfigMap", "Deployment", "Service"]);
    expect(config.data["ship-manifest.toml"]).toBe(fleet);
    const pod = deployment.spec.template.spec;
    expect(pod.terminationGracePeriodSeconds).toBe(35);
    expect(pod.containers[0]).toMatchObject({
      command: ["mothership", "run", "-c", "/app/ship-manifest.toml"],
      envFrom: [{ secretRef: { name: "shop" } }],
      // A mailer that fails keeps no requests away.
      readinessProbe: { exec: { command: ["mothership", "wait", "app", "-c", "/app/ship-manifest.toml", "--timeout", "5s"] } },
    });
    expect(pod.containers[0]).not.toHaveProperty("resources");
    expect(service.spec.ports).toEqual([
      { name: "http", port: 80, targetPort: 80 },
      { name: "local", port: 8081, targetPort: 8081 },
    ]);
    expect(notes(exported)).toMatch(/prelaunch jobs, so there is one replica/);
  });

  test("has the memory of all its ships together, where all say it", () => {
    const exported = exportKubernetes(inputOf('[[fleet.web]]\nname = "a"\ncommand = "a"\nmemory_limit = "64MiB"\n'));
    expect(yamlOf(exported, "shop.yaml")[1].spec.template.spec.containers[0].resources.limits).toEqual({ memory: "192Mi" });
  });

  test("may be a Deployment for each ship, with probes from its checks, and a Job for each job", () => {
    const exported = exportKubernetesShips(input);
    const objects = yamlOf(exported, "shop.yaml");
    objects.forEach(checkObject);
    expect(objects.map(({ kind, metadata }) => [kind, metadata.name])).toEqual([
      ["Job", "shop-migrate"],
      ["Deployment", "shop-app"],
      ["Service", "shop-app"],
      ["Job", "shop-seed-1"],
      ["Deployment", "shop-mail-er"],
    ]);
    const app = objects[1].spec.template.spec;
    expect(app.terminationGracePeriodSeconds).toBe(40);
    expect(app.containers[0]).toMatchObject({
      command: ["./bin/app", "--cost", "$5 100%"],
      workingDir: "/app/srv",
      env: [{ name: "MOTTO", value: 'a "b" $$(c) %d' }],
      startupProbe: { tcpSocket: { port: 3000 }, failureThreshold: 45 },
      readinessProbe: { httpGet: { path: "/up", port: 3000 }, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 5 },
      livenessProbe: { exec: { command: ["./alive", "-q"] }, successThreshold: 1 },
      resources: { limits: { memory: "256Mi" } },
    });
    const mailer = objects[4].spec.template.spec;
    expect(mailer.securityContext).toEqual({ runAsUser: 1000 });
    expect(mailer.containers[0].lifecycle).toEqual({ preStop: { exec: { command: ["./stop", "now"] } } });
    expect(notes(exported)).toMatch(/Deployments do not wait for the Jobs[\s\S]*"mail\+er": depends_on is left out/);
  });
});

test("no export holds what stands in an env file, and each is read back as it was written, whatever is in it", () => {
  const word = fc.string({ unit: "binary" }).filter((one) => !one.includes("\0") && one.isWellFormed());
  fc.assert(
    fc.property(fc.array(word), word, (args, value) => {
      const one = inputOf(`[[fleet.web]]\nname = "a"\ncommand = "run"\n${tomlEntry("args", args)}\n${tomlEntry("env", { A: value })}\n`);
      const [compose] = yamlOf(exportComposeShips(one), "compose.yaml");
      const dollars = (text: string) => text.replaceAll("$$", "$");
      expect(compose.services.a.command.map(dollars)).toEqual(args);
      expect(compose.services.a.environment.map(dollars)).toEqual([`A=${value}`]);
      const [deployment] = yamlOf(exportKubernetesShips(one), "shop.yaml");
      const [container] = deployment.spec.template.spec.containers;
      expect(container.command.map((text: string) => text.replaceAll("$$(", "$("))).toEqual(["run", ...args]);
      const [config] = yamlOf(exportKubernetes(one), "shop.yaml");
      expect(config.data["ship-manifest.toml"]).toBe(one.text);
    }),
  );
});

/** The part of the compose specification that is used. */
// biome-ignore lint/suspicious/noExplicitAny: what is checked is whether it is of this shape
function checkCompose(file: any): void {
  const allowed = new Set(
    "image build init entrypoint command working_dir user environment env_file depends_on healthcheck profiles restart stop_signal stop_grace_period mem_limit ports".split(
      " ",
    ),
  );
  expect(file.name).toMatch(/^[a-z\d][a-z\d_-]*$/);
  for (const [name, service] of Object.entries<Record<string, unknown>>(file.services)) {
    expect(name).toMatch(/^[a-zA-Z\d._-]+$/);
    expect(Object.keys(service).filter((key) => !allowed.has(key))).toEqual([]);
    for (const on of Object.keys(service["depends_on"] ?? {})) expect(file.services).toHaveProperty([on]);
    expect(service["restart"]).toMatch(/^(no|always|on-failure(:\d+)?)$/);
  }
}

/** What the API server would look at first. */
// biome-ignore lint/suspicious/noExplicitAny: what is checked is whether it is of this shape
function checkObject(object: any): void {
  const kinds: Record<string, string> = { ConfigMap: "v1", Service: "v1", Deployment: "apps/v1", Job: "batch/v1" };
  expect(object.apiVersion).toBe(kinds[object.kind]);
  expect(object.metadata.name).toMatch(/^[a-z]([-a-z\d]{0,61}[a-z\d])?$/);
  if (object.kind === "Deployment") expect(object.spec.template.metadata.labels).toMatchObject(object.spec.selector.matchLabels);
  for (const container of object.spec?.template?.spec?.containers ?? []) {
    expect(container.name).toMatch(/^[a-z]([-a-z\d]{0,61}[a-z\d])?$/);
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe].filter(Boolean)) {
      expect(["exec", "httpGet", "tcpSocket"].filter((key) => key in probe)).toHaveLength(1);
      for (const key of ["periodSeconds", "timeoutSeconds", "failureThreshold"])
        if (key in probe) expect(probe[key]).toBeGreaterThanOrEqual(1);
    }
  }
  for (const { name, port } of object.kind === "Service" ? object.spec.ports : []) {
    expect(name).toMatch(/^[a-z\d-]{1,15}$/);
    expect(port).toBeGreaterThan(0);
  }
}

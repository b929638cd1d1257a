import { parseManifest } from "@mothership/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatNote } from "../note.ts";
import { writeDraft } from "./draft.ts";
import { importPm2 } from "./import-pm2.ts";
import { type Literal, readLiteral } from "./js-literal.ts";
import type { ScriptKind } from "./pm2-command.ts";
import { readYaml } from "./read-yaml.ts";

interface Settings {
  readonly environment?: string;
  readonly kind?: ScriptKind;
  readonly place?: (path: string) => string;
}

function fromLiteral(
  read: Literal | { readonly problem: string },
  { environment, kind = "missing", place = (path) => path }: Settings = {},
) {
  if ("problem" in read) throw new Error(read.problem);
  const { draft, notes } = importPm2(read, { file: "eco.js", here: "/srv/app", place, kindOf: () => kind, environment });
  return { text: writeDraft(draft), notes: notes.map(formatNote) };
}
const imported = (text: string, settings?: Settings) => fromLiteral(readLiteral(text), settings);
const app = (fields: object, settings?: Settings) => {
  const { text, notes } = imported(JSON.stringify({ apps: [{ script: "a.js", ...fields }] }), settings);
  return { ships: parseManifest(text).ships, ship: parseManifest(text).ships[0], text, notes };
};
const command = (fields: object, settings?: Settings) => {
  const { ship } = app(fields, settings);
  return [ship?.command, ...(ship?.args ?? [])];
};

describe("an ecosystem file of pm2", () => {
  test.each<[string, object, ScriptKind, string[]]>([
    ["a script of Node", { script: "./a.js" }, "text", ["node", "./a.js"]],
    ["arguments in one text", { args: "-p 1 --name 'a b'" }, "text", ["node", "a.js", "-p", "1", "--name", "a b"]],
    ["arguments in a list", { args: ["a b", 1] }, "text", ["node", "a.js", "a b", "1"]],
    ["arguments of the interpreter", { node_args: "--inspect", args: "x" }, "text", ["node", "--inspect", "a.js", "x"]],
    ["Python", { script: "a.py" }, "text", ["python3", "a.py"]],
    ["an interpreter by name", { script: "a.py", interpreter: "./venv/bin/python" }, "text", ["./venv/bin/python", "a.py"]],
    ["no interpreter", { script: "npm", args: "start", interpreter: "none" }, "missing", ["npm", "start"]],
    ["a program in PATH", { script: "npm", args: "start" }, "missing", ["npm", "start"]],
    ["a script without an ending", { script: "./bin/www" }, "text", ["node", "./bin/www"]],
    ["a binary", { script: "./server" }, "binary", ["./server"]],
    ["a binary without a slash", { script: "server" }, "binary", ["./server"]],
    [
      "a script of a package",
      { script: "node_modules/next/dist/bin/next", args: "start" },
      "missing",
      ["node", "node_modules/next/dist/bin/next", "start"],
    ],
    ["a whole line", { script: "npm run start" }, "missing", ["npm", "run", "start"]],
    ["a line for a shell", { script: "cd x && ./run" }, "missing", ["sh", "-c", "cd x && ./run"]],
  ])("runs %s as pm2 does", (_, fields, kind, words) => expect(command(fields, { kind })).toEqual(words));

  test("carries over what has a counterpart", () => {
    const { ship, notes } = app({
      name: "api",
      cwd: "./server",
      namespace: "back",
      env: { A: 1, B: true, C: { d: 1 } },
      port: 3000,
      max_memory_restart: "300M",
      max_restarts: 5,
      min_uptime: "10s",
      kill_timeout: 3000,
      listen_timeout: 8000,
      stop_exit_codes: [0, 3],
      user: "deploy",
      autostart: false,
      log_file: "logs/all.log",
    });
    expect(ship).toMatchObject({
      name: "api",
      group: "back",
      cwd: "./server",
      critical: false,
      disabled: true,
      env: { A: "1", B: "true", C: '{"d":1}', PORT: "3000" },
      memoryLimitBytes: 300 * 2 ** 20,
      startupTimeoutMs: 8000,
      runAs: { user: "deploy" },
      restart: { when: "on-failure", maxRestarts: 5, stableMs: 10_000, successExitCodes: [0, 3] },
      stop: { signal: "SIGINT", graceMs: 3000 },
      log: { file: { path: "server/logs/all.log" } },
    });
    expect(notes).toEqual([]);
  });

  test("takes the environment that is asked for, and says which others there are", () => {
    const fields = { env: { A: "dev", B: "1" }, env_production: { A: "prod" }, env_test: {} };
    expect(app(fields).ship?.env).toEqual({ A: "dev", B: "1" });
    expect(app(fields).notes).toHaveLength(2);
    expect(app(fields, { environment: "production" })).toMatchObject({
      ship: { env: { A: "prod", B: "1" } },
      notes: [expect.stringContaining("env_test")],
    });
    expect(app(fields, { environment: "none" }).notes).toContainEqual(expect.stringContaining('no app has an environment "none"'));
  });

  test("makes several ships of several processes, each with its number, its port and its log", () => {
    const { ships } = app({ name: "w", instances: 2, exec_mode: "fork", increment_var: "PORT", env: { PORT: 7000 }, out: "w.log" });
    expect(ships.map(({ name, env, log }) => [name, env, log.file?.path])).toEqual([
      ["w-0", { PORT: "7000", NODE_APP_INSTANCE: "0" }, "w-0.log"],
      ["w-1", { PORT: "7001", NODE_APP_INSTANCE: "1" }, "w-1.log"],
    ]);
  });

  test("makes one process of a cluster, and says so", () => {
    for (const fields of [{ instances: 4, exec_mode: "cluster" }, { instances: "max" }, { instances: 0, exec_mode: "cluster_mode" }]) {
      const { ships, notes } = app(fields);
      expect(ships).toHaveLength(1);
      expect(notes).toEqual([expect.stringMatching(/cluster mode .* became one process; .*node:cluster/)]);
    }
  });

  test("says in which line something is that was left out", () => {
    const { notes } = imported(
      "module.exports = {\n  apps: [\n    { name: 'x', script: 'a.js',\n      watch: true,\n      ignore_watch: ['y'],\n      typo: 1,\n    }],\n  deploy: {},\n};",
    );
    expect(notes).toEqual([
      'eco.js:8: "deploy" is not carried over; keep the script that deploys',
      expect.stringMatching(/^eco\.js:4: app "x": "watch" is not carried over; mothership does not watch files/),
      expect.stringMatching(/^eco\.js:5: app "x": "ignore_watch"/),
      expect.stringMatching(/^eco\.js:6: app "x": "typo" is not carried over; no setting of pm2/),
    ]);
  });

  test("gives no two processes one log file", () => {
    const { text, notes } = imported("[{ script: 'a.js', out: 'x.log' }, { script: 'b.js', out: './x.log' }]");
    expect(parseManifest(text).ships.map(({ log }) => log.file !== undefined)).toEqual([true, false]);
    expect(notes).toEqual([expect.stringContaining("belongs to another process already")]);
  });

  test("may be YAML, where lines are known too", () => {
    const { text, notes } = fromLiteral(
      readYaml("apps:\n  - script: ./api.js\n    name: api\n    watch: true\n    env:\n      PORT: 80\n"),
    );
    expect(parseManifest(text).ships[0]).toMatchObject({ name: "api", command: "node", env: { PORT: "80" } });
    expect(notes).toEqual([expect.stringMatching(/^eco\.js:4: app "api": "watch"/)]);
    expect(readYaml("a: [1\nb: 2")).toMatchObject({ line: expect.any(Number), problem: expect.stringContaining("is no YAML") });
  });

  test("may name its own folder, which is known without running it", () => {
    const { text, notes } = imported(
      `const path = require("path");
      module.exports = [
        { name: "a", script: __dirname + "/../bin/www", cwd: __dirname, out: \`\u0024{__dirname}/a.log\` },
        { name: "b", script: path.join(__dirname, "src", "b.js"), cwd: "./sub", out: path.resolve(__dirname, "b.log") },
        { name: "c", script: __dirname + "/c.js", cwd: "/opt/c", env: { ROOT: __dirname, } },
      ];`,
      { kind: "text" },
    );
    expect(parseManifest(text).ships.map(({ args, cwd, log, env }) => [args, cwd, log.file?.path, env])).toEqual([
      [["./../bin/www"], "", "./a.log", {}],
      [["../src/b.js"], "./sub", "b.log", {}],
      [["/srv/app/c.js"], "/opt/c", undefined, { ROOT: "/srv/app" }],
    ]);
    expect(notes).toEqual([expect.stringMatching(/^eco\.js:5: app "c": the variable ROOT holds the folder/)]);
  });

  test("is written for the folder that the manifest will be in", () => {
    const { ship } = app({ cwd: "server", out: "x.log" }, { place: (path) => (path === "." ? ".." : `../${path}`) });
    expect(ship).toMatchObject({ cwd: "../server", log: { file: { path: "../server/x.log" } } });
  });

  // What pm2 knows, with values that mean something; those for its own services are in `pm2-left-out.ts`.
  const settings: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    name: fc.string({ minLength: 1, unit: "binary" }).map((name) => `x${name}`),
    args: fc.oneof(fc.array(fc.string(), { minLength: 1 }), fc.constant("-x 1")),
    cwd: fc.constantFrom("/srv/app", "app", "~/app"),
    namespace: fc.string().map((name) => `x${name}`),
    interpreter: fc.constantFrom("python3", "node@18"),
    node_args: fc.constantFrom("--inspect", ["--inspect"]),
    out_file: fc.constantFrom("a.log", "/var/log/a.log", "~/a.log"),
    error_file: fc.constantFrom("b.log"),
    env: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.integer(), fc.constant(null)), { minKeys: 1 }),
    env_production: fc.constant({ A: 1 }),
    max_memory_restart: fc.oneof(fc.constantFrom("300M", "1G", "x"), fc.integer({ min: 1 })),
    instances: fc.constantFrom(2, 3, "max", -1),
    max_restarts: fc.integer({ min: -1 }),
    min_uptime: fc.constantFrom("10s", 5000, "x"),
    kill_timeout: fc.integer({ min: 1 }),
    listen_timeout: fc.integer({ min: 1 }),
    autorestart: fc.constant(false),
    autostart: fc.constant(false),
    stop_exit_codes: fc.constantFrom([0], [0, 143]),
    uid: fc.constantFrom(1000, "deploy"),
    gid: fc.constantFrom(1000, "deploy"),
    treekill: fc.constant(false),
    wait_ready: fc.constant(true),
    watch: fc.constantFrom(true, ["src"]),
    cron_restart: fc.constant("0 3 * * *"),
    restart_delay: fc.integer({ min: 1 }),
    exp_backoff_restart_delay: fc.integer({ min: 1 }),
    shutdown_with_message: fc.constant(true),
    source_map_support: fc.constant(true),
    filter_env: fc.constantFrom(true, ["A"]),
    time: fc.constant(true),
    log_date_format: fc.constant("YYYY"),
    pid_file: fc.constant("a.pid"),
    disable_logs: fc.constant(true),
    post_update: fc.constant(["npm install"]),
    port: fc.integer({ min: 1, max: 65_535 }),
    instance_var: fc.constant("INSTANCE"),
    somethingElse: fc.constant(1),
  };

  test("of any kind becomes a valid manifest, and no setting goes without a trace", () => {
    const apps = fc.array(fc.record({ ...settings, script: fc.constantFrom("a.js", "npm", "./run") }, { requiredKeys: ["script"] }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(apps, fc.integer({ min: 0 }), (list, pick) => {
        const whole = imported(JSON.stringify(list));
        expect(() => parseManifest(whole.text)).not.toThrow();
        const [first = { script: "a.js" }, ...rest] = list as Record<string, unknown>[];
        const keys = Object.keys(first).filter((key) => key !== "script");
        const key = keys[pick % keys.length];
        if (key === undefined) return;
        const { [key]: _, ...without } = first;
        const less = imported(JSON.stringify([without, ...rest]));
        expect([less.text, less.notes], key).not.toEqual([whole.text, whole.notes]);
      }),
    );
  });
});

import { parseManifest } from "@mothership/manifest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatNote } from "../note.ts";
import { writeDraft } from "./draft.ts";
import { importSupervisord, includesOf } from "./import-supervisord.ts";

function imported(text: string, more: Readonly<Record<string, string>> = {}) {
  const files = [
    { file: "s.conf", text, here: "/etc/s" },
    ...Object.entries(more).map(([file, one]) => ({ file, text: one, here: "/etc/s/d" })),
  ];
  const { draft, notes } = importSupervisord(files, { file: "s.conf", place: (path) => path });
  return { text: writeDraft(draft), notes: notes.map(formatNote) };
}
const ships = (text: string) => parseManifest(imported(text).text).ships;
const program = (...lines: string[]) => {
  const text = `[program:app]\n${lines.some((line) => line.startsWith("command")) ? "" : "command=run\n"}${lines.join("\n")}\n`;
  return { ship: ships(text)[0], notes: imported(text).notes };
};

describe("a configuration of supervisord", () => {
  test("carries over what has a counterpart", () => {
    const { ship, notes } = program(
      'command=/bin/app --name "a b" %%x $HOME ; why',
      "directory=%(here)s/app",
      "user=www-data",
      "autostart=false",
      "autorestart=true",
      "exitcodes=0,2",
      "startsecs=5",
      "startretries=7",
      "stopsignal=INT",
      "stopwaitsecs=12",
      "stopasgroup=true",
      "killasgroup=true",
      "redirect_stderr=true",
      "stdout_logfile=/var/log/app.log",
      "stdout_logfile_maxbytes=1MB",
      "stdout_logfile_backups=3",
      'environment=A="1",B=two,',
      '  C="x,y"',
    );
    expect(ship).toMatchObject({
      command: "/bin/app",
      args: ["--name", "a b", "%x", "$HOME"],
      cwd: "/etc/s/app",
      group: "programs",
      critical: false,
      disabled: true,
      env: { A: "1", B: "two", C: "x,y" },
      runAs: { user: "www-data" },
      restart: { when: "always", successExitCodes: [0, 2], stableMs: 5000, maxRestarts: 7 },
      stop: { signal: "SIGINT", graceMs: 12_000 },
      log: { file: { path: "/var/log/app.log", maxBytes: 2 ** 20, maxFiles: 3 } },
    });
    expect(notes).toEqual([]);
  });

  test("restarts as supervisord does where nothing is said: unless it ended well", () => {
    expect(program().ship?.restart.when).toBe("on-failure");
    expect(program("autorestart=false").ship?.restart.when).toBe("never");
  });

  test("makes a ship of each process, with its number put in", () => {
    const text =
      "[program:w]\ncommand=run %(process_num)02d of %(numprocs)d in %(group_name)s\nnumprocs=2\nnumprocs_start=8\nprocess_name=%(program_name)s-%(process_num)d\nstdout_logfile=/l/%(program_name)s-%(process_num)s.log\n[group:all]\nprograms=w\n";
    expect(ships(text).map(({ name, args, group, log }) => [name, args.join(" "), group, log.file?.path])).toEqual([
      ["w-8", "08 of 2 in all", "all", "/l/w-8.log"],
      ["w-9", "09 of 2 in all", "all", "/l/w-9.log"],
    ]);
  });

  test("gives processes that share a log file one each", () => {
    const text = "[program:w]\ncommand=run\nnumprocs=2\nstdout_logfile=/l/w.log\nredirect_stderr=true\n";
    expect(ships(text).map(({ log }) => log.file?.path)).toEqual(["/l/w_0.log", "/l/w_1.log"]);
    expect(imported(text).notes).toEqual([expect.stringMatching(/^s\.conf:4: .*each of its 2 processes gets a log file of its own/)]);
  });

  test("lets a shell put in what is in the environment", () => {
    const { ship, notes } = program(
      "command=serve -p %(ENV_PORT)s 'a b'",
      'environment=TOKEN="%(ENV_TOKEN)s",URL="http://%(ENV_HOST)s/",X="1"',
    );
    expect([ship?.command, ...(ship?.args ?? [])]).toEqual(["sh", "-c", `URL=http://"$HOST"/ exec serve -p "$PORT" 'a b'`]);
    expect([ship?.env, notes]).toEqual([{ X: "1" }, []]);
  });

  test("starts what has a lower priority first, without waiting until it is ready", () => {
    const text =
      "[program:c]\ncommand=c\npriority=30\n[program:a]\ncommand=a\npriority=10\n[program:b]\ncommand=b\npriority=20\nautostart=false\n";
    const depends = Object.fromEntries(
      ships(text).map(({ name, dependsOn }) => [name, dependsOn.map(({ on, condition }) => [on, condition])]),
    );
    expect(depends).toEqual({ c: [["a", "started"]], a: [], b: [] });
  });

  test("takes output to where mothership sends it anyhow, and one file for both kinds", () => {
    expect(
      program("stdout_logfile=/dev/stdout", "stdout_logfile_maxbytes=0", "stderr_logfile=/dev/fd/2", "stderr_logfile_maxbytes=0"),
    ).toMatchObject({
      ship: { log: { onFull: "drop" } },
      notes: [],
    });
    const { ship, notes } = program("stdout_logfile=/a.log", "stderr_logfile=/b.log", "stdout_logfile_maxbytes=0");
    expect(ship?.log.file?.path).toBe("/a.log");
    expect(notes).toEqual([expect.stringMatching(/s\.conf:4: .*one file/), expect.stringMatching(/s\.conf:5: .*without an end/)]);
  });

  test("gives the fleet time enough for its slowest process", () => {
    expect(parseManifest(imported("[program:a]\ncommand=a\nstopwaitsecs=600\n").text).mothership.shutdownTimeoutMs).toBe(615_000);
  });

  test("says in which file and line something is that was left out", () => {
    const { notes } = imported(
      "[supervisord]\nnodaemon=false\nuser=app\nminfds=9\n[program:a]\ncommand=a\numask=022\ntypo=1\nstopsignal=TTIN\n[unix_http_server]\nfile=/x\n[inet_http_server]\nport=9001\n",
      {
        "d/x.conf": "[eventlistener:e]\ncommand=e\n[fcgi-program:f]\ncommand=f\n[program:g]\nautostart=true\n",
      },
    );
    expect(notes).toEqual([
      expect.stringMatching(/^s\.conf:2: .*foreground/),
      expect.stringMatching(/^s\.conf:3: .*"user"/),
      expect.stringMatching(/^s\.conf:4: .*"minfds"/),
      expect.stringMatching(/^s\.conf:9: .*"stopsignal"/),
      expect.stringMatching(/^s\.conf:7: .*"umask"/),
      expect.stringMatching(/^s\.conf:8: .*"typo" is not carried over; no setting of supervisord/),
      expect.stringMatching(/^s\.conf:12: \[inet_http_server\] .*control socket/),
      expect.stringMatching(/^d\/x\.conf:1: \[eventlistener:e\]/),
      expect.stringMatching(/^d\/x\.conf:3: \[fcgi-program:f\]/),
      expect.stringMatching(/^d\/x\.conf:5: \[program:g\] there is no command/),
    ]);
  });

  test("knows which files it includes", () => {
    expect(includesOf("[include]\nfiles = /etc/a/*.conf %(here)s/b.ini\n", "s.conf", "/etc/s")).toEqual(["/etc/a/*.conf", "/etc/s/b.ini"]);
  });

  const settings: Readonly<Record<string, fc.Arbitrary<string>>> = {
    process_name: fc.stringMatching(/^x[ -~]*$/),
    numprocs: fc.constantFrom("2", "3", "x"),
    directory: fc.constantFrom("/srv/a", "a", "~/a", "%(ENV_HOME)s/a"),
    umask: fc.constant("022"),
    priority: fc.constantFrom("1", "x"),
    autostart: fc.constant("false"),
    autorestart: fc.constantFrom("true", "false"),
    exitcodes: fc.constantFrom("0,2", "1", "x"),
    startsecs: fc.constantFrom("0", "10", "x"),
    startretries: fc.constantFrom("0", "5"),
    stopsignal: fc.constantFrom("QUIT", "KILL", "2", "TTIN"),
    stopwaitsecs: fc.constantFrom("1", "600", "100000"),
    user: fc.constantFrom("www-data", "1000", "%(ENV_USER)s"),
    environment: fc.constantFrom("A=1", 'A="%(ENV_B)s"', "A=%(nothing)s", "A"),
    stdout_logfile: fc.constantFrom("/a.log", "%(ENV_LOG)s"),
    stderr_logfile: fc.constantFrom("/b.log"),
    serverurl: fc.constant("unix:///x"),
    stdout_events_enabled: fc.constant("true"),
    stdout_syslog: fc.constant("true"),
    stdout_capture_maxbytes: fc.constant("1MB"),
    something_else: fc.constant("1"),
  };

  test("of any kind becomes a valid manifest, and no setting goes without a trace", () => {
    const some = fc.record(settings, { requiredKeys: [] });
    const command = fc.constantFrom("run", "run 'a b' %(process_num)d", "run %(ENV_X)s");
    fc.assert(
      fc.property(fc.array(fc.tuple(command, some), { minLength: 1, maxLength: 3 }), fc.integer({ min: 0 }), (programs, pick) => {
        const text = (list: typeof programs) =>
          list
            .map(
              ([run, keys], at) =>
                `[program:p${at}]\ncommand=${run}\n${Object.entries(keys)
                  .map(([key, value]) => `${key}=${value}`)
                  .join("\n")}\n`,
            )
            .join("");
        // A first one stands there always: a manifest needs something to run.
        const all = (list: typeof programs) => imported(`${text(list)}[program:always]\ncommand=run\n`);
        const whole = all(programs);
        expect(() => parseManifest(whole.text)).not.toThrow();
        const [[run, first], ...rest] = programs as [(typeof programs)[number], ...typeof programs];
        const key = Object.keys(first)[pick % Object.keys(first).length];
        if (key === undefined) return;
        // Without the setting, but with its line: notes would differ by their lines alone.
        const { [key]: value = "", ...without } = first;
        const less = all([[run, { ...without }], ...rest]);
        const plain = (notes: readonly string[]) => notes.map((note) => note.replace(/^s\.conf:\d+/, ""));
        expect([less.text, plain(less.notes)], `${key}=${value}`).not.toEqual([whole.text, plain(whole.notes)]);
      }),
    );
  });
});

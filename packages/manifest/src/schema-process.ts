import { Type } from "typebox";
import { defaults, limits } from "./limits.ts";
import { closed, duration, list, name, size, text, texts, waitsFor, whole, yesNo } from "./schema-values.ts";
import { stopSignals } from "./stop-signals.ts";

/** How processes are run, watched, ended and logged. Build time only, as `schema.ts`. */

const commandLine = (description: string) =>
  Type.Union([text("a command", ""), texts("text", 'a list such as ["nginx", "-s", "quit"]', "", limits.args)], {
    title: 'a command, or a list such as ["nginx", "-s", "quit"]',
    description,
  });

const identity = (what: string, description: string) =>
  Type.Optional(Type.Union([name(""), whole("a number", "", 0, 2 ** 32 - 2)], { title: `the name or number of a ${what}`, description }));

const exitCodes = (description: string, initial: readonly number[]) =>
  Type.Optional(
    Type.Array(whole("an exit code from 0 to 255", "", 0, 255), {
      title: "a list of exit codes such as [0, 143]",
      description,
      maxItems: limits.exitCodes,
      default: initial,
    }),
  );

/** Keys of a file that is renamed when it is full. */
export const fileKeys = {
  max_size: Type.Optional(size("A file that is as large is renamed, and a new one is begun.", defaults.log.maxSize)),
  max_files: Type.Optional(whole("a number of files", "Renamed files that are kept.", 0, limits.logFiles, defaults.log.maxFiles)),
  compress: Type.Optional(yesNo("Renamed files are compressed with gzip.", defaults.log.compress)),
};

export const logKeys = {
  ...fileKeys,
  on_full: Type.Optional(
    Type.Enum(["drop", "block"], {
      title: '"drop" or "block"',
      description: "When output cannot be written as fast as it comes: drop lines and count them, or make the process wait.",
      default: defaults.log.onFull,
    }),
  ),
};

/** Keys of everything that has a command. */
const runKeys = {
  cwd: Type.Optional(text('a folder such as "./app"', "Where it runs, from the folder of the manifest. Default: that folder.")),
  env_file: Type.Optional(
    Type.Union([text("a file", ""), texts("a file", "a list of files", "", limits.envFiles)], {
      title: 'a file such as ".env", or a list of files',
      description: "Files of NAME=value lines, from the folder of the manifest. Later files win over earlier ones, and env over all.",
    }),
  ),
  user: identity("user", "Whom to run as; needs the right to change it."),
  group: identity("group", "Default: the user's own."),
  stdin: Type.Optional(
    Type.Enum(["ignore", "open"], {
      title: '"ignore" or "open"',
      description: "End of input at once, or an empty input that stays open until the process is told to stop.",
      default: defaults.stdin,
    }),
  ),
  tty: Type.Optional(
    Type.Boolean({
      title: "true or false",
      description:
        "A terminal of its own (120 by 40) instead of pipes, for programs that print colours or line by line only there. Needs the package @lydell/node-pty.",
      default: defaults.tty,
    }),
  ),
};

const restart = { description: "Whether it is started again when it has ended." };

const endKeys = {
  max_restarts: Type.Optional(whole("a number of restarts", "Restarts after failures in a row.", 0, limits.restarts, defaults.maxRestarts)),
  success_exit_codes: exitCodes("Exit codes that are a success.", defaults.successExitCodes),
  fatal_exit_codes: exitCodes("Exit codes after which it is not started again.", defaults.fatalExitCodes),
  stop_signal: Type.Optional(
    Type.Enum([...stopSignals], { title: 'a signal such as "SIGTERM"', description: "Tells it to stop.", default: defaults.stopSignal }),
  ),
  stop_timeout: Type.Optional(duration("From the signal to SIGKILL.", defaults.stopTimeout)),
  stop_command: Type.Optional(commandLine("Run in place of the signal. The pid of the process is in MS_STOP_PID.")),
  keep_detached: Type.Optional(yesNo("Processes that it has moved to sessions of their own are left alone.", defaults.keepDetached)),
  log: Type.Optional(
    Type.Object(
      { file: Type.Optional(text('a file such as "./log/app.log"', "Its output goes there as well.")), ...logKeys },
      { title: 'a table such as { file = "./log/app.log" }', description: "Where its output goes.", ...closed },
    ),
  ),
};

export const jobKeys = {
  ...runKeys,
  restart: Type.Optional(Type.Enum(["on-failure", "never"], { title: '"on-failure" or "never"', ...restart })),
  ...endKeys,
};

/** Keys of what runs on: ships and bays. */
export const memberKeys = {
  ...runKeys,
  restart: Type.Optional(Type.Enum(["always", "on-failure", "never"], { title: '"always", "on-failure" or "never"', ...restart })),
  ...endKeys,
  disabled: Type.Optional(yesNo("It is known, and not started.", defaults.disabled)),
  stable_after: Type.Optional(duration("So long it must run well until its failures are forgotten.", defaults.stableAfter)),
  startup_timeout: Type.Optional(duration("So long it may take to become ready.", defaults.startupTimeout)),
  drain_timeout: Type.Optional(duration("How long its requests may take to end before it is told to stop.", defaults.drainTimeout)),
  memory_limit: Type.Optional(size("It is restarted when it and all that it started use more. Default: no limit.")),
};

const check = (description: string) =>
  Type.Object(
    {
      type: Type.Optional(
        Type.Enum(["http", "tcp", "unix", "exec", "log", "notify"], {
          title: '"http", "tcp", "unix", "exec", "log" or "notify"',
          description: "What is looked at.",
          default: defaults.checkType,
        }),
      ),
      path: Type.Optional(text('a path such as "/health"', "http: what is asked for.")),
      expect_body: Type.Optional(text("text", "http: must be in the first 64 KiB of the body.")),
      addr: Type.Optional(text("an address", "http, tcp, unix: where to look. Default: the bind of the ship.")),
      command: Type.Optional(commandLine("exec: passes with exit code 0.")),
      pattern: Type.Optional(text("a regular expression", "log: a line of its output.")),
      interval: Type.Optional(duration("From one look to the next.")),
      timeout: Type.Optional(duration("A look that takes longer has failed.")),
      initial_delay: Type.Optional(duration("Before the first look.")),
      success_threshold: Type.Optional(whole("a number", "Passes in a row that make it good.", 1, limits.threshold)),
      failure_threshold: Type.Optional(whole("a number", "Failures in a row that make it bad.", 1, limits.threshold)),
    },
    { title: 'a table such as { type = "http", path = "/health" }', description, ...closed },
  );

/** Keys of ships about how one sees that they are well. */
export const checkKeys = {
  healthcheck: Type.Optional(
    Type.Union([text("a path", ""), check("")], {
      title: 'a path such as "/health", or a table such as { path = "/health", interval = "5s" }',
      description: "Path of the health check, asked for on the ship's own bind.",
    }),
  ),
  startup: Type.Optional(check("Decides when it has started. Default: as readiness.")),
  readiness: Type.Optional(check("While it fails, the ship gets no requests. In place of healthcheck.")),
  liveness: Type.Optional(
    Type.Union([Type.Boolean({ title: "true or false" }), check("")], {
      title: 'true, false, or a table such as { type = "http", path = "/alive" }',
      description: "When it fails, the ship is restarted. true: looks where readiness does. Default: none.",
    }),
  ),
};

export const dependsOn = Type.Optional(
  list(
    Type.Union(
      [
        waitsFor,
        Type.Object(
          {
            ship: waitsFor,
            condition: Type.Optional(
              Type.Enum(["started", "ready", "completed", "log"], {
                title: '"started", "ready", "completed" or "log"',
                description: "What to wait for. Default: what fits the other one.",
              }),
            ),
            pattern: Type.Optional(text("a regular expression", "For the condition log: a line of the other one's output.")),
            on_lost: Type.Optional(
              Type.Enum(["ignore", "restart", "stop"], {
                title: '"ignore", "restart" or "stop"',
                description: "What happens to this one when the other one goes down.",
                default: defaults.onLost,
              }),
            ),
          },
          { title: 'a table such as { ship = "db", condition = "ready" }', ...closed },
        ),
      ],
      { title: 'a name such as "db", or a table such as { ship = "db", condition = "ready" }' },
    ),
    'a list such as ["db"] or [{ ship = "db", condition = "ready" }]',
    "Ships and bays to wait for before starting. Default: none.",
    limits.dependencies,
  ),
);

export const jobDependsOn = Type.Optional(
  list(waitsFor, 'a list of names such as ["db"]', "Other prelaunch jobs to wait for.", limits.dependencies),
);

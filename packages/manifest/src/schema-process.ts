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
  max_size: Type.Optional(size("A file that is as large is renamed, and a new one is begun. At least 4 KiB.", defaults.log.maxSize)),
  max_files: Type.Optional(
    whole(
      "a number of files",
      "Renamed files that are kept; the latest is the one that ends in `.1`.",
      0,
      limits.logFiles,
      defaults.log.maxFiles,
    ),
  ),
  compress: Type.Optional(yesNo("Renamed files are compressed with gzip.", defaults.log.compress)),
};

export const logKeys = {
  ...fileKeys,
  on_full: Type.Optional(
    Type.Enum(["drop", "block"], {
      title: '"drop" or "block"',
      description:
        "When output cannot be written as fast as it comes: after a second its lines are dropped and counted, or the process waits. Of the output of mothership too.",
      default: defaults.log.onFull,
    }),
  ),
};

/** Keys of everything that has a command. */
const runKeys = {
  cwd: Type.Optional(
    text(
      'a folder such as "./app"',
      "Where it runs. Without it, in the folder of the manifest. A `command` with a slash starts from here.",
    ),
  ),
  env_file: Type.Optional(
    Type.Union([text("a file", ""), texts("a file", "a list of files", "", limits.envFiles)], {
      title: 'a file such as ".env", or a list of files',
      description:
        "Files of `NAME=value` lines, as `node --env-file` reads them. Later ones win over earlier ones, and `env` wins over all. Read when the manifest is; one that is missing is a mistake. What they hold is shown in no message.",
    }),
  ),
  user: identity("user", "Whom to run as, with the groups of that user. Needs the right to change it."),
  group: identity("group", "Without it, the user's own."),
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
        "A terminal of its own (120 columns by 40 lines) instead of pipes, for programs that print colours or line by line only there. All its output counts as stdout, and `stdin` is the terminal, on which nobody types. Needs the package `@lydell/node-pty`, which is installed where it has a binary (Linux and macOS on x64 and arm64); elsewhere such a process is refused before anything starts. Not together with a `notify` probe. All processes of one manifest that have a terminal run as one `user`: a later one could read and type on the terminal of an earlier one.",
      default: defaults.tty,
    }),
  ),
};

const restart = {
  description:
    'Whether it is started again when it has ended. Without it: `"never"` for prelaunch jobs and for ships with `oneshot`, which cannot say `"always"`, else `"always"`. See restarts.',
};

const endKeys = {
  max_restarts: Type.Optional(whole("a number of restarts", "Restarts after failures in a row.", 0, limits.restarts, defaults.maxRestarts)),
  success_exit_codes: exitCodes("Exit codes that are a success.", defaults.successExitCodes),
  fatal_exit_codes: exitCodes("Exit codes after which it is not started again.", defaults.fatalExitCodes),
  stop_signal: Type.Optional(
    Type.Enum([...stopSignals], {
      title: 'a signal such as "SIGTERM"',
      description:
        "Tells it to stop: SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGALRM, SIGABRT or SIGKILL. First the process alone gets it, then what it has started and left.",
      default: defaults.stopSignal,
    }),
  ),
  stop_timeout: Type.Optional(duration("From the signal to SIGKILL for all that is left.", defaults.stopTimeout)),
  stop_command: Type.Optional(
    commandLine(
      'Run in place of the signal, with the environment and folder of the process, whose pid is in `MS_STOP_PID`: `["nginx", "-s", "quit"]`.',
    ),
  ),
  keep_detached: Type.Optional(
    yesNo("Processes that it has moved to sessions of their own are left alone when it ends.", defaults.keepDetached),
  ),
  log: Type.Optional(
    Type.Object(
      {
        file: Type.Optional(
          text('a file such as "./log/app.log"', "What the process prints goes there as well. No two processes may share one."),
        ),
        ...logKeys,
      },
      {
        title: 'a table such as { file = "./log/app.log" }',
        description: "Log file. Tables of the template and of `[mothership.logs]` hold for the keys that are not here.",
        ...closed,
      },
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
  stable_after: Type.Optional(duration("So long it must run well without a break until its failures are forgotten.", defaults.stableAfter)),
  startup_timeout: Type.Optional(
    duration("So long it may take to become ready; a longer start counts as a failure.", defaults.startupTimeout),
  ),
  drain_timeout: Type.Optional(duration("How long its requests may take to end before it is told to stop.", defaults.drainTimeout)),
  memory_limit: Type.Optional(
    size(
      "It is restarted, after its requests have ended, when it and all that it has started use more resident memory three times in a row, at 5 s intervals.",
    ),
  ),
};

const check = (description: string) =>
  Type.Object(
    {
      type: Type.Optional(
        Type.Enum(["http", "tcp", "unix", "exec", "log", "notify"], {
          title: '"http", "tcp", "unix", "exec", "log" or "notify"',
          description:
            '`"http"`: a GET answered with 200 to 399; redirects are not followed. `"tcp"`, `"unix"`: a connection is accepted. `"exec"`: a command ends with exit code 0. `"log"`: a line of output matches. `"notify"`: a newline on the file descriptor in `MS_NOTIFY_FD`.',
          default: defaults.checkType,
        }),
      ),
      path: Type.Optional(text('a path such as "/health"', "`http`: what is asked for; required.")),
      expect_body: Type.Optional(text("text", "`http`: must be in the first 64 KiB of the body.")),
      addr: Type.Optional(text("an address", "`http`, `tcp`, `unix`: where to look. Without it, on `bind`.")),
      command: Type.Optional(commandLine("`exec`: program and arguments; required.")),
      pattern: Type.Optional(text("a regular expression", "`log`: a pattern over one line; required.")),
      interval: Type.Optional(
        duration(
          "From one look to the next. Without it 5 s, for `liveness` 10 s. For `startup`, looks follow one another from 100 ms on, growing to this; without it 1 s.",
        ),
      ),
      timeout: Type.Optional(duration("A look that takes longer has failed. Without it 2 s, for `liveness` 5 s.")),
      initial_delay: Type.Optional(
        duration(
          "From the start (`startup`), or from the ship being ready, to the first look. Without it, one interval, and none for `startup`.",
        ),
      ),
      success_threshold: Type.Optional(
        whole("a number", "Passes in a row that make it good. Without it 1. Not for `startup`.", 1, limits.threshold),
      ),
      failure_threshold: Type.Optional(
        whole(
          "a number",
          "Failures in a row that make it bad. Without it 3. Not for `startup`, which `startup_timeout` ends.",
          1,
          limits.threshold,
        ),
      ),
    },
    { title: 'a table such as { type = "http", path = "/health" }', description, ...closed },
  );

/** Keys of ships about how one sees that they are well. */
export const checkKeys = {
  healthcheck: Type.Optional(
    Type.Union([text("a path", ""), check("")], {
      title: 'a path such as "/health", or a table such as { path = "/health", interval = "5s" }',
      description: "Asked for on `bind`; begins with `/`. Or a check.",
    }),
  ),
  startup: Type.Optional(check("Decides when the ship has started. Without it the check for readiness does.")),
  readiness: Type.Optional(check("While it fails, the ship gets no requests. In place of `healthcheck`, which means the same.")),
  liveness: Type.Optional(
    Type.Union([Type.Boolean({ title: "true or false" }), check("")], {
      title: 'true, false, or a table such as { type = "http", path = "/alive" }',
      description: "When it fails, the ship is restarted. `true` looks where `readiness` or `healthcheck` does.",
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
                description:
                  '`"started"`: its command runs. `"ready"`: it is. `"completed"`: it ended with success. `"log"`: it printed a line that matches `pattern`. Without it: `"completed"` for what runs once, `"ready"` for what has a check, else `"started"`. A condition that the other one can never meet is a mistake.',
              }),
            ),
            pattern: Type.Optional(text("a regular expression", 'A pattern over one line, for `"log"`.')),
            on_lost: Type.Optional(
              Type.Enum(["ignore", "restart", "stop"], {
                title: '"ignore", "restart" or "stop"',
                description: "What happens when the other one goes down later: nothing, a restart once it is back, or a stop.",
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
    "Ships and bays to wait for before starting: see dependencies.",
    limits.dependencies,
  ),
);

export const jobDependsOn = Type.Optional(
  list(waitsFor, 'a list of names such as ["db"]', "Other prelaunch jobs to wait for.", limits.dependencies),
);

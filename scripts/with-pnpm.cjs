"use strict";
// Runs one of the tasks below with the pnpm that package.json pins, on a machine that has nothing but Node and npm.
// Plain old syntax and no dependency: it must start, and explain itself, on whatever Node there is.
var fs = require("fs");
var path = require("path");
var spawn = require("child_process").spawn;

var root = path.join(__dirname, "..");
var pin = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).packageManager.split("@")[1];
var tooling = path.join(root, ".tooling", pin);

// A step says what it is for, so that its failure is one plain sentence. `quiet`: shown only when it fails. `own`: explains itself.
var fetchPnpm = {
  say: "fetch pnpm " + pin + " with npm",
  hint: "; the first run needs the network, later ones do not",
  // Without install scripts the result is the same whatever npm's policy about them is.
  command: "npm install --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error pnpm@" + pin + " --prefix",
  more: [tooling],
  quiet: true,
};
var install = {
  say: "install the dependencies",
  hint: "; the first run needs the network, later ones do not",
  command: "pnpm install --frozen-lockfile --prefer-offline --reporter=append-only",
  quiet: true,
};
var build = { say: "build the packages", command: "turbo run build --output-logs=errors-only", quiet: true };
var tasks = {
  demo: [install, build, { own: true, command: "node apps/cli/bin/mothership.cjs run -c examples/web-and-worker/ship-manifest.toml" }],
  test: [install, build, { own: true, command: "node node_modules/vitest/vitest.mjs run" }],
  check: [
    install,
    build,
    { say: "check the style (pnpm format mends most of it)", command: "biome check --error-on-warnings ." },
    { say: "check the lint rules", command: "eslint --max-warnings=0 ." },
    { say: "check the types", command: "turbo run typecheck --output-logs=errors-only" },
    { say: "check the packed packages", command: "turbo run check:package --output-logs=errors-only" },
    { say: "find what nothing uses", command: "knip --no-config-hints" },
    { say: "compare the public interfaces with etc/api.d.ts (pnpm api writes them)", command: "node scripts/api-report.ts --check" },
    { say: "compare docs/manifest.md with the schema (pnpm api writes its tables)", command: "node scripts/manifest-reference.ts --check" },
    { say: "type-check the examples in the documents", command: "node scripts/check-docs.ts" },
  ],
  bench: [install, build, { own: true, command: "node bench/run.ts", more: process.argv.slice(3) }],
  rehearse: [install, build, { own: true, command: "node scripts/rehearse-release.ts" }],
};

function findPnpm() {
  var scope = path.join(tooling, "node_modules", "@pnpm");
  return fs.existsSync(scope) ? path.join(scope, fs.readdirSync(scope)[0]) : undefined;
}

function environment() {
  // turbo looks for pnpm on the PATH; the pinned Node stands beside the other binaries of the workspace and goes first.
  var first = [path.join(root, "node_modules", ".bin"), findPnpm() || tooling];
  var own = { PATH: first.concat(process.env.PATH).join(path.delimiter), TURBO_TELEMETRY_DISABLED: "1", TURBO_NO_UPDATE_NOTIFIER: "1" };
  return Object.assign({}, process.env, own);
}

function fail(sentence, code) {
  process.stderr.write("mothership: " + sentence + "\n");
  process.exit(code);
}

function run(step, done) {
  var output = [];
  var words = step.command.split(" ");
  var child = spawn(words[0], words.slice(1).concat(step.more || []), {
    cwd: root,
    env: environment(),
    stdio: step.quiet ? ["ignore", "pipe", "pipe"] : "inherit",
  });
  if (step.quiet) {
    child.stdout.on("data", function (data) {
      output.push(data);
    });
    child.stderr.on("data", function (data) {
      output.push(data);
    });
  }
  // Ctrl-C reaches the whole group by itself; a signal sent to this process alone is passed on. No step is begun after one.
  var received = 0;
  var onSignal = function (signal) {
    received = signals[signal];
    if (signal !== "SIGINT") child.kill(signal);
  };
  var signals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
  Object.keys(signals).forEach(function (signal) {
    process.on(signal, onSignal);
  });
  // A short step says nothing; one that takes its time says what it is at.
  var patience = setTimeout(function () {
    if (step.quiet) process.stderr.write("mothership: one moment, to " + step.say + "\n");
  }, 3000);
  var finish = function (problem, code) {
    finish = function () {};
    clearTimeout(patience);
    Object.keys(signals).forEach(function (signal) {
      process.removeListener(signal, onSignal);
    });
    if (step.own && problem) process.exit(code);
    if (received) process.exit(128 + received);
    if (!problem) return done();
    process.stderr.write(Buffer.concat(output));
    fail("could not " + step.say + ": " + problem + (step.hint || ""), code);
  };
  child.on("error", function (error) {
    finish(error.code === "ENOENT" ? 'there is no command "' + words[0] + '" here' : error.message, 1);
  });
  child.on("close", function (code, signal) {
    finish(code === 0 ? "" : signal ? "it was ended by " + signal : "it ended with code " + code, code || 1);
  });
}

function runAll(steps) {
  if (steps.length > 0)
    run(steps[0], function () {
      runAll(steps.slice(1));
    });
}

var steps = tasks[process.argv[2]];
if (!steps) fail('there is no task "' + process.argv[2] + '"; there are: ' + Object.keys(tasks).join(", "), 2);
if (Number(process.versions.node.split(".")[0]) < 14) {
  fail("Node " + process.versions.node + " is too old to start from; install Node 18 or newer", 69);
}
if (!findPnpm()) {
  process.stderr.write("mothership: first run here: installing and building, about a minute\n");
  steps = [fetchPnpm].concat(steps);
}
runAll(steps);

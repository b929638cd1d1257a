/** One thing that was looked at. */
export interface Finding {
  readonly grade: "ok" | "warn" | "fail";
  readonly about: string;
  readonly found: string;
  /** What to do about it; "" where nothing is to be done. */
  readonly advice: string;
}

/** What was found on this machine; undefined where it could not be looked at, as on a system that has no /proc. */
export interface MachineFacts {
  readonly node: string;
  readonly platform: NodeJS.Platform;
  /** What process 1 is called. */
  readonly init: string | undefined;
  /** Runs in a container, as far as that can be known. */
  readonly container: boolean;
  /** Programs of these names that are on the PATH. */
  readonly programs: ReadonlySet<string>;
  /** Processes that have ended and that nobody has taken note of, by the name of who should have. */
  readonly zombies: ReadonlyMap<string, number> | undefined;
  /** Open files that one process may have. */
  readonly openFiles: number | undefined;
  /** Processes that this user may have. */
  readonly processes: number | undefined;
  /** Whether groups of processes can be made in the control group of this one. */
  readonly cgroup: boolean | undefined;
  /** `setpriv` can give a process a signal for when its parent dies. */
  readonly deathSignal: boolean;
  readonly terminals: boolean;
  /** Folder of control sockets, and why it cannot be used. */
  readonly sockets: { readonly folder: string; readonly problem: string | undefined };
  /** What the manifest here asks for, where there is one that is valid. */
  readonly manifest: ManifestFacts | NoManifest;
}

export interface NoManifest {
  readonly file: string;
  readonly trouble: "missing" | "invalid";
}

export interface ManifestFacts {
  readonly file: string;
  readonly members: number;
  /** Connections that its binds and ships may have at once. */
  readonly connections: number;
  /** A process of it wants a terminal. */
  readonly wantsTerminal: boolean;
}

const leastNode = 24;
/** Of each process: its pipes, and what looks after it. */
const filesOfMember = 8;
/** Logs, modules, the control socket and its clients. */
const filesBeside = 200;
/** Below it a fleet of some size cannot start its processes. */
const leastProcesses = 1024;

/** What somebody who is to run a fleet here should know, in the order of weight. */
export function findingsOf(facts: MachineFacts): Finding[] {
  return [
    nodeOf(facts),
    manifestOf(facts),
    socketsOf(facts),
    ...filesOf(facts),
    ...processesOf(facts),
    initOf(facts),
    ...zombiesOf(facts),
    ...linuxOf(facts),
    terminalsOf(facts),
  ];
}

function finding(grade: Finding["grade"], about: string, found: string, advice = ""): Finding {
  return { grade, about, found, advice };
}

function nodeOf({ node }: MachineFacts): Finding {
  const fits = Number(node.split(".")[0]) >= leastNode;
  return finding(fits ? "ok" : "fail", "Node", node, fits ? "" : `install Node ${leastNode} or newer`);
}

function manifestOf({ manifest }: MachineFacts): Finding {
  if ("trouble" in manifest) {
    const { file, trouble } = manifest;
    return trouble === "missing"
      ? finding("warn", "manifest", `there is no ${file} here`, '"mothership init" writes one, -c names another file')
      : finding("fail", "manifest", `${file} is not valid`, `"mothership clearance -c ${file}" says what is wrong with it`);
  }
  return finding(
    "ok",
    "manifest",
    `${manifest.file} is valid, ${manifest.members === 1 ? "1 ship or bay" : `${manifest.members} ships and bays`}`,
  );
}

function socketsOf({ sockets: { folder, problem } }: MachineFacts): Finding {
  return problem === undefined
    ? finding("ok", "sockets", folder)
    : finding("fail", "sockets", problem, "name a folder of your own in MS_SOCKET_DIR");
}

function filesOf({ openFiles, manifest }: MachineFacts): Finding[] {
  if (openFiles === undefined) return [];
  if ("trouble" in manifest)
    return [finding(openFiles >= 4096 ? "ok" : "warn", "open files", `${openFiles} allowed`, openFiles >= 4096 ? "" : raise(4096))];
  const wanted = manifest.connections + manifest.members * filesOfMember + filesBeside;
  if (openFiles >= wanted) return [finding("ok", "open files", `${openFiles} allowed, ${wanted} at most wanted`)];
  const found = `${openFiles} allowed, and the limits of the manifest add up to ${wanted}`;
  return [finding("warn", "open files", found, `${raise(wanted)}, or lower max_connections`)];
}

function raise(count: number): string {
  return `raise it: "ulimit -n ${count}", LimitNOFILE=${count} under systemd, --ulimit nofile=${count} for a container`;
}

function processesOf({ processes }: MachineFacts): Finding[] {
  if (processes === undefined) return [];
  const few = processes < leastProcesses;
  return [
    finding(
      few ? "warn" : "ok",
      "processes",
      Number.isFinite(processes) ? `${processes} allowed` : "any number allowed",
      few ? 'raise it: "ulimit -u", TasksMax= under systemd, --pids-limit for a container' : "",
    ),
  ];
}

/** Programs that reap what they inherit. */
const inits: ReadonlySet<string> = new Set([
  "systemd",
  "init",
  "tini",
  "docker-init",
  "dumb-init",
  "catatonit",
  "s6-svscan",
  "runit",
  "launchd",
  "openrc-init",
  "podman-init",
]);

function initOf({ init, container, programs }: MachineFacts): Finding {
  const helpers = ["tini", "catatonit", "dumb-init"].filter((name) => programs.has(name));
  if (init === undefined) return finding("ok", "process 1", "not looked at on this system");
  if (inits.has(init)) return finding("ok", "process 1", `${init}, which takes note of orphans that end`);
  if (!container) return finding("ok", "process 1", init);
  if (helpers.length > 0) return finding("ok", "process 1", `${init}; started as process 1, mothership lets ${helpers[0]} take that place`);
  return finding(
    "warn",
    "process 1",
    `${init} in a container, and there is no tini`,
    "run the container with --init, or install tini; else a shell takes that place",
  );
}

function zombiesOf({ zombies }: MachineFacts): Finding[] {
  if (!zombies) return [];
  const total = [...zombies.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return [finding("ok", "zombies", "none")];
  const owners = Array.from(zombies, ([name, count]) => `${count} of ${name}`)
    .slice(0, 4)
    .join(", ");
  return [finding("warn", "zombies", owners, "their parents do not take note that they have ended; restart those, and see process 1")];
}

function linuxOf({ platform, cgroup, deathSignal }: MachineFacts): Finding[] {
  if (platform !== "linux")
    return [
      finding(
        "warn",
        "system",
        platform,
        "ships that leave their process group are found by their environment only; Linux finds all of them",
      ),
    ];
  return [
    cgroup === true
      ? finding("ok", "control groups", "each ship gets its own, so nothing of it can get away")
      : finding("ok", "control groups", "none of our own; what a ship starts is found by its group and its mark"),
    deathSignal
      ? finding("ok", "setpriv", "ships end with mothership, even when it is killed")
      : finding(
          "warn",
          "setpriv",
          "missing or of no use",
          "install util-linux: without it, ships go on for a while when mothership is killed with SIGKILL",
        ),
  ];
}

function terminalsOf({ terminals, manifest }: MachineFacts): Finding {
  if (terminals) return finding("ok", "node-pty", "found: ships can have a terminal");
  const wanted = "wantsTerminal" in manifest && manifest.wantsTerminal;
  return wanted
    ? finding(
        "fail",
        "node-pty",
        "missing, and the manifest has ships with tty = true",
        "install mothership with its optional dependencies",
      )
    : finding("ok", "node-pty", "not installed; only ships with tty = true need it");
}

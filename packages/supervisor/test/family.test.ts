import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { familiesOf, signalMember } from "../src/family.ts";
import { sweepFleet } from "../src/index.ts";
import { openProcessTable, startTicksOf } from "../src/process-table.ts";
import { findPty } from "../src/pty.ts";
import { allGone, deps, env, eventually, isAlive, markedPids, node, openFleet, shell } from "./support.ts";

// A child in the group, one in a session of its own, and one that was orphaned by a double fork; each says its pid, deaf or not.
const threeChildren = (trap: string): string => `
${trap}
sleep 300 & echo "group $!"
setsid sh -c '${trap} echo "session $$"; while :; do sleep 0.1; done' &
( ( setsid sh -c '${trap} echo "orphan $$"; while :; do sleep 0.1; done' & ) & )
while :; do sleep 0.1; done`;

const linux = process.platform === "linux";

describe.runIf(linux)("the family of a process", () => {
  test.each([
    ["polite", ""],
    ["deaf to SIGTERM", 'trap "" TERM;'],
  ])("is gone after a stop: a child in the group, in another session, and double-forked, %s", async (_, trap) => {
    await using fleet = openFleet([shell("web", threeChildren(trap), { stop: { graceMs: 200 } })]);
    await fleet.supervisor.start();
    const pids = await Promise.all(
      ["group", "session", "orphan"].map(async (kind) => Number((await fleet.line(new RegExp(`${kind} (\\d+)`)))[1])),
    );
    expect(pids.every(isAlive)).toBe(true);
    await fleet.supervisor.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await markedPids(fleet.fleetId)).toEqual([]);
  });

  test("is gone before a crashed process is started again", async () => {
    await using fleet = openFleet([shell("web", `${threeChildren("")}`, { restart: { minDelayMs: 1 } })]);
    await fleet.supervisor.start();
    const first = await Promise.all(
      ["group", "session", "orphan"].map(async (kind) => Number((await fleet.line(new RegExp(`${kind} (\\d+)`)))[1])),
    );
    let aliveAtStart: readonly number[] | undefined;
    const again = fleet
      .event("started", ({ incarnation }) => incarnation === 2)
      .then(() => {
        aliveAtStart = first.filter(isAlive);
      });
    process.kill(fleet.supervisor.get("web").pid!, "SIGKILL");
    await again;
    expect(aliveAtStart).toEqual([]);
  });

  test("hears the signal only once the process itself has gone", async () => {
    // A master that ends its worker itself: the worker must not be told twice.
    await using fleet = openFleet([
      shell(
        "web",
        `sh -c 'trap "echo worker told" TERM; trap "echo worker quits; exit 0" USR1; echo worker up; while :; do sleep 0.05; done' & worker=$!
         trap 'kill -USR1 $worker; wait $worker; echo master ends; exit 0' TERM
         while :; do sleep 0.05; done`,
      ),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/worker up/);
    await fleet.supervisor.stop();
    expect(fleet.lines.map(({ text }) => text)).toEqual(["worker up", "worker quits", "master ends"]);
  });

  test("is told when a wrapper that does not forward signals has gone", async () => {
    await using fleet = openFleet([
      shell("web", `sh -c 'trap "echo inner ends; exit 0" TERM; echo inner up; while :; do sleep 0.05; done'; true`),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/inner up/);
    await fleet.supervisor.stop();
    await fleet.line(/inner ends/);
  });

  test("may keep members in other sessions when that is asked for", async () => {
    await using fleet = openFleet([shell("web", "setsid sleep 300 & echo kept $!; sleep 300", { stop: { keepDetached: true } })]);
    await fleet.supervisor.start();
    const kept = Number((await fleet.line(/kept (\d+)/))[1]);
    // The shell says the pid before `setsid` has run.
    await eventually("a session of its own", () => sessionOf(kept) === kept);
    await fleet.supervisor.stop();
    expect(isAlive(kept)).toBe(true);
    process.kill(kept, "SIGKILL");
    await allGone([kept]);
  });

  test("can be sent a signal as a whole", async () => {
    await using fleet = openFleet([
      shell(
        "web",
        `trap 'echo leader' USR1; setsid sh -c 'trap "echo member" USR1; echo set; while :; do sleep 0.05; done' & while :; do sleep 0.05; done`,
      ),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/set/);
    expect(fleet.supervisor.signal("web", "SIGUSR1")).toBe(true);
    await fleet.line(/leader/);
    expect(fleet.lines.some(({ text }) => text === "member")).toBe(false);
    fleet.supervisor.signal("web", "SIGUSR1", { family: true });
    await fleet.line(/member/);
    await fleet.supervisor.stop();
    expect(fleet.supervisor.signal("web", "SIGUSR1")).toBe(false);
  });

  test("of a supervisor inside is the outer one's too", async () => {
    await using outer = openFleet([shell("outer", 'echo "cookie $MS_COOKIE"; sleep 300')]);
    await outer.supervisor.start();
    const cookie = (await outer.line(/cookie (.*)/))[1]!;
    await using inner = openFleet([shell("inner", "exec sleep 300", { env: { ...env, MS_COOKIE: cookie } })]);
    await inner.supervisor.start();
    const { pid } = inner.supervisor.get("inner");
    // The mark can be read once the program has been loaded, a moment after its pid is known.
    await eventually("the outer mark", async () => (await markedPids(outer.fleetId)).includes(pid ?? 0));
    expect(await markedPids(inner.fleetId)).toEqual([pid]);
  });
});

/** The session of a process, as the system tells it. */
function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
}

/** A supervisor in a process of its own, to be killed. Prints "pid name number" for what it starts and "state name state". */
async function openDoomed(
  fleetId: string,
  script: string,
  name: string,
): Promise<{ kill(): Promise<void>; said(pattern: RegExp): Promise<RegExpExecArray> }> {
  const fixture = fileURLToPath(new URL("./doomed-supervisor.ts", import.meta.url));
  const child = spawn(process.execPath, [fixture, fleetId, name, script], { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  return {
    said: (pattern) => eventually(`${pattern} from the supervisor`, () => lines.map((line) => pattern.exec(line)).find((match) => match)),
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

describe.runIf(linux)("a supervisor that is killed", () => {
  test.each([
    ["starting", "starting"],
    ["ready", "ready"],
    ["unready", "unready"],
    ["draining", "draining"],
    ["stopping", "stopping"],
    ["sweeping", "sweeping"],
    ["terminal", "ready"],
    ["backoff", "backoff"],
  ])("while a process is %s leaves nothing that the next one does not end, and nothing is started twice", async (name, state) => {
    const fleetId = `doomed-${name}-${process.pid}`;
    if (name === "terminal" && typeof findPty() === "string") return;
    const trap = state === "stopping" ? 'trap "" TERM;' : "";
    // What is deaf holds the sweep up after its leader has gone.
    const sweeping = `trap 'exit 0' TERM; setsid sh -c 'trap "" TERM; echo orphan $$; while :; do sleep 0.1; done' & while :; do sleep 0.1; done`;
    const script = state === "backoff" ? "setsid sleep 300 & exit 1" : state === "sweeping" ? sweeping : threeChildren(trap);
    const doomed = await openDoomed(fleetId, script, name);
    await doomed.said(new RegExp(`state ${name} ${state}`));
    const leader = state === "backoff" ? undefined : Number((await doomed.said(/started (\d+)/))[1]);
    if (state !== "backoff") await doomed.said(/orphan \d+/);
    await doomed.kill();
    // The process itself dies with its supervisor where the system can do that (setpriv is there on this platform's usual installations).
    if (leader !== undefined && state !== "sweeping") await allGone([leader]);
    const left = await markedPids(fleetId);
    if (state !== "backoff") expect(left.length).toBeGreaterThan(0);
    expect(await sweepFleet(fleetId, deps, { graceMs: 100 })).toBeGreaterThan(state === "backoff" ? -1 : 0);
    expect(await markedPids(fleetId)).toEqual([]);

    await using fleet = openFleet([shell(name, "exec sleep 300")], { fleetId });
    await fleet.supervisor.start();
    // While a program is being loaded its mark cannot be read for a moment.
    await eventually("the mark of the new process", async () => (await markedPids(fleetId)).length > 0);
    expect(await markedPids(fleetId)).toEqual([fleet.supervisor.get(name).pid]);
  });

  test("does not take down what belongs to another fleet, or to a process whose name begins alike", async () => {
    await using other = openFleet([shell("web", "sleep 300"), shell("web:1", "sleep 300")], { fleetId: `kept-${process.pid}` });
    await other.supervisor.start();
    expect(await sweepFleet(`kept-${process.pid}0`, deps)).toBe(0);
    expect(await sweepFleet(`kept`, deps)).toBe(0);
    await other.supervisor.stop(["web"]);
    expect(other.supervisor.get("web:1").state).toBe("up");
  });

  test("is not needed for sweeping to be cut short", async () => {
    const fleetId = `cut-${process.pid}`;
    const deaf = spawn("/bin/sh", ["-c", "trap '' TERM; echo set; while :; do sleep 0.1; done"], {
      env: { ...env, MS_COOKIE: `${fleetId}:web:1` },
      detached: true,
    });
    await once(deaf.stdout, "data");
    const ended = once(deaf, "exit");
    expect(await sweepFleet(fleetId, deps, { signal: AbortSignal.abort() })).toBeGreaterThanOrEqual(1);
    expect(await ended).toEqual([null, "SIGKILL"]);
  });
});

describe.runIf(linux)("a pid that was given to somebody else", () => {
  test("is not signalled for the one who had it before", async () => {
    const child = spawn("sleep", ["300"], { env });
    const member = {
      pid: child.pid!,
      parent: 1,
      group: 1,
      session: 1,
      startTicks: startTicksOf(child.pid!),
      rssBytes: 0,
      virtualBytes: 0,
      cookie: "",
    };
    expect(signalMember({ ...member, startTicks: member.startTicks - 1 }, "SIGKILL")).toBe(false);
    expect(isAlive(child.pid!)).toBe(true);
    const ended = once(child, "exit");
    expect(signalMember(member, "SIGKILL")).toBe(true);
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(signalMember(member, "SIGKILL")).toBe(false);
  });
});

describe("without /proc", () => {
  test("a family is its group and the children that it can be followed to", async () => {
    await using fleet = openFleet([
      node(
        "web",
        "require('child_process').spawn('sleep', ['300'], { detached: true, stdio: 'ignore' }); console.log('up'); setInterval(() => {}, 1000)",
      ),
    ]);
    await fleet.supervisor.start();
    await fleet.line(/up/);
    const leader = fleet.supervisor.get("web").pid!;
    const family = { leader, cookiePrefix: "none:" };
    const members = familiesOf(await openProcessTable(0, "darwin").read(), [family]).get(family)!;
    expect(members.map(({ pid }) => pid)).toContain(leader);
    expect(members).toHaveLength(2);
    expect(members[0]!.rssBytes).toBeGreaterThan(2 ** 20);
  });
});

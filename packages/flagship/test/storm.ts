import { systemClock } from "@mothership/kernel";
import { freshName } from "./fresh-name.ts";
import { type Member, startMember } from "./members.ts";
import type { PostgresServer } from "./postgres-server.ts";
import { machineTime, type Said } from "./protocol.ts";
import { type Disaster, type Plan, timings } from "./storm-plan.ts";
import { openTcpProxy, type TcpProxy } from "./tcp-proxy.ts";

/** One server of the fleets in a storm: a process, and its own way to the database. */
interface Post {
  member: Member;
  readonly proxy: TcpProxy;
}

/** What one server did in one launch. */
export interface Story {
  readonly server: number;
  readonly reports: readonly Said[];
  /** When it was killed, if it was. */
  readonly killedAt: number | undefined;
}

/** What became of one plan. */
export interface Outcome {
  readonly plan: Plan;
  readonly stories: readonly Story[];
  /** Disasters that found somebody to hit. */
  readonly struck: readonly string[];
  /** The server was restarted in the meantime, for this launch or for another. */
  readonly restarted: boolean;
}

/** A place where one launch at a time is played, with servers that are used again. */
export interface Lane extends AsyncDisposable {
  play(plan: Plan): Promise<Outcome>;
  /** Everything the members of this lane have written. */
  readonly output: string;
}

const most = 8;
let tasks = 0;

export async function openLane(server: PostgresServer, password: string): Promise<Lane> {
  let written = "";
  const target = { host: "127.0.0.1", port: server.port };
  const posts: Post[] = await Promise.all(
    Array.from({ length: most }, async () => ({ member: await startMember(), proxy: await openTcpProxy(target) })),
  );
  return {
    play: (plan) => play(plan, posts, server, password),
    get output() {
      return written;
    },
    async [Symbol.asyncDispose]() {
      for (const { member, proxy } of posts) {
        await member[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
        written += member.output;
      }
    },
  };

  async function replace(post: Post): Promise<void> {
    await post.member[Symbol.asyncDispose]();
    written += post.member.output;
    post.member = await startMember();
  }

  async function play({ arrivals, ...plan }: Plan, all: Post[], database: PostgresServer, secret: string): Promise<Outcome> {
    const id = ++tasks;
    const { ended } = database.restarts;
    const fleet = freshName("storm");
    const crew = all.slice(0, arrivals.length);
    const struck: string[] = [];
    const over = new AbortController();
    let working: number | undefined;
    let heardOfWork = Promise.withResolvers<void>();

    const hear = (at: number, said: Said): void => {
      if (said.event === "working") {
        working = at;
        heardOfWork.resolve();
      } else if (said.event === "stopped" && working === at) {
        working = undefined;
        heardOfWork = Promise.withResolvers<void>();
      }
    };
    const take = async (post: Post, at: number): Promise<Story> => {
      await systemClock.sleep(arrivals[at] ?? 0);
      const reports = await post.member.takePart(
        {
          id,
          election: {
            ...timings,
            url: `postgres://storm:${encodeURIComponent(secret)}@127.0.0.1:${post.proxy.port}/postgres?sslmode=disable`,
            allowInsecure: true,
            fleet,
            launch: { id: `launch ${plan.seed}`, explicit: plan.explicit },
            onFlagshipLoss: plan.onFlagshipLoss,
          },
          work: plan.work,
        },
        (said) => hear(at, said),
      );
      return { server: at, reports, killedAt: post.member.killedAt };
    };
    const strike = async (disaster: Disaster): Promise<void> => {
      await systemClock.sleep(disaster.atMs);
      if (disaster.whom === "flagship" && working === undefined) await Promise.race([heardOfWork.promise, aborted(over.signal)]);
      const post = crew[disaster.whom === "flagship" ? (working ?? -1) : disaster.whom];
      if (over.signal.aborted || post === undefined) return;
      struck.push(`${disaster.kind} ${disaster.whom === "flagship" ? "flagship" : "server"}`);
      if (disaster.kind === "kill" && crew[working ?? -1] === post) {
        working = undefined;
        heardOfWork = Promise.withResolvers<void>();
      }
      await cause(disaster, post, fleet, database);
    };

    const stories = crew.map(take);
    const disasters = plan.disasters.map(strike);
    const told = await Promise.all(stories);
    over.abort();
    await Promise.all(disasters);
    for (const { proxy } of crew) proxy.mend();
    await Promise.all(crew.filter(({ member }) => member.killedAt !== undefined).map(replace));
    return { plan: { ...plan, arrivals }, stories: told, struck, restarted: database.restarts.begun > ended };
  }
}

async function cause({ kind, forMs }: Disaster, { member, proxy }: Post, fleet: string, server: PostgresServer): Promise<void> {
  switch (kind) {
    case "kill":
      return member.kill();
    case "cut":
    case "freeze":
      if (kind === "cut") proxy.cut();
      else proxy.freeze();
      await systemClock.sleep(forMs);
      return proxy.mend();
    case "terminate":
      // While the server is restarted for another launch there is nobody to terminate.
      return server
        .run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'mothership flagship ${fleet}'`)
        .catch(() => undefined);
    case "restart":
      return server.restart("fast");
    case "crash":
      return server.restart("immediate");
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Time for which somebody was at work. */
interface Span {
  readonly server: number;
  readonly from: number;
  readonly to: number;
  readonly done: boolean;
}

/** How much later than a timeout a wait may end on a machine that is busy with a storm. */
const slackMs = 2500;

/** Everything that must never happen and did. */
export function violations({ plan, stories }: Outcome): string[] {
  const found: string[] = [];
  const spans = stories.flatMap(spansOf).toSorted((a, b) => a.from - b.from);
  const launches = stories.flatMap(({ server, reports }) =>
    reports.filter(({ event }) => event === "launched").map(({ at }) => ({ server, at })),
  );
  const announced = stories.flatMap(({ reports }) => reports.filter(({ event }) => event === "announcing").map(({ at }) => at));

  for (const [at, span] of spans.entries()) {
    const next = spans[at + 1];
    if (next && next.from < span.to) found.push(`servers ${span.server} and ${next.server} worked at the same time`);
  }
  if (plan.onFlagshipLoss === "abort" && spans.length > 1) found.push(`${spans.length} servers worked`);
  for (const { server, at } of launches) {
    if (!spans.some(({ done, to }) => done && to <= at)) found.push(`server ${server} launched before any work was done`);
    if (!announced.some((time) => time <= at)) found.push(`server ${server} launched before the flagship was ready`);
  }
  for (const { server, reports, killedAt } of stories) {
    const last = reports.at(-1);
    if (last?.event !== "launched" && last?.event !== "failed" && killedAt === undefined)
      found.push(`server ${server} never came to an end`);
    for (const said of reports) {
      const limit = said.event === "elected" ? timings.electionTimeoutMs : timings.prelaunchTimeoutMs;
      if ("tookMs" in said && said.tookMs > limit + slackMs) found.push(`server ${server} waited ${Math.round(said.tookMs)} ms`);
    }
    if (launches.length > 0 && last?.event === "failed" && !mayFailAlone(last, plan)) {
      found.push(`server ${server} failed with ${last.code} though others launched: ${last.message}`);
    }
  }
  if (plan.work.fails && launches.length > 0) found.push("some launched though the work fails");
  return found;
}

/** Nothing was in the way, so all should have launched; on a machine that is too busy to answer in time they may not. */
export function isCalm({ plan, struck, restarted }: Outcome): boolean {
  return struck.length === 0 && !restarted && !plan.work.fails;
}

/** What happens to one server and need not happen to the others. */
function mayFailAlone({ code }: Said & { readonly event: "failed" }, plan: Plan): boolean {
  if (code === "MS_ELECTION_TIMEOUT" || code === "MS_PRELAUNCH_TIMEOUT") return true;
  return code === "MS_FLAGSHIP_OFFICE_LOST" && plan.onFlagshipLoss === "takeover";
}

function spansOf({ server, reports, killedAt = Number.POSITIVE_INFINITY }: Story): Span[] {
  return reports.flatMap((said, at) => {
    if (said.event !== "working") return [];
    const end = reports.slice(at).find(({ event }) => event === "stopped");
    return [{ server, from: said.at, to: end?.at ?? killedAt, done: end?.event === "stopped" && end.done }];
  });
}

/** A line for each thing that happened, in order. */
export function chronicle({ plan, stories, struck }: Outcome): string {
  const events = stories.flatMap(({ server, reports, killedAt }) => [
    ...reports.map(({ id: _, at, ...said }) => ({ at, text: `server ${server} ${JSON.stringify(said)}` })),
    ...(killedAt === undefined ? [] : [{ at: killedAt, text: `server ${server} killed` }]),
  ]);
  const start = Math.min(machineTime(), ...events.map(({ at }) => at));
  const lines = events.toSorted((a, b) => a.at - b.at).map(({ at, text }) => `${(at - start).toFixed(1).padStart(9)} ${text}`);
  return [JSON.stringify(plan), JSON.stringify(struck), ...lines].join("\n");
}

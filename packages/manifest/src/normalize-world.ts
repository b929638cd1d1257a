import type { Reference } from "./draft.ts";
import { expand } from "./expand.ts";
import type { Layer } from "./inherit.ts";
import type { IssueList } from "./issue.ts";
import { defaults } from "./limits.ts";
import type { NormalizeContext } from "./normalize.ts";
import { readDuration } from "./normalize-units.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawFlagship, RawUplink } from "./raw.ts";
import type { Flagship, StaticFlagship, Uplink } from "./types.ts";
import { electionUrlProblem, uplinkTarget } from "./uplink-url.ts";

/** The variable that lets an election use an insecure sslmode. */
const allowInsecure = "MOTHERSHIP_ALLOW_INSECURE_POSTGRES_SSLMODE";

/** `[mothership.flagship]`. Switched off, its URL and variable are not looked at, for they may exist on the servers only. */
export function normalizeFlagship(written: Loose<RawFlagship> = {}, { issues, env }: NormalizeContext): Flagship {
  const path = ["mothership", "flagship"];
  const { enabled = defaults.flagship.enabled, election = defaults.flagship.election } = written;
  const { prelaunch_timeout: prelaunch = defaults.flagship.prelaunchTimeoutSeconds } = written;
  const { election_timeout: decision = defaults.flagship.electionTimeoutSeconds } = written;
  const { fleet = defaults.flagship.fleet, on_flagship_loss: onFlagshipLoss = defaults.flagship.onFlagshipLoss } = written;
  const settings = { enabled, election, fleet, onFlagshipLoss, prelaunchTimeoutMs: prelaunch * 1000, electionTimeoutMs: decision * 1000 };
  if (!enabled) return settings;
  const launchId = written.launch_id === undefined ? undefined : expanded(written.launch_id, [...path, "launch_id"], issues, env);
  const rest = launchId === undefined ? settings : { ...settings, launchId };
  if (election === "postgres") {
    if (!("election_url" in written)) {
      const hint = 'add election_url = "$DATABASE_URL?sslmode=require"';
      issues.add([...path, "election"], 'election "postgres" needs "election_url"', { expected: "a PostgreSQL URL", hint });
    }
    const electionUrl =
      written.election_url === undefined ? undefined : expanded(written.election_url, [...path, "election_url"], issues, env);
    if (electionUrl === undefined) return rest;
    const problem = electionUrlProblem(electionUrl, env[allowInsecure] === "true");
    if (problem) issues.add([...path, "election_url"], `"election_url" ${problem.wrong}`, { hint: problem.hint });
    return { ...rest, electionUrl };
  }
  if (!("static_flagship" in written)) {
    const hint = 'add static_flagship = "$MS_FLAGSHIP", or { command = "hostname", equals = "server-a" }';
    const at = "election" in written ? "election" : "enabled";
    issues.add([...path, at], 'election "static" needs "static_flagship"', { expected: "a variable or a command", hint });
  }
  if (written.static_flagship === undefined) return rest;
  const rule = written.static_flagship;
  if (typeof rule === "string" && !rule.includes("$") && !/^(?:true|1|yes|false|0|no)$/i.test(rule)) {
    const hint = /^[A-Za-z_]\w*$/.test(rule) ? `write "$${rule}"` : undefined;
    issues.add([...path, "static_flagship"], '"static_flagship" names no variable, so no server would be the flagship', { hint });
  }
  return { ...rest, staticFlagship: staticFlagship(rule, env) };
}

function staticFlagship(written: Loose<NonNullable<RawFlagship["static_flagship"]>>, env: NormalizeContext["env"]): StaticFlagship {
  // A variable that is not set says "no": that is how escorts are told.
  if (typeof written === "string") return { kind: "value", written, value: expand(written, env).value };
  return { kind: "command", command: written.command ?? "", equals: written.equals ?? "" };
}

/** `[[mothership.uplinks]]`. Those whose URL cannot be used are left out, with an issue. */
export function normalizeUplinks(
  layers: readonly Layer<Loose<RawUplink>>[],
  { issues, env }: NormalizeContext,
): { readonly uplinks: readonly Uplink[]; readonly names: readonly Reference[] } {
  const uplinks: Uplink[] = [];
  const names: Reference[] = [];
  for (const { table, path } of layers) {
    if (table.name !== undefined) names.push({ name: table.name, path: [...path, "name"] });
    const timeoutMs = readDuration(table.timeout ?? defaults.uplinkTimeout, [...path, "timeout"], issues);
    const url = table.url === undefined ? undefined : expanded(table.url, [...path, "url"], issues, env);
    if (url === undefined) continue;
    const target = uplinkTarget(url);
    if ("wrong" in target) {
      issues.add([...path, "url"], `"url" ${target.wrong}`, { expected: 'a URL such as "postgres://localhost:5432/mydb"' });
      continue;
    }
    const host = target.host.includes(":") ? `[${target.host}]` : target.host;
    uplinks.push({ name: table.name ?? `${host}:${target.port}`, url, ...target, timeoutMs });
  }
  return { uplinks, names };
}

/** The text with its variables in place; undefined, with an issue for each, when some are missing. */
function expanded(text: string, path: Path, issues: IssueList, env: NormalizeContext["env"]): string | undefined {
  const { value, missing } = expand(text, env);
  for (const { name, index, empty } of missing)
    issues.add({ path, text, index }, `the environment variable ${name} is ${empty ? "empty" : "not set"}`, {
      hint: `set ${name} where mothership runs; a dollar sign that means itself is written $$`,
    });
  return missing.length > 0 ? undefined : value;
}

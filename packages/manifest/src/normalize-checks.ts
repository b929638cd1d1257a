import type { Address } from "@mothership/kernel";
import type { Layers } from "./inherit.ts";
import type { IssueList } from "./issue.ts";
import { shipCalled, shown } from "./issue.ts";
import { defaults } from "./limits.ts";
import { readCommandLine } from "./normalize-process.ts";
import { checkExpression, readDuration } from "./normalize-units.ts";
import { readAddress } from "./normalize-values.ts";
import type { Path } from "./positions.ts";
import type { Loose, RawCheck, RawShip } from "./raw.ts";
import type { Check, Probe, Ship } from "./types.ts";

type Purpose = "startup" | "readiness" | "liveness";

/** Times of a check that says nothing about them. An initial delay that is left out is one interval, for a check at start none. */
const times = {
  startup: { interval: "1s", timeout: "2s" },
  readiness: { interval: "5s", timeout: "2s" },
  liveness: { interval: "10s", timeout: "5s" },
} as const;

/** What each type may say besides its times, and what it must say. */
const parts: Readonly<
  Record<NonNullable<RawCheck["type"]>, { readonly may: readonly string[]; readonly must?: "path" | "command" | "pattern" }>
> = {
  http: { may: ["path", "expect_body", "addr"], must: "path" },
  tcp: { may: ["addr"] },
  unix: { may: ["addr"] },
  exec: { may: ["command"], must: "command" },
  log: { may: ["pattern"], must: "pattern" },
  notify: { may: [] },
};
const examples = { path: '"/health"', command: '["./check", "--quick"]', pattern: '"listening on"' } as const;

interface Subject {
  readonly name: string;
  readonly bind: Address | undefined;
  /** True also when what is written is no address. */
  readonly hasBind: boolean;
  readonly issues: IssueList;
}

/** The checks of a ship: `healthcheck` is its readiness check unless there is one, and `liveness = true` looks where that does. */
export function normalizeChecks(
  layers: Layers<Loose<RawShip>>,
  subject: Subject,
  hasRoutes: boolean,
): Pick<Ship, "startup" | "readiness" | "liveness"> {
  const own = layers.get("readiness");
  const written = own.value === undefined ? layers.get("healthcheck") : own;
  const readiness = written.value === undefined ? undefined : readCheck(written.value, written.path, "readiness", subject);
  const first = layers.get("startup");
  const startup = first.value === undefined ? undefined : readCheck(first.value, first.path, "startup", subject);
  if (startup?.probe.kind === "notify" && layers.get("tty").value === true)
    subject.issues.add(layers.get("tty").path, `${shipCalled(subject.name)} has a terminal, on which its notify probe cannot be heard`, {
      hint: 'take tty away, or use another startup check, such as startup = { type = "log", pattern = "listening" }',
    });
  const lasting = layers.get("liveness");
  const { bind, hasBind, issues, name } = subject;
  let liveness: Check | undefined;
  if (lasting.value === true) {
    const probe: Probe | undefined = readiness?.probe ?? (bind && hasRoutes ? { kind: "connect", address: bind } : undefined);
    if (probe) liveness = { probe, ...timesOf({}, lasting.path, "liveness", issues) };
    else if (written.value === undefined && !(hasRoutes && hasBind))
      issues.add(lasting.path, `${shipCalled(name)} has no health check whose target "liveness = true" could use`, {
        hint: 'add healthcheck = "/health", or write liveness as a table',
      });
  } else if (lasting.value !== undefined && lasting.value !== false) {
    liveness = readCheck(lasting.value, lasting.path, "liveness", subject);
  }
  return { ...(startup && { startup }), ...(readiness && { readiness }), ...(liveness && { liveness }) };
}

function readCheck(written: string | Loose<RawCheck>, path: Path, purpose: Purpose, subject: Subject): Check | undefined {
  const { issues } = subject;
  const table = typeof written === "string" ? { path: written } : written;
  const probe = readProbe(table, path, typeof written === "string" ? path : [...path, "path"], purpose, subject);
  if (purpose === "startup")
    for (const key of ["success_threshold", "failure_threshold"] as const)
      if (table[key] !== undefined)
        issues.add([...path, key], `"${key}" means nothing for a startup check: it passes once, or startup_timeout ends it`, { at: "key" });
  const timing = timesOf(table, path, purpose, issues);
  return probe && { probe, ...timing };
}

function timesOf(table: Loose<RawCheck>, path: Path, purpose: Purpose, issues: IssueList): Omit<Check, "probe"> {
  const { interval = times[purpose].interval, timeout = times[purpose].timeout, initial_delay: delay } = table;
  const intervalMs = readDuration(interval, [...path, "interval"], issues);
  return {
    initialDelayMs:
      delay === undefined ? (purpose === "startup" ? 0 : intervalMs) : readDuration(delay, [...path, "initial_delay"], issues),
    intervalMs,
    timeoutMs: readDuration(timeout, [...path, "timeout"], issues),
    successThreshold: table.success_threshold ?? 1,
    failureThreshold: table.failure_threshold ?? 3,
  };
}

function readProbe(table: Loose<RawCheck>, path: Path, pathAt: Path, purpose: Purpose, subject: Subject): Probe | undefined {
  const { issues, name } = subject;
  const type = table.type ?? defaults.checkType;
  const { may, must } = parts[type];
  for (const key of ["path", "expect_body", "addr", "command", "pattern"] as const)
    if (key in table && !may.includes(key))
      issues.add([...path, key], `"${key}" means nothing for a check of type "${type}"`, {
        at: "key",
        expected: may.length > 0 ? may.join(", ") : "none of them",
        hint: "type" in table ? undefined : 'without "type" it is "http"',
      });
  if (must !== undefined && !(must in table))
    issues.add(path, `a check of type "${type}" needs "${must}"`, { hint: `add ${must} = ${examples[must]}` });
  if ((type === "log" || type === "notify") && purpose !== "startup")
    issues.add([...path, "type"], `a check of type "${type}" says once that a ship has started, and nothing after that`, {
      hint: `write it as startup = { type = "${type}", ... }`,
    });
  switch (type) {
    case "http": {
      const address = addressOf(table, path, pathAt, subject);
      if (table.path !== undefined && !table.path.startsWith("/"))
        issues.add(pathAt, `"${String(pathAt.at(-1))}" must begin with "/"`, { expected: `a path such as ${shown(`/${table.path}`)}` });
      if (address === undefined || table.path === undefined) return undefined;
      return { kind: "http", address, path: table.path, ...(table.expect_body !== undefined && { expectBody: table.expect_body }) };
    }
    case "tcp":
    case "unix": {
      const address = addressOf(table, path, [...path, "type"], subject);
      if (address && address.kind !== type)
        issues.add(
          [...path, "type"],
          `${shipCalled(name)} is looked for on a ${address.kind} address, so the check is of type "${address.kind}"`,
        );
      return address && { kind: "connect", address };
    }
    case "exec": {
      const line = readCommandLine(table.command, [...path, "command"], issues);
      return line && { kind: "exec", ...line };
    }
    case "log":
      if (table.pattern === undefined) return undefined;
      checkExpression(table.pattern, [...path, "pattern"], issues);
      return { kind: "log", pattern: table.pattern };
    case "notify":
      return { kind: "notify" };
  }
}

function addressOf(table: Loose<RawCheck>, path: Path, at: Path, { name, bind, hasBind, issues }: Subject): Address | undefined {
  if ("addr" in table) return readAddress(table.addr, [...path, "addr"], issues);
  if (!hasBind)
    issues.add(at, `${shipCalled(name)} has a health check and no bind to ask on`, {
      hint: 'add bind = "tcp://127.0.0.1:3000", or whatever address it listens on',
    });
  return bind;
}

import type { Address } from "@mothership/kernel";
import type { Check } from "@mothership/manifest";
import type { Note } from "../note.ts";
import { dockerfile } from "./container-file.ts";
import { fileOf } from "./export-compose.ts";
import { folderInImage } from "./export-compose-ships.ts";
import { type Exported, type ExportInput, type Lone, lostAroundShips, lostOfUnit, plainNames, seconds } from "./export-input.ts";
import { container, deployment, documents, escaped, job, megabytes, secretOf, service } from "./kubernetes-parts.ts";
import type { YamlValue } from "./yaml-text.ts";

const kept = new Set(["stopCommand", "liveness", "memory"] as const);

/** A Deployment for each ship, with a Service where it listens, and a Job for each job; without mothership. */
export function exportKubernetesShips(input: ExportInput): Exported {
  const { manifest, name } = input;
  const file = fileOf(input);
  const units: readonly Lone[] = [...manifest.mothership.prelaunch, ...manifest.ships];
  const names = plainNames(units, `${name}-`);
  const notes: Note[] = lostAroundShips(input, "Kubernetes");
  if (manifest.mothership.prelaunch.length > 0)
    notes.push({
      file,
      what: "Deployments do not wait for the Jobs",
      advice: `apply the Jobs first, and wait: kubectl wait --for=condition=complete job -l app.kubernetes.io/name`,
    });
  const parts = units.flatMap((unit) => {
    const own = names.get(unit.name) ?? unit.name;
    notes.push(...lostOfUnit(unit, file, kept));
    if (unit.dependsOn.length > 0)
      notes.push({
        file,
        what: `"${unit.name}": depends_on is left out`,
        advice: "pods start in any order; let it try again until what it needs is there",
      });
    const pod = podOf(unit, own, input, notes);
    if (unit.kind === "job" || unit.oneshot)
      return [job(own, unit.restart.when === "never" ? 0 : Math.min(unit.restart.maxRestarts, 1000), pod)];
    if (unit.restart.when !== "always")
      notes.push({
        file,
        what: `"${unit.name}": restart = "${unit.restart.when}" is left out`,
        advice: "a Deployment always starts it again",
      });
    const port = unit.bind?.kind === "tcp" ? unit.bind.port : undefined;
    return [deployment(own, unit.disabled ? 0 : 1, pod), ...(port === undefined ? [] : [service(own, [{ name: "http", port }])])];
  });
  const comments = [`The ships of ${file}, each by itself and without mothership: kubectl apply -f ${name}.yaml`];
  return {
    files: [
      { name: `${name}.yaml`, text: documents(parts, comments) },
      { name: "Dockerfile", text: dockerfile(input, false) },
    ],
    notes,
  };
}

function podOf(unit: Lone, own: string, input: ExportInput, notes: Note[]): { readonly [key: string]: YamlValue | undefined } {
  const { image, envFiles } = input;
  const file = fileOf(input);
  const files = envFiles.get(unit.name) ?? [];
  if (files.length > 0)
    notes.push({
      file,
      what: `"${unit.name}": its env file is left out`,
      advice: `put it into the Secret "${own}": kubectl create secret generic ${own} --from-env-file=${files[0] ?? ""}`,
    });
  const { user, group } = unit.runAs;
  if (typeof user === "string" || typeof group === "string")
    notes.push({ file, what: `"${unit.name}": a user by name is left out`, advice: "write its number" });
  const probes = unit.kind === "ship" ? probesOf(unit, file, notes) : {};
  return {
    terminationGracePeriodSeconds: seconds(unit.stop.graceMs + (unit.kind === "ship" ? unit.stop.drainMs : 0)),
    securityContext:
      typeof user === "number" || typeof group === "number" ? { runAsUser: numeric(user), runAsGroup: numeric(group) } : undefined,
    containers: [
      {
        ...container("ship", image, [unit.command, ...unit.args]),
        workingDir: folderInImage(unit, input),
        env:
          Object.keys(unit.env).length === 0
            ? undefined
            : Object.entries(unit.env).map(([key, value]) => ({ name: key, value: escaped(value) })),
        envFrom: files.length > 0 ? secretOf(own) : undefined,
        ports: unit.kind === "ship" && unit.bind?.kind === "tcp" ? [{ containerPort: unit.bind.port }] : undefined,
        ...probes,
        lifecycle: unit.stop.command && { preStop: { exec: { command: [unit.stop.command.command, ...unit.stop.command.args] } } },
        resources:
          unit.kind === "ship" && unit.memoryLimitBytes !== undefined
            ? { requests: { memory: megabytes(unit.memoryLimitBytes) }, limits: { memory: megabytes(unit.memoryLimitBytes) } }
            : undefined,
      },
    ],
  };
}

function probesOf(unit: Extract<Lone, { readonly kind: "ship" }>, file: string, notes: Note[]) {
  const startup = unit.startup ?? unit.readiness;
  const period = 2;
  const start = startup && probeOf(startup, unit.name, file, notes);
  return {
    // As long as startup_timeout allows, whatever the thresholds.
    startupProbe: start && {
      ...start,
      initialDelaySeconds: unit.startup ? start["initialDelaySeconds"] : 0,
      periodSeconds: period,
      failureThreshold: Math.max(1, Math.ceil(unit.startupTimeoutMs / 1000 / period)),
      successThreshold: 1,
    },
    readinessProbe: unit.readiness && probeOf(unit.readiness, unit.name, file, notes),
    livenessProbe: unit.liveness && withoutSuccess(probeOf(unit.liveness, unit.name, file, notes)),
  };
}

type Probe = { readonly [key: string]: YamlValue | undefined };

function probeOf(
  { probe, initialDelayMs, intervalMs, timeoutMs, successThreshold, failureThreshold }: Check,
  name: string,
  file: string,
  notes: Note[],
): Probe | undefined {
  const times = {
    initialDelaySeconds: Math.round(initialDelayMs / 1000),
    periodSeconds: seconds(intervalMs),
    timeoutSeconds: seconds(timeoutMs),
    successThreshold,
    failureThreshold,
  };
  if (probe.kind === "exec") return { exec: { command: [probe.command, ...probe.args] }, ...times };
  if (probe.kind === "log" || probe.kind === "notify") return undefined;
  const port = portOf(probe.address, name, file, notes);
  if (port === undefined) return undefined;
  if (probe.kind === "connect") return { tcpSocket: { port }, ...times };
  if (probe.expectBody !== undefined) say(notes, { file, what: `"${name}": expect_body is left out` });
  return { httpGet: { path: probe.path, port }, ...times };
}

function portOf(address: Address, name: string, file: string, notes: Note[]): number | undefined {
  if (address.kind === "unix") {
    say(notes, { file, what: `"${name}": a check on a Unix socket is left out`, advice: "let it be a command" });
    return undefined;
  }
  if (/^(127\.|localhost$|::1$)/.test(address.host))
    say(notes, {
      file,
      what: `"${name}" listens on ${address.host}: neither probes nor other pods reach it`,
      advice: "let it listen on 0.0.0.0",
    });
  return address.port;
}

/** Kubernetes takes no other number there. */
function withoutSuccess(probe: Probe | undefined): Probe | undefined {
  return probe && { ...probe, successThreshold: 1 };
}

function say(notes: Note[], note: Note): void {
  if (!notes.some(({ what }) => what === note.what)) notes.push(note);
}

function numeric(id: string | number | undefined): number | undefined {
  return typeof id === "number" ? id : undefined;
}

import type { Note } from "../note.ts";
import { dockerfile, imageFolder } from "./container-file.ts";
import { fileOf } from "./export-compose.ts";
import { type Exported, type ExportInput, readinessCommand, seconds } from "./export-input.ts";
import { notesOfImage } from "./image-notes.ts";
import { configMap, container, deployment, documents, megabytes, secretOf, service } from "./kubernetes-parts.ts";

/** What mothership itself needs beside its ships. */
const ownBytes = 128 * 2 ** 20;

/** One Deployment that runs mothership, which runs the fleet; its manifest is a ConfigMap, its binds are a Service. */
export function exportKubernetes(input: ExportInput): Exported {
  const { manifest, name, image, text, variables } = input;
  const file = fileOf(input);
  const notes: Note[] = notesOfImage(input);
  const ports = manifest.mothership.binds.flatMap(({ name: bind, address }) =>
    address.kind === "tcp" ? [{ bind, port: address.port }] : [],
  );
  const members = [...manifest.ships, ...manifest.bays];
  const limits = members.map(({ memoryLimitBytes }) => memoryLimitBytes);
  const memory = limits.every((limit) => limit !== undefined) ? limits.reduce((sum, limit) => sum + limit, ownBytes) : undefined;
  if (memory === undefined)
    notes.push({
      file,
      what: "the Deployment has no limit of memory: not every ship has a memory_limit",
      advice: "write them, or resources in the Deployment",
    });
  if (
    manifest.mothership.prelaunch.length > 0 &&
    !(manifest.mothership.flagship.enabled && manifest.mothership.flagship.election === "postgres")
  )
    notes.push({
      file,
      what: "each pod runs the prelaunch jobs, so there is one replica",
      advice: 'for more, let [mothership.flagship] with election = "postgres" see to it that one pod runs them',
    });
  for (const { path } of members.flatMap(({ name: unit }) => (input.envFiles.get(unit) ?? []).map((path) => ({ path }))))
    if (!notes.some(({ what }) => what.startsWith(`${path} `)))
      notes.push({
        file,
        what: `${path} must be in the image, or be mounted`,
        advice: "a Secret that is mounted there keeps it out of the image",
      });
  const look = readinessCommand(input, `${imageFolder}/${file}`);
  const pod = {
    // One that is told to stop has the time of shutdown_timeout, and then some to be told.
    terminationGracePeriodSeconds: seconds(manifest.mothership.shutdownTimeoutMs) + 10,
    containers: [
      {
        ...container("fleet", image, ["mothership", "run", "-c", `${imageFolder}/${file}`]),
        ports: ports.length > 0 ? ports.map(({ port }) => ({ containerPort: port })) : undefined,
        envFrom: variables.length > 0 ? secretOf(name) : undefined,
        startupProbe: { exec: { command: look }, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 60 },
        readinessProbe: { exec: { command: look }, periodSeconds: 15, timeoutSeconds: 10 },
        resources: memory === undefined ? undefined : { requests: { memory: megabytes(memory) }, limits: { memory: megabytes(memory) } },
        // The manifest beside the project: what it names is found from there.
        volumeMounts: [{ name: "manifest", mountPath: `${imageFolder}/${file}`, subPath: file, readOnly: true }],
      },
    ],
    volumes: [{ name: "manifest", configMap: { name } }],
  };
  const parts = [
    configMap(name, { [file]: text }),
    deployment(name, 1, pod),
    ...(ports.length > 0
      ? [
          service(
            name,
            ports.map(({ bind, port }) => ({ name: bind, port })),
          ),
        ]
      : []),
  ];
  const comments = [
    `Runs the fleet of ${file} in one pod: kubectl apply -f ${name}.yaml`,
    ...(variables.length > 0
      ? [`It takes ${variables.join(", ")} from the Secret "${name}": kubectl create secret generic ${name} --from-literal=NAME=value`]
      : []),
  ];
  return {
    files: [
      { name: `${name}.yaml`, text: documents(parts, comments) },
      { name: "Dockerfile", text: dockerfile(input, true) },
    ],
    notes,
  };
}

import { dockerfile } from "./container-file.ts";
import { type Exported, type ExportInput, readinessCommand, seconds } from "./export-input.ts";
import { notesOfImage } from "./image-notes.ts";
import { yamlText } from "./yaml-text.ts";

/** One service that runs mothership, which runs the fleet, and a Dockerfile for its image. */
export function exportCompose(input: ExportInput): Exported {
  const { manifest, name, image, variables } = input;
  const ports = manifest.mothership.binds.flatMap(({ address }) => (address.kind === "tcp" ? [`${address.port}:${address.port}`] : []));
  const service = {
    image,
    build: ".",
    // mothership would look for an init itself; this one is there already.
    init: true,
    environment: ["MOTHERSHIP_INIT=1", ...variables],
    ports: ports.length > 0 ? ports : undefined,
    healthcheck: {
      test: ["CMD", ...readinessCommand(input, fileOf(input)).map((word) => word.replaceAll("$", "$$$$"))],
      interval: "15s",
      timeout: "10s",
      start_period: "60s",
      retries: 3,
    },
    restart: "on-failure",
    // mothership gets the signal, and time to stop its ships in order.
    stop_signal: "SIGTERM",
    stop_grace_period: `${seconds(manifest.mothership.shutdownTimeoutMs) + 10}s`,
  };
  const comments = [
    `Runs the fleet of ${fileOf(input)} in one container: docker compose up --build`,
    "Variables without a value here come from your environment, or from a .env beside this file.",
  ];
  return {
    files: [
      { name: "compose.yaml", text: yamlText({ name, services: { fleet: service } }, comments) },
      { name: "Dockerfile", text: dockerfile(input, true) },
    ],
    notes: notesOfImage(input),
  };
}

/** The name of the manifest without its folder. */
export function fileOf({ path }: ExportInput): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

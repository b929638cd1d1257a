import { oneLine } from "../one-line.ts";
import type { ExportInput } from "./export-input.ts";

/** The path of the project in the image. */
export const imageFolder = "/app";

/** A Dockerfile for an image that holds the project; with mothership in it for a fleet that runs in one piece. */
export function dockerfile({ path, manifest }: ExportInput, withMothership: boolean): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const commands = [
    ...new Set(
      [...manifest.ships, ...manifest.bays, ...manifest.mothership.prelaunch]
        .map(({ command }) => command)
        .filter((command) => !command.includes("/")),
    ),
  ];
  const needs = commands.filter((command) => !/^(node|npm|npx|sh)$/.test(command));
  return `${[
    "# Node runs mothership; take a base image that has what the fleet runs, or install it here.",
    ...(needs.length > 0 ? [`# Needed by the fleet and not in this image: ${oneLine(needs.join(", "))}`] : []),
    "FROM node:24-slim",
    "",
    ...(withMothership
      ? [
          "# An init that reaps what ships leave behind; mothership gives it the place of process 1.",
          "RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*",
          "",
          "# The packages of mothership, packed into ./mothership with `pnpm -r pack`. The one of that name on npm is another program.",
          "COPY mothership/*.tgz /tmp/mothership/",
          "RUN npm install --global /tmp/mothership/*.tgz && rm -r /tmp/mothership",
          "",
        ]
      : []),
    `WORKDIR ${imageFolder}`,
    "COPY . .",
    "USER node",
    ...(withMothership ? ["", 'ENTRYPOINT ["mothership"]', `CMD ["run", "-c", ${JSON.stringify(file)}]`] : []),
  ].join("\n")}\n`;
}

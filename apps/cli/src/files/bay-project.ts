/** The files that `init --bay` writes beside the schema: a fleet of one bay, in ten lines of JavaScript. */
export function bayProject(name: string, version: string): Readonly<Record<string, string>> {
  return {
    "ship-manifest.toml": `#:schema ./ship-manifest.schema.json

# One bay: a process that gets many WebSockets over one Unix socket, and needs no port of its own.
# Its package is installed once, as \`mothership init --bay\` has said; then run \`mothership\`. It answers at ws://127.0.0.1:8080/ws

[mothership.bind]
ws = "127.0.0.1:8080"

[[bays.websocket]]
name = "${name}"
command = "node"
args = ["bay.js"]
routes = ["ws:/ws"]
config = { greeting = "welcome aboard" }
`,
    "bay.js": `// Answers every message with itself. When it is restarted, its clients stay connected.
import { serveBay } from "@mothership/docking/bay";

const bay = await serveBay({
  message(client, data) {
    client.send(data);
  },
});

// mothership asks with SIGTERM: say goodbye, then go.
process.once("SIGTERM", () => bay.close());
`,
    "package.json": `${JSON.stringify(
      { name, private: true, type: "module", dependencies: { "@mothership/docking": `^${version}` } },
      null,
      2,
    )}\n`,
  };
}

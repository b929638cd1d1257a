import { packageBuild } from "../../tsup.base.ts";

// Commands are chunks of their own, so that `clearance` does not load the proxy. The parts stay imports: a fix in one of them
// reaches whoever has mothership installed, and a program that embeds it shares their classes.
const entry = { index: "src/index.ts", main: "src/main.ts", "edge-thread": "src/bridge/threads/worker.ts" };
export default { ...packageBuild(), entry, splitting: true };

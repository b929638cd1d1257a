import { packageBuild } from "../../tsup.base.ts";

// Commands are chunks of their own, so that `clearance` does not load the proxy. The parts stay imports: a fix in one of them
// reaches whoever has mothership installed, and a program that embeds it shares their classes.
export default { ...packageBuild(["src/index.ts", "src/main.ts"]), splitting: true };

import { packageBuild } from "../../tsup.base.ts";

export default {
  ...packageBuild(["src/index.ts", "src/main.ts"]),
  // The workspace's packages become part of the bundle; third-party ones stay imports.
  noExternal: [/^@mothership\//],
  splitting: true,
};

import { silentLogger, systemClock } from "@mothership/kernel";
import { describe, test } from "vitest";
import { coordinatorSuite } from "../src/conformance.ts";
import { soloCoordinator } from "../src/solo.ts";
import { staticCoordinator } from "../src/static.ts";
import { coordinatorOf, electionSpec } from "./arena.ts";

const deps = { clock: systemClock, log: silentLogger };
const nothing = (): Promise<void> => Promise.resolve();

coordinatorSuite(
  "solo",
  async () => ({ server: () => soloCoordinator(), [Symbol.asyncDispose]: nothing }),
  { describe, test },
  { escorts: "every server is on its own" },
);

coordinatorSuite(
  "static, by value",
  async () => ({
    server: (role) => staticCoordinator({ value: role === "flagship" ? "true" : "" }, deps),
    [Symbol.asyncDispose]: nothing,
  }),
  { describe, test },
  { signals: "servers are told their roles and have no channel between them" },
);

coordinatorSuite(
  "static, by command",
  async () => ({
    server: (role) => staticCoordinator({ command: `echo ${role}`, equals: "flagship" }, deps),
    [Symbol.asyncDispose]: nothing,
  }),
  { describe, test },
  { signals: "servers are told their roles and have no channel between them" },
);

coordinatorSuite(
  "postgres",
  async () => {
    const spec = electionSpec();
    return { server: () => coordinatorOf(spec), [Symbol.asyncDispose]: nothing };
  },
  { describe, test },
);

coordinatorSuite(
  "postgres, without an explicit launch, taking over",
  async () => {
    const spec = electionSpec({ launch: { id: "same as ever", explicit: false }, onFlagshipLoss: "takeover" });
    return { server: () => coordinatorOf(spec), [Symbol.asyncDispose]: nothing };
  },
  { describe, test },
);

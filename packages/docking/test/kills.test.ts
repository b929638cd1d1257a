import { expect, test } from "vitest";
import { killAgainAndAgain } from "./kills.ts";

const kills = Number(process.env["DOCKING_KILLS"] ?? 4);
const clients = Number(process.env["DOCKING_CLIENTS"] ?? 100);

test(`a bay killed ${kills} times under ${clients} clients: none is closed, nothing is delivered twice, losses are reported`, {
  timeout: 600_000,
}, async () => {
  const report = await killAgainAndAgain(clients, kills);
  expect(report).toMatchObject({ closed: 0, handledTwice: 0, echoedTwice: 0, underreported: 0, reboardings: clients * kills });
  // Something was handled and something was lost, or else this shows nothing.
  expect(report.handled).toBeGreaterThan(clients * kills);
  expect(report.inDoubt).toBeGreaterThanOrEqual(report.lost);
  if (process.env["DOCKING_KILLS"]) console.log(report);
});

import { parseManifest } from "@mothership/manifest";
import { expect, test } from "vitest";
import { planOf } from "./reload.ts";

const fleet = (...ships: readonly string[]) =>
  parseManifest(ships.map((ship) => `[[fleet.ships]]\ncommand = "node"\n${ship}\n`).join(""), { file: "m.toml" });

test("a plan tells which processes a switch of `disabled` starts and stops, and that what stays off does neither", () => {
  const before = fleet('name = "on"', 'name = "off"\ndisabled = true', 'name = "still"\ndisabled = true');
  const next = fleet(
    'name = "on"\ndisabled = true',
    'name = "off"',
    'name = "still"\ndisabled = true\nargs = ["x"]',
    'name = "new"\ndisabled = true',
  );
  expect(planOf(before, next)).toMatchObject({ added: ["off"], removed: ["on"], replaced: [], updated: ["new", "still"] });
});

import { describe, expect, test } from "vitest";
import { answerText, joinBroken, keptPart } from "./answer.ts";
import { complete, type KnownNames } from "./complete.ts";

const asked: (string | undefined)[] = [];
const names: KnownNames = {
  units: async (manifest, which) => {
    asked.push(manifest);
    return ["app", "api:1", "mailer", ...(which === "all" ? ["migrate"] : [])].map((word) => ({ word, about: "ship, ready" }));
  },
  members: async () => ["web", "workers", "app"].map((word) => ({ word, about: "group" })),
};

async function words(line: string): Promise<string> {
  const { files, candidates } = await complete(line.split(" "), names);
  return [...(files ? [`files after "${files.prefix}"`] : []), ...candidates.map(({ word }) => word)].join(" ");
}

describe("complete", () => {
  test.each([
    ["sta", "status start"],
    ["-c x.toml sta", "status start"],
    ["help re", "restart reload"],
    ["completions ", "bash zsh fish"],
    ["nonsense ", ""],
    ["run --t", "--tui"],
    ["--on", "--only"],
    ["status -w --", "--interval --manifest --json --version --help"],
    ["clearance --only web --o", "--only"],
    ["wait --for ", "ready stopped"],
    ["wait --for=s", "--for=stopped"],
    ["wait app --for re", "ready"],
    ["wait --timeout ", ""],
    ["run --timeout=", ""],
    ["restart ", "app api:1 mailer"],
    ["restart app ma", "mailer"],
    ["restart app ", "api:1 mailer"],
    ["signal mig", ""],
    ["stop m", "mailer"],
    ["wait m", "mailer migrate"],
    ["explain m", "mailer migrate"],
    ["explain app ", "--manifest --json --version --help"],
    ["logs -n 5 a", "app api:1"],
    ["logs -- -", ""],
    ["signal app SIGUS", "SIGUSR1 SIGUSR2"],
    ["--only web,", "web,workers web,app"],
    ["--only=w", "--only=web --only=workers"],
    ["-c ", 'files after ""'],
    ["status --manifest=dep", 'files after "--manifest="'],
    ["payload ", "check run"],
    ["payload check ", 'files after ""'],
    ["plan ", "--manifest --json --version --help"],
  ])("offers for %j: %s", async (line, expected) => {
    expect(await words(line)).toBe(expected);
  });

  test("asks about the manifest that the line names", async () => {
    asked.length = 0;
    for (const line of ["restart ", "-c a.toml restart ", "restart --manifest=b.toml ", "restart --manifest c.toml "]) await words(line);
    expect(asked).toEqual([undefined, "a.toml", "b.toml", "c.toml"]);
  });
});

describe("bash", () => {
  test.each([
    [["wait", "--for", "=", "re"], ["wait", "--for=re"], "--for="],
    [["wait", "--for", "="], ["wait", "--for="], "--for="],
    [["restart", "api", ":", "1", "@", "b"], ["restart", "api:1@b"], "api:1@"],
    [["restart", "app", ""], ["restart", "app", ""], ""],
    [[""], [""], ""],
  ])("cuts words apart, %j, and gets only the rest of the last one", (cut, joined, kept) => {
    expect([joinBroken(cut), keptPart(cut)]).toEqual([joined, kept]);
  });
});

test("what a shell would not take for a plain word is never offered", () => {
  const candidates = ["fine-1.2:3@x", "$(reboot)", "a b", "a\nb", "`x`", "a;b", "é"].map((word) => ({ word, about: "x" }));
  expect(answerText({ candidates }, "fine-")).toBe("1.2:3@x\tx\n");
});

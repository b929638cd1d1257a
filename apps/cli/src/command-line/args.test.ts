import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "./args.ts";
import { commandNames } from "./command-table.ts";

const plain = {
  command: "run",
  operands: [],
  manifest: undefined,
  only: [],
  except: [],
  json: false,
  help: false,
  follow: false,
  tail: undefined,
  since: undefined,
  timeout: undefined,
  for: undefined,
  request: undefined,
  bay: false,
  ua: undefined,
  path: undefined,
  header: [],
  method: undefined,
  client: undefined,
  bind: undefined,
  http: undefined,
  from: undefined,
  output: undefined,
  env: undefined,
  "allow-code": false,
  "per-ship": false,
  image: undefined,
  tui: false,
  watch: false,
  interval: undefined,
};

describe("parseCommandLine", () => {
  test.each([
    ["", plain],
    ["run", plain],
    ["-c a.toml", { ...plain, manifest: "a.toml" }],
    ["--manifest=a.toml run", { ...plain, manifest: "a.toml" }],
    ["-c run run", { ...plain, manifest: "run" }],
    ["--only web,api --only jobs", { ...plain, only: ["web", "api", "jobs"] }],
    ["shields explain --header a:1,2 --header b:3", { ...plain, command: "shields", operands: ["explain"], header: ["a:1,2", "b:3"] }],
    ["--except workers chart --json", { ...plain, command: "chart", except: ["workers"], json: true }],
    ["clearance -c x --json", { ...plain, command: "clearance", manifest: "x", json: true }],
    ["--help", { ...plain, command: "help", help: true }],
    ["run --help", { ...plain, help: true }],
    ["chart -h", { ...plain, command: "chart", help: true }],
    ["help chart", { ...plain, command: "chart", help: true }],
    ["help", { ...plain, command: "help", help: true }],
    ["--version", { ...plain, command: "version" }],
    ["-V", { ...plain, command: "version" }],
    ["logs app web -f -n 5 --since 2m", { ...plain, command: "logs", operands: ["app", "web"], follow: true, tail: "5", since: "2m" }],
    ["wait --timeout 5s app", { ...plain, command: "wait", operands: ["app"], timeout: "5s" }],
    ["restart run", { ...plain, command: "restart", operands: ["run"] }],
  ])("reads %j", (line, expected) => {
    expect(parseCommandLine(line.split(" ").filter(Boolean))).toEqual(expected);
  });

  test.each([
    ["clearence", 'there is no command "clearence"; did you mean "clearance"?'],
    ["fly", 'there is no command "fly"; "mothership --help" shows what there is'],
    ["run --onyl web", '"run" has no option "--onyl"; did you mean "--only"?'],
    ["stat", 'there is no command "stat"; did you mean "status"?'],
    ["re", 'there is no command "re"; did you mean "restart" or "reload"?'],
    ["--onyl web", 'there is no option "--onyl"; did you mean "--only"?'],
    ["--manifest=a --x=1 chart", 'there is no option "--x"'],
    ["run app", '"run" does not take "app"; --only runs a part of the fleet'],
    ["run --json", '"run" has no option "--json"'],
    ["run -c", '"-c" needs a value'],
    ["run --only=", '"--only" needs a value'],
    ["--only ,", '"--only" names nothing'],
    ["chart --except ,,", '"--except" names nothing'],
    ["chart --json=yes", '"--json" takes no value'],
    ["run now", '"run" does not take "now"'],
    ["init -x", '"init" has no option "-x"'],
    ["restart", '"restart" needs the name of a ship, bay or job'],
    ["signal app", '"signal" needs a name and a signal'],
    ["explain a b", '"explain" does not take "b"'],
  ])("refuses %j with one sentence", (line, message) => {
    expect(() => parseCommandLine(line.split(" "))).toThrowError(
      expect.objectContaining({ code: "MS_USAGE", message: expect.stringContaining(message) }),
    );
  });

  test("answers any words with a command or with a usage error", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("-c", "--only", "--json", "-h", "chart", "run", "--", "-", "--only=a", "__proto__"));
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        try {
          expect(commandNames).toContain(parseCommandLine(words).command);
        } catch (error) {
          expect(error).toMatchObject({ code: "MS_USAGE" });
        }
      }),
    );
  });
});

import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { MothershipError, messageOf } from "@mothership/kernel";
import type { Manifest } from "@mothership/manifest";
import { explainRequest, type ImaginedRequest, type RequestExplanation } from "../bridge/explain-request.ts";
import type { Invocation } from "../command-line/args.ts";
import { exitCodes } from "../command-line/exit-codes.ts";
import { UsageError } from "../errors.ts";
import { fileProblem } from "../files/file-problem.ts";
import { readManifest } from "../files/manifest-file.ts";
import { table } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `mothership shields explain`: which rule and which route a request would meet, and why. Sends nothing. */
export async function shields(invocation: Invocation, terminal: Terminal): Promise<number> {
  const [verb, file] = invocation.operands;
  if (verb !== "explain") throw new UsageError(`"shields ${verb}": write "shields explain --path /admin --ua 'curl/8'"`);
  const { manifest } = await readManifest(invocation);
  const request = requestOf(invocation, file === undefined ? {} : await writtenRequest(file), manifest);
  const explanation = explained(manifest, request);
  terminal.out(invocation.json ? `${JSON.stringify({ request, ...explanation }, null, 2)}\n` : drawn(request, explanation));
  return exitCodes.done;
}

function explained(manifest: Manifest, request: ImaginedRequest): RequestExplanation {
  try {
    return explainRequest(manifest, request);
  } catch (error) {
    throw error instanceof RangeError || error instanceof MothershipError ? new UsageError(messageOf(error)) : error;
  }
}

/** A request as a file has it. */
interface WrittenRequest {
  readonly bind?: string;
  readonly method?: string;
  readonly path?: string;
  readonly version?: string;
  readonly client?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

const plainTexts = ["bind", "method", "path", "version", "client"] as const;

async function writtenRequest(file: string): Promise<WrittenRequest> {
  let written: unknown;
  try {
    written = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new UsageError(`${file} is no request in JSON: ${fileProblem(error)}`);
  }
  if (typeof written !== "object" || written === null || Array.isArray(written))
    throw new UsageError(`${file} must hold a JSON object such as {"method":"GET","path":"/","headers":{"User-Agent":"curl/8"}}`);
  for (const [key, value] of Object.entries(written)) {
    if (key === "headers" ? isHeaders(value) : plainTexts.some((known) => known === key) && typeof value === "string") continue;
    throw new UsageError(`${file}: "${key}" must be one of ${plainTexts.join(", ")} and a text, or "headers" and a table of texts`);
  }
  return written;
}

function isHeaders(value: unknown): boolean {
  const isText = (one: unknown): boolean => typeof one === "string";
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => isText(one) || (Array.isArray(one) && one.every(isText)))
  );
}

/** What options say wins over the file; both leave out what they like. */
function requestOf(
  { ua, header, path, method, client, bind, http }: Invocation,
  written: WrittenRequest,
  manifest: Manifest,
): ImaginedRequest {
  const names = manifest.mothership.binds.map(({ name }) => name);
  const chosen = bind ?? written.bind ?? names[0] ?? "";
  if (!names.includes(chosen))
    throw new UsageError(
      names.length === 0 ? "the manifest has no bind" : `there is no bind "${chosen}"; the binds are ${names.join(", ")}`,
    );
  const address = client ?? written.client ?? "127.0.0.1";
  if (address !== "" && isIP(address) === 0) throw new UsageError(`"${address}" is not the address of a client, such as 203.0.113.7`);
  const own = header.map((text): readonly [string, string] => {
    const colon = text.indexOf(":");
    if (colon <= 0) throw new UsageError(`"${text}" is not a header: write "Name: value"`);
    return [text.slice(0, colon), text.slice(colon + 1).trim()];
  });
  if (ua !== undefined) own.unshift(["User-Agent", ua]);
  const replaced = new Set(own.map(([name]) => name.toLowerCase()));
  const fromFile = Object.entries(written.headers ?? {})
    .filter(([name]) => !replaced.has(name.toLowerCase()))
    .flatMap(([name, value]) => (typeof value === "string" ? [value] : value).map((one) => [name, one] as const));
  return {
    bind: chosen,
    method: method ?? written.method ?? "GET",
    path: path ?? written.path ?? "/",
    version: versionOf(http ?? written.version ?? "1.1"),
    headers: [...fromFile, ...own],
    client: address,
  };
}

function versionOf(text: string): ImaginedRequest["version"] {
  if (text === "1.0" || text === "1.1" || text === "2.0") return text;
  if (text === "2") return "2.0";
  throw new UsageError(`"${text}" is not a version of HTTP that is served: 1.0, 1.1 or 2`);
}

function drawn({ bind, method, client }: ImaginedRequest, { path, agent, ja4h, rule, rules, route, routes }: RequestExplanation): string {
  const row = (name: string, unmet: string | null): string[] => [`  ${name}`, unmet === null ? "matches" : `${unmet} does not`];
  const ruling =
    rule === null ? (rules.length === 0 ? "there are none" : "none matches") : `"${rule.name}": ${JSON.stringify(rule.action)}`;
  const target = (): string => {
    if (route === null) return "none takes it: 404, unless there is a static file";
    if (route.answer) return `${route.pattern} of "${route.of}": ${JSON.stringify(route.answer)}`;
    return `${route.pattern} of "${route.of}"`;
  };
  const isAnswered = rule !== null && (rule.action.action === "block" || rule.action.action === "redirect");
  return [
    `${method} ${path} on "${bind}"${client === "" ? "" : ` from ${client}`}\n`,
    `agent: ${agent}\nJA4H:  ${ja4h}\n`,
    `rule:  ${ruling}\n${table(rules.map(({ name, unmet }) => row(name, unmet)))}`,
    isAnswered
      ? "route: not asked\n"
      : `route: ${target()}\n${table(routes.map((one) => row(`${one.pattern} of "${one.of}"`, one.unmet)))}`,
  ].join("");
}

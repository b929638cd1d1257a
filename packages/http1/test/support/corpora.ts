import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Where the corpora of other projects lie: the folder that MS_HTTP1_CORPORA names, else `shared/corpora` beside the repository. They are
 * read and not kept here. Undefined when they are absent.
 */
export function corpus(name: string): string | undefined {
  const root = join(import.meta.dirname, "../../../..");
  const named = process.env["MS_HTTP1_CORPORA"];
  const places = named === undefined ? [join(root, "../../../shared/corpora"), join(root, "../shared/corpora")] : [named];
  return places.map((place) => join(place, name)).find(existsSync);
}

export interface LlhttpCase {
  readonly file: string;
  readonly title: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** What llhttp says: an error, or undefined. Pausing for an upgrade is none. */
  readonly error: string | undefined;
  /** Start lines and contents of the complete messages. */
  readonly messages: readonly string[];
}

/** Cases of llhttp: headings, a block of bytes with escapes, a block with the expected events. */
export function llhttpCases(folder: string): LlhttpCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      const cases: LlhttpCase[] = [];
      const block = /<!--\s*meta=(\{.*?\})\s*-->\s*```http\n([\s\S]*?)\n?```\s*```log\n([\s\S]*?)```/g;
      for (const match of text.matchAll(block)) {
        const headings = text.slice(0, match.index).match(/^#+ .*$/gm) ?? [];
        const { type, pause, skipBody } = JSON.parse(match[1]!) as { type: string; pause?: string; skipBody?: boolean };
        if (pause !== undefined || skipBody) continue;
        cases.push({
          file: file.replace(".md", ""),
          title: (headings.at(-1) ?? "").replace(/^#+ /, ""),
          type,
          bytes: bytesOf(match[2]!),
          ...verdictOf(match[3]!),
        });
      }
      return cases;
    });
}

function bytesOf(text: string): Buffer {
  const unescaped = text
    .replaceAll(/\\\n/g, "")
    .replaceAll("\n", "\r\n")
    .replaceAll(/\\(r|n|t|f|x([\dA-Fa-f]{2}))/g, (_, kind: string, hex?: string) =>
      hex === undefined ? { r: "\r", n: "\n", t: "\t", f: "\f" }[kind]! : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(unescaped, "latin1");
}

function verdictOf(log: string): { error: string | undefined; messages: string[] } {
  let error: string | undefined;
  const messages: string[] = [];
  let [start, content] = ["", ""];
  for (const line of log.split("\n")) {
    const span = /span\[(\w+)\]="(.*)"$/.exec(line);
    if (/message begin/.test(line)) [start, content] = ["", ""];
    else if (span?.[1] === "method" || span?.[1] === "url") start += `${start === "" ? "" : " "}${span[2]}`;
    else if (span?.[1] === "body") content += span[2];
    else if (/headers complete status=/.test(line)) start = /status=(\d+)/.exec(line)![1]!;
    else if (/message complete/.test(line)) messages.push(`${start} ${content}`.trim());
    const failed = /error code=(\d+) reason="(.*)"/.exec(line);
    if (failed && !["21", "22", "23"].includes(failed[1]!)) error = failed[2];
  }
  return { error, messages };
}

export interface DesyncCase {
  readonly file: string;
  readonly name: string;
  readonly bytes: Buffer;
  readonly method: string;
  readonly hasHost: boolean;
  readonly tier: string;
  readonly reason: string;
}

/** Cases of http-desync-guardian: a small, regular part of YAML. */
export function desyncCases(folder: string): DesyncCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .flatMap((file) => {
      const cases: DesyncCase[] = [];
      for (const block of readFileSync(join(folder, file), "utf8")
        .split(/^- name:/m)
        .slice(1)) {
        const lines = `name:${block}`.split("\n").filter((line) => !/^\s*#/.test(line));
        const scalar = (key: string): string =>
          textOf(lines.find((line) => line.trimStart().startsWith(`${key}:`))!.replace(/^\s*\w+:\s*/, ""));
        const headers: [string, string][] = [];
        const [head = []] = [
          lines.slice(
            0,
            lines.findIndex((line) => /^\s*expected:/.test(line)),
          ),
        ];
        for (const line of head) {
          const name = /^\s+- name:\s?(.*)$/.exec(line);
          const value = /^\s+value:\s?(.*)$/.exec(line);
          if (name) headers.push([textOf(name[1]!.trim()), ""]);
          if (value) headers.at(-1)![1] = textOf(value[1]!.trim());
        }
        const expected = lines.slice(lines.findIndex((line) => /^\s*expected:/.test(line)));
        const found = (key: string): string =>
          textOf(expected.find((line) => line.trimStart().startsWith(`${key}:`))?.replace(/^\s*\w+:\s*/, "") ?? "");
        const start = [scalar("method"), scalar("uri"), scalar("version")].filter((part) => part !== "").join(" ");
        const text = `${start}\r\n${headers.map(([name, value]) => `${name}:${value.startsWith(" ") || value === "" ? "" : " "}${value}\r\n`).join("")}\r\n`;
        cases.push({
          file: file.replace(".yaml", ""),
          name: scalar("name"),
          bytes: Buffer.from(text, "utf8"),
          method: scalar("method"),
          hasHost: headers.some(([name]) => name.toLowerCase() === "host"),
          tier: found("tier"),
          reason: found("reason"),
        });
      }
      return cases;
    });
}

function textOf(raw: string): string {
  const text = raw.trim();
  if (text.startsWith("'")) return text.slice(1, text.lastIndexOf("'")).replaceAll("''", "'");
  if (!text.startsWith('"')) return text;
  return text
    .slice(1, text.lastIndexOf('"'))
    .replaceAll(/\\(x([\dA-Fa-f]{2})|.)/g, (_, kind: string, hex?: string) =>
      hex === undefined
        ? ({ r: "\r", n: "\n", t: "\t", "0": "\0", v: "\v", f: "\f" }[kind] ?? kind)
        : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

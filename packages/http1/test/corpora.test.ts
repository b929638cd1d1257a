import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { corpus, desyncCases, llhttpCases } from "./support/corpora.ts";
import { judge } from "./support/judge.ts";
import { proxy } from "./support/proxy.ts";
import { readMessages } from "./support/read-messages.ts";
import { origin, plainOk, send } from "./support/wire.ts";

/** The rows of a table of docs/oracles.md, as "file | case". */
function documented(heading: string): string[] {
  const text = readFileSync(new URL("../docs/oracles.md", import.meta.url), "utf8");
  const section = text.slice(text.indexOf(`\n## ${heading}`)).split(/\n## /)[1]!;
  const rows = section.match(/^\|(?! *(?:File|-)).*\|$/gm) ?? [];
  const cells = rows.map((row) => row.split("|").map((cell) => cell.trim()));
  return cells.map(([, file, title]) => `${file} | ${title}`).sort();
}

const llhttp = corpus("llhttp");
const guardian = corpus("http-desync-guardian");
const withHost = (bytes: Buffer): Buffer => {
  const text = bytes.toString("latin1");
  return Buffer.from(/\r\nHost:/i.test(text) ? text : text.replace("\r\n", "\r\nHost: a\r\n"), "latin1");
};

if (llhttp !== undefined) {
  test("the strict cases of llhttp have its outcome, but for the documented differences", () => {
    const cases = llhttpCases(llhttp).filter(({ type }) => type === "request" || type === "response");
    expect(cases.length).toBeGreaterThan(150);
    const different = cases.filter(({ type, bytes, error, messages }) => {
      let ours = readMessages(type as "request" | "response", bytes); // filtered above
      // llhttp refuses within a head what we refuse at its end, and some cases have no end.
      if (error !== undefined && !ours.refusal && ours.messages.length === 0)
        ours = readMessages(type as "request" | "response", Buffer.concat([bytes, Buffer.from("\r\n\r\n")]));
      if ((ours.refusal === undefined) !== (error === undefined)) return true;
      return !ours.refusal && JSON.stringify(ours.messages) !== JSON.stringify(messages);
    });
    expect(different.map(({ file, title }) => `${file} | ${title}`).sort()).toEqual(documented("llhttp, strict mode"));
  });
}

if (guardian !== undefined) {
  test("the verdicts of http-desync-guardian are ours, but for the documented differences", () => {
    const cases = desyncCases(guardian).filter(({ tier }) => tier !== "Acceptable");
    expect(cases.length).toBeGreaterThan(140);
    const different = cases.filter(({ bytes, tier }) => (judge([withHost(bytes)]).refusal === undefined) !== (tier === "Compliant"));
    expect([...new Set(different.map(({ file, name }) => `${file} | ${name}`))].sort()).toEqual(documented("http-desync-guardian"));
  });

  test("behind the proxy too: of what is severe or ambiguous no byte reaches the upstream, or one canonical request does", async () => {
    await using upstream = await origin((_, socket) => socket.write(plainOk));
    await using front = await proxy(upstream.port, {}, { limits: { maxRequests: 1 } });
    for (const { bytes, tier, name } of desyncCases(guardian)) {
      const before = { served: front.requests.length, connections: upstream.received.length };
      const answer = await send(front.port, [withHost(bytes)]);
      const served = front.requests.length - before.served;
      if (tier === "Severe") expect(served, name).toBe(0);
      if (served === 0) {
        expect(answer, name).toMatch(/^HTTP\/1.1 (?:4\d\d|50[15]) /);
        expect(upstream.received.length, name).toBe(before.connections);
      }
    }
  });
}

if (llhttp === undefined || guardian === undefined) {
  test("skipped: corpora not present (set MS_HTTP1_CORPORA to where they lie)", () => {
    expect([llhttp, guardian]).toContain(undefined);
  });
}

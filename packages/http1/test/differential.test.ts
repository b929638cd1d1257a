import { createServer, type IncomingMessage, METHODS, type Server } from "node:http";
import { Duplex } from "node:stream";
import { expect, test } from "vitest";
import { judge, type Seen, type Verdict } from "./support/judge.ts";
import { mutation, randomness, seeds } from "./support/mutate.ts";

/*
 * Node's own parser as the second opinion: where both accept a message they must agree on its method, target, fields and content, and on
 * where the next message begins. MS_HTTP1_FUZZ_MESSAGES and MS_HTTP1_FUZZ_SEED ask for a longer or another run.
 */
const messages = Number(process.env["MS_HTTP1_FUZZ_MESSAGES"] ?? 200_000);
const seed = Number(process.env["MS_HTTP1_FUZZ_SEED"] ?? 9112);

/** Follows each message, so that a disagreement about its end shows. */
const next = Buffer.from("GET /next HTTP/1.1\r\nHost: next\r\n\r\n");

class NodeJudge implements Disposable {
  #seen: IncomingMessage[] = [];
  #refused = false;
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ requireHostHeader: false, connectionsCheckingInterval: 2 ** 30 }, (request, response) => {
      this.#seen.push(request);
      response.end();
    });
    this.#server.on("clientError", (_, socket) => {
      this.#refused = true;
      socket.destroy();
    });
    this.#server.on("checkExpectation", (_, response) => {
      this.#refused = true;
      response.writeHead(417).end();
    });
  }

  judge(bytes: Buffer): { readonly seen: readonly Seen[]; readonly refused: boolean } {
    this.#seen = [];
    this.#refused = false;
    const socket = new Duplex({ read: () => undefined, write: (_, __, done) => done(), emitClose: true });
    socket.on("error", () => undefined);
    this.#server.emit("connection", socket);
    socket.emit("data", bytes);
    const seen = this.#seen.map((request) => {
      const fields: [string, string][] = [];
      for (let index = 0; index < request.rawHeaders.length; index += 2)
        fields.push([request.rawHeaders[index]!, request.rawHeaders[index + 1]!]);
      let body = "";
      for (let piece: Buffer | null = request.read(); piece !== null; piece = request.read()) body += piece.toString("latin1");
      return {
        method: request.method!,
        target: request.url!,
        authority: request.headers.host ?? "",
        fields,
        body,
        whole: request.complete,
      };
    });
    socket.destroy();
    return { seen, refused: this.#refused };
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}

/** Our reading of an absolute target is the origin-form of it (RFC 9112, 3.2.2). */
function sameTarget(ours: Seen, theirs: Seen): boolean {
  if (ours.target === theirs.target) return true;
  const absolute = /^https?:\/\/([^/?]*)(.*)$/i.exec(theirs.target);
  if (!absolute) return false;
  const rest = absolute[2]!;
  const origin = rest === "" ? (ours.method === "OPTIONS" ? "*" : "/") : rest.startsWith("/") ? rest : `/${rest}`;
  return ours.target === origin && ours.authority === absolute[1];
}

/** What the two say differently about a message that both accept; undefined when they agree as far as both went. */
function disagreement(ours: Verdict, theirs: { readonly seen: readonly Seen[]; readonly refused: boolean }): string | undefined {
  const both = Math.min(ours.seen.length, theirs.seen.length);
  for (let index = 0; index < both; index++) {
    const [our, their] = [ours.seen[index]!, theirs.seen[index]!];
    // One that goes on to refuse the content of this message does not accept it.
    if (!our.whole || !their.whole) return undefined;
    if (our.method !== their.method) return `method of ${index}`;
    if (!sameTarget(our, their)) return `target of ${index}`;
    if (JSON.stringify(our.fields) !== JSON.stringify(their.fields)) return `fields of ${index}`;
    if (our.body !== their.body) return `body of ${index}`;
  }
  return undefined;
}

/** Why we may accept what Node refuses; everything else is a finding. */
function knownLeniency({ seen: [first] }: Verdict, message: string): boolean {
  // A method is any token (RFC 9110, 9.1); llhttp has a list.
  if (!METHODS.includes(first!.method)) return true;
  // We drop trailers that may not be (rule 33); llhttp refuses these two.
  return /\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding):/i.test(message);
}

test(`where both accept one of ${messages} mutated messages, Node's parser and ours agree on it and on where the next begins`, {
  timeout: 3_600_000,
}, async () => {
  using node = new NodeJudge();
  const random = randomness(seed);
  const found: { readonly what: string; readonly message: string }[] = [];
  const counts = { accepted: 0, both: 0, next: 0, onlyNode: 0, onlyOurs: 0 };
  for (let index = 0; index < messages; index++) {
    const message = index < seeds.length ? Buffer.from(seeds[index]!, "latin1") : mutation(random);
    const bytes = Buffer.concat([message, next]);
    const ours = judge([bytes]);
    const theirs = node.judge(bytes);
    const what = disagreement(ours, theirs);
    if (what !== undefined && found.length < 10) found.push({ what, message: message.toString("latin1") });
    const weAccept = ours.seen[0]?.whole === true;
    const theyAccept = theirs.seen[0]?.whole === true;
    if (weAccept) counts.accepted++;
    if (weAccept && theyAccept) counts.both++;
    if (weAccept && theyAccept && ours.seen[1]?.target === "/next" && theirs.seen[1]?.target === "/next") counts.next++;
    if (theyAccept && !weAccept) counts.onlyNode++;
    if (weAccept && !theyAccept) {
      counts.onlyOurs++;
      const text = bytes.toString("latin1");
      if (found.length < 10 && !knownLeniency(ours, text)) found.push({ what: "only we accept", message: text });
    }
    // Node frees its parsers when its sockets have closed, which takes a turn.
    if (index % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  console.info(JSON.stringify({ messages, seed, ...counts }));
  expect(found).toEqual([]);
  // A run in which hardly anything is accepted would compare nothing.
  expect(counts.both).toBeGreaterThan(messages / 20);
  expect(counts.next).toBeGreaterThan(messages / 50);
});

test("wherever a mutated message is cut, it has the same outcome", () => {
  const random = randomness(seed + 1);
  for (let index = 0; index < messages / 40; index++) {
    const bytes = Buffer.concat([index < seeds.length ? Buffer.from(seeds[index]!, "latin1") : mutation(random), next]);
    const whole = JSON.stringify(judge([bytes]));
    const cuts = [random(bytes.length), random(bytes.length)].sort((a, b) => a - b);
    const pieces = [bytes.subarray(0, cuts[0]), bytes.subarray(cuts[0], cuts[1]), bytes.subarray(cuts[1])].filter(
      (piece) => piece.length > 0,
    );
    expect(JSON.stringify(judge(pieces)), bytes.toString("latin1")).toBe(whole);
    if (index < seeds.length) expect(JSON.stringify(judge([...bytes].map((byte) => Buffer.of(byte))))).toBe(whole);
  }
});

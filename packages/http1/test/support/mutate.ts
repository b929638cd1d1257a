/** A seeded source of numbers below `bound` (mulberry32): the same seed, the same messages. */
export function randomness(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const line = "\r\n";
const get = (fields: string, target = "/"): string => `GET ${target} HTTP/1.1${line}Host: a${line}${fields}${line}`;
const post = (fields: string, content: string): string => `POST /p HTTP/1.1${line}Host: a${line}${fields}${line}${content}`;
const hidden = `GET /evil HTTP/1.1${line}Host: b${line}${line}`;
const chunks = `5${line}hello${line}0${line}${line}`;

/** Messages that are right, and the tricks by which a second request is hidden in a first. */
export const seeds: readonly string[] = [
  get(""),
  get(`Accept: */*${line}Cookie: a=b${line}`),
  get(`Connection: close${line}`),
  get(`Connection: keep-alive, X-A${line}X-A: 1${line}`),
  get(`Content-Length: 0${line}`),
  get(`Connection: Upgrade${line}Upgrade: websocket${line}`) + hidden,
  get(`Connection: Upgrade, HTTP2-Settings${line}Upgrade: h2c${line}HTTP2-Settings: x${line}`),
  get("", "http://b/x?y"),
  get("", "//b/x"),
  get("", "*"),
  get("", "/%0d%0aX:%20y"),
  get("", "/a#b"),
  `GET / HTTP/1.0${line}${line}`,
  `GET / HTTP/1.0${line}Connection: keep-alive${line}${line}`,
  `OPTIONS * HTTP/1.1${line}Host: a${line}${line}`,
  `HEAD / HTTP/1.1${line}Host: a${line}${line}`,
  `CONNECT a:80 HTTP/1.1${line}Host: a${line}${line}`,
  `TRACE / HTTP/1.1${line}Host: a${line}${line}`,
  `GET /${line}${line}`,
  `PRI * HTTP/2.0${line}${line}SM${line}${line}`,
  post(`Content-Length: 5${line}`, "hello"),
  post(`Content-Length: 0${line}`, ""),
  post(`Content-Length: ${hidden.length}${line}`, hidden),
  post(`Transfer-Encoding: chunked${line}`, chunks),
  post(`Transfer-Encoding: chunked${line}`, `5;a=b;c="d"${line}hello${line}0${line}X-Sum: 1${line}${line}`),
  post(`Transfer-Encoding: chunked${line}Trailer: X${line}`, `00005${line}hello${line}000${line}Content-Length: 9${line}${line}`),
  post(`Expect: 100-continue${line}Content-Length: 5${line}`, "hello"),
  post(`Content-Length: 6${line}Transfer-Encoding: chunked${line}`, `0${line}${line}G`),
  post(`Transfer-Encoding: chunked${line}Content-Length: 4${line}`, `5c${line}${hidden}${line}0${line}${line}`),
  post(`Content-Length: 5${line}Content-Length: 6${line}`, "hello!"),
  post(`Content-Length: 5, 5${line}`, "hello"),
  post(`Transfer-Encoding: xchunked${line}Content-Length: 5${line}`, "hello"),
  post(`Transfer-Encoding : chunked${line}Content-Length: ${chunks.length}${line}`, chunks),
  post(`Transfer-Encoding:${line} chunked${line}Content-Length: ${chunks.length}${line}`, chunks),
  post(`Transfer-Encoding: chunked${line}Transfer-Encoding: identity${line}`, chunks),
  post(`Transfer-Encoding: gzip, chunked${line}`, chunks),
  post(`X: y\nTransfer-Encoding: chunked${line}Content-Length: 3${line}`, chunks),
  post(`X: y\rTransfer-Encoding: chunked${line}Content-Length: 3${line}`, chunks),
  post(`Transfer-Encoding: chunked${line}`, `5\nhello${line}0${line}${line}${hidden}`),
  post(`Transfer-Encoding: chunked${line}`, `3;${"x".repeat(30)}\n${line}abc${line}0${line}${line}${hidden}`),
  post(`Transfer-Encoding: chunked${line}`, `0${line}X: y\n\n${hidden}`),
  post(`Transfer-Encoding: chunked${line}`, `-1${line}${hidden}`),
  post(`Transfer-Encoding: chunked${line}`, `ffffffffffffffff1${line}${hidden}`),
  `${line}${get("")}`,
  `POST /p HTTP/1.0${line}Transfer-Encoding: chunked${line}${line}${chunks}`,
  `DELETE /d HTTP/1.1${line}Host: a${line}Transfer-Encoding: chunked${line}${line}${hidden.length.toString(16)}${line}${hidden}${line}0${line}${line}`,
];

const words = [
  line,
  "\n",
  "\r",
  " ",
  "\t",
  "\0",
  "\x0b",
  "\x7f",
  "\x80",
  "\xa0",
  "\xff",
  ":",
  ",",
  ";",
  "#",
  "\\",
  "/",
  "?",
  "@",
  "0",
  "1",
  "5",
  "a",
  "+",
  "-",
  "_",
  "0x",
  '"',
  "=",
  line + line,
  "\n\n",
  `${line} `,
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/0.9",
  "HTTP/2.0",
  "GET ",
  "POST ",
  "CONNECT ",
  "chunked",
  ",chunked",
  "identity",
  "Host: b",
  `Content-Length: 5${line}`,
  `Content-Length: 0${line}`,
  `content-length:7${line}`,
  `Content-Length : 3${line}`,
  `Transfer-Encoding: chunked${line}`,
  `transfer-encoding:chunked${line}`,
  `Transfer-Encoding:\tchunked${line}`,
  `Connection: close${line}`,
  `Connection: keep-alive${line}`,
  `Connection: upgrade${line}Upgrade: websocket${line}`,
  `Connection: Content-Length${line}`,
  `Expect: 100-continue${line}`,
  `Expect: x${line}`,
  `Host: a${line}`,
  `Host:${line}`,
  `5${line}hello${line}`,
  `0${line}${line}`,
  `1;x${line}a${line}`,
  hidden,
];

/** A seed after some changes: bytes replaced, removed or doubled, words put in, lines moved, two messages spliced. */
export function mutation(random: (bound: number) => number): Buffer {
  // The first half of the seeds is right, and more likely to be accepted after a change.
  let text = seeds[random(random(2) === 0 ? seeds.length : seeds.length / 2)]!;
  for (let changes = random(random(4) + 1); changes >= 0; changes--) {
    const at = random(text.length + 1);
    const word = words[random(words.length)]!;
    switch (random(8)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + 1 + random(3));
        break;
      case 1:
        text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
        break;
      case 2:
      case 3:
        text = text.slice(0, at) + word + text.slice(at);
        break;
      case 4: {
        // At the end of a line, where a word is a field or a chunk of its own.
        const end = text.indexOf(line, at);
        if (end >= 0) text = text.slice(0, end + 2) + word + text.slice(end + 2);
        break;
      }
      case 5: {
        const end = at + random(20);
        text = text.slice(0, end) + text.slice(at);
        break;
      }
      case 6: {
        const lines = text.split(line);
        const [moved] = lines.splice(random(lines.length), 1);
        lines.splice(random(lines.length + 1), 0, moved!);
        text = lines.join(line);
        break;
      }
      default: {
        const other = seeds[random(seeds.length)]!;
        text = text.slice(0, at) + other.slice(random(other.length));
      }
    }
  }
  return Buffer.from(text, "latin1");
}

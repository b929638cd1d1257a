import http from "node:http";
import type { HttpProbe, ProbeFunction } from "./probe.ts";

/** So much of a body is read, and looked through for what is expected. */
const bodyBytes = 2 ** 16;
/** An answer that says nothing for so long, after its head, is not waited for. */
const silenceMs = 250;

/** Asks once, on a connection of its own. */
export function httpProbe(probe: HttpProbe): ProbeFunction {
  const { address, path, method = "GET", headers = {}, expectBody } = probe;
  const where = address.kind === "unix" ? { socketPath: address.path } : { host: address.host, port: address.port };
  const options: http.RequestOptions = {
    ...where,
    path,
    method,
    agent: false,
    headers: { host: "localhost", connection: "close", ...headers },
  };
  let before: http.ClientRequest | undefined;
  return ({ signal }) =>
    new Promise((resolve, reject) => {
      before?.destroy();
      const req = http.request({ ...options, signal }, (res) => {
        const status = res.statusCode ?? 0;
        if (status < 200 || status > 399 || expectBody === undefined) {
          if (status >= 200 && status <= 399) resolve();
          else reject(new Error(`status ${status}`));
          finish(req, res);
          return;
        }
        readForText(res, expectBody).then(
          (found) => {
            req.destroy();
            if (found) resolve();
            else reject(new Error("the expected text is not in the body"));
          },
          (error: unknown) => reject(error),
        );
      });
      before = req;
      req.on("error", (error) => reject(signal.aborted ? signal.reason : error));
      req.end();
    });
}

/**
 * Reads what is left of an answer whose head said enough: a program whose answer is cut off in the middle counts that as an error. One that
 * does not come to its end is cut off all the same, at the latest by the next look.
 */
function finish(req: http.ClientRequest, res: http.IncomingMessage): void {
  let bytes = 0;
  res.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes >= bodyBytes) req.destroy();
  });
  res.on("error", () => undefined); // what was asked for is known
  req.setTimeout(silenceMs, () => req.destroy());
}

async function readForText(res: http.IncomingMessage, text: string): Promise<boolean> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of res) {
    // Without an encoding set, a message gives Buffers.
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes >= bodyBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, bodyBytes).includes(text);
}

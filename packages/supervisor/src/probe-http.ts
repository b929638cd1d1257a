import http from "node:http";
import type { HttpProbe, ProbeFunction } from "./probe.ts";

/** So much of a body is looked through for what is expected. */
const bodyBytes = 2 ** 16;

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
  return ({ signal }) =>
    new Promise((resolve, reject) => {
      const req = http.request({ ...options, signal }, (res) => {
        const status = res.statusCode ?? 0;
        if (status < 200 || status > 399) {
          req.destroy();
          reject(new Error(`status ${status}`));
        } else if (expectBody === undefined) {
          req.destroy();
          resolve();
        } else {
          readForText(res, expectBody).then(
            (found) => {
              req.destroy();
              if (found) resolve();
              else reject(new Error("the expected text is not in the body"));
            },
            (error: unknown) => reject(error),
          );
        }
      });
      req.on("error", (error) => reject(signal.aborted ? signal.reason : error));
      req.end();
    });
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

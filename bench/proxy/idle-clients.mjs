// argv: port, kind (keep-alive or websocket), connections, from (a loopback address). Opens them, says {"open":N} over IPC, and holds them until
// it is told to end; then says how many were lost meanwhile.
import { connect } from "node:net";

const [port, kind, connections, from] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4]), process.argv[5]];
const key = Buffer.alloc(16, 7).toString("base64");
const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`;
const [path, fields, last] = kind === "websocket" ? ["/tunnel", upgrade, "\r\n\r\n"] : ["/file", "", "x"];
const request = `GET ${path} HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: idle\r\n${fields}\r\n`;
let lost = 0;

function open() {
  const { promise, resolve, reject } = Promise.withResolvers();
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  socket.on("error", reject).on("close", () => lost++);
  let bytes = 0;
  socket.on("data", (data) => {
    bytes += data.length;
    // Nothing is sent later, so the end of the last piece is the end of the answer.
    if (data.latin1Slice().endsWith(last) && (kind === "websocket" || bytes > 1024)) resolve();
  });
  socket.write(request);
  return promise;
}

process.on("message", () => process.send({ lost }, () => process.exit(0)));
for (let count = 0; count < connections; count += 50) await Promise.all(Array.from({ length: Math.min(50, connections - count) }, open));
process.send({ open: connections });

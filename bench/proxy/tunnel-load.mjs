// argv: port, path, clients, seconds, bytes of the frame that comes back. Every client has one frame of 64 bytes under way; prints what came back
// as JSON.
import { connect } from "node:net";

const [port, path, clients, seconds] = [Number(process.argv[2]), process.argv[3], Number(process.argv[4]), Number(process.argv[5])];
// FIN and text, masked with zeros.
const frame = Buffer.concat([Buffer.from([0x81, 0x80 | 64, 0, 0, 0, 0]), Buffer.alloc(64, "x")]);
const handshake = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 7).toString("base64")}\r\n\r\n`;
// From an echo of bytes, 70: the frame as it was sent; from one that speaks WebSocket, 66: it sends frames without a mask.
const reply = Number(process.argv[6] ?? frame.length);
const latencies = [];
let messages = 0;
let running = true;

async function open() {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.write(handshake);
  const { promise, resolve, reject } = Promise.withResolvers();
  let head = "";
  socket.on("error", reject);
  socket.on("data", function first(data) {
    head += data.latin1Slice();
    if (!head.endsWith("\r\n\r\n")) return;
    socket.off("data", first);
    if (head.startsWith("HTTP/1.1 101")) resolve(socket);
    else reject(new Error(head));
  });
  return await promise;
}

const sockets = await Promise.all(Array.from({ length: clients }, open));
const begun = performance.now();
for (const socket of sockets) {
  let missing = reply;
  let sent = performance.now();
  socket.on("data", (data) => {
    missing -= data.length;
    if (missing > 0) return;
    missing = reply;
    messages++;
    const now = performance.now();
    latencies.push(now - sent);
    sent = now;
    if (running) socket.write(frame);
  });
  socket.write(frame);
}
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
running = false;
const perSecond = messages / ((performance.now() - begun) / 1000);
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(latencies.length * share)];
console.log(JSON.stringify({ requests: messages, perSecond, p50Ms: at(0.5), p99Ms: at(0.99) }));
process.exit(0);

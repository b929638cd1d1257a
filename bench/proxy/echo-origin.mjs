// Accepts every WebSocket handshake and sends back what comes, byte for byte: what a tunnel costs, without the cost of frames at its ends.
import { createHash } from "node:crypto";
import { createServer } from "node:http";

const accept = (key) => createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
createServer((_, response) => response.end("ok"))
  .on("upgrade", (request, socket) => {
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    const key = request.headers["sec-websocket-key"];
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}\r\n\r\n`,
    );
    socket.on("data", (data) => socket.write(data));
  })
  .listen(Number(process.argv[2]), "127.0.0.1");

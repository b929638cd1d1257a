// An origin that reads request bodies and answers each request with two bytes. As little as can be, for its core also runs the load.
import { createServer } from "node:net";

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const headEnd = Buffer.from("\r\n\r\n");

createServer((socket) => {
  let held = Buffer.alloc(0);
  let left = 0;
  let chunked = false;
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (held.length > 0) {
      if (left > 0) {
        const taken = Math.min(left, held.length);
        left -= taken;
        held = held.subarray(taken);
        if (left > 0) return;
        socket.write(answer);
      } else if (chunked) {
        const end = held.indexOf("0\r\n\r\n");
        if (end < 0) {
          held = held.subarray(Math.max(0, held.length - 4));
          return;
        }
        held = held.subarray(end + 5);
        chunked = false;
        socket.write(answer);
      } else {
        const end = held.indexOf(headEnd);
        if (end < 0) return;
        const head = held.latin1Slice(0, end).toLowerCase();
        held = held.subarray(end + 4);
        chunked = /\ntransfer-encoding: *chunked/.test(head);
        left = Number(/\ncontent-length: *(\d+)/.exec(head)?.[1] ?? 0);
        if (left === 0 && !chunked) socket.write(answer);
      }
    }
  });
}).listen(Number(process.argv[2]), "127.0.0.1");

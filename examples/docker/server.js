import { createServer } from "node:http";

const server = createServer((request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  response.end(`Hello from process ${process.pid}, child of ${process.ppid}\n`);
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("server ready"));
process.on("SIGTERM", () => server.close());

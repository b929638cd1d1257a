import { createServer } from "node:http";

const server = createServer((request, response) =>
  response.end(request.url === "/health" ? "ok\n" : `Hello from inside, ${request.url}\n`),
);
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log("greeter ready"));
process.on("SIGTERM", () => server.close());

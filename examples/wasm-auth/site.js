// Signs sessions at /login, and everywhere else trusts X-User: the payload sets it, and takes off what clients send under that name.
import { createHmac } from "node:crypto";
import { createServer } from "node:http";

const form =
  '<!doctype html><title>Log in</title><form method="post"><input name="user" pattern="[A-Za-z0-9]+" required><button>Log in</button></form>\n';

function session(user) {
  const signed = `${user}.${Math.floor(Date.now() / 1000) + 3600}`;
  return `${signed}.${createHmac("sha256", process.env.SESSION_SECRET).update(signed).digest("hex")}`;
}

const server = createServer(async (request, response) => {
  if (request.url !== "/login") return response.end(`Hello ${request.headers["x-user"]}\n`);
  if (request.method !== "POST") return response.setHeader("Content-Type", "text/html; charset=utf-8").end(form);
  let body = "";
  for await (const piece of request) {
    body += piece;
    if (body.length > 1000) return response.writeHead(413).end();
  }
  const user = new URLSearchParams(body).get("user") ?? "";
  if (!/^[A-Za-z0-9]{1,40}$/.test(user)) return response.writeHead(400).end("Letters and digits only.\n");
  // A real site asks for a password here.
  response.writeHead(303, { "Set-Cookie": `session=${session(user)}; HttpOnly; SameSite=Lax; Path=/`, Location: "/" }).end();
});
server.listen(Number(process.env.PORT), "127.0.0.1", () => console.log(`site on port ${process.env.PORT}`));

process.on("SIGTERM", () => server.close());

// The proxy of packages/http1/README.md.
import { createServer } from "node:net";
import { endToEndFields, openPool, serveConnection } from "../../../packages/http1/dist/index.js";
import { bodyOf, Fields, parseAddress, silentLogger, systemClock } from "../../../packages/kernel/dist/index.js";

const [, , port, upstream] = process.argv;
const deps = { clock: systemClock, log: silentLogger };
const pool = openPool({ address: parseAddress(upstream) }, deps);

function onRequest(incoming) {
  const { method, target, authority, body, expectsContinue } = incoming;
  const request = { method, target, authority, body, expectsContinue, fields: endToEndFields(incoming.fields) };
  const exchange = pool.request(request, {
    interim: (head) => incoming.interim(head),
    response: ({ status, fields }, content) => incoming.respond({ status, fields: endToEndFields(fields) }, content),
    upgraded: (_head, tunnel) => tunnel.socket.destroy(),
    failed: (error) => incoming.respond({ status: 502, fields: new Fields() }, bodyOf(`${error.code}\n`)),
  });
  incoming.onFinished = ({ end }) => {
    if (end !== "complete") exchange.cancel(new Error(end));
  };
}

const spec = { onRequest };
createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, spec, deps)).listen(Number(port), "127.0.0.1");

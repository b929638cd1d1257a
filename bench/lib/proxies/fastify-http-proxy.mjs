// @fastify/http-proxy as its documentation shows it, logging off.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BENCH_MODULES}/`);
const [, , port, upstream] = process.argv;
const server = require("fastify")({ logger: false });
server.register(require("@fastify/http-proxy"), { upstream: `http://${upstream}`, http2: false });
await server.listen({ port: Number(port), host: "127.0.0.1" });

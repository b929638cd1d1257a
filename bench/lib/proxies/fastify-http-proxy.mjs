// @fastify/http-proxy as its documentation shows it, logging off; with "tls" as a server of https and HTTP/2.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.BENCH_MODULES}/`);
const [, , port, upstream, ...modes] = process.argv;
const { BENCH_CERT: cert, BENCH_KEY: key } = process.env;
const tls = modes.includes("tls") ? { http2: true, https: { allowHTTP1: true, cert: readFileSync(cert), key: readFileSync(key) } } : {};
const server = require("fastify")({ logger: false, ...tls });
server.register(require("@fastify/http-proxy"), { upstream: `http://${upstream}`, http2: false });
await server.listen({ port: Number(port), host: "127.0.0.1" });

import { bodyOf, Fields, type Incoming } from "@mothership/kernel";
import { type ClientError, type ClientPool, endToEndFields, type PoolSpec, type ServerSpec } from "../../src/index.ts";
import { pool, serve, type TestServer } from "./wire.ts";

/** The proxy of the README: hands each request to one upstream and its answer back. */
export const forward =
  (upstream: ClientPool, onError: (error: ClientError) => void = () => undefined) =>
  (incoming: Incoming): void => {
    const { method, target, authority, body, upgrade, expectsContinue } = incoming;
    const request = { method, target, authority, body, upgrade, expectsContinue, fields: endToEndFields(incoming.fields) };
    const exchange = upstream.request(request, {
      interim: (head) => incoming.interim(head),
      response: ({ status, fields }, content) => incoming.respond({ status, fields: endToEndFields(fields) }, content),
      upgraded: (head, { socket, held }) => {
        const client = incoming.takeOver(head);
        client.socket.on("error", () => socket.destroy()).on("close", () => socket.destroy());
        socket.on("error", () => client.socket.destroy()).on("close", () => client.socket.destroy());
        socket.write(client.held);
        client.socket.write(held);
        client.socket.pipe(socket).pipe(client.socket);
      },
      failed: (error) => {
        onError(error);
        incoming.respond({ status: error.code.endsWith("TIMEOUT") ? 504 : 502, fields: new Fields() }, bodyOf("no answer\n"));
      },
    });
    incoming.onFinished = ({ end }) => {
      if (end !== "complete") exchange.cancel(new Error(end));
    };
  };

export interface TestProxy extends TestServer {
  readonly errors: ClientError[];
  readonly upstream: ClientPool;
}

export async function proxy(originPort: number, spec: Partial<ServerSpec> = {}, poolSpec: Partial<PoolSpec> = {}): Promise<TestProxy> {
  const errors: ClientError[] = [];
  const upstream = pool(originPort, poolSpec);
  const server = await serve(
    forward(upstream, (error) => errors.push(error)),
    spec,
  );
  return {
    ...server,
    errors,
    upstream,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

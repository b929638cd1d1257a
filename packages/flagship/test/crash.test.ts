import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { coordinatorOf, electionSpec, serverUrl } from "./arena.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

describe("a server that crashes", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("just after the result was announced still knows it, though it need not wait for its disk otherwise", async () => {
    const spec = electionSpec({ url: serverUrl(server.port) });
    await using flagship = await coordinatorOf(spec).elect();
    await flagship.announceReady();
    await server.restart("immediate");
    await using late = await coordinatorOf(spec).elect();
    expect([late.role, await late.waitUntilReady()]).toEqual(["escort", "ready"]);
  });

  test("in the middle of the work takes the office away, and the launch is aborted", async () => {
    const spec = electionSpec({ url: serverUrl(server.port) });
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    const told = expect(escort.waitUntilReady()).rejects.toMatchObject({ code: "MS_FLAGSHIP_ABORTED" });
    await server.restart("immediate");
    await told;
    expect(flagship.signal.reason).toMatchObject({ code: "MS_FLAGSHIP_OFFICE_LOST" });
  });

  test("while an escort waits for a flagship that is ready by then lets it go", async () => {
    const spec = electionSpec({ url: serverUrl(server.port) });
    await using flagship = await coordinatorOf(spec).elect();
    await using escort = await coordinatorOf(spec).elect();
    await flagship.announceReady();
    await server.restart("fast");
    expect(await escort.waitUntilReady()).toBe("ready");
  });
});

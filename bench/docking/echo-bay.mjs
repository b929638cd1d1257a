// The bay of examples/echo-bay, and a flood for who asks for one.
import { serveBay } from "../../packages/docking/dist/bay.js";

/** As much as the client takes, for ever. */
async function flood(client) {
  const data = Buffer.alloc(60_000, "x");
  while (client.open) {
    while (client.send(data));
    await client.flushed();
  }
}

const bay = await serveBay({
  message: (client, data) => {
    if (data === "flood") {
      // Not awaited: it goes on for as long as the client is there, and a handler that has not finished holds further messages up.
      void flood(client);
      return;
    }
    client.send(data);
    if (client.queuedBytes > 0) return client.flushed();
  },
});
process.once("SIGTERM", () => bay.close());

// The bay of examples/echo-bay.
import { serveBay } from "../../packages/docking/dist/bay.js";

const bay = await serveBay({
  message: (client, data) => {
    client.send(data);
    if (client.queuedBytes > 0) return client.flushed();
  },
});
process.once("SIGTERM", () => bay.close());

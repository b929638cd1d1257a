import { serveBay } from "@mothership/docking/bay";

const bay = await serveBay({
  message: (client, data) => {
    client.send(data);
    return client.flushed(); // whoever does not take the answers cannot go on asking
  },
});
process.once("SIGTERM", () => bay.close());

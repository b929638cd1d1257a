import { serveBay } from "@mothership/docking/bay";

const bay = await serveBay({
  message: (client, data) => {
    client.send(data);
  },
});
process.once("SIGTERM", () => bay.close());

/** A bay as a process of its own: echoes, and writes what happens to its standard output. Usage: node recording-bay.ts <socket> */
import { writeSync } from "node:fs";
import { serveBay } from "../src/bay.ts";

// Written at once, so that not even a kill loses a line.
const say = (...words: unknown[]): void => void writeSync(1, `${words.join(" ")}\n`);

const bay = await serveBay(
  {
    board: ({ id, reboarding }) => {
      if (reboarding) say("again", id, reboarding.epoch, reboarding.sent, reboarding.taken, reboarding.delivered);
      return undefined;
    },
    message: (client, data) => {
      say("message", client.id, data);
      client.send(data);
      return client.flushed();
    },
  },
  { path: process.argv[2] ?? "", name: "bay" },
);
process.once("SIGTERM", () => void bay.close());

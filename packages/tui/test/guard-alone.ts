// Opens the guard where there is no terminal, and prints what the log says.
import type { ReadStream, WriteStream } from "node:tty";
import { silentLogger, systemClock } from "@mothership/kernel";
import { openGuard } from "../src/guard.ts";

const log = { ...silentLogger, warn: (message: string) => console.log(message) };
// They are no terminals here, and that is the point.
const terminal = { input: process.stdin as ReadStream, output: process.stdout as WriteStream };
const guard = await openGuard(terminal, { clock: systemClock, log });
guard.dismiss();
await guard.ended();
console.log("ended");

// Leaves an orphan behind now and then, as real programs do: whoever is process 1 has to reap it.
import { spawn } from "node:child_process";

const leave = () => spawn("sh", ["-c", "sleep 1 &"], { stdio: "ignore" });
leave();
console.log("worker ready");
const timer = setInterval(leave, 60_000);
process.on("SIGTERM", () => clearInterval(timer));

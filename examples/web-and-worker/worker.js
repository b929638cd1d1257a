// A process without a port: it works until it is told to stop.
let done = 0;
const timer = setInterval(() => console.log(`worked ${++done} times`), 5000);
console.log("worker ready");

process.on("SIGTERM", () => {
  clearInterval(timer);
  console.log(`stopping after ${done} rounds`);
});

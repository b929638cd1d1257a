// Prints a line now and then; main.js counts them.
let count = 0;
console.log("counting");
const timer = setInterval(() => console.log(++count), 1000);
process.on("SIGTERM", () => clearInterval(timer));

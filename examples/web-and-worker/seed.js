// A one-shot job of the fleet: does its work and ends with 0.
console.log("seeded 3 ships into the harbour");

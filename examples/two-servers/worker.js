// Finds the table that the migration made, whichever server it ran on.
import pg from "pg";

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
const { rows } = await client.query("SELECT count(*)::int AS voyages FROM voyages");
console.log(`found ${rows[0].voyages} voyages`);
const timer = setInterval(() => client.query("SELECT 1"), 10_000);

process.on("SIGTERM", () => {
  clearInterval(timer);
  client.end();
});

// The migration: must run once per deployment, whatever order the servers come in.
import pg from "pg";

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query("CREATE TABLE IF NOT EXISTS voyages (id serial PRIMARY KEY, server text, at timestamptz DEFAULT now())");
await client.query("INSERT INTO voyages (server) VALUES ($1)", [process.env.SERVER ?? "unnamed"]);
await client.end();
console.log(`migrated by server ${process.env.SERVER ?? "unnamed"}`);

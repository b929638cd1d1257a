/** Name that the `#:schema` line of `starterManifest` gives to the schema file beside the manifest. */
export const schemaFileName = "ship-manifest.schema.json";

/**
 * The manifest that `init` writes: valid as it is, with one small web ship that runs wherever Node does.
 * Its first line lets editors find the schema, which `init` writes beside it (`manifestSchema` under `schemaFileName`).
 * Settings that are commented out have no space behind the `#`.
 */
export const starterManifest = `#:schema ./${schemaFileName}

# The manifest of this fleet. Check it with "mothership clearance", run it with "mothership".
# All keys: https://github.com/seuros/mothership/blob/main/docs/manifest.md

[mothership]
# Prometheus metrics on http://127.0.0.1:9090/metrics, liveness on /health.
#metrics_port = 9090
# brotli, zstd, gzip or deflate, as the client accepts.
compression = true

# Where mothership listens. Routes name these binds.
[mothership.bind]
http = "127.0.0.1:8080"
# Behind a load balancer that speaks the PROXY protocol:
#https = { addr = "0.0.0.0:8443", proxy_protocol = true }
# With TLS:
#tls = { addr = "0.0.0.0:9443", cert = "./tls/cert.pem", key = "./tls/key.pem" }

# Files that are served before routing; what is not found goes on to the routes.
#[[mothership.static_dirs]]
#path = "./public"
#prefix = "/static"

# What must be reachable before anything starts.
#[[mothership.uplinks]]
#name = "database"
#url = "$DATABASE_URL"
#timeout = "10s"

# Runs to its end before any ship starts; a failure ends the launch.
#[[mothership.prelaunch]]
#name = "migrate"
#command = "npm"
#args = ["run", "migrate"]

# Every ship inherits this: variables are merged, tags joined, everything else replaced.
#[base.ship]
#env = { NODE_ENV = "production" }

# Ships are processes; "web" is the group of this one. Replace it by your own program.
[[fleet.web]]
name = "app"
command = "node"
args = ["-e", '''
require("node:http")
  .createServer((req, res) => res.end("Hello from the fleet\\n"))
  .listen(3000, "127.0.0.1");
''']
bind = "tcp://127.0.0.1:3000"
healthcheck = "/"
routes = [{ bind = "http", pattern = "/.*" }]

# A worker: no bind, no routes; its crash does not end the fleet.
#[[fleet.workers]]
#name = "worker"
#command = "node"
#args = ["worker.js"]
#depends_on = ["app"]
#critical = false
#env_file = ".env"
#stop_timeout = "30s"
#log = { file = "./log/worker.log" }

# Bays take many WebSocket clients over one Unix socket (docking protocol).
#[[bays.websocket]]
#name = "cable"
#command = "./cable"
#routes = ["http:/cable"]
#config = { redis_url = "redis://localhost:6379" }

# WebAssembly on the request path.
#[[modules]]
#name = "auth"
#wasm = "./modules/auth.wasm"
#routes = ["/admin/.*"]
#phase = "request"
`;

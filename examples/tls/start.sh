#!/bin/sh
# Makes the certificates at the first start. Binds are opened before any job of the manifest runs, so this comes before mothership.
set -eu
cd "$(dirname "$0")"
./certificates.sh
exec mothership run -c ship-manifest.toml

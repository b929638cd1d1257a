#!/bin/sh
# Builds session.wasm again. AssemblyScript is installed into a folder outside of the repository (100 MB). The same version gives the same bytes.
set -eu
cd "$(dirname "$0")"
tools=${ASSEMBLYSCRIPT_HOME:-$(mktemp -d)}
[ -x "$tools/node_modules/.bin/asc" ] || npm install --prefix "$tools" --no-audit --no-fund assemblyscript@0.28.20
"$tools/node_modules/.bin/asc" guest/session.ts -o session.wasm --runtime incremental -Oz --noAssert
chmod 644 session.wasm

#!/bin/sh
# Builds built/*.wasm again. AssemblyScript is installed into a folder of its own, outside of the repository (100 MB); the guest in C needs
# clang and wasm-ld (Debian: clang-14, lld-14). The same versions give the same bytes: assemblyscript 0.28.20, clang 14.
set -eu
cd "$(dirname "$0")"
tools=${ASSEMBLYSCRIPT_HOME:-$(mktemp -d)}
[ -x "$tools/node_modules/.bin/asc" ] || npm install --prefix "$tools" --no-audit --no-fund assemblyscript@0.28.20
for name in header-auth security-headers; do
  # The incremental runtime collects garbage; "stub" and "minimal" leak a few kilobytes with every request.
  "$tools/node_modules/.bin/asc" "assemblyscript/$name.ts" -o "built/$name.wasm" --runtime incremental -Oz --noAssert
done
${CLANG:-clang-14} --target=wasm32 -O2 -nostdlib -Wall -Wextra -fuse-ld="${WASM_LD:-/usr/bin/wasm-ld-14}" -Wl,--no-entry -Wl,--strip-all \
  c/bot-block.c -o built/bot-block.wasm
chmod 644 built/*.wasm

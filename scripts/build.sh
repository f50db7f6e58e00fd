#!/bin/sh
# Compiles src to dist. Output whose source has gone is removed first, for the compiler leaves it.
set -eu

if [ -d dist ]; then
  find dist -name '*.js' | while IFS= read -r file; do
    source=src/${file#dist/}
    [ -f "${source%.js}.ts" ] || rm -f "$file" "$file.map"
  done
fi
tsc -p tsconfig.build.json

#!/usr/bin/env bash
# Unmodified clients of AWS from npm, for SdkTests, ServerlessTests and ObjectStoreTests: fetch.sh [FOLDER] prints where they are. What is there already stays.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
folder=${1:-${HEARTH_TEST_CLIENTS:-$HOME/.cache/hearth/clients}}
target=$folder/npm-$(sha256sum "$here/package-lock.json" | cut -c1-12)
if [[ ! -d $target ]]; then
  staging=$(mktemp -d)
  trap 'rm -rf "$staging"' EXIT
  cp "$here"/package{,-lock}.json "$staging"
  # No script of a package runs: these clients need none.
  (cd "$staging" && npm ci --no-audit --no-fund --ignore-scripts) >&2
  mkdir -p "$folder" && mv "$staging" "$target" && chmod 755 "$target"
fi
echo "$target"

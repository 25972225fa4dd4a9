#!/usr/bin/env bash
# Express and the adapters that people put before it on Lambda, from npm and as they are, for WebFrameworkTests: fetch-frameworks.sh [FOLDER]
# prints where they are. What is there already stays.
set -euo pipefail

folder=${1:-${HEARTH_TEST_CLIENTS:-$HOME/.cache/hearth/clients}}
target=$folder/web-frameworks
if [[ -d $target ]]; then echo "$target"; exit; fi
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
(cd "$staging" && npm install --no-audit --no-fund --ignore-scripts express@4 serverless-http@3 @codegenie/serverless-express@4) >&2
mkdir -p "$folder" && mv "$staging" "$target"
chmod 755 "$target"
echo "$target"

#!/usr/bin/env bash
# AWS's own runtime client for Node.js from npm, as it is, for AwsClientTests: fetch-runtimes.sh [FOLDER]
# Its addon is compiled here (some minutes): node with its headers, npm, autoconf, automake, libtool, cmake, g++, make. What is there already stays.
set -euo pipefail

folder=${1:-${HEARTH_TEST_CLIENTS:-$HOME/.cache/hearth/clients}}
for version in 3.3.0 4.0.2; do
  target=$folder/aws-lambda-ric-${version%%.*}
  [[ -d $target ]] && continue
  staging=$(mktemp -d)
  trap 'rm -rf "$staging"' EXIT
  # The headers of the installed node, where its package brought them: node-gyp would fetch them from nodejs.org.
  [[ -d /usr/include/node ]] && export npm_config_nodedir=/usr
  (cd "$staging" && npm install --no-audit --no-fund --foreground-scripts "aws-lambda-ric@$version")
  # What it was built from is not needed to run it.
  client=$staging/node_modules/aws-lambda-ric
  rm -rf "$client"/{deps,src,scripts,node-addon-api} && find "$client" -name obj.target -prune -exec rm -rf {} +
  mkdir -p "$folder" && mv "$client" "$target"
  rm -rf "$staging"
done

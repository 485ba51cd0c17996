#!/usr/bin/env bash
# Makes vendor/ anew from the pinned npm packages (package-lock.json). Needs Node.js 20 or newer and npm.
set -euo pipefail
cd "$(dirname "$0")"
npm ci --ignore-scripts
rm -rf vendor
node build.mjs
du -sh vendor

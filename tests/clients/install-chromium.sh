#!/usr/bin/env bash
# Installs Chromium from the system's packages; used in CI only, where it is missing.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
$as_root apt-get install -y -qq --no-install-recommends chromium

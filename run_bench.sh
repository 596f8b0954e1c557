#!/bin/sh
# Set up, build, sweep real layers over implementations, directions and threads, make the report.
# Options go to `tilemark bench`; without any, the set "quick" runs, in about three minutes.
set -eu
cd "$(dirname "$0")"
. scripts/setup.sh
install_packages
build build
exec build/src/tilemark bench "$@"

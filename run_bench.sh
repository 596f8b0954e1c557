#!/bin/sh
# Set up, build, sweep real layers over implementations, directions and threads, make the report.
# Options go to `tilemark bench`; without any, the set "quick" runs, in about four minutes.
set -eu
cd "$(dirname "$0")"
. scripts/setup.sh
install_packages
build build
tilemark=build/src/tilemark
told=$(mktemp)
trap 'rm -f "$told"' EXIT INT TERM
"$tilemark" bench --run-file "$told" "$@"
run=$(cat "$told")
[ "$run" ] || exit 0 # --dry-run, --help

# What the analyses say goes into the report as chapters.
chapter() {
    "$tilemark" "$@" --out "$run/chapters/$1" >/dev/null || echo "no chapter on $1" >&2
}
chapter roofline --run "$run"
chapter blocking --time-budget 10
chapter count googlenet
chapter inception --measure --impl im2col,im2col_blocked,blocked # naive takes minutes
chapter receptive
chapter vanishing --init torch,glorot,gain4,he,normal --sigma-w 2,10.15 --depth 30 --width 128 \
    --seeds 10 --sweep
chapter momentum
chapter train alexnet-mnist --bench --synthetic 2 --batch 2 --threads max # naive takes 5 s an image
"$tilemark" report "$run"

#!/bin/sh
# Add up the cases in Meson's JUnit report: "N passed, N failed, N skipped". Fails if none ran.
set -eu
sed -n 's/.*<testsuite [^>]*name="[^"]*"//p' "$1" | awk '
    function attribute(name) {
        return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : 0
    }
    { all += attribute("tests"); bad += attribute("failures") + attribute("errors"); skip += attribute("skipped") }
    END { printf "%d passed, %d failed, %d skipped\n", all - bad - skip, bad, skip; exit all == 0 }'

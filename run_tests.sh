#!/bin/sh
# Set up, build, test. Closes with "N passed, N failed, N skipped" from the counts of every case.
#   --all        the slow suite as well
#   --sanitize   under AddressSanitizer and UBSan, in build-sanitize
# Anything else goes to `meson test`.
set -eu
cd "$(dirname "$0")"
. scripts/setup.sh
slow="--no-suite slow" sanitize=
while [ $# -gt 0 ]; do
    case $1 in
    --all) slow= ;;
    --sanitize) sanitize=1 ;;
    -h | --help)
        sed -n '2,5s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    *) break ;;
    esac
    shift
done
install_packages
if [ -n "$sanitize" ]; then
    dir=build-sanitize setup="--setup sanitize"
    build $dir -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized
else
    dir=build setup=
    build $dir ${CI:+-Dwerror=true}
fi
status=0
# shellcheck disable=SC2086
meson test -C $dir --no-rebuild --print-errorlogs $setup $slow "$@" || status=$?
sh scripts/count_tests.sh $dir/meson-logs/testlog*.junit.xml || status=1
exit $status

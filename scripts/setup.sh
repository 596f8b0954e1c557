# Shared by run_bench.sh and run_tests.sh (sourced, from the project's root): install what is
# missing, configure, build in ./build. Exits 3, with the remedy, where it cannot.

# package and why; the rivals (OpenBLAS, BLIS, oneDNN, ...) are the user's choice: see README.md
PACKAGES="
gcc:C compiler with OpenMP
libc6-dev:C library headers
meson:build system
ninja-build:runs the build
pkg-config:finds the libraries
libhwloc-dev:topology, caches, CPU binding
libpopt-dev:command line
libjansson-dev:JSON of the manifest
zlib1g-dev:gzipped images
libcsv-dev:CSV of samples and summaries
libcmocka-dev:tests
gnuplot-nox:pictures
"

die() {
    echo "tilemark: $*" >&2
    exit 3
}

missing_packages() {
    echo "$PACKAGES" | while IFS=: read -r package _; do
        [ -n "$package" ] || continue
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}

install_packages() {
    command -v dpkg-query >/dev/null 2>&1 || {
        echo "tilemark: not a Debian system; expecting these to be installed: $(echo "$PACKAGES" | cut -d: -f1 | xargs)" >&2
        return
    }
    missing=$(missing_packages | xargs)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then
        sudo=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo=sudo
    else
        die "missing packages. Run this, then start again:
  sudo apt-get install --no-install-recommends $missing"
    fi
    echo "installing: $missing" >&2
    {
        $sudo apt-get update -qq &&
            $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
    } >&2 || die "apt-get failed. Mend what it says above, or run: apt-get install $missing"
}

# build DIRECTORY [MESON OPTION...]: configure once, then compile.
build() {
    dir=$1
    shift
    if [ ! -f "$dir/build.ninja" ]; then
        quietly meson setup "$dir" "$@" || die "meson setup failed (above)"
    elif [ $# -gt 0 ]; then
        quietly meson configure "$dir" "$@" || die "meson configure failed (above)"
    fi
    quietly ninja -C "$dir" || die "the build failed (above)"
}

# Run a command; show what it printed only if it fails.
quietly() {
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

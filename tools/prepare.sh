# Sourced by ./run and ./test: installs what is missing, and builds a preset.
# Works as root and with sudo, and without a network when everything is there.

install_missing_packages() {
    local missing=() package
    while read -r package; do
        case "$package" in '' | '#'*) continue ;; esac
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done < tools/packages.txt
    [ ${#missing[@]} -eq 0 ] && return 0
    echo "installing: ${missing[*]}" >&2
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "These Debian packages are missing, and neither root nor sudo is at hand: ${missing[*]}" >&2
            return 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# build PRESET TARGET…
build() {
    local preset=$1
    shift
    local launcher=()
    # A second clone, as CI makes, shares the first one's cache.
    export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    cmake --preset "$preset" "${launcher[@]}" >"build/$preset.configure.log" 2>&1 || {
        cat "build/$preset.configure.log" >&2
        return 1
    }
    cmake --build --preset "$preset" --target "$@" >&2
}

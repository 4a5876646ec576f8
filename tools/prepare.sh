# Sourced by ./run and ./test: installs what is missing, and builds a preset.
# Works as root and with sudo, and without a network when everything is there.

install_missing_packages() {
    local missing=() package program
    while read -r package program; do
        case "$package" in '' | '#'*) continue ;; esac
        [ -n "$program" ] && command -v "$program" >/dev/null && continue
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

# install_node_modules FOLDER: what its package-lock.json says. Needs a network only when that has
# changed.
install_node_modules() {
    local folder=$1
    local installed=$folder/node_modules/.installed-lock.json
    cmp -s "$folder/package-lock.json" "$installed" && return 0
    echo "installing: npm packages of $folder/" >&2
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || {
        echo "The npm packages of $folder/ are missing, and npm could not bring them: see above." >&2
        return 1
    }
    cp "$folder/package-lock.json" "$installed"
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

#!/usr/bin/env python3
"""Writes files as a C++ source that defines verbatim::api::assets() (api/assets.hpp).

Usage: embed_assets.py OUT.cpp /path/on/the/server=FILE…

The same files give the same source, wherever and whenever it is made."""
import gzip
import hashlib
import os
import sys

CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
# '?' too, for trigraphs' sake.
PLAIN = {byte: chr(byte) for byte in range(0x20, 0x7F) if chr(byte) not in '"\\?'}
CHARACTERS = [PLAIN.get(byte, f"\\{byte:03o}") for byte in range(256)]
LITERAL_BYTES = 4096


def literal(data):
    pieces = [data[begin:begin + LITERAL_BYTES] for begin in range(0, len(data), LITERAL_BYTES)]
    texts = ['"' + "".join(CHARACTERS[byte] for byte in piece) + '"' for piece in pieces]
    return "std::string_view(\n" + "\n".join(texts or ['""']) + f",\n{len(data)})"


def entry(path, name):
    with open(name, "rb") as file:
        data = file.read()
    packed = gzip.compress(data, compresslevel=9, mtime=0)
    if len(packed) > len(data) * 9 // 10:
        packed = b""
    tag = hashlib.sha256(data).hexdigest()[:32]
    content_type = CONTENT_TYPES[os.path.splitext(name)[1]]
    return (f'{{.path = "{path}",\n.content_type = "{content_type}",\n.tag = "{tag}",\n'
            f".plain = {literal(data)},\n.gzip = {literal(packed)}}}")


def main():
    target, *assets = sys.argv[1:]
    entries = [entry(*asset.split("=", 1)) for asset in assets]
    with open(target, "w", encoding="ascii") as file:
        file.write('// Made by tools/embed_assets.py.\n#include "api/assets.hpp"\n\n#include <array>\n\n'
                   "namespace verbatim::api {\n\nstd::span<const Asset> assets() {\n"
                   "static constexpr auto all = std::to_array<Asset>({\n")
        file.write(",\n".join(entries))
        file.write("\n});\nreturn all;\n}\n\n}  // namespace verbatim::api\n")


if __name__ == "__main__":
    main()

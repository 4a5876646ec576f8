#!/usr/bin/env python3
"""Checks the rules that protect the architecture (docs/ARCHITECTURE.md) and that no compiler knows.

Usage: tidy.py [ROOT]. Prints `file:line: rule` for each breach; exits with 1 if there was any."""
import math
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
SKIPPED_FOLDERS = {".git", "build", "data", "node_modules", "__pycache__"}
SOURCES = (".cpp", ".hpp")
TEXTS = SOURCES + (".py", ".md", ".sh", ".txt", ".cmake", ".yaml", ".json")

# What each folder may include beside itself.
BASE = ["domain", "eventstore", "projections", "protocol"]
MAY_INCLUDE = {folder: set(BASE[:rank]) for rank, folder in enumerate(BASE)}
MAY_INCLUDE["broker"] = MAY_INCLUDE["api"] = set(BASE)
MAY_INCLUDE["tools"] = set(BASE) | {"broker"}
MAY_INCLUDE["app"] = set(BASE) | {"broker", "api", "tools"}

# Third-party headers: in .cpp files below these folders only, in headers only where listed.
THIRD_PARTY = [
    (r"rocksdb/", ("eventstore/", "projections/"), ()),
    (r"pistache/", ("api/",), ()),
    (r"(amqp|rabbitmq)", ("broker/amqp/",), ()),
    (r"boost/", ("broker/",), ("broker/feed/",)),
    (r"sqlite3", ("projections/",), ()),
    (r"magic\.h", ("protocol/",), ()),
]

# Clock, randomness, I/O, threads and JSON: the domain has none of them.
IMPURE = re.compile(
    r"(chrono|ctime|time\.h|random|iostream|fstream|sstream|iomanip|cstdio|stdio\.h|filesystem"
    r"|thread|mutex|atomic|future|condition_variable|nlohmann/.*|spdlog/.*|sys/.*|unistd\.h)$"
)
MAY_BE_IMPURE = {"domain/invariant.cpp"}  # says why it aborts

INCLUDE = re.compile(r'\s*#\s*include\s+["<]([^">]+)[">]')
# Of one parameter, as visitors are; a comparator has two.
GENERIC_LAMBDA = re.compile(r"\]\s*\(\s*(const\s+)?auto\b[^,()]*\)|\]\s*<\s*(class|typename)\b")
JUDGES_AND_CODECS = re.compile(r"domain/.*|eventstore/(.*codec|facts)\.[ch]pp")
CLOSED_SWITCHES = {"domain", "eventstore", "protocol"}
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME)\b")
WIRE = re.compile(r'wire_of<(\w+)>\s*\{\s*"([a-z_.]+)",\s*(\d+)\}')
CATALOGUE_ROW = re.compile(r"\| `([a-z_]+\.[a-z_]+)` \| (\d+) \|")
LIMIT = re.compile(r"inline constexpr [\w:]+ (\w+) =\s*([0-9' *]+);")
LIMIT_ROW = re.compile(r"\| `(\w+)` \| ([0-9,]+) \|")

breaches = []


def breach(path, line, rule):
    breaches.append(f"{path}:{line}: {rule}")


def all_files():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(TEXTS):
                yield os.path.relpath(os.path.join(folder, name), ROOT)


def lines_of(path):
    try:
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        breach(path, 1, "texts are UTF-8")
        return []


def check_include(path, number, target):
    folder = path.split("/")[0]
    target_folder = target.split("/")[0]
    if folder in MAY_INCLUDE:
        is_ours = "/" in target and target_folder in {*MAY_INCLUDE, "tests", "bench"}
        if is_ours and target_folder not in MAY_INCLUDE[folder] | {folder}:
            breach(path, number, f"{folder}/ may not include {target_folder}/")
        for pattern, in_sources, in_headers in THIRD_PARTY:
            allowed = in_sources if path.endswith(".cpp") else in_headers
            if re.match(pattern, target) and not path.startswith(allowed):
                breach(path, number, f"<{target}> only in .cpp files of {' and '.join(in_sources)}")
    if folder == "domain" and path not in MAY_BE_IMPURE and IMPURE.match(target):
        breach(path, number, f"the domain is pure: no <{target}>")


def check_source(path, lines):
    folder = path.split("/")[0]
    on_enum = True
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if include:
            check_include(path, number, include.group(1))
            continue
        code = line.split("//")[0]
        if JUDGES_AND_CODECS.fullmatch(path) and GENERIC_LAMBDA.search(code):
            breach(path, number, "no generic lambda: a new event must break the build here")
        case = re.search(r"\bcase\s+(.)", code)
        if case:  # a switch on numbers or characters may have a default
            on_enum = not case.group(1).isdigit() and case.group(1) != "'"
        if folder in CLOSED_SWITCHES and on_enum and re.search(r"\bdefault\s*:", code):
            breach(path, number, "no default: in a switch on our enums")
        if folder == "domain" and path not in MAY_BE_IMPURE and "::now()" in code:
            breach(path, number, "the domain is pure: time comes in through the context")
        if folder == "tests" and re.search(r"\b(sleep_for|sleep_until|usleep|sleep)\s*\(", code):
            breach(path, number, "no sleeping in tests")
        if folder != "tests" and re.search(r"\bcatch\s*\(\s*\.\.\.\s*\)", code):
            before = lines[number - 2] if number > 1 else ""
            is_entry = "// thread entry" in line or "// thread entry" in before
            if path != "app/main.cpp" and not is_entry:
                breach(path, number, "catch (...) only in main and at a `// thread entry`")


def git(*arguments):
    done = subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""  # no history yet, or no repository


def event_types():
    types = {}
    path = "eventstore/event_types.hpp"
    for found in WIRE.finditer("\n".join(lines_of(path))):
        if found.group(2) in types:
            breach(path, 1, f"{found.group(2)} names two events")
        types[found.group(2)] = int(found.group(3))
    if not types:
        breach(path, 1, "the wire names of events are read from here")
    return types


def check_goldens(types):
    for type_, newest in types.items():
        for schema in range(1, newest + 1):
            path = f"tests/golden/{type_}.v{schema}.json"
            if not os.path.exists(os.path.join(ROOT, path)):
                breach(path, 1, "each schema ever written has its golden file")
    which = ("--no-renames", "--diff-filter=MDT", "--name-only")
    changed = git("log", *which, "--format=", "--", "tests/golden")
    changed += git("diff", *which, "HEAD", "--", "tests/golden")
    for path in sorted(set(changed.split())):
        breach(path, 1, "a committed golden file never changes")


def check_catalogue(types):
    path = "docs/event_catalogue.md"
    listed = {}
    for number, line in enumerate(lines_of(path), 1):
        row = CATALOGUE_ROW.match(line)
        if not row:
            continue
        listed[row.group(1)] = number
        if types.get(row.group(1)) != int(row.group(2)):
            breach(path, number, f"eventstore/event_types.hpp has no {row.group(1)} of schema {row.group(2)}")
    for type_ in types.keys() - listed.keys():
        breach(path, 1, f"{type_} is missing")


def check_limits():
    readme = lines_of("README.md")
    if "<!-- limits -->" not in readme:
        return
    source = "\n".join(lines_of("domain/limits.hpp"))
    limits = {}
    for found in LIMIT.finditer(source):
        factors = found.group(2).replace("'", "").split("*")
        limits[found.group(1)] = math.prod(int(factor) for factor in factors)
    listed = set()
    for number, line in enumerate(readme, 1):
        row = LIMIT_ROW.match(line)
        if not row or number <= readme.index("<!-- limits -->"):
            continue
        listed.add(row.group(1))
        if limits.get(row.group(1)) != int(row.group(2).replace(",", "")):
            breach("README.md", number, f"domain/limits.hpp says {row.group(1)} = {limits.get(row.group(1))}")
    for name in sorted(limits.keys() - listed):
        breach("README.md", 1, f"the table of limits lacks {name}")


def main():
    for path in all_files():
        lines = lines_of(path)
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                breach(path, number, "nothing unfinished in the tree: write an issue")
        if path.endswith(SOURCES):
            check_source(path, lines)
    types = event_types()
    check_goldens(types)
    check_catalogue(types)
    check_limits()
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())

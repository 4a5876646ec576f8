"""What a process uses, by /proc."""
import os
import re


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_kib(pid):
    return rollup(pid, "Pss")


def anonymous_kib(pid):
    """What is its own: unlike PSS, it does not shrink where more processes share a program."""
    return rollup(pid, "Pss_Anon")


def rollup(pid, what):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return int(re.search(rf"^{what}:\s+(\d+)", file.read(), re.M).group(1))

"""The row growth of bench/run.py: what a message costs with more feeds, followers and rooms, at three sizes each."""
import shutil
import threading
import time

from processes import anonymous_kib
from replication import Cluster

SECONDS = 8
FEEDS, FEED_RATE = (100, 400, 1600), 25
FOLLOWERS, FOLLOWER_RATE = (0, 1, 2, 3), 2000
ROOMS, ROOM_RATE = (1, 100, 3000), 2000


def watched(processes, load):
    """Runs `load`, whose last SECONDS are paced; of each process the cores that it used in these, and its memory in
    MiB at their end; and the load's row."""
    rows, samples = [], []
    thread = threading.Thread(target=lambda: rows.append(load()))
    thread.start()
    while thread.is_alive():
        samples.append((time.monotonic(), {name: one.cpu_seconds() for name, one in processes.items()},
                        {name: anonymous_kib(one.process.pid) / 1024 for name, one in processes.items()}))
        thread.join(0.25)
    if not rows or rows[0]["errors"]:
        raise SystemExit(f"growth: void, {rows}")
    end, used, memory = samples[-1]
    begun, before, _ = next(sample for sample in samples if sample[0] >= end - SECONDS + 1)
    return {name: (used[name] - before[name]) / (end - begun) for name in processes}, memory, rows[0]


def show(what, rate, cores, memory, note):
    for name in cores:
        print(f"| {what} | {name} | {1e6 * cores[name] / rate:,.0f} µs | {memory[name]:,.0f} MiB | {note} |", flush=True)


def of_one_node(bench, server, load):
    data = bench.fresh()
    node = server(bench.options.binary, data)
    found = watched({"node": node}, lambda: node.load(*load, "--seconds", str(SECONDS - 1), "--warm-up", "1"))
    node.end()
    shutil.rmtree(data)
    return found


def feeds(bench, server):
    for count in FEEDS:
        cores, memory, row = of_one_node(
            bench, server, ["fanout", "--feeds", str(count), "--rate", str(FEED_RATE)])
        each = 1e6 * cores["node"] / FEED_RATE / count
        show(f"{count:,} feeds of one room, {FEED_RATE} messages/s", FEED_RATE, cores, memory,
             f"{each:.1f} µs each delivery; p99 {row['p99_us'] / 1000:.1f} ms")


def rooms(bench, server):
    for count in ROOMS:
        cores, memory, row = of_one_node(
            bench, server, ["sends", "--connections", "32", "--rooms", str(count), "--rate", str(ROOM_RATE)])
        show(f"{count:,} rooms, {ROOM_RATE} messages/s", ROOM_RATE, cores, memory, f"p99 {row['p99_us'] / 1000:.1f} ms")


def followers(bench, server):
    for count in FOLLOWERS:
        cluster = Cluster(bench, server, count)
        processes = {"leader": cluster.leader, "RabbitMQ": cluster.rabbit}
        processes |= {f"follower {i + 1}": one for i, one in enumerate(cluster.followers)}
        cores, memory, row = watched(processes, lambda: cluster.leader.load(
            "sends", "--connections", "32", "--rate", str(FOLLOWER_RATE), "--seconds", str(SECONDS - 1), "--warm-up", "1"))
        show(f"{count} followers, {FOLLOWER_RATE} messages/s", FOLLOWER_RATE, cores, memory,
             f"p99 {row['p99_us'] / 1000:.1f} ms")
        cluster.end()


def growth(bench, server):
    print("| | process | CPU for each message | memory of its own | |\n|---|---|---|---|---|", flush=True)
    for part in (feeds, followers, rooms):
        part(bench, server)

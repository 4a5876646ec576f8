"""The rows of bench/run.py that need followers: what RabbitMQ and they cost the leader, how soon a follower knows, how
fast it catches up."""
import json
import os
import shutil
import time
import urllib.request

from rabbit import Rabbit

PATIENCE_SECONDS = 600


def readiness(server):
    return json.load(urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/readyz"))


class Cluster:
    """A leader with its broker and `followers` that follow it, on fresh data directories. `broker_url` is what the
    followers are told of where the broker is."""

    def __init__(self, bench, server, followers, niceness=0, broker_url=lambda rabbit: rabbit.url):
        self.bench, self.server = bench, server
        self.folders = [bench.fresh()]
        self.secret = os.path.join(self.folders[0], "node.secret")
        with open(self.secret, "w") as file:
            file.write("benchmarks-of-verbatim\n")
        os.chmod(self.secret, 0o600)
        self.rabbit = Rabbit(bench.options.scratch, niceness)
        self.followers_broker = broker_url(self.rabbit)
        self.leader = server(bench.options.binary, os.path.join(self.folders[0], "data"), *self.common(self.rabbit.url))
        self.followers = [self.follow() for _ in range(followers)]

    def common(self, broker):
        return ["--broker", broker, "--node-secret-file", self.secret]

    def follow(self):
        self.folders.append(self.bench.fresh())
        leader = f"http://127.0.0.1:{self.leader.http_port}"
        return self.server(self.bench.options.binary, self.folders[-1], "--leader", leader,
                           *self.common(self.followers_broker), command="follow")

    def wait_until_even(self):
        head = readiness(self.leader)["log_position"]
        until = time.monotonic() + PATIENCE_SECONDS
        while any(readiness(follower)["position"] < head for follower in self.followers):
            if time.monotonic() > until:
                raise SystemExit("the followers did not catch up")
            time.sleep(0.01)
        return head

    def end(self):
        for server in [*self.followers, self.leader]:
            server.end()
        self.rabbit.end()
        for folder in self.folders:
            shutil.rmtree(folder)


def sends(bench, server, spread):
    """Sends by 64 connections: alone, with a broker, and with a broker and one follower, all on one machine."""
    for name, followers in (("alone", None), ("with a broker", 0), ("with a broker and one follower", 1)):
        rates, cores, broker_cores = [], [], []
        for _ in range(bench.options.runs):
            arguments = ["sends", "--connections", "64", "--seconds", str(bench.options.seconds)]
            if followers is None:
                data = bench.fresh()
                leader = server(bench.options.binary, data)
                row = leader.load(*arguments)
                leader.end()
                shutil.rmtree(data)
            else:
                cluster = Cluster(bench, server, followers)
                begun, before = time.monotonic(), cluster.rabbit.cpu_seconds()
                row = cluster.leader.load(*arguments)
                broker_cores.append((cluster.rabbit.cpu_seconds() - before) / (time.monotonic() - begun))
                cluster.wait_until_even()
                cluster.end()
            rates.append(row["per_second"])
            cores.append(row["server_cores"])
        broker = f"RabbitMQ {spread(broker_cores, 2)}" if broker_cores else "–"
        print(f"| sends, 64 connections, {name} | {spread(rates)}/s | – | {spread(cores, 2)} | {broker} |", flush=True)


def latency(bench, server, spread):
    """1,000 sends a second on the leader, 1 feed at a follower: from the send to its frame."""
    p50, p99 = [], []
    for _ in range(bench.options.runs):
        cluster = Cluster(bench, server, 1)
        row = cluster.leader.load("fanout", "--feeds", "1", "--rate", "1000", "--seconds", str(bench.options.seconds),
                                  feed_port=cluster.followers[0].feed_port)
        cluster.end()
        if row["errors"]:
            raise SystemExit(f"replication_latency: void, {row['errors']} errors")
        p50.append(row["p50_us"] / 1000)
        p99.append(row["p99_us"] / 1000)
    print(f"| send on the leader → frame at a follower, 1,000/s | – | p50 {spread(p50, 2)} ms, p99 {spread(p99, 2)} ms | – | – |",
          flush=True)


def catch_up(bench, server, spread):
    """A new follower of a log of some 200,000 events, from its start to the leader's head."""
    rates = []
    for _ in range(bench.options.runs):
        cluster = Cluster(bench, server, 0)
        while readiness(cluster.leader)["log_position"] < 200_000:
            cluster.leader.load("sends", "--connections", "64", "--rooms", "16", "--seconds", "5", "--warm-up", "0")
        begun = time.monotonic()
        cluster.followers.append(cluster.follow())
        head = cluster.wait_until_even()
        rates.append(head / (time.monotonic() - begun))
        cluster.end()
    print(f"| a new follower catches up | {spread(rates)} events/s | – | – | – |", flush=True)


def broker_cpu(bench, server, spread):
    """RabbitMQ's share with two followers, for each 10,000 events/s."""
    shares, rates = [], []
    for _ in range(bench.options.runs):
        cluster = Cluster(bench, server, 2)
        begun, before = time.monotonic(), cluster.rabbit.cpu_seconds()
        first = readiness(cluster.leader)["log_position"]
        cluster.leader.load("sends", "--connections", "32", "--seconds", str(bench.options.seconds))
        elapsed = time.monotonic() - begun
        rate = (readiness(cluster.leader)["log_position"] - first) / elapsed
        rates.append(rate)
        shares.append((cluster.rabbit.cpu_seconds() - before) / elapsed * 10_000 / rate)
        cluster.end()
    print(f"| RabbitMQ for each 10,000 events/s to two followers | at {spread(rates)} events/s | – | – | RabbitMQ {spread(shares, 2)} |",
          flush=True)

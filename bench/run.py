#!/usr/bin/env python3
"""Starts a release server on a fresh data directory, loads it, prints docs/performance.md's table.

    bench/run.py [--runs 3] [--seconds 30] [--binary build/release/verbatim] [ROW...]

Rows: sends32 sends64 solo fanout fanout_paced pages memory restart slow_reader cold_room typing
download replay replication (or of it replication_sends, _latency, _catch_up, _broker_cpu)
broker_faults growth. A 4408 or an error voids a run.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import broker_faults
import growth
import replication
from processes import cpu_seconds, pss_kib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Server:
    """One `verbatim serve`, or another command, on free ports; killed with -9 or stopped with TERM."""

    def __init__(self, binary, data, *more, command="serve"):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [binary, command, "--data", data, "--http-port", "0", "--feed-port", "0", "--rate-limits", "off", *more],
            stderr=subprocess.PIPE, text=True)
        self.log = []
        for line in self.process.stderr:
            self.log.append(line)
            ports = re.search(r"ready: http://[^:]+:(\d+) and ws://[^:]+:(\d+)/", line)
            if ports:
                self.ready_seconds = time.monotonic() - self.started
                self.http_port, self.feed_port = ports.groups()
                return
        sys.exit("the server did not start:\n" + "".join(self.log))

    def load(self, *arguments, feed_port=None):
        line = subprocess.run(
            [os.path.join(ROOT, "build/release/bench/verbatim_load"), *arguments,
             "--http-port", self.http_port, "--feed-port", feed_port or self.feed_port,
             "--server-pid", str(self.process.pid)],
            stdout=subprocess.PIPE, check=True, text=True).stdout
        return json.loads(line.splitlines()[-1])

    def stage_means(self):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics").read().decode()
        sums = dict(re.findall(r'verbatim_command_stage_seconds_sum\{stage="(\w+)"\} (\S+)', text))
        counts = dict(re.findall(r'verbatim_command_stage_seconds_count\{stage="(\w+)"\} (\S+)', text))
        return {s: 1e6 * float(sums[s]) / max(1.0, float(counts[s])) for s in sums}

    def pss_kib(self):
        return pss_kib(self.process.pid)

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait()
        self.process.stderr.close()


def drain_feed(port):
    """A WebSocket client that reads to the end and looks at nothing."""
    with socket.create_connection(("127.0.0.1", port)) as feed:
        feed.sendall(b"GET /api/v1/feed HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        buffer = bytearray(1 << 20)
        while feed.recv_into(buffer):
            pass


def spread(values, digits=0):
    shown = [f"{v:,.{digits}f}" for v in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} ({shown[1]}–{shown[2]})"


class Bench:
    def __init__(self, options):
        self.options = options

    def fresh(self):
        return tempfile.mkdtemp(prefix="verbatim-bench-", dir=self.options.scratch)

    def repeat(self, name, *arguments):
        """Each run on a fresh server and data directory."""
        rows, stages = [], []
        for _ in range(self.options.runs):
            data = self.fresh()
            server = Server(self.options.binary, data)
            row = server.load(*arguments, "--seconds", str(self.options.seconds))
            stages.append(server.stage_means())
            server.end()
            shutil.rmtree(data)
            if row["errors"]:
                sys.exit(f"{name}: void, {row['errors']} errors")
            rows.append(row)
        column = lambda key: [row[key] for row in rows]
        latency = f"p50 {spread([v / 1000 for v in column('p50_us')], 2)} ms, p99 {spread([v / 1000 for v in column('p99_us')], 2)} ms" if max(column("p50_us")) else "–"
        print(f"| {name} | {spread(column('per_second'))}/s | {latency} | {spread(column('server_cores'), 2)} | {spread(column('generator_cores'), 2)} |", flush=True)
        if name.startswith("sends"):
            print("    stages, µs a batch: " + ", ".join(
                f"{stage} {statistics.median([s[stage] for s in stages]):.0f}" for stage in stages[0]), flush=True)

    def sends32(self):
        self.repeat("sends, 32 connections", "sends", "--connections", "32")

    def sends64(self):
        self.repeat("sends, 64 connections", "sends", "--connections", "64")

    def solo(self):
        self.repeat("sends, 1 connection", "sends", "--connections", "1")

    def fanout(self):
        self.repeat("fan-out, 1,000 feeds, saturation", "fanout", "--feeds", "1000")

    def fanout_paced(self):
        self.repeat("fan-out, 1,000 feeds, 78 sends/s", "fanout", "--feeds", "1000", "--rate", "78")

    def slow_reader(self):
        """100 feeds are timed in a room of 1,000,000 events, alone and beside one that resumes it all at 1 KiB/s."""
        common = ["fanout", "--feeds", "100", "--rate", "100", "--messages", "1000000"]
        self.repeat("100 feeds, 100 sends/s", *common)
        self.repeat("the same beside a slow resume", *common, "--slow-readers", "1")

    def typing(self):
        """1,000 users say 5 times a second that they type, in one room and in 100, while one sender is timed."""
        data = self.fresh()
        server = Server(self.options.binary, data, "--password-threads", "2")
        rows = server.load("typing", "--feeds", "1000", "--rooms", "100", "--rate", "100", "--runs",
                           str(self.options.runs), "--seconds", str(self.options.seconds))
        server.end()
        shutil.rmtree(data)
        for rooms in sorted({row["rooms"] for row in rows}):
            for phase in ("idle", "storm"):
                of = [row[phase] for row in rows if row["rooms"] == rooms]
                if errors := sum(row["errors"] + row["late_sends"] for row in of):
                    sys.exit(f"typing: void, {errors} errors")
                column = lambda key: [row[key] for row in of]
                ms = lambda key: spread([v / 1000 for v in column(key)], 2)
                print(f"| 100 sends/s, 1,000 feeds in {rooms} room(s), {phase}: {spread(column('typed_per_second'))} said, "
                      f"{spread(column('told_per_second'))} frames told a second | – | p50 {ms('p50_us')}, p99 {ms('p99_us')} ms | "
                      f"{spread(column('server_cores'), 2)} | {spread(column('generator_cores'), 2)} |", flush=True)

    def cold_room(self):
        for _ in range(self.options.runs):
            data = self.fresh()
            print(subprocess.run([os.path.join(ROOT, "build/release/bench/cold_room_bench"), data],
                                 stdout=subprocess.PIPE, check=True, text=True).stdout.strip(), flush=True)
            shutil.rmtree(data)

    def pages(self):
        self.repeat("newest 50 of 100,000, 16 connections", "pages", "--connections", "16", "--messages", "100000")

    def download(self):
        """A file of 256 MiB over one connection, read by a client that throws it away."""
        data = self.fresh()
        server = Server(self.options.binary, data)
        api = f"http://127.0.0.1:{server.http_port}/api/v1"

        def ask(method, url, body=None, **headers):
            request = urllib.request.Request(url, body, headers, method=method)
            return urllib.request.urlopen(request)

        user = json.dumps({"username": "reader", "password": "correct horse battery"}).encode()
        ask("POST", api + "/users", user, **{"Content-Type": "application/json"}).read()
        session = json.load(ask("POST", api + "/sessions", user, **{"Content-Type": "application/json"}))
        tus = {"Authorization": "Bearer " + session["access_token"], "Tus-Resumable": "1.0.0"}
        size, chunk = 256 << 20, os.urandom(8 << 20)
        location = ask("POST", api + "/uploads", b"", **tus, **{"Upload-Length": str(size)}).headers["Location"]
        upload = urllib.parse.urljoin(api + "/uploads", location)
        for offset in range(0, size, len(chunk)):
            done = ask("PATCH", upload, chunk, **tus, **{
                "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"})
        file = done.headers["Upload-File-Id"]
        rates, buffer = [], bytearray(1 << 20)
        for _ in range(self.options.runs):
            begun = time.monotonic()
            answer = ask("GET", f"{api}/files/{file}", None, Authorization=tus["Authorization"])
            got = 0
            while count := answer.readinto(buffer):
                got += count
            if got != size:
                sys.exit(f"download: {got} bytes of {size}")
            rates.append(got / 1e6 / (time.monotonic() - begun))
        print(f"| download of 256 MiB, 1 connection | {spread(rates)} MB/s | – | – | – |", flush=True)
        server.end()
        shutil.rmtree(data)

    def memory(self):
        data = self.fresh()
        server = Server(self.options.binary, data)
        server.load("hold", "--feeds", "10", "--seconds", "1")
        before = server.pss_kib()
        holder = subprocess.Popen(
            [os.path.join(ROOT, "build/release/bench/verbatim_load"), "hold", "--feeds", "5000", "--seconds", "20",
             "--http-port", server.http_port, "--feed-port", server.feed_port], stdout=subprocess.PIPE, text=True)
        holder.stdout.readline()
        print(f"| memory for each of 5,000 idle feeds | {(server.pss_kib() - before) / 5000:.1f} KiB | – | – | – |", flush=True)
        holder.terminate()
        holder.wait()
        server.end()
        shutil.rmtree(data)

    def filled(self):
        """A data directory of 1,000,000 messages whose server was killed under load."""
        data = self.fresh()
        server = Server(self.options.binary, data)
        sent = 0
        while sent < 1_000_000:
            row = server.load("sends", "--connections", "64", "--rooms", "16", "--seconds", "10", "--warm-up", "0")
            sent += row["per_second"] * 10
        loader = subprocess.Popen(
            [os.path.join(ROOT, "build/release/bench/verbatim_load"), "sends", "--connections", "64", "--rooms", "16",
             "--seconds", "60", "--http-port", server.http_port], stderr=subprocess.DEVNULL)
        time.sleep(5)
        server.end(signal.SIGKILL)
        loader.wait()
        return data

    def audit_verify(self, data):
        rates = []
        for _ in range(self.options.runs):
            done = subprocess.run([self.options.binary, "audit", "verify", "--data", data, "--json"],
                                  stdout=subprocess.PIPE, check=True, text=True)
            rates.append(json.loads(done.stdout)["events_per_second"])
        print(f"| audit verify, the whole log | {spread(rates)} events/s | – | – | – |", flush=True)

    def replay(self, clients=1):
        """The whole log out of a feed, to clients that throw it away."""
        data = self.fresh()
        server = Server(self.options.binary, data)
        server.load("sends", "--connections", "64", "--rooms", "16", "--seconds", str(self.options.seconds))
        server.end()
        rates = []
        for _ in range(self.options.runs):
            replay = subprocess.Popen(
                [self.options.binary, "replay", "--data", data, "--feed-port", "0", "--speed", "max", "--json",
                 "--clients", str(clients)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            port = re.search(r"ws://127.0.0.1:(\d+)/", replay.stderr.readline()).group(1)
            readers = [threading.Thread(target=drain_feed, args=(int(port),)) for _ in range(clients)]
            for reader in readers:
                reader.start()
            rates.append(json.loads(replay.communicate()[0])["events_per_second"])
            for reader in readers:
                reader.join()
        print(f"| replay at full speed, {clients} client | {spread(rates)} events/s | – | – | – |", flush=True)
        shutil.rmtree(data)

    def restart(self):
        data = self.filled()
        seconds = []
        for _ in range(self.options.runs):
            server = Server(self.options.binary, data)
            seconds.append(server.ready_seconds)
            server.end(signal.SIGKILL)
        print(f"| start after kill -9, 1,000,000 events | {spread(seconds, 2)} s | – | – | – |", flush=True)
        rates = []
        for _ in range(self.options.runs):
            shutil.rmtree(os.path.join(data, "views"))
            server = Server(self.options.binary, data)
            text = urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/readyz").read()
            rates.append(json.loads(text)["position"] / server.ready_seconds)
            server.end()
        print(f"| rebuild of all views, start to ready | {spread(rates)} events/s | – | – | – |", flush=True)
        self.audit_verify(data)
        shutil.rmtree(data)


    def replication(self):
        """What RabbitMQ and followers cost, and what they give; each part is a row of its own, too."""
        for part in (replication.sends, replication.latency, replication.catch_up, replication.broker_cpu):
            part(self, Server, spread)

    def replication_sends(self):
        replication.sends(self, Server, spread)

    def replication_latency(self):
        replication.latency(self, Server, spread)

    def replication_catch_up(self):
        replication.catch_up(self, Server, spread)

    def replication_broker_cpu(self):
        replication.broker_cpu(self, Server, spread)

    def broker_faults(self):
        broker_faults.broker_faults(self, Server, spread)

    def growth(self):
        growth.growth(self, Server)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--binary", default=os.path.join(ROOT, "build/release/verbatim"))
    parser.add_argument("--scratch", default=os.path.join(ROOT, "build"))
    parser.add_argument("rows", nargs="*", default=[
        "sends32", "sends64", "solo", "fanout", "fanout_paced", "pages", "memory", "restart", "slow_reader", "cold_room",
        "typing", "download"])
    options = parser.parse_args()
    print("| what | rate: median (min–max) | latency | server cores | generator cores |\n|---|---|---|---|---|")
    for row in options.rows:
        getattr(Bench(options), row)()


if __name__ == "__main__":
    main()

"""The row broker_faults of bench/run.py: what becomes of commands while something happens to the broker."""
import socket
import statistics
import threading
import time

from replication import Cluster

RATE = 100  # commands a second, at the leader, and as many through a follower
IDLE_SECONDS = 10
SETTLE_SECONDS = 3
AFTER_SECONDS = 5  # measured on, once the fault is over


class Cable:
    """A port in front of another one; what runs through it can be cut."""

    def __init__(self, target):
        self.target, self.is_cut, self.ends = target, False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            if self.is_cut:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            self.ends += [client, server]
            for one, other in ((client, server), (server, client)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    @staticmethod
    def pump(one, other):
        try:
            while piece := one.recv(1 << 16):
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def cut(self):
        self.is_cut = True
        for end in self.ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.ends.clear()

    def mend(self):
        self.is_cut = False


def lasting(begin, seconds, end):
    begin()
    time.sleep(seconds)
    end()


def faults(rabbit, cable):
    """Each with the seconds that it may take at most."""
    def restart(wiped):
        rabbit.kill()
        if wiped:
            rabbit.wipe()
        rabbit.start()

    return {
        "nothing": (lambda: time.sleep(10), 10),
        "killed, and started again": (lambda: restart(False), 15),
        "killed and wiped, and started again": (lambda: restart(True), 15),
        "all queues deleted": (rabbit.delete_queues, 5),
        "memory alarm, 10 s": (lambda: lasting(rabbit.begin_memory_alarm, 10, rabbit.end_memory_alarm), 20),
        "stopped for 20 s": (lambda: lasting(rabbit.pause, 20, rabbit.resume), 20),
        "followers cut off from it for 10 s": (lambda: lasting(cable.cut, 10, cable.mend), 10),
    }


def measured(cluster, seconds):
    """p99 in ms at the leader, and through a follower, at once."""
    rows = {}

    def load(name, server):
        rows[name] = server.load("sends", "--connections", "16", "--rate", str(RATE), "--seconds", str(seconds),
                                 "--warm-up", "0")

    loads = [threading.Thread(target=load, args=at) for at in (("leader", cluster.leader),
                                                               ("follower", cluster.followers[0]))]
    for one in loads:
        one.start()
    for one in loads:
        one.join()
    if errors := sum(row["errors"] for row in rows.values()):
        raise SystemExit(f"broker_faults: void, {errors} commands were refused")
    return [rows[name]["p99_us"] / 1000 for name in ("leader", "follower")]


def while_it_happens(cluster, happens, seconds):
    """(idle, meanwhile) at the leader, and through a follower."""
    idle = measured(cluster, IDLE_SECONDS)
    fault = threading.Thread(target=lambda: (time.sleep(1), happens()))
    fault.start()
    during = measured(cluster, 1 + seconds + AFTER_SECONDS)
    fault.join()
    cluster.wait_until_even()
    time.sleep(SETTLE_SECONDS)
    return list(zip(idle, during))


def shown(pairs, spread):
    idle, during = ([pair[i] for pair in pairs] for i in (0, 1))
    ratios = spread([then / before for before, then in pairs], 1)
    return f"{statistics.median(idle):.1f} → {statistics.median(during):.1f} ms | {ratios} ×"


def broker_faults(bench, server, spread):
    """p99 of 100 commands a second at the leader, and of 100 through a follower, while something happens to the
    broker; beside each what it was just before, with an idle broker. RabbitMQ is started with a niceness of 10: its
    start takes all of a small machine."""
    cables = []

    def through_cable(rabbit):
        cables.append(Cable(rabbit.port))
        return rabbit.url.replace(str(rabbit.port), str(cables[0].port))

    print("| the broker | p99 at the leader, idle before → meanwhile | | p99 through a follower | |\n|---|---|---|---|---|")
    cluster = Cluster(bench, server, 2, niceness=10, broker_url=through_cable)
    for name, (happens, seconds) in faults(cluster.rabbit, cables[0]).items():
        pairs = [while_it_happens(cluster, happens, seconds) for _ in range(bench.options.runs)]
        at_leader, through_follower = ([pair[i] for pair in pairs] for i in (0, 1))
        print(f"| {name} | {shown(at_leader, spread)} | {shown(through_follower, spread)} |", flush=True)
    cluster.end()

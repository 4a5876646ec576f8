"""A RabbitMQ of the Debian package on free loopback ports, without systemd, for bench/run.py."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from processes import cpu_seconds

PROGRAMS = "/usr/lib/rabbitmq/bin/"  # those in /usr/sbin switch user and lose the environment
START_SECONDS_MAX = 120
NODE = "bench@localhost"
QUIET = dict(stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Rabbit:
    """`niceness`: of the broker and of rabbitmqctl, which have no machine of their own here."""

    def __init__(self, scratch, niceness=0):
        self.nice = ["nice", "-n", str(niceness)]
        self.folder = tempfile.mkdtemp(prefix="rabbit-bench-", dir=scratch)
        self.port, distribution, names = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self.write("home/.erlang.cookie", "VERBATIMBENCHVERBATIM")
        os.chmod(os.path.join(self.folder, "home/.erlang.cookie"), 0o400)
        self.write("rabbitmq.conf", f"listeners.tcp.1 = 127.0.0.1:{self.port}\nheartbeat = 5\nlog.console = false\n"
                                    "vm_memory_high_watermark.absolute = 2GB\ndisk_free_limit.absolute = 10MB\n")
        self.write("enabled_plugins", "[].\n")
        self.write("empty-env.conf", "")
        self.write("advanced.config", "[].\n")
        at = lambda name: os.path.join(self.folder, name)
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        self.environment = dict(
            os.environ, HOME=at("home"), RABBITMQ_NODENAME=NODE, RABBITMQ_MNESIA_BASE=at("mnesia"),
            RABBITMQ_LOG_BASE=at("log"), RABBITMQ_CONFIG_FILE=at("rabbitmq.conf"),
            RABBITMQ_ADVANCED_CONFIG_FILE=at("advanced.config"), RABBITMQ_CONF_ENV_FILE=at("empty-env.conf"),
            RABBITMQ_ENABLED_PLUGINS_FILE=at("enabled_plugins"), RABBITMQ_PID_FILE=at("pid"),
            RABBITMQ_DIST_PORT=str(distribution), ERL_EPMD_ADDRESS="127.0.0.1", ERL_EPMD_PORT=str(names),
            RUNNING_UNDER_SYSTEMD="true",  # the script becomes the broker, so that its process is ours
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-start_epmd false " + loopback, RABBITMQ_CTL_ERL_ARGS=loopback)
        self.names = subprocess.Popen(["epmd", "-port", str(names), "-address", "127.0.0.1"], **QUIET)
        self.start()

    def start(self):
        """Also again, after kill()."""
        self.process = subprocess.Popen(self.nice + [PROGRAMS + "rabbitmq-server"], env=self.environment, **QUIET)
        until = time.monotonic() + START_SECONDS_MAX
        while not self.greets():
            if self.process.poll() is not None or time.monotonic() > until:
                self.end()
                sys.exit("RabbitMQ did not start")
            time.sleep(0.1)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wipe(self):
        """What a killed one has stored is gone."""
        shutil.rmtree(os.path.join(self.folder, "mnesia"))

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def control(self, *arguments):
        subprocess.run(self.nice + [PROGRAMS + "rabbitmqctl", "-n", NODE, *arguments], env=self.environment, check=True,
                       **QUIET)

    def delete_queues(self):
        self.control("eval", '[rabbit_amqqueue:delete(Q, false, false, <<"bench">>) || Q <- rabbit_amqqueue:list()].')

    def begin_memory_alarm(self):
        self.control("set_vm_memory_high_watermark", "absolute", "1")

    def end_memory_alarm(self):
        self.control("set_vm_memory_high_watermark", "absolute", "2GB")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def greets(self):
        """Its port accepts before it is ready; then it answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as client:
                client.sendall(b"AMQP\0\0\x09\x01")
                return client.recv(1) == b"\x01"
        except OSError:
            return False

    def cpu_seconds(self):
        return cpu_seconds(self.process.pid)

    def end(self):
        for process in (self.process, self.names):
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

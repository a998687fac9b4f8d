"""Mail that a filter sees: Kopis and Postfix with the same rspamd, a milter of Debian's with its rules."""

import pathlib
import shutil
import subprocess
import tempfile

from load import source
from scenarios import HOLD, STILL, Field, measured, queued
from servers import Kopis, Peer, free_port, wait_port

PROXY = """\
bind_socket = "127.0.0.1:{port}";
upstream "local" {{
  self_scan = yes;
  default = yes;
}}
"""


class Rspamd:
    """One, by itself, for the server that is measured."""

    def __init__(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-rspamd-"))
        self.place.chmod(0o755)
        self.port = free_port()
        for name in ("conf/local.d", "conf/override.d", "db", "run", "log"):
            (self.place / name).mkdir(parents=True)
        for name in ("db", "run", "log"):
            shutil.chown(self.place / name, "_rspamd", "_rspamd")
        (self.place / "conf/local.d/worker-proxy.inc").write_text(PROXY.format(port=self.port))
        (self.place / "conf/local.d/options.inc").write_text('dns { nameserver = ["127.0.0.1"]; timeout = 0.1s; }\n')
        self.process = subprocess.Popen(
            ["rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", "/etc/rspamd/rspamd.conf",
             f"--var=LOCAL_CONFDIR={self.place}/conf", f"--var=DBDIR={self.place}/db",
             f"--var=RUNDIR={self.place}/run", f"--var=LOGDIR={self.place}/log"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.port, 120)

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)


class FilteredPeer(Peer):
    """Postfix with a milter."""

    def __init__(self, port):
        super().__init__(smtpd_milters=f"inet:127.0.0.1:{port}", milter_default_action="tempfail")


def filtered_host(port):
    return Kopis(**STILL, milters=f"inet:127.0.0.1:{port} keep")


def filters(counts):
    """Mail that rspamd sees and lets through, taken and kept."""
    makers = [filtered_host, FilteredPeer] if Field.peers else [filtered_host]
    for make in makers:
        rspamd = Rspamd()
        try:
            server = make(rspamd.port)
            try:
                source(server.port, 50, 10, HOLD)
                server.settled()
                before, messages = queued(server), counts.messages // 4

                def run(messages=messages):
                    return {"rate": messages / source(server.port, messages, 50, HOLD)}

                figures = measured(server, messages, run)
                if queued(server) != before + messages:
                    raise AssertionError(f"{server.name}: {queued(server) - before} of {messages}")
                yield "filtered intake, rspamd", server.name, figures
            finally:
                server.close()
        finally:
            rspamd.close()

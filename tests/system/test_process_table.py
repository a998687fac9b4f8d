"""The table "who may do what" of docs/ARCHITECTURE.md against a running host: each process is in it, with
the user that it says, and each program of it runs."""

import json
import os
import pathlib
import subprocess
import unittest

from installed import ME, can_install
from neighbour_host import PASSWORDS, SINK_PORT, VIRTUAL, NeighbourHost
from process_table import table

# Programs of the table that are no process of their own on a host that is served: those that run in
# tcpserver or qmail-rspawn, and those that a certificate or a foreign program would bring.
WITHIN = {"qmail-smtpd", "qmail-popup", "qmail-remote", "checkpassword", "kopis", "multilog"}


@unittest.skipUnless(can_install(), "needs root and namespaces")
class ProcessTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = NeighbourHost()
        cls.addClassCleanup(cls.host.close)
        cls.host.furnish()
        cls.host.serve()

    def probe(self):
        """Mail that comes and is read, so that a qmail-local and a qmail-pop3d are there."""
        place = self.host.base / "eva/traffic"
        plan = {"me": ME, "virtual": VIRTUAL, "home": str(self.host.home), "place": str(place),
                "sink_port": SINK_PORT, "passwords": {"eva": PASSWORDS["eva"]}, "round": "table",
                "serve_seconds": 20}
        (place / "plan").write_text(json.dumps(plan))
        (place / "sink").write_text("")
        os.chown(place / "plan", self.host.uid("eva"), self.host.gid("eva"))
        process = self.host.spawn_as(
            "eva", "python3", self.host.base / "attack/neighbour_traffic.py", place / "plan",
            "probe", "local", stdout=subprocess.PIPE)
        self.assertNotIn(b"failed", process.communicate(timeout=60)[0])

    def test_each_process_is_in_the_table_and_no_other(self):
        self.probe()
        names = {0: "root", **{self.host.uid(name): name for name in (
            "alias", "qmaild", "qmaill", "qmailp", "qmailq", "qmailr", "qmails", "qmailw")}}
        found = {}
        for name, pids in self.host.pids().items():
            for pid in pids:
                lines = pathlib.Path(f"/proc/{pid}/status").read_text().split("\nUid:\t")[1]
                uids = set(map(int, lines.split("\n")[0].split()))
                self.assertEqual(1, len(uids), name)
                found.setdefault(name, set()).add(names.get(uids.pop(), "the user"))
        said = {name: users for name, users in table().items() if name not in WITHIN}
        found.setdefault("qmail-getpw", {"qmailp"})  # It may come and go.
        self.assertEqual(said, found)


if __name__ == "__main__":
    unittest.main()

"""What receivers say, and what follows for their mail: control/replies and control/retryschedule on
a running host."""

import json
import os
import signal
import time
import unittest

from host import HostCase

from strict_sink import Limits, StrictSink

SERVER = "127.7.0.1"


class Replies(HostCase):
    def setUp(self):
        self.sink = StrictSink()
        self.addCleanup(self.sink.close)
        super().setUp()
        self.host.stop()
        self.host.control("smtproutes", f"far.example:{SERVER}:{self.sink.port}")
        self.name = f"relay [{SERVER}]:{self.sink.port}"

    def start(self, reply=b"", **files):
        if reply:
            self.sink.limits[SERVER] = Limits(refuses=reply)
        for name, lines in files.items():
            self.host.control(name, *lines)
        self.host.start()

    def reread(self):
        before = len(self.host.log())
        pid = (self.host.home / "queue/lock/sendmutex").read_text(encoding="ascii")
        os.kill(int(pid), signal.SIGHUP)
        self.host.wait_log(r"^status: ", since=before)

    def destination(self):
        return self.host.run("destinations", self.name).stdout.decode()

    def recipients(self):
        lines = self.host.run("queue", "list", "--json").stdout.splitlines()
        return [one for line in lines for one in json.loads(line)["recipients"]]

    def send(self):
        self.host.queue(f"joe@{self.host.me}", ["bob@far.example"])

    def wait_tries(self, tries):
        self.host.wait_until(lambda: [one for one in self.recipients()
                                      if one.get("tries", 0) >= tries])
        return self.recipients()[0]

    def test_a_destination_is_paused_within_a_second_and_as_the_file_says_now(self):
        self.start(b"450 4.7.9 Slow down please\r\n",
                   replies=["mx:127.7.0.1 status=4.7.9 pause=600 text=slow down"])
        self.send()
        self.host.wait_log(r"deferral: .*Slow_down_please")
        took = time.monotonic() - self.sink.counts[SERVER].refused_at
        self.assertIn(": paused, ", self.destination())     # Since the turn of that line.
        self.assertLess(took, 1)
        print(f"paused {took:.3f} s after the reply")
        self.send()
        self.host.wait_until(lambda: " 1 waiting" in self.destination())
        self.assertEqual(1, self.sink.counts[SERVER].sessions)

        self.host.control("replies", "mx:127.7.0.1 status=4.7.9 none")
        self.host.run("destinations", "retry", self.name)
        self.wait_tries(1)
        self.host.wait_until(lambda: ": up, " in self.destination())
        self.assertEqual(2, len(self.recipients()))
        self.host.kill_everything()

    def test_retries_are_by_class_and_change_on_hup(self):
        self.start(b"452 4.2.2 Mailbox full\r\n", retryschedule=["quota 50", "* 7000"])
        self.send()
        self.assertWaits(50, self.wait_tries(1))
        self.host.control("retryschedule", "quota 5000 9000")
        self.reread()
        self.again(2, 5000)
        self.sink.limits[SERVER] = Limits(refuses=b"451 4.3.0 Local error\r\n")
        self.again(3, 400, 1600)    # qmail's, by the message's age.
        self.host.kill_everything()

    def again(self, tries, *waits):
        self.host.run("queue", "retry", "--all")
        self.assertWaits(waits[0], self.wait_tries(tries), waits[-1])

    def assertWaits(self, least, recipient, most=None):
        """Seconds between a try and the next one, give or take a turn of a busy host."""
        waits = recipient["next_try"] - recipient["last_try"]
        self.assertTrue(least - 5 <= waits <= (most or least) + 15, recipient)


if __name__ == "__main__":
    unittest.main()

"""qmail-qread, qmail-qstat and mailq beside a qmail-send that runs, and after it."""

import unittest

from host import HostCase, free_port


class QueueTools(HostCase):
    def send(self, *recipients):
        """As a user of the host: over SMTP an address that nobody has is refused at once."""
        self.assertEqual(0, self.host.run(
            "qmail-inject", "-f", self.host.address, "--", *recipients,
            input=b"Subject: test\n\nhello\n").returncode)

    def output(self, *words):
        result = self.host.run(*words)
        self.assertEqual((0, b""), (result.returncode, result.stderr), words)
        return result.stdout.decode("ascii")

    def expect_counts(self, messages, unread=0):
        self.assertEqual(
            f"messages in queue: {messages}\n"
            f"messages in queue but not yet preprocessed: {unread}\n", self.output("qmail-qstat"))

    def test_what_waits_is_listed_and_what_is_done_is_marked(self):
        self.host.control("smtproutes", f"away.example:127.0.0.1:{free_port()}")
        self.host.write("alias/.qmail-later", "|exit 111\n")
        self.expect_counts(0)
        self.send(self.host.address, "x@away.example", f"no-one@{self.host.me}",
                  f"later@{self.host.me}")
        self.host.wait_log(r"deferral: Sorry,_I_wasn't_able_to_establish")
        self.host.wait_log(r"delivery \d+: failure: ")
        self.host.wait_mail(self.host.address, 1)
        listed = (
            r"\A\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT  #\d+  \d+  "
            rf"<{self.host.address}>  bouncing\n"
            rf"  done\tlocal\t{self.host.address}\n"
            rf"  done\tlocal\tno-one@{self.host.me}\n"
            rf"\tlocal\tlater@{self.host.me}\n"
            r"\tremote\tx@away\.example\n\Z")
        self.host.wait_until(lambda: self.output("qmail-qread").count("done") == 2)
        for words in (("qmail-qread",), ("mailq",), ("sendmail", "-bp")):
            self.assertRegex(self.output(*words), listed)

        self.expect_counts(1)
        self.host.stop()
        self.assertRegex(self.output("qmail-qread"), listed)
        self.expect_counts(1)  # After its clean end, from the snapshot.

    def test_a_channel_of_which_all_are_done_is_left_out(self):
        self.host.control("smtproutes", f"away.example:127.0.0.1:{free_port()}")
        self.send(self.host.address, "x@away.example")
        self.host.wait_mail(self.host.address, 1)
        self.host.wait_until(lambda: "local" not in self.output("qmail-qread"))
        self.assertRegex(self.output("qmail-qread"),
                         rf"\A[^\n]+<{self.host.address}> \n\tremote\tx@away\.example\n\Z")


if __name__ == "__main__":
    unittest.main()

"""`kopis run` itself: start, stop, second start, and the ways in which it must refuse."""

import contextlib
import os
import re
import signal
import smtplib
import socket
import subprocess
import unittest

from host import Host, free_port


class Run(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)

    def refuse(self, *arguments, code=111, wrapper=()):
        """The one line that it says, the exit code, and that nothing is left running."""
        process = self.host.popen(*arguments, wrapper=wrapper)
        output = process.communicate(timeout=30)[0].decode()
        self.assertEqual(code, process.returncode, output)
        self.assertEqual(1, len(output.splitlines()), output)
        self.assertFalse([pid for pid in os.listdir("/proc")
                          if pid.isdigit() and self.host.is_ours(int(pid))])
        return output

    def send(self, subject):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail("joe@client.example", [self.host.address],
                            f"Subject: {subject}\r\n\r\n")

    def test_a_first_start_tells_all_and_its_words_are_true(self):
        self.host.start()
        text = self.host.log()
        self.assertIn(f"127.0.0.1:{self.host.smtp_port}", text)
        address, password = re.search(r"mailbox +(\S+@\S+) +password (\S+)", text).groups()
        command = re.search(r"Try: +(.+)", text).group(1)
        subprocess.run(command, shell=True, check=True, timeout=20, env=self.host.environment())
        self.host.wait_mail(address, 1)
        with socket.create_connection(("127.0.0.1", self.host.pop3_port), timeout=20) as client:
            lines = client.makefile("rb")
            lines.readline()
            client.sendall(f"USER {address}\r\nPASS {password}\r\nQUIT\r\n".encode())
            self.assertEqual([b"+OK"] * 3, [lines.readline()[:3] for _ in range(3)])
            lines.close()

    def test_roots_of_trust_that_nobody_may_read(self):
        """.NET reads them for the chain of our certificate; before, the host ended with a trace."""
        self.host.start()
        self.host.stop()
        roots = self.host.base / "roots"
        roots.mkdir(mode=0)
        said = self.refuse(wrapper=["env", f"SSL_CERT_DIR={roots}"])
        self.assertEqual(f"run: fatal: {self.host.home}/control/servercert.pem: Access to the path "
                         f"'{roots}' is denied.\n", said)

    def test_sigterm_and_ctrl_c_end_all_within_five_seconds(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.host.start()
            pids = self.host.all_pids()
            self.assertGreater(len(pids), 6)
            idle = socket.create_connection(("127.0.0.1", self.host.smtp_port), timeout=20)
            self.host.process.send_signal(number)
            self.assertEqual(0, self.host.process.wait(5))
            self.assertFalse([pid for pid in pids if self.host.is_ours(pid)])
            idle.close()
            self.host.process.stdout.close()

    def test_a_second_start_keeps_the_mail_and_continues_the_queue(self):
        port = free_port()
        self.host.control("smtproutes", f"later.example:127.0.0.1:{port}")
        self.host.start()
        self.host.add_mailbox()
        self.send("kept")
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail(self.host.address, ["x@later.example"], "Subject: later\r\n\r\n")
        self.host.wait_mail(self.host.address, 1)
        self.host.wait_log(r"deferral: Sorry,_I_wasn't_able_to_establish")
        self.assertEqual(0, self.host.stop())
        self.host.process.stdout.close()
        sink = socket.create_server(("127.0.0.1", port))
        self.addCleanup(sink.close)
        sink.settimeout(20)
        self.host.start()
        self.assertNotIn("shown only now", self.host.log()[self.host.log().index("exiting"):])
        self.host.alarm()
        sink.accept()[0].close()
        self.assertEqual(1, len(self.host.mail_files(self.host.address)))

    def test_a_delivery_in_flight_is_finished_before_the_end(self):
        self.host.start()
        self.host.add_mailbox()
        self.host.write("alias/.qmail-slow", "|echo started; sleep 1; echo done > out\n")
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail("a@b.example", [f"slow@{self.host.me}"], "Subject: slow\r\n\r\n")
        self.host.wait_log(r"starting delivery \d+: msg \d+ to local slow@")
        self.assertEqual(0, self.host.stop())
        self.assertLess(self.host.stopping, 5)
        self.assertEqual("done\n", (self.host.home / "alias/out").read_text())
        self.assertIn("delivery 1: success: started/did_0+0+1/", self.host.log())

    def test_a_port_in_use(self):
        with socket.create_server(("127.0.0.1", self.host.pop3_port)):
            said = self.refuse()
        self.assertIn(f"127.0.0.1:{self.host.pop3_port}", said)
        self.assertIn("address already used", said)

    def test_a_home_that_cannot_be_written(self):
        (self.host.home / "control").chmod(0o555)
        (self.host.home).chmod(0o555)
        said = self.refuse()
        self.assertIn(str(self.host.home), said)
        self.assertIn("denied", said)

    def test_control_files_that_cannot_be_understood(self):
        for name, line in (("concurrencyremote", "many"), ("databytes", "-1"),
                           ("resolvers", "nowhere"),
                           ("queuelifetime", "7d")):
            self.host.control(name, line)
            said = self.refuse()
            self.assertIn(f"control/{name}", said)
            self.host.remove(f"control/{name}")
        self.host.control("me", "")
        self.assertIn("control/me", self.refuse())

    def test_a_command_line_that_cannot_be_understood(self):
        self.assertIn("--nonsense", self.refuse("--nonsense=1", code=100))
        self.assertIn("HOST:PORT", self.refuse("--smtp=2525", code=100))

    def test_names_that_are_no_host_names(self):
        """Before: a stack trace."""
        for name in ("a..b", "a" * 64 + ".example", "a." * 150 + "b", "a b", "-a.example", ".",
                     "a/b", "a\0b", "\xff.example"):
            self.host.control("me", name)
            said = self.refuse()
            self.assertRegex(said, r"\Arun: fatal: .*control/me: .* is not a host name\n\Z")

    @unittest.skipUnless(os.geteuid() == 0, "a host name is root's to set")
    def test_names_of_the_kernel(self):
        """Before: 64 bytes, as containers have them, were a stack trace."""
        for name in ("a" * 64, "x" * 31 + "." + "y" * 32, "(none)", "..", "\xff"):
            host = Host()
            self.addCleanup(host.close)
            (host.home / "control/me").unlink()
            popen = host.popen
            host.popen = lambda popen=popen, name=name: popen(wrapper=(
                "unshare", "--uts", "sh", "-c",
                'printf %s "$0" > /proc/sys/kernel/hostname; exec "$@"', name))
            host.start()
            me = (host.home / "control/me").read_text().strip()
            self.assertRegex(me, r"\A[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+\Z")
            self.assertIn(f"@{me}", host.log())
            host.stop()

    def test_its_own_looks_are_not_logged(self):
        """Before: no TLS: Received an unexpected EOF."""
        self.host.start()
        self.send_works()
        self.assertNotIn("TLS:", self.host.log())
        with socket.create_connection(("127.0.0.1", self.host.submissions_port)) as client:
            client.sendall(b"EHLO x\r\n")
            self.host.wait_log(r"no TLS: ")  # What is no look is.

    def test_qmail_showctl_knows_every_file(self):
        self.host.start()
        shown = self.host.run("qmail-showctl").stdout.decode()
        self.assertIn("\ntcprules.dat: Rules", shown)
        self.assertNotIn("I have no idea", shown)

    def test_two_on_one_home(self):
        self.host.start()
        other = Host()
        self.addCleanup(other.close)
        other.home = self.host.home
        process = other.popen()
        output = process.communicate(timeout=30)[0].decode()
        self.assertEqual(111, process.returncode)
        self.assertIn("another qmail-start or kopis run has it", output)
        self.send_works()

    def send_works(self):
        self.host.add_mailbox()
        self.send("still here")
        self.host.wait_mail(self.host.address, 1)

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("this machine has no IPv6")
        port = free_port()
        self.host.smtp_port = port
        self.host.smtp_host = "[::1]"
        self.host.start()
        with smtplib.SMTP("::1", port, timeout=20) as client:
            self.assertEqual(250, client.ehlo()[0])

    def test_a_user_of_a_new_domain_gets_mail_at_once(self):
        self.host.start()
        self.host.address = "ada@new.example"
        self.host.add_mailbox_by_command()
        self.send("to a domain that was none of ours")
        self.host.wait_mail("ada@new.example", 1)

    def test_a_process_that_dies_is_started_again(self):
        self.host.start()
        self.host.add_mailbox()
        for name in ("qmail-send", "qmail-queue", "qmail-lspawn"):
            before = self.host.pids(name)
            for pid in before:
                with contextlib.suppress(ProcessLookupError):  # One may have ended with the other.
                    os.kill(pid, signal.SIGKILL)
            self.host.wait_log(rf"^kopis: warning: {name} ended by signal 9")
            self.host.wait_until(lambda: self.host.pids(name) not in ([], before), timeout=20)
        self.send("after all that")
        self.host.wait_mail(self.host.address, 1)


if __name__ == "__main__":
    unittest.main()

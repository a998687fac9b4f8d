"""qmail-qmtpd and qmail-qmqpd: by hand and in tcpserver, with clients of several makes."""

import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from harness import BIN, ProgramCase


def netstring(data):
    return b"%d:%s," % (len(data), data)


def qmtp(message, sender, *recipients):
    """One QMTP package."""
    return netstring(message) + netstring(sender) + netstring(
        b"".join(map(netstring, recipients)))


def qmqp(message, sender, *recipients):
    """One QMQP request."""
    return netstring(netstring(message) + b"".join(map(netstring, (sender, *recipients))))


def answers(data):
    """The netstrings in what a server said."""
    found = []
    while data:
        head, _, rest = data.partition(b":")
        length = int(head)
        assert rest[length:length + 1] == b",", data
        found.append(rest[:length])
        data = rest[length + 1:]
    return found


class Servers(ProgramCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.kept = self.home / "kept"
        self.kept.mkdir()
        self.queue = self.script(
            'n=$(ls "$KEPT" | wc -l); cat > "$KEPT/$n.message"; cat <&1 > "$KEPT/$n.envelope"\n')

    def script(self, text, name="queue-program"):
        path = self.home / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    def settings(self, **more):
        return self.environment(**{"QMAILQUEUE": self.queue, "KEPT": str(self.kept),
                                   "TCPREMOTEIP": "192.0.2.7", **more})

    def talk(self, data, program="qmail-qmtpd", **more):
        return self.run_program(program, stdin=data, env=self.settings(**more))

    def queued(self):
        """Messages, without the Received line, and envelopes, in the order of arrival."""
        def number(path):
            return int(path.name.split(".")[0])
        messages = sorted(self.kept.glob("*.message"), key=number)
        return [(re.sub(rb"\A.*\n  .*\n", b"", path.read_bytes()),
                 path.with_suffix(".envelope").read_bytes()) for path in messages]

    def writer(self):
        """The queue writer, for what must be whole."""
        env = self.environment()
        process = subprocess.Popen([BIN / "qmail-queue", "--serve"], env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.terminate)
        deadline = time.monotonic() + 20
        while not (self.home / "queue/intake").exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def serve(self, *chain, **env):
        """A listener with the chain; the result is its port."""
        process = subprocess.Popen([BIN / "tcpserver", "-1", "127.0.0.1", "0", *chain],
                                   env=self.environment(**env), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.kill)
        self.listener = process
        return int(process.stdout.readline())

    def over_tcp(self, port, data, size=65536):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
            sender = threading.Thread(target=lambda: (
                [peer.sendall(data[at:at + size]) for at in range(0, len(data), size)],
                peer.shutdown(socket.SHUT_WR)))
            sender.start()
            got = b""
            while part := peer.recv(65536):
                got += part
            sender.join()
        return got


class Qmtpd(Servers):
    def test_several_messages_in_a_connection(self):
        result = self.talk(qmtp(b"\nSubject: a\n\nx\r\ny", b"s@a.example", b"r@mx.example")
                           + qmtp(b"\rSubject: b\r\n\r\n\r\r\nz\r", b"", b"R@MX.example", b"local")
                           + qmtp(b"\n", b"#@[]", b"q@mx.example"))
        self.assertEqual(0, result.returncode, result)
        said = answers(result.stdout)
        self.assertEqual(4, len(said))
        for one in said:
            self.assertRegex(one, rb"\AKok \d{10} qp \d+\Z")
        self.assertEqual(said[1], said[2])
        self.assertEqual(
            [(b"Subject: a\n\nx\r\ny", b"Fs@a.example\0Tr@mx.example\0\0"),
             (b"Subject: b\n\n\r\nz\r", b"F\0TR@MX.example\0Tlocal\0\0"),
             (b"", b"F#@[]\0Tq@mx.example\0\0")], self.queued())

    def test_the_received_line(self):
        self.talk(qmtp(b"\nx", b"", b"r"), TCPREMOTEHOST="bad(host", TCPREMOTEINFO="joe",
                  TCPLOCALHOST="mx.example")
        self.assertRegex((self.kept / "0.message").read_bytes(),
                         rb"\AReceived: from bad\?host \(joe@192\.0\.2\.7\)\n"
                         rb"  by mx\.example with QMTP; \d+ \w+ \d+ \d\d:\d\d:\d\d -0000\nx\Z")

    def test_refused_recipients_are_answered_in_their_place(self):
        result = self.talk(qmtp(
            b"\nx", b"s", b"a@mx.example", b"b@other.example", b"nul\0@mx.example",
            b"y" * 988 + b"@mx.example", b"y" * 989 + b"@mx.example", b"c@mx.example"))
        said = answers(result.stdout)
        rcpthosts = b"Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"
        unfit = b"Dsorry, I can't handle that recipient (#5.1.3)"
        self.assertEqual([b"K", rcpthosts, unfit, b"K", unfit, b"K"],
                         [one[:1] if one[:1] == b"K" else one for one in said])
        self.assertEqual((66, 46), (len(rcpthosts), len(unfit)))
        self.assertEqual(
            [(b"x", b"Fs\0Ta@mx.example\0T" + b"y" * 988 + b"@mx.example\0Tc@mx.example\0\0")],
            self.queued())

    def test_a_stranger_cannot_pass_by_what_smtp_asks(self):
        package = qmtp(b"\nx", b"s@a.example", b"r@mx.example", b"r@other.example")
        said = [b"Dsorry, mail from strangers is checked here: it has to come by SMTP (#5.7.1)",
                b"Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"]
        for name, line in (("checkspf", "defer"), ("checkdkim", "reject"),
                           ("checkdmarc", "policy"), ("checkiprev", "reject"),
                           ("milters", "inet:127.0.0.1:1"), ("greylist", "on"),
                           ("smtpplugins", "[mail]\n:exit 0")):
            with self.subTest(name):
                self.control(name, line)
                self.assertEqual(said, answers(self.talk(package).stdout))
                self.assertEqual([], self.queued())
                for more in ({"RELAYCLIENT": ""}, {"TCPREMOTEIP": "127.0.0.1"}):
                    self.assertEqual(b"K", answers(self.talk(package, **more).stdout)[0][:1])
                self.assertEqual(2, len(self.queued()))
                for path in self.kept.iterdir():
                    path.unlink()
                (self.home / "control" / name).unlink()
        self.control("checkspf", "reject")
        self.control("checkexempt", "192.0.2.0/24")
        self.assertEqual(b"K", answers(self.talk(package).stdout)[0][:1])

    def test_results_that_a_stranger_writes_in_our_name_are_removed(self):
        self.control("me", "mx.example")
        forged = b"Authentication-Results: MX.example;\n\tspf=pass\n"
        others = b"Authentication-Results: a.example; spf=pass\n"
        rest = b"Subject: " + b"s" * 3000 + b"\n\n" + forged + b"x\n" * 40000
        self.talk(qmtp(b"\n" + forged + others + rest, b"s@a.example", b"r@mx.example")
                  + qmtp(b"\n" + others + forged[:-1], b"s@a.example", b"r@mx.example"))
        self.talk(qmtp(b"\n" + forged + b"\nx", b"s", b"r@mx.example"), RELAYCLIENT="")
        self.assertEqual([others + rest, others, forged + b"\nx"],
                         [message for message, _ in self.queued()])

    def test_nobody_is_left(self):
        result = self.talk(qmtp(b"\nx", b"s", b"a@other.example") + qmtp(b"\nx", b"s"))
        self.assertEqual((0, 1), (result.returncode, len(answers(result.stdout))))
        self.assertEqual([], list(self.kept.iterdir()))

    def test_bad_senders(self):
        for sender in (b"s" * 1000, b"s\0t"):
            result = self.talk(qmtp(b"\nx", sender, b"r", b"r@other.example"))
            self.assertEqual([b"Dunacceptable sender (#5.1.7)",
                              b"Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"],
                             answers(result.stdout))
        self.assertEqual([], list(self.kept.iterdir()))
        self.assertEqual(b"K", self.talk(qmtp(b"\nx", b"s" * 999, b"r")).stdout[3:4])

    def test_relayclient(self):
        result = self.talk(qmtp(b"\nx", b"s", b"r@other.example", b"y" * 980 + b"@other.example"),
                           RELAYCLIENT=".via.example")
        self.assertEqual([b"K", b"D"], [one[:1] for one in answers(result.stdout)])
        self.assertEqual([(b"x", b"Fs\0Tr@other.example.via.example\0\0")], self.queued())

    def test_databytes_counts_what_is_stored(self):
        self.control("databytes", "4")
        too_big = b"Dsorry, that message size exceeds my databytes limit (#5.3.4)"
        for message, more, fits in (
                (b"\nabcd", {}, True), (b"\nabcde", {}, False), (b"\rab\r\nc", {}, True),
                (b"\rab\r\ncd", {}, False), (b"\n" + b"x" * 100_000, {}, False),
                (b"\nabcde", {"DATABYTES": "5"}, True), (b"\nabcde", {"DATABYTES": "0"}, True)):
            said = answers(self.talk(qmtp(message, b"s", b"r") + qmtp(b"\nok", b"s", b"r"),
                                     **more).stdout)
            self.assertEqual((fits, b"K"), (said[0] != too_big, said[1][:1]), (message[:9], said))

    def test_no_protocol_is_100(self):
        for data in (b"0:,", b"2:xx,", b"2:\nx;", b"x", b"5x", b":", b"-1:", b"2:\nx,1:s,3:1:r;",
                     b"2:\nx,1:s,3:2:r,", b"2:\nx,1:s,3:5:r,", b"2:\nx,1:s,4:1:rx,",
                     b"2:\nx,1:s,1:1,"):
            result = self.talk(data)
            self.assertEqual((100, b""), (result.returncode, result.stdout), data)
        self.assertEqual([], self.queued())

    def test_lengths_are_not_believed(self):
        for data in (b"200000001:", b"9" * 100, b"2:\nx,200000001:", b"2:\nx,1:s,200000001:",
                     b"2:\nx,1:s,99:99999999999:"):
            result = self.talk(data)
            self.assertEqual((111, b""), (result.returncode, result.stdout), data)

    def test_the_end_queues_nothing(self):
        whole = qmtp(b"\nSubject: a\n\nbody", b"s@a.example", b"r@mx.example")
        for cut in (0, 1, 3, 10, len(whole) - 30, len(whole) - 2, len(whole) - 1):
            result = self.talk(whole[:cut])
            self.assertEqual((0, b""), (result.returncode, result.stdout), cut)
        self.assertEqual([], self.queued())

    def test_refusals_of_the_queue(self):
        read = "cat > /dev/null; cat <&1 > /dev/null; "
        for script, said in (
                (read + "exit 31", b"Dmail server permanently rejected message (#5.3.0)"),
                (read + "exit 53", b"Zqq write error or disk full (#4.3.0)"),
                (read + "printf 'Dno spam' >&6; exit 82", b"Dno spam"),
                (read + "kill -9 $$", b"Zqq crashed (#4.3.0)")):
            result = self.talk(qmtp(b"\nx", b"s", b"r"),
                               QMAILQUEUE=self.script(script, name="refusing"))
            self.assertEqual(netstring(said), result.stdout)
        result = self.talk(qmtp(b"\nx", b"s", b"r"), QMAILQUEUE="")
        self.assertEqual(netstring(b"Zqq trouble making network connection (#4.3.0)"),
                         result.stdout)

    def test_controls_that_cannot_be_understood(self):
        self.control("databytes", "many")
        result = self.talk(qmtp(b"\nx", b"s", b"r"))
        self.assertEqual((111, b""), (result.returncode, result.stdout))
        self.assertIn(b"qmail-qmtpd: fatal: ", result.stderr)
        self.assertIn(b"databytes", result.stderr)

    def test_too_many_recipients_come_later(self):
        self.control("maxrcpt", "40000")
        recipients = [b"%0100d@mx.example" % n for n in range(12_000)]
        said = answers(self.talk(qmtp(b"\nx", b"s", *recipients)).stdout)
        taken = sum(one[:1] == b"K" for one in said)
        self.assertEqual(12_000, len(said))
        self.assertTrue(8_000 < taken < 9_500, taken)
        self.assertEqual({b"Ztoo many recipients (#4.5.3)"}, set(said[taken:]))
        self.assertEqual(taken, self.queued()[0][1].count(b"\0T"))
        result = self.talk(qmtp(b"\nx", b"s", *recipients * 4))
        self.assertEqual((111, b""), (result.returncode, result.stdout))

    def test_the_fused_chain(self):
        self.writer()
        port = self.serve("qmail-qmtpd")
        package = qmtp(b"\nSubject: a\n\nx", b"s@a.example", b"r@mx.example", b"r@other.example")
        for size in (1, 7, 65536):
            said = answers(self.over_tcp(port, package * 3, size))
            self.assertEqual([b"K", b"D"] * 3, [one[:1] for one in said], said)
        children = f"/proc/{self.listener.pid}/task/{self.listener.pid}/children"
        with open(children, encoding="ascii") as file:
            self.assertEqual("", file.read())

    def test_an_answer_comes_before_the_next_message(self):
        self.writer()
        for chain in (["qmail-qmtpd"], ["/usr/bin/env", "qmail-qmtpd"]):
            port = self.serve(*chain)
            with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
                for _ in range(3):
                    peer.sendall(qmtp(b"\nx", b"s", b"r"))
                    self.assertRegex(peer.recv(100), rb"\A\d+:Kok \d+ qp [1-9]\d*,\Z")

    def test_a_listener_ends_between_messages(self):
        self.writer()
        port = self.serve("qmail-qmtpd")
        with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
            peer.sendall(qmtp(b"\nx", b"s", b"r"))
            self.assertIn(b":Kok ", peer.recv(100))
            self.listener.send_signal(signal.SIGTERM)
            self.assertEqual(b"", peer.recv(100))
        self.assertEqual(0, self.listener.wait(20))

    def test_a_large_message_is_not_held_in_memory(self):
        self.control("databytes", "0")
        self.writer()
        port = self.serve("qmail-qmtpd")
        small = self.peak(port, 1)
        large = self.peak(port, 100_000_000)
        self.assertLess(large - small, 32 * 1024, "KiB of the listener's memory")

    def peak(self, port, size):
        said = self.over_tcp(port, qmtp(b"\r" + b"x" * size, b"s", b"r"))
        self.assertIn(b":Kok ", said)
        with open(f"/proc/{self.listener.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))


class Qmqpd(Servers):
    def talk(self, data, program="qmail-qmqpd", **more):
        return super().talk(data, program, **more)

    def test_one_message(self):
        result = self.talk(qmqp(b"Subject: a\n\nx\r\ny", b"s@a.example", b"r@other.example", b"q"))
        self.assertEqual(0, result.returncode)
        self.assertRegex(result.stdout, rb"\A\d+:Kok \d{10} qp \d+,\Z")
        self.assertEqual(
            [(b"Subject: a\n\nx\r\ny", b"Fs@a.example\0Tr@other.example\0Tq\0\0")], self.queued())
        self.assertIn(b" with QMQP; ", (self.kept / "0.message").read_bytes())

    def test_addresses_that_are_none(self):
        for request in (qmqp(b"x", b"s" * 1000, b"r"), qmqp(b"x", b"s", b"r", b"q\0"),
                        qmqp(b"x", b"s", b"r" * 1000)):
            self.assertEqual(
                netstring(b"Dsorry, I can't accept addresses like that (#5.1.3)"),
                self.talk(request).stdout)
        self.assertEqual([], list(self.kept.iterdir()))
        self.assertIn(b":Kok ", self.talk(qmqp(b"", b"", b"r" * 999)).stdout)

    def test_no_protocol(self):
        for data in (b"0:,", b"3:0:,,", b"5:0:,1:,", b"6:0:,9:x,", b"6:0:,0:;,", b"6:0:,0:,;",
                     b"9:0:,0:,1:x;,", b"x"):
            result = self.talk(data)
            self.assertEqual((100, b""), (result.returncode, result.stdout), data)
        for data in (b"200000001:", b"100:200000001:"):
            self.assertEqual((111, b""), (self.talk(data).returncode, self.talk(data).stdout))
        whole = qmqp(b"x", b"s", b"r")
        for cut in range(len(whole)):
            result = self.talk(whole[:cut])
            self.assertEqual((0, b""), (result.returncode, result.stdout), cut)
        self.assertEqual([], self.queued())

    def test_the_queue_says_no(self):
        queue = self.script("cat > /dev/null; cat <&1 > /dev/null; exit 53\n", name="full")
        self.assertEqual(netstring(b"Zqq write error or disk full (#4.3.0)"),
                         self.talk(qmqp(b"x", b"s", b"r"), QMAILQUEUE=queue).stdout)

    def test_the_fused_chain(self):
        self.writer()
        port = self.serve("qmail-qmqpd")
        for size in (1, 5, 65536):
            said = self.over_tcp(port, qmqp(b"x" * 3000, b"s", b"r"), size)
            self.assertRegex(said, rb"\A\d+:Kok \d+ qp [1-9]\d*,\Z")

    @unittest.skipUnless(os.geteuid() == 0, "port 628")
    def test_our_own_client(self):
        self.writer()
        process = subprocess.Popen([BIN / "tcpserver", "127.6.2.8", "628", "qmail-qmqpd"],
                                   env=self.environment(), stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.6.2.8", 628), timeout=5).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        self.control("qmqpservers", "127.6.2.8")
        for envelope, code in ((b"Fs@a.example\0Tr@b.example\0\0", 0),
                               (b"F" + b"s" * 1001 + b"\0Tr\0\0", 31)):
            read, write = os.pipe()
            os.write(write, envelope)
            os.close(write)
            with os.fdopen(read) as source:
                result = subprocess.run(
                    [BIN / "qmail-qmqpc"], input=b"Subject: far\n\nx\n" * 50_000, stdout=source,
                    env=self.environment(), timeout=60)
            self.assertEqual(code, result.returncode)

    @unittest.skipUnless(shutil.which("qmqp-source") or os.path.exists("/usr/sbin/qmqp-source"),
                         "Postfix's qmqp-source")
    def test_postfixs_client(self):
        self.writer()
        for chain in (["qmail-qmqpd"], ["/usr/bin/env", "qmail-qmqpd"]):
            port = self.serve(*chain)
            subprocess.run(
                [shutil.which("qmqp-source") or "/usr/sbin/qmqp-source", "-s", "4", "-m", "20",
                 "-l", "20000", "-f", "s@a.example", "-t", "r@b.example", f"127.0.0.1:{port}"],
                check=True, timeout=60, env=self.environment(MAIL_CONFIG=""))


if __name__ == "__main__":
    unittest.main()

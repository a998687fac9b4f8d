"""ucspi-tcp's own programs and ours, with the same words, descriptors and files: what they print,
byte for byte, and their exit codes. Where both print the same, it is also what is written here."""

import ctypes
import errno
import fcntl
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from harness import BIN, ProgramCase
from nameserver import IS_ROOT, NameServer

THEIRS = pathlib.Path("/usr/bin")
ODD = b"caf\xe9-\xc3\xa9\xff"  # Latin-1, UTF-8 and what is neither.
CLOSED = "127.0.0.1", "1"


def have(*names):
    return all((THEIRS / name).exists() for name in names)


class Pair(ProgramCase):
    """Runs a program of ours and the original of the same name."""

    def environment(self, **more):
        return {"PATH": "/usr/bin:/bin", "KOPIS_HOME": str(self.home), **more}

    def both(self, name, *words, stdin=b"", env=None, setup=None, expected=None):
        """Runs both, and compares; the result is what ours did. The usage of tcpserver has an
        option more (docs/DIFFERENCES.md)."""
        results = []
        for place in (THEIRS, BIN):
            work = pathlib.Path(tempfile.mkdtemp(dir=self.home))
            if setup:
                setup(work)
            result = subprocess.run(
                [name, *words], executable=str(place / name), input=stdin, capture_output=True,
                timeout=60, cwd=work, env={**self.environment(), **(env or {})})
            told = result.stderr.replace(b"[ -C perhost ] ", b"")
            if name == "recordio":  # Its record is a process of its own, at any time.
                told = re.sub(rb"\b\d+ [<>] .*\n", b"", told)
            results.append((result.returncode, result.stdout, told))
        if have(name):
            self.assertEqual(results[0], results[1], (name, words))
        if expected is not None:
            self.assertEqual(expected, results[1], (name, words))
        return results[1]


@unittest.skipUnless(have("tcpclient", "tcpserver", "tcprules", "recordio"), "no ucspi-tcp")
class Texts(Pair):
    def test_usage(self):
        for name, *words in (
                ("tcpclient",), ("tcpclient", "h"), ("tcpclient", "h", "1"), ("tcpclient", "-Z"),
                ("tcpclient", "-i"), ("tcpclient", "-vZ", "h"), ("tcpclient", "-q"),
                ("tcpclient", "-qZ"), ("tcpclient", "-i", "x", "h", "1", "p"),
                ("tcpclient", "-i127.1", "h", "1", "p"), ("tcpclient", "--help"),
                ("tcpclient", b"-\xe9"), ("tcpclient", "-", "1"),
                ("tcpserver",), ("tcpserver", "0"), ("tcpserver", "0", "0"), ("tcpserver", "-Z"),
                ("tcpserver", "-c"), ("tcpserver", "-q"), ("tcpserver", "--help"),
                ("tcprules",), ("tcprules", "a"), ("tcprulescheck",), ("recordio",), ("fixcrio",),
                ("argv0",), ("argv0", "x"), ("rblsmtpd",), ("rblsmtpd", "-Z"),
                ("rblsmtpd", "-t"), ("rblsmtpd", "-b", "--")):
            with self.subTest(name=name, words=words):
                code, out, _ = self.both(name, *words)
                self.assertEqual((100, b""), (code, out))

    def test_programs_that_cannot_be_run(self):
        def files(work):
            (work / "closed").write_text("#!/bin/sh\n")
            (work / "torn").write_text("#!/no/such/interpreter\n")
            (work / "torn").chmod(0o755)
            (work / "empty").write_text("\n")
            (work / "empty").chmod(0o755)
            (work / "plain").write_bytes(b"\0\1")
            (work / "plain").chmod(0o755)
            (work / "tree").mkdir()
        for word in (b"nosuch", b"./nosuch", b"./closed", b"./torn", b"./plain", b"./tree", b"/",
                     ODD, b"./" + ODD, b"./closed/x", b"x" * 300, b""):
            for name, *words in (("argv0", word, "x"), ("recordio", word), ("fixcrio", word),
                                 ("rblsmtpd", word)):
                with self.subTest(name=name, word=word):
                    code, out, err = self.both(name, *words, setup=files)
                    self.assertEqual((111, b""), (code, out))
                    self.assertIn(b": fatal: unable to run " + word + b": ", err)

    def test_path(self):
        """What may not be run is passed over where another may; a directory is none."""
        def files(work):
            for place, mode in (("a", 0o644), ("b", 0o755)):
                (work / place).mkdir()
                (work / place / "tool").write_text(f"#!/bin/sh\necho {place}\n")
                (work / place / "tool").chmod(mode)
            (work / "c/tool").mkdir(parents=True)
        for path in ("a:b", "b:a", "c:b", "a", "c", "a:c", "", "nosuch:b:", ":b", "a::b"):
            with self.subTest(path=path):
                self.both("argv0", "tool", "x", setup=files, env={"PATH": path})
        self.assertEqual(b"b\n", self.both("argv0", "tool", "x", setup=files,
                                           env={"PATH": "a:b"})[1])

    def test_tcprules(self):
        def files(work):
            (work / "tree").mkdir()
            (work / "full").symlink_to("/dev/full")
        for words, stdin in (
                (("r", "no/tmp"), b""), (("r", "tree"), b""), (("tree", "t"), b":allow\n"),
                (("r", "t"), b"odd line\n:allow\n"), (("r", "t"), b"1.2.3.4:\n"),
                (("r", "t"), ODD + b":x\n"), ((ODD, b"t" + ODD), b":allow\n"),
                (("no/r", "t"), b":allow\n"), (("r", "full"), b":allow\n"),
                ((b"no/" + ODD, ODD), b":allow\n"), (("r", ""), b""), (("", "t"), b"")):
            with self.subTest(words=words, stdin=stdin):
                self.both("tcprules", *words, stdin=stdin, setup=files)

    def test_files_have_the_names_that_were_given(self):
        def make(work):
            subprocess.run([BIN / "tcprules", ODD, b"t" + ODD], input=b"1.2.3.4:deny\n",
                           cwd=work, check=True, env=self.environment())
            self.assertEqual([ODD], os.listdir(os.fsencode(work)))
        for env in ({"TCPREMOTEIP": "1.2.3.4"}, {}):
            self.both("tcprulescheck", ODD, setup=make, env=env)

    def test_tcprulescheck(self):
        def files(work):
            (work / "tree").mkdir()
            (work / "empty").touch()
            (work / "short").write_bytes(b"abc")
            (work / "bad").write_bytes(b"\xff" * 3000)
        for word in ("nosuch", b"no\xe9", "short", "bad", ""):
            with self.subTest(word=word):
                self.both("tcprulescheck", word, setup=files, env={"TCPREMOTEIP": "1.2.3.4"})
        files(self.home)  # The original crashes, and says that it cannot map nothing.
        for word, reason in (("tree", "is a directory"), ("empty", "protocol error")):
            result = self.run_program("tcprulescheck", self.home / word)
            self.assertEqual(
                (111, f"tcprulescheck: fatal: unable to read {self.home}/{word}: {reason}\n"),
                (result.returncode, result.stderr.decode()))

    def test_connections_that_are_not_made(self):
        words = "connection refused"
        for options in ((), ("-v",), ("-q",), ("-Q",), ("-qv",), ("-vq",), ("-qQ",), ("-T1",),
                        ("-T1+1",), ("-RH",)):
            with self.subTest(options=options):
                code, out, err = self.both("tcpclient", *options, *CLOSED, "true")
                self.assertEqual((111, b""), (code, out))
                quiet = "".join(options).replace("-", "")[-1:] == "q"
                self.assertEqual(
                    b"" if quiet else
                    b"tcpclient: unable to connect to 127.0.0.1 port 1: %s\n" % words.encode(), err)
        for words in (("-i", "192.0.2.1", *CLOSED, "true"), ("-p", "1", "127.0.0.1", "x", "y"),
                      ("127.0.0.1", "nosuch", "true"), ("127.0.0.1", b"no\xe9", "true"),
                      ("-q", "127.0.0.1", "nosuch", "true"), ("0", "1", "true"), ("", "1", "x"),
                      ("-q", "-i", "192.0.2.1", *CLOSED, "true"), ("255.255.255.255", "1", "x")):
            with self.subTest(words=words):
                self.assertEqual(111, self.both("tcpclient", *words)[0])

    def test_ports_that_cannot_be_had(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        port = str(taken.getsockname()[1])
        for words in (("127.0.0.1", port, "x"), ("-q", "127.0.0.1", port, "x"),
                      ("-Q", "127.0.0.1", port, "x"), ("-v", "127.0.0.1", port, "x"),
                      ("192.0.2.1", "0", "x"), ("127.0.0.1", "nosuch", "x"),
                      ("-q", "127.0.0.1", "nosuch", "x"), ("-qv", "192.0.2.1", "0", "x")):
            with self.subTest(words=words):
                code, _, err = self.both("tcpserver", *words)
                self.assertEqual((111, "-q" in words), (code, err == b""))

    def test_small_filters(self):
        text = bytes(range(256)) + b"\r\na\nb\r\r\n\n\rc\r"
        for name in ("addcr", "delcr"):
            for stdin in (text, b"", b"\n", b"\r", b"x"):
                self.both(name, stdin=stdin)


@unittest.skipUnless(have("tcprules"), "no ucspi-tcp")
class Reasons(Pair):
    """Every error that the kernel may give, in the words of the table."""

    SYNC = {"x86_64": 74, "aarch64": 82}.get(os.uname().machine)

    @classmethod
    def failing(cls, number):
        """To be run before a program: fsync(2) fails with this error (seccomp(2))."""
        load, equal, give = 0x20, 0x15, 0x06
        code = b"".join(struct.pack("<HBBI", *step) for step in (
            (load, 0, 0, 0), (equal, 0, 1, cls.SYNC), (give, 0, 0, 0x50000 | number),
            (give, 0, 0, 0x7FFF0000)))

        def prepare():
            libc = ctypes.CDLL(None, use_errno=True)
            steps = ctypes.create_string_buffer(code)
            program = struct.pack("HL", 4, ctypes.addressof(steps))
            assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
            assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
        return prepare

    def test_all(self):
        told = {}
        for number in sorted(errno.errorcode):
            for place in (THEIRS, BIN):
                result = subprocess.run(
                    [place / "tcprules", "rules", "temporary"], input=b"", capture_output=True,
                    timeout=60, env=self.environment(), cwd=self.home,
                    preexec_fn=self.failing(number))
                if place == THEIRS:
                    told[number] = result.returncode, result.stderr
                elif b"unknown error" not in told[number][1]:  # Ours has the C library's words.
                    self.assertEqual(told[number], (result.returncode, result.stderr), number)
        self.assertEqual((111, b"tcprules: fatal: unable to write to temporary: "
                               b"out of disk space\n"), told[errno.ENOSPC])
        self.assertGreater(sum(b"unknown error" not in err for _, err in told.values()), 80)


class Numbers(ProgramCase):
    """Programs that find or place descriptors by number, whatever else is open."""

    SHOW = "for n in 0 1 2 3 4 5 6 7 8 9; do readlink /proc/self/fd/$n >&- && echo $n; done"

    @staticmethod
    def holding(numbers, closed=()):
        """To be run before a program: these and no others are open from 3 to 20."""
        def prepare():
            null = os.open("/dev/null", os.O_RDWR)
            os.closerange(3, null)
            os.closerange(null + 1, 40)
            high = fcntl.fcntl(null, fcntl.F_DUPFD, 60)
            os.closerange(3, 40)
            for number in numbers:
                os.dup2(high, number)
            os.close(high)
            for number in closed:
                os.close(number)
        return prepare

    def server(self):
        """A server that says hello to all."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.addCleanup(listener.close)

        def serve():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(b"hello\n")
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(4096):
                        pass
        threading.Thread(target=serve, daemon=True).start()
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        return str(listener.getsockname()[1])

    def test_tcpclient_with_every_set_of_open_descriptors(self):
        port = self.server()
        script = ('cat <&6; echo x >&7 && echo sent; '
                  'for n in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$n ] && echo $n; done; true')
        for places in range(128):
            numbers = [number for number in range(3, 10) if places & 1 << number - 3]
            with self.subTest(open=numbers):
                result = subprocess.run(
                    [BIN / "tcpclient", "-RHl0", "127.0.0.1", port, "sh", "-c", script],
                    capture_output=True, timeout=60, env=self.environment(), close_fds=False,
                    preexec_fn=self.holding(numbers))
                left = sorted({*numbers, 6, 7})
                self.assertEqual(
                    ("hello\nsent\n" + "".join(f"{n}\n" for n in left), b"", 0),
                    (result.stdout.decode(), result.stderr, result.returncode))

    def test_tcpclient_without_standard_descriptors(self):
        port = self.server()
        for closed in ((0,), (1,), (2,), (0, 1), (0, 2), (0, 1, 2)):
            for numbers in ((), (3,), (3, 4), (3, 4, 5)):
                with self.subTest(closed=closed, open=numbers):
                    out = self.home / "out"
                    out.unlink(missing_ok=True)
                    subprocess.run(
                        [BIN / "tcpclient", "-RHl0", "127.0.0.1", port, "sh", "-c",
                         f"cat <&6 > {out}; echo x >&7 && echo sent >> {out}; "
                         f"for n in 0 1 2; do [ -e /proc/$$/fd/$n ] && echo $n >> {out}; done"],
                        timeout=60, env=self.environment(), close_fds=False,
                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL, preexec_fn=self.holding(numbers, closed))
                    left = [n for n in range(3) if n not in closed]
                    self.assertEqual("hello\nsent\n" + "".join(f"{n}\n" for n in left),
                                     out.read_text())

    def test_recordio_and_fixcrio_without_standard_descriptors(self):
        for name in ("recordio", "fixcrio"):
            for closed in ((), (0,), (2,), (0, 2)):
                with self.subTest(name=name, closed=closed):
                    out = self.home / "out"
                    out.unlink(missing_ok=True)
                    result = subprocess.run(
                        [BIN / name, "sh", "-c", f"cat > {out}; echo end"],
                        input=None if 0 in closed else b"text\n", timeout=60,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                        env=self.environment(), close_fds=False,
                        preexec_fn=self.holding((), closed))
                    self.assertEqual(0, result.returncode)
                    text = b"" if 0 in closed else b"text\n"
                    end = b"end\n"
                    if name == "fixcrio":
                        text, end = text.replace(b"\n", b"\r\n"), b"end\r\n"
                    self.assertEqual(text, out.read_bytes())
                    self.assertEqual(end, result.stdout)

    def test_what_tcpserver_and_its_kind_were_given_is_the_programs_too(self):
        """Numbers that somebody opened for the chain are not used up on the way."""
        for numbers in ((3, 4, 5), (3, 5, 7, 9, 11, 13), tuple(range(3, 21)), (12, 13, 14, 15)):
            with self.subTest(open=numbers):
                process = subprocess.Popen(
                    [BIN / "tcpserver", "-1RHl0", "127.0.0.1", "0", "sh", "-c",
                     "for n in $(seq 3 20); do [ -e /proc/$$/fd/$n ] && echo $n; done; true"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(),
                    close_fds=False, preexec_fn=self.holding(numbers))
                try:
                    port = int(process.stdout.readline())
                    with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
                        self.assertEqual("".join(f"{n}\n" for n in numbers),
                                         peer.makefile().read())
                finally:
                    process.kill()
                    process.communicate()

    def test_programs_that_are_run_with_what_they_need(self):
        """The small programs that start others: input, output and errors stay where they are."""
        for words in (("argv0", "sh", "sh"), ("except", "sh"), ("predate", "sh"),
                      ("tcp-env", "sh")):
            for numbers in ((), (3,), (3, 4), (3, 4, 5, 6)):
                with self.subTest(words=words, open=numbers):
                    result = subprocess.run(
                        [BIN / words[0], *words[1:], "-c",
                         "cat >/dev/null; echo out; echo err >&2; "
                         "for n in 3 4 5 6; do [ -e /proc/$$/fd/$n ] && echo $n; done; true"],
                        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                        env=self.environment(PROTO="TCP"), close_fds=False,
                        preexec_fn=self.holding(numbers))
                    self.assertEqual(
                        ("out\n" + "".join(f"{n}\n" for n in numbers), b"err\n"),
                        (result.stdout.decode(), result.stderr))

    def test_closed_standard_descriptors_are_errors_and_nobodys_else(self):
        """What is opened later does not come to be read or written in their place."""
        for name, closed, code in (("qmail-queue", (0,), 54), ("qmail-queue", (1,), 54),
                                   ("qmail-queue", (0, 1), 54), ("qmail-queue", (0, 1, 2), 54)):
            with self.subTest(name=name, closed=closed):
                queued = self.home / "envelope"
                result = subprocess.run(
                    [BIN / name], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, timeout=60, env=self.environment(),
                    close_fds=False, preexec_fn=self.holding((), closed))
                self.assertIn(result.returncode, (code, 53, 91), result)
                self.assertFalse(queued.exists())


@unittest.skipUnless(IS_ROOT and have("tcpclient"), "ucspi-tcp asks a resolver on port 53")
class Hosts(Pair):
    """Host arguments: who is asked, and what is said where nobody knows."""

    def setUp(self):
        super().setUp()
        pid = os.getpid()
        self.dns = NameServer(
            self, "host-record=here.example,127.0.0.1", "host-record=two.example,127.0.0.1",
            "host-record=two.example,127.0.0.2",
            ip=f"127.94.{pid // 250 % 250}.{pid % 250 + 1}", port=53)
        self.cache = {"DNSCACHEIP": self.dns.ip}
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        self.port = str(listener.getsockname()[1])

    def test_dnscacheip(self):
        for name in ("here.example", "HERE.example", "here.example."):
            with self.subTest(name=name):
                told = b"tcpclient: connected to 127.0.0.1 port %s\n" % self.port.encode()
                self.both("tcpclient", "-vRHl0", name, self.port, "echo", "hi", env=self.cache,
                          expected=(0, b"hi\n", told))

    def test_local_domain(self):
        for domain in ("example", "other.example example"):
            self.both("tcpclient", "-RHl0", "here", self.port, "echo", "hi",
                      env={**self.cache, "LOCALDOMAIN": domain}, expected=(0, b"hi\n", b""))

    def test_names_that_are_not_there(self):
        for name in ("nosuch.example", "127.1.example", "x@here.example", "nosuch.example."):
            with self.subTest(name=name):
                self.both("tcpclient", "-RHl0", name, self.port, "true", env=self.cache,
                          expected=(111, b"", b"tcpclient: fatal: no IP address for %s\n"
                                    % name.encode()))
                self.both("tcpclient", "-qRHl0", name, self.port, "true", env=self.cache,
                          expected=(111, b"", b""))
        self.both("tcpserver", "nosuch.example", "0", "true", env=self.cache, expected=(
            111, b"", b"tcpserver: fatal: no IP address for nosuch.example\n"))

    def test_each_address_that_refuses_is_told(self):
        told = []
        for place in (THEIRS, BIN):
            result = subprocess.run(
                [place / "tcpclient", "-RHl0", "two.example", "1", "true"], capture_output=True,
                timeout=60, env={**self.environment(), **self.cache})
            self.assertEqual(111, result.returncode)
            told.append(sorted(result.stderr.splitlines()))
        self.assertEqual(told[0], told[1])
        self.assertEqual(2, len(told[1]))

    def test_a_resolver_that_does_not_answer(self):
        for name, *words in (("tcpclient", "-RHl0", "here.example", "1", "true"),
                             ("tcpserver", "here.example", "0", "true")):
            result = self.run_program(
                name, *words, env=self.environment(DNSCACHEIP="127.0.0.97"), timeout=90)
            self.assertEqual(111, result.returncode)
            self.assertRegex(
                result.stderr, b"^%s: fatal: temporarily unable to figure out IP address for "
                b"here.example: [a-z ]+\n$" % name.encode())

    def test_control_resolvers(self):
        """Ours asks whom mail asks, in all of its programs that take a host."""
        self.control("resolvers", self.dns.address)
        for name, *words in (("tcpclient", "-RHl0", "here.example", "1", "true"),
                             ("mconnect", "here.example", "1"), ("tcpcat", "here.example", "1"),
                             ("http@", "here.example", "", "1")):
            result = self.run_program(name, *words)
            self.assertEqual(
                (111, b"tcpclient: unable to connect to 127.0.0.1 port 1: connection refused\n"),
                (result.returncode, result.stderr), name)
        for name in ("who@", "date@", "finger@"):
            result = self.run_program(name, "here.example")
            self.assertIn(b"tcpclient: unable to connect to 127.0.0.1 port ", result.stderr)

    def test_what_strangers_say_does_nothing_to_a_terminal(self):
        """who@, date@ and finger@ show it as cat -v does; the request is the same bytes."""
        said = bytes(range(256)) + b"\r\nline\r\nlast"
        for name, port, *words in (("who@", 11), ("date@", 13), ("finger@", 79),
                                   ("finger@", 79, "joe"), ("finger@", 79, ODD)):
            results = []
            for place in (THEIRS, BIN):
                with socket.create_server((self.dns.ip, port)) as listener:
                    process = subprocess.Popen(
                        [place / name, self.dns.ip, *words], stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                        env=self.environment())
                    listener.settimeout(60)
                    peer, _ = listener.accept()
                    with peer:
                        asked = peer.makefile("rb").readline() if port == 79 else b""
                        peer.sendall(said)
                        peer.shutdown(socket.SHUT_WR)
                        out, err = process.communicate(timeout=60)
                results.append((asked, out, err))
            self.assertEqual(results[0], results[1], (name, words))

    def test_hosts_file(self):
        result = self.run_program("tcpclient", "-RHl0", "localhost", self.port, "echo", "hi",
                                  env=self.environment(**self.cache))
        self.assertEqual(b"hi\n", result.stdout, result)

    def test_tcpserver_listens_at_the_name(self):
        process = subprocess.Popen(
            [BIN / "tcpserver", "-1RHl0", "here.example", "0", "echo", "hi"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment(**self.cache))
        try:
            port = int(process.stdout.readline())
            with socket.create_connection(("127.0.0.1", port), timeout=30) as peer:
                self.assertEqual(b"hi\n", peer.makefile("rb").read())
        finally:
            process.kill()
            process.communicate()


if __name__ == "__main__":
    unittest.main()

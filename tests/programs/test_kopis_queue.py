"""kopis queue: queues of qmail's, laid out by hand as its documents say, taken over and written."""

import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from harness import BIN
from test_qmail_send import SendCase

BIRTH = 1_700_000_000
RECEIVED = b"Received: (qmail 19002 invoked by uid 1234); 14 Nov 2023 22:13:20 -0000\n"
BODY = RECEIVED + b"Subject: old\n\nbody\n"


class QmailQueue:
    """A queue as qmail leaves it behind."""

    def __init__(self, path, split=23):
        self.path, self.split = pathlib.Path(path), split
        for name in ("bounce", "intd", "lock", "pid", "todo"):
            (self.path / name).mkdir(parents=True)
        for name in ("mess", "info", "local", "remote"):
            for i in range(split):
                (self.path / name / str(i)).mkdir(parents=True)
        (self.path / "lock/sendmutex").touch()
        self.count = 0

    def file(self, name, number, content):
        path = self.path / name / str(number % self.split) / str(number)
        if name in ("todo", "intd", "bounce"):
            path = self.path / name / str(number)
        path.write_bytes(content)
        return path

    def text(self, body=BODY):
        """A file in mess; its inode is the message's number."""
        self.count += 1
        path = self.path / f"pid/{self.count}"
        path.write_bytes(body)
        number = path.stat().st_ino
        path.rename(self.path / "mess" / str(number % self.split) / str(number))
        return number

    def add(self, sender=b"s@far.example", local=b"", remote=b"", bounce=None, body=BODY,
            birth=BIRTH):
        """A preprocessed message (S5)."""
        number = self.text(body)
        for name, content in (("local", local), ("remote", remote)):
            if content:
                self.file(name, number, content)
        if bounce:
            self.file("bounce", number, bounce)
        info = self.file("info", number, b"F" + sender + b"\0")
        os.utime(info, (birth, birth))
        return number

    def add_new(self, *recipients, sender=b"s@far.example", birth=BIRTH, body=BODY):
        """One that qmail-send has not looked at (S4)."""
        number = self.text(body)
        records = b"u1234\0p19002\0F" + sender + b"\0" + b"".join(
            b"T" + r + b"\0" for r in recipients)
        self.file("intd", number, records)
        os.utime(self.file("todo", number, records), (birth, birth))
        return number

    def read(self):
        """Every message of info, without its number: the shape of the queue."""
        messages = []
        for info in self.path.glob("info/*/*"):
            place = f"{int(info.name) % self.split}/{info.name}"
            self.check(info.parent.name == place.split("/")[0], info)
            mess = self.path / "mess" / place
            self.check(mess.stat().st_ino == int(info.name), mess)
            parts = [(self.path / name / place) for name in ("local", "remote")]
            bounce = self.path / "bounce" / info.name
            messages.append((int(info.stat().st_mtime), info.read_bytes(), mess.read_bytes(),
                             *[p.read_bytes() if p.exists() else b"" for p in (*parts, bounce)]))
        return sorted(messages)

    @staticmethod
    def check(right, path):
        if not right:
            raise AssertionError(f"{path} is not where it belongs")

    def files(self):
        return sorted((str(p), p.read_bytes(), p.stat().st_mtime_ns)
                      for p in self.path.rglob("*") if p.is_file())


class KopisQueue(SendCase):
    def setUp(self):
        super().setUp()
        self.control("virtualdomains", "vd.example:joe-vd", "u@whole.example:joe-w")
        self.old = QmailQueue(self.home / "old")
        self.stop_writer()

    def start_all(self):
        self.writer = subprocess.Popen([BIN / "qmail-queue", "--serve"], env=self.environment())
        deadline = time.monotonic() + 30
        while not self.is_served():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.start_send()

    def stop_all(self):
        self.sender.terminate()
        self.sender.wait(30)
        self.stop_writer()

    def kopis(self, *words, **options):
        return self.run_program("kopis", "queue", *map(str, words), **options)

    def import_old(self, counts, code=0, said=rb".*"):
        before = self.old.files()
        result = self.kopis("import", self.old.path)
        imported, known, stay = counts
        line = b"%d messages imported, %d were here before, %d stay in %s" % (
            imported, known, stay, str(self.old.path).encode())
        self.assertEqual((code, line), (result.returncode, result.stdout.splitlines()[0]), result)
        self.assertRegex(result.stderr, said)
        self.assertEqual(before, self.old.files())  # It is only read.
        return result

    def messages(self):
        """(birth, sender, recipients) of what is in our queue, by kopis queue show."""
        listed = []
        for line in self.kopis("list").stdout.splitlines():
            if b"  #" not in line:
                continue
            number = line.split(b"  #")[1].split()[0].decode()
            shown = self.kopis("show", number).stdout.decode().splitlines()
            listed.append((shown[1], [row for row in shown if row.startswith("to do")],
                           self.kopis("cat", number).stdout))
        return listed

    # Import -----------------------------------------------------------------------------------

    def test_what_is_left_of_each_message_is_delivered_and_no_more(self):
        self.old.add(local=b"Djoe@mx.example\0Tann@mx.example\0",
                     remote=b"Tx@far.example\0Dy@far.example\0")
        self.old.add_new(b"bob@mx.example", b"z@far.example", birth=BIRTH + 1)
        self.import_old((2, 0, 0))
        self.start_all()
        self.wait_log(rb"^new msg \d+\ninfo msg \d+: bytes %d from <s@far.example> qp 19002 uid 1234\n"
                      % len(BODY))
        local = {self.local.order()[3] for _ in range(2)}
        remote = {self.remote.order()[3] for _ in range(2)}
        self.assertEqual({b"ann@mx.example", b"bob@mx.example"}, local)
        self.assertEqual({b"x@far.example", b"z@far.example"}, remote)

    def test_a_message_keeps_its_text_and_its_birth(self):
        self.old.add(local=b"Tjoe@mx.example\0")
        self.old.add(local=b"Tjoe@mx.example\0", birth=BIRTH + 5, body=RECEIVED + b"x" * 1_000_000)
        self.import_old((2, 0, 0))
        listed = self.kopis("list").stdout
        self.assertIn(b"14 Nov 2023 22:13:20 GMT", listed)
        self.assertIn(b"14 Nov 2023 22:13:25 GMT", listed)
        self.assertEqual([BODY, RECEIVED + b"x" * 1_000_000],
                         [text for _, _, text in self.messages()])

    def test_the_lifetime_counts_from_birth(self):
        self.old.add(sender=b"joe@mx.example", remote=b"Tx@far.example\0")
        self.import_old((1, 0, 0))
        self.start_all()
        slot, *_ = self.remote.order()
        self.remote.report(slot, b"Zno\n")
        self.wait_log(rb"^delivery 1: failure: no/I'm_not_going_to_try_again;_this_message_has_been"
                      rb"_in_the_queue_too_long./\n")

    def test_local_recipients_are_routed_as_before(self):
        self.old.add(local=b"Tjoe-vd-a@vd.example\0Tjoe-w-u@whole.example\0Tc-d@mx.example\0")
        self.import_old((1, 0, 0), said=rb"\A\Z")
        self.start_all()
        self.assertEqual({b"joe-vd-a@vd.example", b"joe-w-u@whole.example", b"c-d@mx.example"},
                         {self.local.order()[3] for _ in range(3)})

    def test_a_local_recipient_that_is_none_any_more_is_told(self):
        self.old.add(local=b"Tjoe@former.example\0")
        self.import_old((1, 0, 0), said=rb"joe@former.example was local, and is not")

    def test_what_had_failed_is_bounced(self):
        self.old.add(sender=b"joe@mx.example", local=b"Dgone@mx.example\0",
                     bounce=b"<gone@mx.example>:\nno such box here\n\n")
        self.import_old((1, 0, 0))
        self.start_all()
        self.wait_log(rb"^bounce msg \d+ qp \d+\n")
        _, path, sender, recipient = self.local.order()
        self.assertEqual((b"", b"joe@mx.example"), (sender, recipient))
        text = self.kopis("cat", path.split(b"/")[1].decode()).stdout
        self.assertIn(b"<gone@mx.example>:\nno such box here\n\n", text)
        self.assertIn(b"Subject: old", text)

    def test_a_second_run_takes_nothing_twice(self):
        self.old.add(local=b"Tjoe@mx.example\0")
        self.import_old((1, 0, 0))
        self.old.add(local=b"Tann@mx.example\0", birth=BIRTH + 1)
        self.import_old((1, 1, 0))
        self.import_old((0, 2, 0))
        self.assertEqual(2, len(self.messages()))

    def test_splits_of_any_size_and_a_split_todo(self):
        for split in (1, 7, 101):
            queue = QmailQueue(self.home / f"split-{split}", split)
            queue.add(local=b"Tjoe@mx.example\0")
            number = queue.add_new(b"ann@mx.example")
            split_todo = queue.path / "todo" / str(number % split)
            split_todo.mkdir()
            (queue.path / "todo" / str(number)).rename(split_todo / str(number))
            result = self.kopis("import", queue.path)
            self.assertEqual(0, result.returncode, result)
            self.assertIn(b"2 messages imported", result.stdout)
        self.assertEqual(6, len(self.messages()))

    def test_damaged_files_are_named_and_stay(self):
        sound = self.old.add(local=b"Tjoe@mx.example\0")
        faults = {
            self.old.add(local=b"Tjoe@mx.example"): "local: its last record is cut short",
            self.old.add(remote=b"Xjoe@mx.example\0"): "remote: it has an invalid record",
            self.old.add(sender=b"a\0Fb"): "info: it is not one sender",
            self.old.add(local=b"T" + b"x" * 1100 + b"\0"): "an address is too long",
        }
        textless = self.old.add(local=b"Tjoe@mx.example\0")
        faults[textless] = "there is no text in mess"
        new = self.old.add_new(b"joe@mx.example")
        self.old.file("todo", new, b"u1\0p2\0Tjoe@mx.example\0")
        faults[new] = "todo: it is not of one sender"
        self.old.text()  # Never accepted.
        (self.old.path / f"mess/{textless % 23}/{textless}").unlink()
        result = self.import_old((1, 0, 6), code=100)
        self.assertEqual({f"{number} stays where it is: {text}" for number, text in faults.items()},
                         set(result.stderr.decode().splitlines()))
        self.assertIn(b"1 files of ", result.stdout)
        self.assertNotIn(str(sound).encode() + b" stays", result.stderr)
        self.assertEqual(1, len(self.messages()))

    def test_cut_off_anywhere_nothing_is_lost_and_nothing_twice(self):
        for i in range(40):
            self.old.add(local=b"Tu%d@mx.example\0" % i, birth=BIRTH + i,
                         bounce=b"<f%d@x>:\nno\n\n" % i if i % 2 else None,
                         body=RECEIVED + b"y" * (300_000 if i % 5 == 0 else 10))
        kept = None
        for calls in (1, 2, 3, 5, 7, 11, 40):
            # Dies at that one of its syncs, as by a power cut just before it.
            result = subprocess.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                 f"inject=fdatasync:signal=KILL:when={calls}", BIN / "kopis", "queue", "import",
                 self.old.path], env=self.environment(), capture_output=True, timeout=60)
            self.assertEqual(-signal.SIGKILL, result.returncode, result)
            found = len(self.messages())
            self.assertTrue(kept is None or found >= kept)
            kept = found
        result = self.kopis("import", self.old.path)
        self.assertEqual(0, result.returncode, result)
        recipients = [rows for _, rows, _ in self.messages()]
        self.assertEqual(sorted([f"to do <u{i}@mx.example>"] for i in range(40)), sorted(recipients))
        failed = [p for p in (self.home / "queue/bounce").iterdir()]
        self.assertGreaterEqual(len(failed), 20)
        texts = []
        for line in self.kopis("list").stdout.splitlines():
            if b"bouncing" in line:
                number = line.split(b"  #")[1].split()[0].decode()
                texts.append((self.home / "queue/bounce" / number).read_bytes())
        self.assertEqual(sorted(b"<f%d@x>:\nno\n\n" % i for i in range(1, 40, 2)), sorted(texts))

    def test_refusals(self):
        self.assertEqual(100, self.kopis("import", self.home / "control").returncode)
        holder = subprocess.Popen(
            ["flock", self.old.path / "lock/sendmutex", "sh", "-c", "echo; exec sleep 60"],
            stdout=subprocess.PIPE)
        holder.stdout.readline()
        result = self.kopis("import", self.old.path)
        holder.terminate()
        holder.wait()
        holder.stdout.close()
        self.assertEqual(100, result.returncode)
        self.assertIn(b"a qmail-send uses it", result.stderr)
        self.start_all()
        self.wait_log(rb"\Astatus")
        for words in (("import", self.old.path), ("export", self.home / "new")):
            result = self.kopis(*words)
            self.assertEqual(100, result.returncode)
            self.assertIn(b"stop it first", result.stderr)

    # Export -----------------------------------------------------------------------------------

    def test_export_of_half_delivered_messages(self):
        self.start_all()
        self.wait_log(rb"\Astatus: .*\n")
        self.send(b"joe@mx.example", b"gone@mx.example", b"a@vd.example", b"x@far.example",
                  sender=b"me@mx.example")
        for _ in range(3):
            slot, _, _, recipient = self.local.order()
            self.local.report(slot, {b"joe@mx.example": b"Kdid 1+0+0\n",
                                     b"gone@mx.example": b"Dno box\n"}.get(recipient, b"Zlater\n"))
            self.wait_log(rb"^delivery \d+: .*\n")
        slot, *_ = self.remote.order()
        self.remote.report(slot, b"Zlater\n")
        self.wait_log(rb"^delivery \d+: deferral.*\n")
        [(_, _, text)] = self.messages()
        self.stop_all()
        result = self.kopis("export", self.home / "new")
        self.assertEqual(0, result.returncode, result)
        self.assertIn(b"1 messages exported", result.stdout)
        exported = QmailQueue.__new__(QmailQueue)
        exported.path, exported.split = self.home / "new", 23
        [(birth, info, mess, local, remote, bounce)] = exported.read()
        self.assertLess(abs(birth - time.time()), 60)
        self.assertEqual(b"Fme@mx.example\0", info)
        self.assertEqual(text, mess)
        self.assertEqual(b"Djoe@mx.example\0Dgone@mx.example\0Tjoe-vd-a@vd.example\0", local)
        self.assertEqual(b"Tx@far.example\0", remote)
        self.assertEqual(b"<gone@mx.example>:\nno box\n\n", bounce)
        self.assertEqual(1024, (exported.path / "lock/tcpto").stat().st_size)
        self.assertTrue((exported.path / "lock/trigger").is_fifo())
        self.assertEqual(100, self.kopis("export", self.home / "new").returncode)

    def test_there_and_back_again(self):
        self.old.add(local=b"Djoe@mx.example\0Tjoe-vd-a@vd.example\0", bounce=b"<b@x>:\nno\n\n")
        self.old.add(sender=b"", remote=b"Tx@far.example\0Ty@far.example\0", birth=BIRTH + 9)
        self.old.add(sender=b"list-@mx.example-@[]", local=b"T\xff\xfe@mx.example\0",
                     body=RECEIVED + b"z" * 600_000, birth=BIRTH + 12)
        expected = [(birth, info, mess, local.replace(b"Djoe@mx.example\0", b""), remote, bounce)
                    for birth, info, mess, local, remote, bounce in self.old.read()]
        self.import_old((3, 0, 0))
        self.assertEqual(0, self.kopis("export", self.home / "new").returncode)
        exported = QmailQueue.__new__(QmailQueue)
        exported.path, exported.split = self.home / "new", 23
        self.assertEqual(expected, exported.read())
        shutil.rmtree(self.home / "queue")
        for name in ("mess", "state", "bounce", "command", "lock"):
            (self.home / "queue" / name).mkdir(parents=True)
        self.old = exported
        self.import_old((3, 0, 0))
        self.assertEqual(0, self.kopis("export", self.home / "third").returncode)
        exported = QmailQueue.__new__(QmailQueue)
        exported.path, exported.split = self.home / "third", 23
        self.assertEqual(expected, exported.read())

    # The rest -----------------------------------------------------------------------------------

    def test_retry_makes_everything_due(self):
        self.assertEqual(100, self.kopis("retry").returncode)
        self.start_with_one_deferred()
        self.assertEqual(0, self.kopis("retry").returncode)
        self.assertEqual(b"joe@mx.example", self.local.order()[3])

    def test_remove(self):
        self.start_all()
        self.wait_log(rb"\Astatus: .*\n")
        for name in (b"ann", b"joe", b"eva"):  # Each reported before the next, so in order.
            self.send(name + b"@mx.example")
            slot, *_ = self.local.order()
            self.local.report(slot, b"Zlater\n")
        self.wait_log(rb"^delivery 3: deferral: later/\nstatus: .*\n")
        ann, joe, eva = (int(line.split(b"#")[1].split()[0])
                         for line in self.kopis("list").stdout.splitlines() if b"  #" in line)
        self.stop_all()
        unknown = self.kopis("remove", joe, eva + 8)
        self.assertEqual((100, b""), (unknown.returncode, unknown.stdout))
        self.assertIn(b"message %d is not in the queue" % (eva + 8), unknown.stderr)
        self.assertEqual(3, self.kopis("list").stdout.count(b"  #"))  # All or none.
        [log] = (self.home / "queue/state").glob("log-*")
        with open(log, "ab") as file:
            file.write(b"torn")  # As by a crash in the midst of a record.
        removed = self.kopis("remove", joe, ann)
        self.assertEqual((0, b"2 recipients of 2 messages removed\n"),
                         (removed.returncode, removed.stdout))
        self.assertEqual(100, self.kopis("remove", joe).returncode)
        self.text = b""
        self.start_all()
        self.wait_log(rb"\Astatus: .*\n")
        self.assertEqual(0, self.kopis("retry").returncode)
        self.assertEqual(b"eva@mx.example", self.local.order()[3])
        self.local.report(0, b"Kdone\n")
        self.wait_log(rb"^end msg %d\n" % eva)
        self.assertEqual(0, self.kopis("list").stdout.count(b"  #"))

    def start_with_one_deferred(self):
        self.start_all()
        self.wait_log(rb"\Astatus: .*\n")
        self.send(b"joe@mx.example")
        slot, *_ = self.local.order()
        self.local.report(slot, b"Zlater\n")
        self.wait_log(rb"^delivery 1: deferral: later/\nstatus: .*\n")

    def test_numbers_that_are_not_there(self):
        self.start_with_one_deferred()
        [line] = [line for line in self.kopis("list").stdout.splitlines() if b"  #" in line]
        number = int(line.split(b"#")[1].split()[0])
        for other in (number + 8, number + (1 << 40), 8):
            for verb in ("show", "cat"):
                result = self.kopis(verb, other)
                self.assertEqual((100, b""), (result.returncode, result.stdout), (verb, other))
                self.assertRegex(result.stderr, rb"\Aqueue: fatal: message %d: .*the queue.*\n\Z"
                                 % other)

    def test_readers_that_have_enough(self):
        """mailq | head, kopis queue list | head: they end as others do, in silence."""
        self.start_with_one_deferred()
        for words in (("mailq",), ("qmail-qread",), ("kopis", "queue", "list"),
                      ("sendmail", "-bp")):
            read, write = os.pipe()
            os.close(read)
            result = subprocess.run([BIN / words[0], *words[1:]], stdout=write, timeout=60,
                                    stderr=subprocess.PIPE, env=self.environment())
            os.close(write)
            self.assertEqual((-signal.SIGPIPE, b""), (result.returncode, result.stderr), words)

    def test_show_and_misuse(self):
        for words in ((), ("list", "x"), ("show",), ("show", "x"), ("remove",), ("remove", "x"), ("show", "01"), ("cat", "8388610"),
                      ("import",), ("what",)):
            result = self.kopis(*words)
            self.assertEqual((100, b""), (result.returncode, result.stdout), words)
            self.assertNotEqual(b"", result.stderr)


if __name__ == "__main__":
    unittest.main()

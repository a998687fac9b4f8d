"""kopis metrics, health, status, top and senders on a `kopis run` home with real mail through it; the
alerts and the dashboard of docs/monitoring against what that host says."""

import base64
import json
import os
import pathlib
import poplib
import pty
import re
import select
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import termios
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/system"))
sys.path.append("/usr/lib/python3/dist-packages")  # Debian's, where this python may not look.

from host import HostCase  # noqa: E402
from prometheus_client.parser import text_string_to_metric_families  # noqa: E402

MONITORING = ROOT / "docs/monitoring"
NAME = re.compile(r"\bkopis_[a-z_]+\b")


class MetricsCase(HostCase):
    def setUp(self):
        super().setUp()
        self.host.control("badmailto", "bad@elsewhere.example")
        self.host.control("smtproutes", f"gone.{self.host.me}:127.0.0.1:1")

    def metrics(self):
        """The text, and its values by name and labels, as Prometheus' own client reads it."""
        result = self.host.run("metrics")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        text = result.stdout.decode("ascii")
        values = {}
        for family in text_string_to_metric_families(text):
            self.assertNotEqual("unknown", family.type, family.name)
            for sample in family.samples:
                key = (sample.name, tuple(sorted(sample.labels.items())))
                self.assertNotIn(key, values)
                values[key] = sample.value
        return text, values

    def value(self, name, **labels):
        return self.metrics()[1].get((name, tuple(sorted(labels.items()))))

    def wait_value(self, wanted, name, **labels):
        self.host.wait_until(lambda: self.value(name, **labels) == wanted,
                             why=lambda: f"{name} {labels} is {self.value(name, **labels)}")

    def send(self, recipient, sender="joe@client.example", text="Subject: x\r\n\r\nhi\r\n"):
        with smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20) as client:
            client.sendmail(sender, recipient, text)

    def submit(self, recipients):
        with smtplib.SMTP("127.0.0.1", self.host.submission_port, timeout=20) as client:
            client.starttls()
            client.login(self.host.address, self.host.password)
            client.sendmail(self.host.address, recipients, "Subject: y\r\n\r\nhi\r\n")

    def guess(self):
        """One wrong password, by one mechanism."""
        with smtplib.SMTP("127.0.0.1", self.host.submission_port, timeout=20) as client:
            client.starttls()
            client.ehlo()
            wrong = base64.b64encode(f"\0{self.host.address}\0wrong".encode()).decode()
            self.assertEqual(535, client.docmd("AUTH", f"PLAIN {wrong}")[0])

    def traffic(self):
        """Of everything something."""
        self.send(self.host.address)
        self.send(self.host.address)
        self.submit([self.host.address, f"a@gone.{self.host.me}"])
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            self.send("bad@elsewhere.example")
        self.guess()
        client = poplib.POP3("127.0.0.1", self.host.pop3_port, timeout=20)
        client.user(self.host.address)
        client.pass_(self.host.password)
        client.quit()
        result = self.host.run("qmail-inject", "-f", self.host.address,
                               f"nobody-here@{self.host.me}", input=b"Subject: z\n\nhi\n")
        self.assertEqual(0, result.returncode, result)
        self.host.wait_mail(self.host.address, 4)  # With the bounce.


class Metrics(MetricsCase):
    def test_what_happened_is_counted_once(self):
        self.traffic()
        local, remote = {"channel": "local"}, {"channel": "remote"}
        self.wait_value(4, "kopis_deliveries_total", result="success", **local)
        self.wait_value(1, "kopis_deliveries_total", result="failure", **local)
        self.host.wait_until(lambda: self.value(
            "kopis_deliveries_total", result="deferral", **remote) >= 1)
        text, values = self.metrics()

        def value(name, **labels):
            return values[(name, tuple(sorted(labels.items())))]
        self.assertEqual(2, value("kopis_accepted_messages_total", source="smtp"))
        self.assertEqual(1, value("kopis_accepted_messages_total", source="login"))
        self.assertEqual(2, value("kopis_accepted_messages_total", source="local"))
        self.assertEqual(2, value("kopis_accepted_recipients_total", source="login"))
        self.assertEqual(30, value("kopis_accepted_bytes_total", source="smtp"))
        self.assertEqual(5, value("kopis_queued_messages_total"))
        self.assertEqual(4, value("kopis_ended_messages_total"))
        self.assertEqual(1, value("kopis_bounces_total", kind="bounce"))
        self.assertEqual(1, value("kopis_refusals_total", check="badmailto"))
        self.assertEqual(1, value("kopis_logins_total", service="smtp", result="ok"))
        self.assertEqual(1, value("kopis_logins_total", service="smtp", result="failed"))
        self.assertEqual(1, value("kopis_logins_total", service="pop3", result="ok"))
        self.assertEqual(  # And kopis run itself, once at each of three ports.
            5 + 3, value("kopis_connections_total", service="smtp"))
        self.assertEqual(1, value("kopis_tls_messages_total", direction="in", version="TLSv1.3"))
        self.assertEqual(2, value("kopis_tls_messages_total", direction="in", version="none"))
        self.assertGreaterEqual(value(
            "kopis_delivery_failures_total", result="deferral", **{"class": "connectionfailed"}), 1)
        self.assertEqual(5, value("kopis_attempt_duration_seconds_count", **local))
        self.assertEqual(4, value("kopis_delivery_time_seconds_bucket", le="+Inf", **local))
        self.assertGreaterEqual(value("kopis_sync_batches_total"), 1)
        self.assertEqual(1, value("kopis_queue_messages", place="memory"))
        self.assertEqual(1, value("kopis_queue_recipients"))
        self.assertEqual(1, sum(number for (name, labels), number in values.items()
                                if name == "kopis_queue_channel_messages"
                                and ("channel", "remote") in labels))
        self.assertEqual(1, value("kopis_last_hour_events", event="refused"))
        for part in ("qmail-send", "qmail-queue", "qmail-journal"):
            self.assertEqual(1, value("kopis_up", part=part))
            self.assertEqual(1, value("kopis_processes", program=part))
            self.assertGreater(value("kopis_process_resident_memory_bytes", program=part), 2**20)
            self.assertLess(
                abs(time.time() - value("kopis_process_start_time_seconds", program=part)), 120)
        self.assertGreater(value("kopis_certificate_expiry_time_seconds"), time.time() + 86400)
        self.assertNotIn(self.host.me, text)  # No word of others.
        check = subprocess.run(["promtool", "check", "metrics"], input=text.encode(),
                               capture_output=True, timeout=60)
        self.assertEqual((0, b""), (check.returncode, check.stderr), check.stdout)

    def test_alerts_and_dashboard_name_what_is_there(self):
        self.traffic()
        self.host.wait_until(lambda: self.value(
            "kopis_delivery_failures_total", result="deferral", **{"class": "connectionfailed"}))
        _, values = self.metrics()
        there = {name for name, _ in values}
        rules = (MONITORING / "kopis.rules.yml").read_text()
        board = json.loads((MONITORING / "kopis.dashboard.json").read_text())
        expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        self.assertGreater(len(expressions), 20)
        checks = {"kopis_checks_total"}  # None is checked whose client is this host.
        for name in set(NAME.findall(" ".join(expressions) + rules)):
            self.assertIn(name, there | checks)
        for panel in board["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
        known = {(name, label) for name, labels in values for label in labels}
        for name, selector in re.findall(r"\b(kopis_[a-z_]+)\{([^}]*)\}", rules):
            for label, word in re.findall(r'(\w+)="([^"]*)"', selector):
                if (name, (label, word)) not in known:  # What has not happened here.
                    self.assertEqual(("kopis_delivery_failures_total", "failure"), (name, word))

    def test_counters_begin_again_with_the_journal(self):
        self.send(self.host.address)
        self.wait_value(1, "kopis_ended_messages_total")
        began = self.value("kopis_journal_start_time_seconds")
        os.kill(self.host.pids("qmail-journal")[0], signal.SIGKILL)
        self.host.wait_until(
            lambda: (self.value("kopis_journal_start_time_seconds") or 0) > began)
        self.send(self.host.address)
        self.wait_value(1, "kopis_ended_messages_total")

    def test_who_does_not_read_is_in_nobodys_way(self):
        peers = []
        for _ in range(200):  # More than may wait: the others are served meanwhile.
            peer = socket.socket(socket.AF_UNIX)
            peer.connect(str(self.host.home / "journal/counters"))
            peer.settimeout(20)
            peers.append(peer)
        self.send(self.host.address)
        self.wait_value(1, "kopis_ended_messages_total")
        for peer in peers:
            text = b""
            while piece := peer.recv(65536):
                text += piece
            self.assertTrue(text.endswith(b"\n") and b"kopis_journal_records_total" in text)
            peer.close()


class Health(MetricsCase):
    def health(self, *words):
        result = self.host.run("health", *words)
        self.assertEqual(b"", result.stderr)
        return result.returncode, result.stdout.decode("ascii")

    def test_healthy_degraded_and_down(self):
        code, line = self.health()
        self.assertEqual(0, code, line)
        self.assertRegex(line, r"\AOK: 0 messages in the queue, 0 deliveries run\n\Z")
        (self.host.home / "journal/counters").unlink()
        code, line = self.health()
        self.assertEqual((1, "DEGRADED: qmail-journal does not answer: nothing is recorded\n"),
                         (code, line))
        code, text = self.health("--json")
        said = json.loads(text)
        self.assertEqual((1, "degraded", 1), (code, said["state"], said["exit"]))
        self.assertEqual("degraded", said["findings"][0]["level"])
        self.assertEqual(0, self.host.stop())
        code, line = self.health()
        self.assertEqual(2, code)
        self.assertRegex(line, r"\ADOWN: qmail-send does not run.*; the queue writer does not run")
        self.assertEqual(2, self.host.run("status").returncode)
        self.assertEqual(0, self.host.run("metrics").returncode)

    def test_words_that_make_no_sense(self):
        for program in ("metrics", "health", "status", "top", "senders"):
            for words, code in ((["--nonsense"], 100), (["--help"], 0)):
                result = self.host.run(program, *words)
                self.assertEqual(code, result.returncode, (program, words))
                self.assertIn(b"usage: kopis " + program.encode(), result.stdout + result.stderr)
        self.assertEqual(100, self.host.run("top").returncode)  # No terminal.

    @unittest.skipUnless(os.geteuid() == 0, "no other user can be tried")
    def test_who_may_not_ask_is_told_so(self):
        for program in ("metrics", "health", "status"):
            result = subprocess.run(
                ["setpriv", "--reuid", "4711", "--regid", "4711", "--clear-groups",
                 self.host.binary, program], env=self.host.environment(), capture_output=True,
                timeout=60)
            self.assertEqual(100, result.returncode, result)
            self.assertIn(b"permission denied", result.stderr)


class Screens(MetricsCase):
    def test_status(self):
        self.traffic()
        self.host.wait_until(lambda: json.loads(self.host.run("status", "--json").stdout)
                             ["last_hour"]["deferred"] >= 1)
        said = json.loads(self.host.run("status", "--json").stdout)
        self.assertEqual(("healthy", 1), (said["state"], said["queue"]["messages"]))
        self.assertEqual(5, said["last_hour"]["accepted"])
        self.assertIn("qmail-send", [one["program"] for one in said["processes"]])
        result = self.host.run("status")
        text = result.stdout.decode()
        self.assertEqual(0, result.returncode, text)
        self.assertNotIn("\x1b", text)
        self.assertRegex(text, rf"(?m)\AKopis \d+\.\d+\.\d+ in {self.host.home}: HEALTHY$")
        self.assertRegex(text, r"(?m)^Queue +1 messages, 1 recipients +\[kopis queue list\]$")
        self.assertRegex(text, r"(?m)^Last \d+s +5 accepted, 4 delivered, \d deferred, 1 failed, 1 refused")

    def on_terminal(self, *words, keys=b"", stop=None, seen=b"", **environment):
        """Runs on a terminal of its own until `seen` is there, gives keys or a signal, and returns
        the exit code, what was drawn, and the terminal's settings before and after."""
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        process = subprocess.Popen(
            self.host.command(*words), stdin=slave, stdout=slave, stderr=slave,
            env={**self.host.environment(), "TERM": "xterm", **environment})
        drawn, deadline = b"", time.monotonic() + 60
        try:
            while seen not in drawn and time.monotonic() < deadline:
                if select.select([master], [], [], 0.1)[0]:
                    drawn += os.read(master, 65536)
            os.write(master, keys)
            if stop is not None:
                process.send_signal(stop)
            while process.poll() is None and time.monotonic() < deadline:
                if select.select([master], [], [], 0.1)[0]:
                    drawn += os.read(master, 65536)
            while select.select([master], [], [], 0)[0]:
                drawn += os.read(master, 65536)
            return process.wait(1), drawn, before, termios.tcgetattr(slave)
        finally:
            process.kill()
            process.wait()
            os.close(master)
            os.close(slave)

    def test_colour_is_for_terminals_that_want_it(self):
        _, drawn, _, _ = self.on_terminal("status", seen=b"Disk")
        self.assertIn(b"\x1b[32mHEALTHY\x1b[0m", drawn)
        doctor = ("doctor", "--only", "cert")  # Whose certificate is self-signed.
        self.assertIn(b"\x1b[36mnote\x1b[0m cert.issuer", self.on_terminal(*doctor, seen=b"checks:")[1])
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            for words, seen in ((("status",), b"Disk"), (doctor, b"checks:")):
                _, drawn, _, _ = self.on_terminal(*words, seen=seen, **environment)
                self.assertIn(seen, drawn)
                self.assertNotIn(b"\x1b", drawn)

    def test_top_is_drawn_and_leaves_the_terminal_as_it_was(self):
        self.send(self.host.address, sender="evil@x\u0021.example")
        self.wait_value(1, "kopis_ended_messages_total")
        for keys, stop in ((b"q", None), (b"\x03", None), (b"", signal.SIGTERM)):
            with self.subTest(keys=keys, stop=stop):
                code, drawn, before, after = self.on_terminal(
                    "top", keys=keys, stop=stop, seen=b"evil@x!.example")
                self.assertEqual(0, code, drawn)
                self.assertEqual(before, after)
                self.assertTrue(drawn.startswith(b"\x1b[?1049h\x1b[?25l"), drawn[:40])
                self.assertTrue(drawn.endswith(b"\x1b[?25h\x1b[?1049l"), drawn[-40:])
                self.assertIn(b"in flight  local 0/", drawn)
                self.assertRegex(drawn, rb"1 +1 +15 bytes  evil@x!\.example")

    def test_top_once(self):
        result = self.host.run("top", "--once")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        self.assertRegex(result.stdout.decode(), r"(?m)^a second   0\.0 accepted")
        self.assertNotIn(b"\x1b", result.stdout)

    def test_senders(self):
        self.traffic()

        def senders(*words):
            result = self.host.run("senders", "--json", *words)
            self.assertEqual((0, b""), (result.returncode, result.stderr))
            return [json.loads(line) for line in result.stdout.splitlines()]
        self.host.wait_until(lambda: sum(one["messages"] for one in senders()) == 5)
        self.assertEqual(
            sorted([("<>", 1), ("joe@client.example", 2), (self.host.address, 2)]),
            sorted((one["sender"], one["messages"]) for one in senders()))
        by_login = senders("--by", "login")
        self.assertEqual([(self.host.address, 1, 2)], [
            (one["sender"], one["messages"], one["recipients"]) for one in by_login])
        self.assertEqual("127.0.0.1", senders("--by", "client")[0]["sender"])
        self.assertEqual(self.host.address, senders("--sort", "recipients", "--limit", "1")[0]["sender"])
        self.assertEqual([], senders("--until", "1h"))
        text = self.host.run("senders").stdout.decode()
        self.assertRegex(text, r"(?m)^ +2 +2 +\d+  joe@client.example$")


class Rules(unittest.TestCase):
    """The alerts alone, by Prometheus' own tool."""

    SERIES = """
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {{series: 'kopis_build_info{{instance="mx"}}', values: '1x120'}}
      - {{series: 'kopis_up{{instance="mx",part="qmail-send"}}', values: '1x20 0x100'}}
      - {{series: 'kopis_up{{instance="mx",part="qmail-journal"}}', values: '1x120'}}
      - {{series: 'kopis_queue_disk_free_bytes{{instance="mx"}}', values: '1e9x120'}}
      - {{series: 'kopis_certificate_expiry_time_seconds{{instance="mx"}}', values: '864000x120'}}
      - {{series: 'kopis_journal_lost_total{{instance="mx",reason="room"}}', values: '0x30 7x90'}}
      - {{series: 'kopis_logins_total{{instance="mx",service="pop3",result="failed"}}', values: '0+120x120'}}
      - {{series: 'kopis_process_start_time_seconds{{instance="mx",program="qmail-send"}}', values: '1x10 2 3 4 5 6 7 7x100'}}
    alert_rule_test:
      - {{eval_time: 15m, alertname: KopisPartDown}}
      - eval_time: 25m
        alertname: KopisPartDown
        exp_alerts:
          - exp_labels: {{severity: critical, instance: mx, part: qmail-send}}
            exp_annotations:
              summary: qmail-send does not answer on mx
              description: Without qmail-send nothing is delivered, without qmail-queue no mail is taken. "kopis status".
      - {{eval_time: 60m, alertname: KopisJournalDown}}
      - {{eval_time: 60m, alertname: KopisSilent}}
      - {{eval_time: 60m, alertname: KopisDiskFull}}
      - {{eval_time: 60m, alertname: KopisCertificateEnds}}
    promql_expr_test:
      - expr: count(ALERTS{{alertname="KopisRecordsLost",alertstate="firing",reason="room"}})
        eval_time: 35m
        exp_samples: [{{value: 1}}]
      - expr: count(ALERTS{{alertname="KopisLoginsFail",alertstate="firing",service="pop3"}})
        eval_time: 60m
        exp_samples: [{{value: 1}}]
      - expr: count(ALERTS{{alertname="KopisRestarts",alertstate="firing"}})
        eval_time: 20m
        exp_samples: [{{value: 1}}]
      - expr: count(ALERTS{{alertname="KopisRestarts"}})
        eval_time: 60m
"""

    def promtool(self, *words):
        result = subprocess.run(["promtool", *map(str, words)], capture_output=True, timeout=120)
        self.assertEqual(0, result.returncode, result)
        return result.stdout

    def test_they_are_rules(self):
        said = self.promtool("check", "rules", MONITORING / "kopis.rules.yml")
        self.assertRegex(said.decode(), r"SUCCESS: 1[0-9] rules found")

    def test_they_fire_when_they_should(self):
        place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-rules-"))
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        shutil.copy(MONITORING / "kopis.rules.yml", place)
        (place / "test.yml").write_text(self.SERIES.format(rules="kopis.rules.yml"))
        self.promtool("test", "rules", place / "test.yml")


if __name__ == "__main__":
    unittest.main()

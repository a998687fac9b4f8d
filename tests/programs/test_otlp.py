"""kopis metrics --otlp: what a collector of OpenTelemetry gets over HTTP, on a `kopis run` home with real
mail through it, and what a collector that does not take it costs."""

import http.server
import json
import queue
import re
import subprocess
import threading
import unittest

from test_metrics import MetricsCase  # It finds host.
from host import Host  # noqa: I100

PATH = "/v1/metrics"


class Collector(http.server.ThreadingHTTPServer):
    """Takes requests, and answers each with what is set."""

    daemon_threads = True

    def __init__(self, case):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = queue.Queue()
        self.status, self.answer, self.more = 200, b"{}", ()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        case.addCleanup(self.server_close)
        case.addCleanup(self.shutdown)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}{PATH}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.put((self.path, self.headers, body))
        self.send_response(self.server.status)
        for name, value in self.server.more:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


def attributes(data):
    return {one["key"]: one["value"]["stringValue"] for one in data["attributes"]}


def values(body):
    """As the text format has them: (name, labels) and number, with parts of histograms."""
    request = json.loads(body)
    assert list(request) == ["resourceMetrics"]
    (resource,) = request["resourceMetrics"]
    (scope,) = resource["scopeMetrics"]
    found, kinds = {}, {}
    for metric in scope["metrics"]:
        (kind,) = set(metric) & {"sum", "gauge", "histogram"}
        kinds[metric["name"]] = kind
        if kind != "gauge":
            assert metric[kind]["aggregationTemporality"] == 2, metric
        assert metric[kind].get("isMonotonic", False) == (kind == "sum"), metric
        for point in metric[kind]["dataPoints"]:
            assert re.fullmatch(r"\d{19}", point["timeUnixNano"]), point
            assert int(point.get("startTimeUnixNano", "0")) <= int(point["timeUnixNano"]), point
            labels = attributes(point)
            if kind != "histogram":
                found[metric["name"], tuple(sorted(labels.items()))] = point["asDouble"]
                continue
            bounds = [*point["explicitBounds"], None]
            counts = [int(count) for count in point["bucketCounts"]]
            assert len(counts) == len(bounds) and all(count >= 0 for count in counts), point
            assert sum(counts) == int(point["count"]), point
            for i, bound in enumerate(bounds):
                name = "+Inf" if bound is None else f"{bound:g}"
                key = tuple(sorted({**labels, "le": name}.items()))
                found[f"{metric['name']}_bucket", key] = sum(counts[:i + 1])
            key = tuple(sorted(labels.items()))
            found[f"{metric['name']}_count", key] = int(point["count"])
            found[f"{metric['name']}_sum", key] = point["sum"]
    return found, kinds, attributes(resource["resource"])


class Otlp(MetricsCase):
    def setUp(self):
        super().setUp()
        self.collector = Collector(self)

    def export(self):
        return self.host.run("metrics", "--otlp")

    def test_a_collector_gets_what_prometheus_gets(self):
        self.host.control("otlpendpoint", self.collector.url)
        self.traffic()
        self.wait_value(0, "kopis_deliveries_running", channel="local")
        result = self.export()
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        path, headers, body = self.collector.requests.get(timeout=20)
        self.assertEqual((PATH, "application/json"), (path, headers["Content-Type"]))
        self.assertRegex(headers["User-Agent"], r"\AKopis/\d")
        sent, kinds, resource = values(body)
        _, wanted = self.metrics()
        self.assertEqual({"service.name": "kopis", "service.version": resource["service.version"],
                          "host.name": self.host.me}, resource)
        normal = {(name, tuple((key, f"{float(value):g}" if key == "le" and value != "+Inf" else value)
                               for key, value in labels)): value
                  for (name, labels), value in wanted.items()}
        self.assertEqual(set(normal), set(sent))
        moving = re.compile(r"kopis_(process|queue_disk|queue_oldest|last_hour|journal_records)")
        for key, value in normal.items():
            if not moving.match(key[0]):
                self.assertAlmostEqual(value, sent[key], places=6, msg=key)
        self.assertEqual(("sum", "histogram", "gauge"), (
            kinds["kopis_accepted_messages_total"], kinds["kopis_attempt_duration_seconds"],
            kinds["kopis_queue_messages"]))
        self.assertGreater(
            sent["kopis_accepted_messages_total", (("source", "smtp"),)], 1)

    def test_without_an_endpoint_nothing_is_sent(self):
        result = self.export()
        self.assertEqual(100, result.returncode)
        self.assertIn(b"control/otlpendpoint is missing", result.stderr)
        self.assertTrue(self.collector.requests.empty())

    def test_an_endpoint_that_is_none_is_refused(self):
        for text in ("127.0.0.1:4318", "ftp://x/", "file:///etc/passwd", "http://u:p@x/", "/v1/metrics",
                     "https://x/#y"):
            self.host.control("otlpendpoint", text)
            result = self.export()
            self.assertEqual(100, result.returncode, text)
            self.assertIn(b"not an http or https URL", result.stderr)
            checked = self.host.run("config", "check")
            self.assertIn(b"control/otlpendpoint: not an http", checked.stdout, text)

    def test_a_collector_that_does_not_take_it(self):
        self.host.control("otlpendpoint", self.collector.url)
        for status in (400, 429, 500, 503):
            self.collector.status = status
            result = self.export()
            self.assertEqual(111, result.returncode, status)
            self.assertIn(b"status %d" % status, result.stderr)
            self.assertEqual(1, result.stderr.count(b"\n"))
        # It leads nowhere else, and says no more than is read.
        self.collector.status, self.collector.more = 307, [("Location", "http://127.0.0.1:1/")]
        self.assertIn(b"status 307", self.export().stderr)
        self.collector.status, self.collector.more = 200, ()
        self.collector.answer = bytes(1 << 20)
        self.assertEqual(111, self.export().returncode)
        self.host.control("otlpendpoint", "http://127.0.0.1:1/")
        self.assertEqual(111, self.export().returncode)

    def test_it_goes_on_after_a_collector_was_away(self):
        self.host.control("otlpendpoint", self.collector.url)
        self.host.control("otlpinterval", "1")
        self.collector.status = 503
        process = subprocess.Popen(
            [self.host.binary, "metrics", "--otlp", "--serve"], env=self.host.environment(),
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait, 20)
        self.addCleanup(process.kill)
        for _ in range(2):
            self.collector.requests.get(timeout=20)
        self.collector.status = 200
        bodies = [self.collector.requests.get(timeout=20)[2] for _ in range(2)]
        self.assertTrue(all(values(body)[0] for body in bodies))
        process.terminate()
        self.assertEqual(0, process.wait(20))
        self.assertIn(b"metrics: warning: not sent: 127.0.0.1 does not take metrics: status 503\n",
                      process.stderr.read())


class OtlpRun(unittest.TestCase):
    def test_kopis_run_sends_where_the_file_is_there_at_its_start(self):
        collector, host = Collector(self), Host()
        self.addCleanup(host.close)
        host.control("otlpendpoint", collector.url)
        host.control("otlpinterval", "1")
        host.start()
        sent, _, _ = values(collector.requests.get(timeout=30)[2])
        while not sent.get(("kopis_up", (("part", "qmail-send"),))):
            sent, _, _ = values(collector.requests.get(timeout=30)[2])


if __name__ == "__main__":
    unittest.main()

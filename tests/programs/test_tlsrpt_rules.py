"""The rules for reports of TLS refuse what RFC 8460 does not have: each change makes a good report bad."""

import base64
import copy
import gzip
import json
import unittest

import harness  # noqa: F401  It says where tests' own modules are.

from tlsrpt_rules import faults, message_faults, packed_faults

STS = {"policy-type": "sts", "policy-domain": "b.example", "mx-host": ["*.mail.b.example"],
       "policy-string": ["version: STSv1", "mode: testing", "mx: *.mail.b.example", "max_age: 86400"]}
GOOD = {
    "organization-name": "A", "contact-info": "tls@a.example", "report-id": "5065427c@a.example",
    "date-range": {"start-datetime": "2026-11-29T00:00:00Z", "end-datetime": "2026-11-29T23:59:59Z"},
    "policies": [
        {"policy": STS,
         "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
         "failure-details": [
             {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:12::1",
              "receiving-mx-hostname": "mx1.mail.b.example", "failed-session-count": 100},
             {"result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:13::1",
              "receiving-mx-hostname": "mx2.mail.b.example", "receiving-ip": "203.0.113.56",
              "failed-session-count": 200, "additional-information": "https://a.example/more?id=1"},
             {"result-type": "validation-failure", "sending-mta-ip": "198.51.100.62",
              "receiving-ip": "203.0.113.58", "receiving-mx-hostname": "mx-b.mail.b.example",
              "receiving-mx-helo": "mx-b.mail.b.example", "failed-session-count": 3,
              "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]},
        {"policy": {"policy-type": "tlsa", "policy-domain": "b.example",
                    "policy-string": ["3 1 1 00FF", "2 0 1 AB12"]},
         "summary": {"total-successful-session-count": 1, "total-failure-session-count": 0}},
        {"policy": {"policy-type": "no-policy-found", "policy-domain": "b.example"},
         "summary": {"total-successful-session-count": 0, "total-failure-session-count": 2},
         "failure-details": [{"result-type": "starttls-not-supported", "failed-session-count": 2}]}]}

LONG = "policies.0.failure-details.0."
SUMS = "policies.0.summary."
# Where, and what stands there instead; None: nothing.
CHANGES = [
    *((name, value) for name in ("organization-name", "contact-info", "report-id", "policies",
                                 "date-range") for value in (None, "", 3, [], {})),
    ("contact-info", "tls"), ("contact-info", "T <tls@a.example>"), ("contact-info", "tls@a..example"),
    ("more", "x"), ("date-range.more", "x"), ("policies.0.more", "x"), ("policies.0.policy.more", "x"),
    (SUMS + "more", 1), (LONG + "more", "x"),
    *((f"date-range.{name}", value) for name in ("start-datetime", "end-datetime") for value in (
        None, 1796000000, "2026-11-29", "2026-11-29 00:00:00Z", "2026-11-29T00:00:00",
        "2026-11-29T00:00:00+01:00", "2026-11-31T00:00:00Z", "Sun, 29 Nov 2026 00:00:00 GMT",
        "2026-11-28T00:00:00Z", "2026-11-29T12:00:00Z")),
    *(("policies.0.policy.policy-type", value) for value in (None, "STS", "dane", "", 1, "tlsa",
                                                             "no-policy-found")),
    *(("policies.0.policy.policy-domain", value) for value in (None, "", "b_.example", "bücher.example",
                                                               "b.example.", 1)),
    *(("policies.0.policy.policy-string", value) for value in (
        None, "version: STSv1", [], [1], STS["policy-string"][1:],
        [*STS["policy-string"], "mode: none"], ["\n".join(STS["policy-string"])])),
    *(("policies.0.policy.mx-host", value) for value in (
        None, [], "*.mail.b.example", ["mail.b.example"], ["*.*.b.example"])),
    *(("policies.1.policy.policy-string", value) for value in (
        None, ["3 1 1"], ["4 1 1 00FF"], ["3 1 1 00F"], ["_25._tcp TLSA 3 1 1 00FF"])),
    ("policies.1.policy.mx-host", ["mx.b.example"]), ("policies.1.failure-details", []),
    ("policies.1.policy", STS), ("policies.1.summary.total-successful-session-count", 0),
    ("policies.2.policy.policy-string", ["x"]), ("policies.2.failure-details", None),
    *((SUMS + name, value) for name in ("total-successful-session-count", "total-failure-session-count")
      for value in (None, -1, "303", 303.0, True, 2**53)),
    (SUMS + "total-failure-session-count", 302),
    *((LONG + "result-type", value) for value in (None, "", "expired", "successful", "tlsa-invalid", 1)),
    *((LONG + "failed-session-count", value) for value in (None, 0, -1, "100", 99, 100.5)),
    *((LONG + name, value) for name in ("sending-mta-ip", "receiving-ip") for value in (
        "", "mx.b.example", "[203.0.113.56]", "203.0.113.056", 1, "2001:DB8::1")),
    *((LONG + name, value) for name in ("receiving-mx-hostname", "receiving-mx-helo")
      for value in ("", "mx b", 1)),
    (LONG + "additional-information", "no uri"), (LONG + "failure-reason-code", ""),
    ("policies.0.failure-details.1", copy.deepcopy(GOOD["policies"][0]["failure-details"][0])),
    ("policies.0.failure-details", {}), ("policies.0.failure-details", [1]), ("policies.0", 1),
]


def changed(path, value):
    report = copy.deepcopy(GOOD)
    *way, last = [int(one) if one.isdigit() else one for one in path.split(".")]
    place = report
    for one in way:
        place = place[one]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(report).encode()


def message(packed, **fields):
    """As a good one arrives, with some fields otherwise."""
    name = fields.pop("filename", "a.example!b.example!1795910400!1795996799!x1.json.gz")
    kind = fields.pop("kind", "application/tlsrpt+gzip")
    usual = {
        "DKIM-Signature": "v=1; a=rsa-sha256; d=a.example; s=x; b=x", "From": "A <tls@a.example>",
        "To": "r@b.example", "Date": "Mon, 30 Nov 2026 00:00:00 +0000", "Message-ID": "<x1@a.example>",
        "Subject": "Report Domain: b.example\r\n\tSubmitter: a.example\r\n\tReport-ID: <x1@a.example>",
        "TLS-Report-Domain": "b.example", "TLS-Report-Submitter": "a.example", "MIME-Version": "1.0",
        "Content-Type": 'multipart/report; report-type="tlsrpt";\r\n\tboundary="xx"'}
    usual.update((one.replace("_", "-"), value) for one, value in fields.items())
    head = "".join(f"{one}: {value}\r\n" for one, value in usual.items() if value)
    return (f"{head}\r\n--xx\r\nContent-Type: text/plain\r\n\r\nA report.\r\n--xx\r\nContent-Type: {kind}"
            f"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment;\r\n\t"
            f'filename="{name}"\r\n\r\n').encode() + base64.encodebytes(packed).replace(
                b"\n", b"\r\n") + b"--xx--\r\n"


class Rules(unittest.TestCase):
    def test_a_good_report(self):
        self.assertEqual([], faults(json.dumps(GOOD).encode()))
        lacking = copy.deepcopy(GOOD["policies"][0])
        del lacking["policy"]["policy-string"], lacking["policy"]["mx-host"]
        lacking["failure-details"] = [{"result-type": "sts-policy-fetch-error",
                                       "failed-session-count": 303}]
        self.assertEqual([], faults(json.dumps({**GOOD, "policies": [lacking]}).encode()))

    def test_what_makes_it_bad(self):
        for path, value in CHANGES:
            if (path, value) in (("date-range.start-datetime", GOOD["date-range"]["start-datetime"]),):
                continue
            with self.subTest(path=path, value=value):
                self.assertNotEqual([], faults(changed(path, value)))

    def test_what_is_no_json(self):
        good = json.dumps(GOOD)
        for bad in (good[:-1], good + "x", "[]", "null", good.replace("303", "NaN"),
                    good.replace('"A"', '"A", "organization-name": "B"'), good.replace("303", "3e2")):
            self.assertNotEqual([], faults(bad.encode()), bad)
        self.assertNotEqual([], faults(good.encode("utf-16")))

    def test_how_it_is_packed(self):
        packed = gzip.compress(json.dumps(GOOD).encode())
        self.assertEqual([], packed_faults(packed))
        for bad in (packed[:-1], packed + b"x", packed + packed, json.dumps(GOOD).encode(), b""):
            self.assertNotEqual([], packed_faults(bad))

    def test_how_it_is_sent(self):
        packed = gzip.compress(json.dumps(GOOD).encode())
        self.assertEqual([], message_faults(message(packed)))
        for change in (
                {"Subject": "Report domain: b.example Submitter: a.example Report-ID: <x@a.example>"},
                {"Subject": "Report Domain: c.example Submitter: a.example Report-ID: <x@a.example>"},
                {"Subject": "Report Domain: b.example Submitter: a.example Report-ID: x"},
                {"TLS-Report-Domain": None}, {"TLS-Report-Domain": "c.example"},
                {"TLS-Report-Submitter": None}, {"TLS-Report-Submitter": "c.example"},
                {"DKIM-Signature": None}, {"DKIM-Signature": "v=1; d=c.example; b=x"},
                {"Message-ID": None}, {"Date": None},
                {"Content-Type": 'multipart/mixed; boundary="xx"'},
                {"Content-Type": 'multipart/report; boundary="xx"'},
                {"kind": "application/gzip"}, {"kind": "application/tlsrpt+json"},
                {"filename": "report.json.gz"},
                {"filename": "a.example!b.example!1795910400!1795996799!x1.json"},
                {"filename": "c.example!b.example!1795910400!1795996799!x1.json.gz"},
                {"filename": "a.example!b.example!1795910401!1795996799!x1.json.gz"},
                {"filename": "a.example!b.example!1795910400!1795996799!x-1.json.gz"}):
            with self.subTest(change=change):
                self.assertNotEqual([], message_faults(message(packed, **change)))
        self.assertNotEqual([], message_faults(message(packed + b"x")))


if __name__ == "__main__":
    unittest.main()

"""What a report of TLS has to be: RFC 8460, which has no schema that a program could read.

Section 4.4 gives the format as an example with names in place of values, and says in prose what these
are; 4.3 lists the results, 4.5 the lines of policies, 5.1 and 5.3 how a report is sent. `faults(json)` and
`message_faults(bytes)` are those words as rules, the strict way for who sends: no field that the RFC does
not have, sums that agree, a whole day of UTC. Each returns what is wrong, one line each.
"""

import datetime
import email
import email.policy
import gzip
import io
import ipaddress
import json
import re
import zlib

# 4.3: of the negotiation, of DANE, of MTA-STS.
NEGOTIATION = {"starttls-not-supported", "certificate-host-mismatch", "certificate-expired",
               "certificate-not-trusted", "validation-failure"}
OF_DANE = {"tlsa-invalid", "dnssec-invalid", "dane-required"}
OF_STS = {"sts-policy-fetch-error", "sts-policy-invalid", "sts-webpki-invalid"}
RESULTS = {"tlsa": NEGOTIATION | OF_DANE, "sts": NEGOTIATION | OF_STS,
           "no-policy-found": NEGOTIATION | OF_DANE | OF_STS}
COUNT_MAX = 2**53 - 1       # RFC 7493, 2.2.
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = rf"{LABEL}(?:\.{LABEL})*"      # A-labels: 4.4 and RFC 5890.
MAILBOX = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.-]{{1,64}}@{DOMAIN}"     # RFC 5321, 4.1.2.
TIME = r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)"       # RFC 3339, 5.6.
TLSA = r"[0-3] [01] [0-2] (?:[0-9A-Fa-f]{2})+"      # RFC 6698, 2.2.
URI = r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+"


class _Twice(dict):
    """An object of JSON that has a name more than once."""


def _object(pairs):
    found = dict(pairs)
    return found if len(found) == len(pairs) else _Twice(found)


def read(text):
    """JSON as RFC 7493 has it: UTF-8, no NaN."""
    def refuse(word):
        raise ValueError(f"{word} is no number of JSON")
    return json.loads(text.decode("utf-8"), object_pairs_hook=_object, parse_constant=refuse)


class _Checker:
    def __init__(self):
        self.faults = []

    def say(self, path, what):
        self.faults.append(f"{path}: {what}")

    def fields(self, value, path, must, may=()):
        """Whether it is an object; its fields are those and no others."""
        if not isinstance(value, dict):
            self.say(path, "not an object")
            return False
        if isinstance(value, _Twice):
            self.say(path, "a name stands twice")
        for name in must:
            if name not in value:
                self.say(path, f"{name} is missing")
        for name in value:
            if name not in must and name not in may:
                self.say(path, f"{name} is no field of the RFC")
        return True

    def text(self, value, path, pattern=r".+"):
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL):
            self.say(path, f"{value!r} is not what it has to be")
            return ""
        return value

    def items(self, value, path):
        if not isinstance(value, list) or not value:
            self.say(path, "not an array with something in it")
            return []
        return value

    def count(self, value, path, least=0):
        if type(value) is not int or not least <= value <= COUNT_MAX:
            self.say(path, f"{value!r} is not a count")
            return 0
        return value

    def address(self, value, path):
        try:
            if str(ipaddress.ip_address(self.text(value, path))) != value:
                self.say(path, f"{value} has another usual form")
        except ValueError:
            self.say(path, f"{value!r} is not an address")

    def time(self, value, path, clock):
        found = re.fullmatch(TIME, self.text(value, path, TIME))
        if not found:
            return None
        if (found[2], found[3]) != (clock, "Z"):
            self.say(path, f"{value} is not {clock} of UTC")
        try:
            return datetime.date.fromisoformat(found[1])
        except ValueError:
            self.say(path, f"{value} is no day")
            return None

    def report(self, report):
        if not self.fields(report, "report", ("organization-name", "date-range", "contact-info",
                                              "report-id", "policies")):
            return
        self.text(report.get("organization-name"), "organization-name")
        self.text(report.get("contact-info"), "contact-info", MAILBOX)
        self.text(report.get("report-id"), "report-id", r"[!-~]+")
        dates = report.get("date-range")
        if self.fields(dates, "date-range", ("start-datetime", "end-datetime")):
            begin = self.time(dates.get("start-datetime"), "start-datetime", "00:00:00")
            end = self.time(dates.get("end-datetime"), "end-datetime", "23:59:59")
            if begin != end:
                self.say("date-range", "not one day")
        seen = set()
        for i, one in enumerate(self.items(report.get("policies"), "policies")):
            self.policy(one, f"policies[{i}]", seen)

    def policy(self, one, path, seen):
        if not self.fields(one, path, ("policy", "summary"), ("failure-details",)):
            return
        kind = self.applied(one.get("policy"), f"{path}.policy",
                            self.results(one.get("failure-details")))
        what = json.dumps(one.get("policy"), sort_keys=True)
        if what in seen:
            self.say(path, "the policy stands twice")
        seen.add(what)
        summary, failures = one.get("summary"), 0
        names = ("total-successful-session-count", "total-failure-session-count")
        if self.fields(summary, f"{path}.summary", names):
            successes, failures = (
                self.count(summary.get(name), f"{path}.summary.{name}") for name in names)
            if successes + failures == 0:
                self.say(f"{path}.summary", "no session at all")
        if failures or "failure-details" in one:
            self.details(one.get("failure-details"), f"{path}.failure-details", kind, failures)

    @staticmethod
    def results(details):
        return {one.get("result-type") for one in details if isinstance(one, dict)
                } if isinstance(details, list) else set()

    def applied(self, policy, path, results):
        """Which kind it is; empty where it is none."""
        if not self.fields(policy, path, ("policy-type", "policy-domain"),
                           ("policy-string", "mx-host")):
            return ""
        kind = self.text(policy.get("policy-type"), f"{path}.policy-type",
                         "tlsa|sts|no-policy-found")
        self.text(policy.get("policy-domain"), f"{path}.policy-domain", DOMAIN)
        is_lacking = kind == "sts" and results and results <= OF_STS \
            or kind == "tlsa" and results and results <= {"dnssec-invalid", "dane-required"}
        wants = {"tlsa": {"policy-string"}, "sts": {"policy-string", "mx-host"}}.get(kind, set())
        has = {"policy-string", "mx-host"} & set(policy)
        if has != wants and not (is_lacking and not has):
            self.say(path, f"{kind} with {sorted(has)}")
        lines = [self.text(line, f"{path}.policy-string")
                 for line in (self.items(policy["policy-string"], f"{path}.policy-string")
                              if "policy-string" in has else ())]
        if kind == "tlsa":
            for line in lines:
                self.text(line, f"{path}.policy-string", TLSA)
        elif kind == "sts" and lines:
            self.sts(lines, policy.get("mx-host"), path)
        return kind

    def sts(self, lines, hosts, path):
        keys = [line.partition(":")[0] for line in lines]
        if lines[0] != "version: STSv1" or keys.count("mode") != 1 or keys.count("max_age") != 1:
            self.say(f"{path}.policy-string", f"{lines} is no policy of RFC 8461")
        wanted = [line.partition(":")[2].strip() for line in lines if line.startswith("mx:")]
        for host in self.items(hosts, f"{path}.mx-host"):
            self.text(host, f"{path}.mx-host", rf"(?:\*\.)?{DOMAIN}")
        if hosts != wanted:
            self.say(f"{path}.mx-host", f"{hosts} are not those of the policy")

    def details(self, details, path, kind, failures):
        total, seen = 0, set()
        for i, one in enumerate(self.items(details, path)):
            at = f"{path}[{i}]"
            if not self.fields(one, at, ("result-type", "failed-session-count"), (
                    "sending-mta-ip", "receiving-mx-hostname", "receiving-mx-helo", "receiving-ip",
                    "additional-information", "failure-reason-code")):
                continue
            if one.get("result-type") not in RESULTS.get(kind, set().union(*RESULTS.values())):
                self.say(at, f"{one.get('result-type')!r} is no result of {kind}")
            for name in ("sending-mta-ip", "receiving-ip"):
                if name in one:
                    self.address(one[name], f"{at}.{name}")
            for name in ("receiving-mx-hostname", "receiving-mx-helo"):
                if name in one:
                    self.text(one[name], f"{at}.{name}", DOMAIN)
            if "additional-information" in one:
                self.text(one["additional-information"], f"{at}.additional-information", URI)
            if "failure-reason-code" in one:
                self.text(one["failure-reason-code"], f"{at}.failure-reason-code")
            total += self.count(one.get("failed-session-count"), f"{at}.failed-session-count", 1)
            what = json.dumps({name: value for name, value in one.items()
                               if name != "failed-session-count"}, sort_keys=True)
            if what in seen:
                self.say(at, "it stands twice")
            seen.add(what)
        if total != failures:
            self.say(path, f"{total} sessions, and {failures} in the summary")


def faults(text):
    """Of a report's bytes."""
    checker = _Checker()
    try:
        checker.report(read(text))
    except ValueError as e:
        checker.say("report", f"not JSON: {e}")
    return checker.faults


def packed_faults(packed):
    """Of a report as application/tlsrpt+gzip: one member of gzip, and nothing behind it (RFC 1952)."""
    try:
        unpacker = zlib.decompressobj(wbits=31)
        text = unpacker.decompress(packed)
        if not unpacker.eof or unpacker.unused_data:
            return ["gzip: not one whole member"]
        if gzip.GzipFile(fileobj=io.BytesIO(packed)).read() != text:
            return ["gzip: two readers differ"]
    except (OSError, zlib.error) as e:
        return [f"gzip: {e}"]
    return faults(text)


def message_faults(text):
    """Of a whole message, as it arrived (5.3)."""
    checker = _Checker()
    message = email.message_from_bytes(text, policy=email.policy.SMTP)
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type",
                 "TLS-Report-Domain", "TLS-Report-Submitter"):
        if len(message.get_all(name, ())) != 1:
            checker.say(name, "not once")
            return checker.faults
    domain, submitter = message["TLS-Report-Domain"], message["TLS-Report-Submitter"]
    checker.text(str(domain), "TLS-Report-Domain", DOMAIN)
    checker.text(str(submitter), "TLS-Report-Submitter", DOMAIN)
    # The words are as they are written there, case and all.
    checker.text(str(message["Subject"]), "Subject",
                 rf"Report Domain:\s+{re.escape(domain)}\s+Submitter:\s+{re.escape(submitter)}"
                 rf"\s+Report-ID:\s+<[^\s<>@]+@[^\s<>@]+>")
    if message.defects or any(part.defects for part in message.walk()):
        checker.say("message", "malformed")
    if (message.get_content_type(), message.get_param("report-type")) != (
            "multipart/report", "tlsrpt"):
        checker.say("Content-Type", "not multipart/report of tlsrpt")
    parts = list(message.iter_parts()) if message.is_multipart() else []
    if [part.get_content_type() for part in parts] != ["text/plain", "application/tlsrpt+gzip"]:
        checker.say("message", "not one part to be read and one report")
        return checker.faults
    signed = re.search(r"\bd=([^;\s]+)", message.get("DKIM-Signature", ""))
    sender = message["From"].addresses[0].domain
    if not signed or signed[1] != sender or sender != submitter:
        checker.say("DKIM-Signature", f"not of {submitter}")
    packed = parts[1].get_content()
    checker.faults += packed_faults(packed)
    if not checker.faults:
        named(checker, parts[1], read(gzip.decompress(packed)), domain)
    return checker.faults


def named(checker, part, report, domain):
    """The file's name says whose report it is, about whom and of which time (5.1)."""
    found = re.fullmatch(r"([^!]+)!([^!]+)!(\d+)!(\d+)(?:!([A-Za-z0-9]+))?\.json\.gz",
                         part.get_filename() or "")
    if not found:
        checker.say("filename", f"{part.get_filename()!r}")
        return
    times = [str(int(datetime.datetime.fromisoformat(
        report["date-range"][name].replace("Z", "+00:00")).timestamp()))
        for name in ("start-datetime", "end-datetime")]
    if list(found.groups()[:4]) != [report["contact-info"].rpartition("@")[2], domain, *times]:
        checker.say("filename", f"{found[0]} is of another report")
    if {one["policy"]["policy-domain"] for one in report["policies"]} != {domain}:
        checker.say("policy-domain", f"not {domain} alone")

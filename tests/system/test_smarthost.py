"""Logins at real relays: Postfix with Dovecot's SASL, and Dovecot's submission server."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import re
import shutil
import subprocess
import time
import unittest

from host import NOBODY, HostCase, free_port, wait_port
from postfix import Postfix
from test_postfix_tls import make_certificate

USER = "joe@postfix.example"
SIGNING_KEY = b"0123456789abcdef0123456789abcdef"
ONLY_USERS = ("mynetworks = 10.9.9.9/32",
              "smtpd_relay_restrictions = permit_sasl_authenticated, reject")
MESSAGE = b"From: joe@postfix.example\nTo: r@postfix.example\nSubject: by a smarthost\n\nhello\n"


def token(user, seconds=600, key=SIGNING_KEY):
    """A JWT (RFC 7519) by HMAC, as Dovecot checks it by itself."""
    now = int(time.time())
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (
        {"alg": "HS256", "typ": "JWT"},
        {"iss": "https://login.example", "sub": user, "email": user, "iat": now - 5,
         "nbf": now - 5, "exp": now + seconds})]
    text = b".".join(parts)
    mac = base64.urlsafe_b64encode(hmac.digest(key, text, hashlib.sha256)).rstrip(b"=")
    return (text + b"." + mac).decode()


class Dovecot:
    """A private Dovecot: an auth socket for Postfix, and a submission server before another."""

    def __init__(self, base, pem, relay_port):
        self.base, self.port, self.tls_port = base, free_port(), free_port()
        nobody = pwd.getpwuid(NOBODY)
        keys = base / "keys/default/HS256"
        keys.mkdir(parents=True)
        base.chmod(0o755)
        (keys / "default").write_text(base64.b64encode(SIGNING_KEY).decode())
        self.set_password("right")
        (base / "oauth2.conf").write_text(
            "introspection_mode = local\nusername_attribute = email\n"
            f"local_validation_key_dict = fs:posix:prefix={base}/keys/\n")
        (base / "dovecot.conf").write_text(f"""\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
protocols = submission
hostname = submission.example
ssl = required
ssl_cert = <{pem}
ssl_key = <{pem}
auth_mechanisms = plain login scram-sha-256 oauthbearer xoauth2
mail_location = maildir:{base}/mail
first_valid_uid = 1
first_valid_gid = 1
submission_relay_host = 127.0.0.1
submission_relay_port = {relay_port}
service auth {{
  unix_listener {base}/auth {{
    mode = 0666
  }}
}}
service submission-login {{
  inet_listener submission {{
    address = 127.0.0.1
    port = {self.port}
  }}
  inet_listener submissions {{
    address = 127.0.0.1
    port = {self.tls_port}
    ssl = yes
  }}
}}
passdb {{
  driver = passwd-file
  args = {base}/passwd
  mechanisms = plain login scram-sha-256
}}
passdb {{
  driver = oauth2
  args = {base}/oauth2.conf
  mechanisms = oauthbearer xoauth2
}}
userdb {{
  driver = static
  args = uid={NOBODY} gid={nobody.pw_gid} home={base}/home
}}
""")
        self.process = subprocess.Popen(["dovecot", "-F", "-c", base / "dovecot.conf"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def set_password(self, password):
        (self.base / "passwd").write_text(f"{USER}:{{PLAIN}}{password}::::::\n", "utf-8")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def log(self):
        path = self.base / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""


@unittest.skipUnless(HostCase.is_root and shutil.which("dovecot")
                     and os.path.exists("/usr/lib/dovecot/submission"),
                     "needs root and dovecot-submissiond")
class Smarthost(HostCase):
    def setUp(self):
        super().setUp()
        self.pem = make_certificate(
            self.host.base / "relay.pem", "postfix.example,IP:127.0.0.1")
        shutil.copy(self.pem, self.host.home / "control/serverca.pem")

    def start(self, *settings):
        """Postfix, and Dovecot beside it; Postfix's second port is in TLS from the start."""
        self.postfix = Postfix(
            self.host.smtp_port, f"smtpd_tls_cert_file = {self.pem}",
            "smtpd_tls_security_level = may", "smtpd_tls_auth_only = yes",
            "smtpd_sasl_auth_enable = yes", "smtpd_sasl_type = dovecot",
            f"smtpd_sasl_path = {self.host.base}/dovecot/auth",
            "smtpd_sasl_authenticated_header = yes", *settings)
        self.addCleanup(self.postfix.stop)
        # Of two lines of a setting Postfix warns, in each process: before its logger listens,
        # enough of that stops them all.
        main = self.postfix.config / "main.cf"
        lines = main.read_text().replace("\n ", " ").splitlines()
        last = {line.partition("=")[0].strip(): line for line in lines}
        main.write_text("".join(line + "\n" for line in last.values()))
        self.tls_port = free_port()
        with (self.postfix.config / "master.cf").open("a") as to:
            to.write(f"127.0.0.1:{self.tls_port} inet n - n - - smtpd\n"
                     "  -o smtpd_tls_wrappermode=yes\n")
        base = pathlib.Path(self.host.base / "dovecot")
        base.mkdir()
        self.dovecot = Dovecot(base, self.pem, self.postfix.port)
        self.addCleanup(self.dovecot.stop)
        wait_port(self.dovecot.port)
        self.postfix.start()

    def auth(self, name, *lines):
        """A file of auth, as its owner writes it."""
        path = self.host.home / "auth" / name
        path.touch(mode=0o600)
        os.chown(path, NOBODY, NOBODY)
        path.write_text("".join(line + "\n" for line in lines), "utf-8")
        time.sleep(self.host.LOOK_AGAIN)

    def send(self):
        result = self.host.run("sendmail", "-f", "joe@postfix.example", "r@postfix.example",
                               input=MESSAGE)
        self.assertEqual(0, result.returncode, result)

    def deliver(self, log):
        """Sends, and waits for the mail at Postfix; the Received lines."""
        before = len(self.postfix.mail())
        self.send()
        self.host.wait_until(
            lambda: len(self.postfix.mail()) > before, timeout=60,
            why=lambda: self.host.log()[-2000:] + self.postfix.log()[-2000:] + log()[-2000:])
        return self.postfix.mail()[-1].read_text("latin-1")

    def each_mechanism(self, port, tls_port, log, check):
        """`check` gets a mechanism and the message, and gives what is to come in the log."""
        self.auth("work", token(USER))
        for mechanism in ("scram-sha-256", "plain", "login", "xoauth2", "oauthbearer"):
            secret = "|token=work" if "oauth" in mechanism else "right"
            for words, at in (("starttls|name=postfix.example", port), ("tls", tls_port)):
                with self.subTest(mechanism, words=words):
                    self.auth("smtproutes", f":127.0.0.1:{at}|{USER}|{secret}|{mechanism}|{words}")
                    begun = len(log())
                    pattern = check(mechanism, self.deliver(log))
                    self.host.wait_until(lambda: re.search(pattern, log()[begun:], re.I),
                                         why=lambda: f"{pattern}: {log()[begun:]}")

    def test_postfix_with_sasl(self):
        self.start(*ONLY_USERS)

        def check(mechanism, text):
            self.assertRegex(text, r"\(Authenticated sender: joe@postfix\.example\)")
            self.assertRegex(text, r"with ESMTPSA id ")
            return rf"sasl_method={mechanism}, sasl_username=joe@"
        self.each_mechanism(self.postfix.port, self.tls_port, self.postfix.log, check)

    def test_dovecots_submission(self):
        self.start()

        def check(mechanism, text):
            self.assertRegex(text, "by a smarthost")
            return (rf"submission-login: Info: Login: user=<joe@postfix\.example>, "
                    rf"method={mechanism}, .*TLS")
        self.each_mechanism(self.dovecot.port, self.dovecot.tls_port, self.dovecot.log, check)

    def test_a_password_of_all_kinds_of_letters_by_sender(self):
        self.start(*ONLY_USERS)
        password = "se|c ret, = \u00e4"
        self.dovecot.set_password(password)
        self.host.control("smtproutes", ":127.0.0.1:1")
        self.auth("authsenders", f"@postfix.example:127.0.0.1:{self.postfix.port} {USER} {password}")
        self.deliver(self.dovecot.log)
        self.postfix.wait_log("sasl_method=SCRAM-SHA-256, sasl_username=joe@")

    def test_a_certificate_of_another_gets_nothing(self):
        self.pem = make_certificate(self.host.base / "other.pem", "other.example")
        shutil.copy(self.pem, self.host.home / "control/serverca.pem")
        self.start(*ONLY_USERS)
        for port in (self.postfix.port, self.dovecot.tls_port):
            begun = len(self.host.log())
            words = "|tls" if port == self.dovecot.tls_port else ""
            self.auth("smtproutes", f":127.0.0.1:{port}|{USER}|right" + words)
            self.send()
            self.host.wait_log(r"deferral: .*its_certificate_does_not_name_127\.0\.0\.1\._"
                               r"\(#4\.7\.5\)", timeout=60, since=begun)
        self.assertNotIn("sasl", self.postfix.log())

    def test_a_wrong_password_waits_and_a_right_one_goes_at_once(self):
        self.start(*ONLY_USERS)
        self.auth("smtproutes", f":127.0.0.1:{self.postfix.port}|{USER}|wrong|plain")
        self.send()
        self.host.wait_log(r"deferral: .*the_login_was_refused\._\(#4\.7\.8\)/Remote_host_said:"
                           r"_535_", timeout=60)
        self.host.wait_log(rf"login at 127\.0\.0\.1:{self.postfix.port} as joe@postfix\.example: "
                           r"refused: 535_")
        self.host.alarm()
        self.host.wait_log(r"deferral: .*was_refused,_and_is_not_tried_before", timeout=60)
        self.postfix.wait_log("SASL PLAIN authentication failed")
        self.assertEqual(1, self.postfix.log().count("SASL PLAIN authentication failed"))
        self.assertFalse(self.postfix.mail())
        self.auth("smtproutes", f":127.0.0.1:{self.postfix.port}|{USER}|right|plain")
        self.host.alarm()
        self.host.wait_until(lambda: len(self.postfix.mail()) == 1, timeout=60,
                             why=lambda: self.host.log()[-2000:])
        self.assertNotIn("wrong|", self.host.log())


if __name__ == "__main__":
    unittest.main()

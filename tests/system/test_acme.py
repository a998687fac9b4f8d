"""An installed host that gets its certificate by ACME: the rights of its parts, and its real ports."""

import json
import os
import re
import subprocess
import unittest

from installed import ME, InstalledCase, can_install

SELF_SIGNED = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "30", "-subj", "/CN=pebble", "-addext",
               "subjectAltName=IP:127.0.0.1"]
BIND = ("--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service")


@unittest.skipUnless(can_install(), "needs root and namespaces")
class Acme(InstalledCase):
    @classmethod
    def prepare(cls):
        host = cls.host
        host.shell("dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --listen-address=127.0.0.1"
                   " --port=5353 --bind-interfaces --user=root --pid-file="
                   f" --address=/{ME}/127.0.0.1")
        cls.addClassCleanup(host.shell, "kill $(ss -Hlunp 'sport = :5353' | "
                            "grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u)")
        cls.authority = host.base / "ca.pem"
        subprocess.run([*SELF_SIGNED, "-keyout", host.base / "ca.key", "-out", cls.authority],
                       check=True, capture_output=True)
        (host.base / "pebble.json").write_text(json.dumps({"pebble": {
            "listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
            "certificate": str(cls.authority), "privateKey": str(host.base / "ca.key"),
            "httpPort": 80, "tlsPort": 443}}))
        host.spawn("env", "PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0", "pebble",
                   "-config", host.base / "pebble.json", "-dnsserver", "127.0.0.1:5353",
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        host.wait_listening(15000)
        host.wait_listening(14000)
        host.run("curl", "-sk", "-o", host.base / "root.pem", "https://127.0.0.1:15000/roots/0")
        host.spawn(host.home / "bin/tcpserver", "-u", host.uid("qmaild"), "-g",
                   host.gid("qmaild"), "-H", "-R", "-l0", "127.0.0.1", "smtp",
                   host.home / "bin/qmail-smtpd", stderr=subprocess.DEVNULL)
        host.wait_listening(25)

    def control(self, *lines):
        (self.host.home / "control/acme").write_text(
            "agree\ndirectory https://127.0.0.1:14000/dir\n" + "".join(f"{x}\n" for x in lines))

    def served(self):
        """What a stranger who trusts pebble says of the certificate at port 25."""
        return self.host.shell(
            f"openssl s_client -connect 127.0.0.1:25 -starttls smtp -servername {ME} -verify_hostname"
            f" {ME} -CAfile {self.host.base}/root.pem </dev/null 2>&1", check=False).stdout.decode()

    def status(self, name):
        found = os.stat(self.host.home / name)
        return found.st_uid, oct(found.st_mode & 0o7777)

    def test_from_self_signed_to_one_that_others_trust(self):
        host, home = self.host, self.host.home
        qmaild = host.uid("qmaild")
        self.assertEqual((qmaild, "0o700"), self.status("tls"))
        (home / "control/acmeca.pem").write_bytes(self.authority.read_bytes())
        before = (home / "control/servercert.pem").read_bytes()
        self.assertFalse((home / "control/servercert.pem").is_symlink())
        self.control()
        self.assertEqual("new file control/servercert.pem, a link to tls/servercert.pem\n",
                         host.install())
        self.assertEqual("", host.install())
        self.assertEqual("../tls/servercert.pem", os.readlink(home / "control/servercert.pem"))
        self.assertEqual(before, (home / "control/servercert.pem").read_bytes())
        self.assertEqual((qmaild, "0o400"), self.status("tls/servercert.pem"))
        self.assertEqual(0, host.run(home / "bin/kopis", "check-install").returncode)
        self.assertIn("self-signed", self.served())

        # As its unit does: qmaild, with the one capability, and port 80.
        with open(host.base / "lines", "ab") as log:
            keeper = host.spawn(
                "setpriv", "--reuid", "qmaild", "--regid", "nofiles", "--clear-groups", *BIND,
                home / "bin/kopis", "acme", "--keep", stdout=log, stderr=log)
        host.wait_log(rf"^acme: new certificate for {re.escape(ME)} is good until ")
        host.wait_until(lambda: "Verification: OK" in self.served(), self.served)
        for name, mode in (("servercert.pem", "0o400"), ("account.pem", "0o600")):
            self.assertEqual((qmaild, mode), self.status("tls/" + name), name)
        self.assertEqual(b"", host.shell("ss -Hltn 'sport = :80 or sport = :443'").stdout)
        self.assertEqual(0, host.stop(keeper))

        # By hand, as root, over 443: the files stay qmaild's.
        first = (home / "tls/servercert.pem").read_bytes()
        account = (home / "tls/account.pem").read_bytes()
        self.control("challenge tls-alpn-01")
        host.run(home / "bin/kopis", "acme", "--now")
        self.assertNotEqual(first, (home / "tls/servercert.pem").read_bytes())
        self.assertEqual(account, (home / "tls/account.pem").read_bytes())
        self.assertEqual((qmaild, "0o400"), self.status("tls/servercert.pem"))
        host.wait_until(lambda: "Verification: OK" in self.served(), self.served)

        # Without the link qmaild can replace nothing, and asks for nothing.
        (home / "control/servercert.pem").unlink()
        (home / "control/servercert.pem").write_bytes(before)
        result = host.run("setpriv", "--reuid", "qmaild", "--regid", "nofiles", "--clear-groups",
                          *BIND, home / "bin/kopis", "acme", "--now", check=False)
        self.assertEqual(111, result.returncode)
        self.assertRegex(result.stderr.decode(), "servercert.pem cannot be replaced: ")
        self.assertEqual(before, (home / "control/servercert.pem").read_bytes())


if __name__ == "__main__":
    unittest.main()

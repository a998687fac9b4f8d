"""A host under systemd that gets its certificate by ACME: its unit, its ports, the rights of its
parts."""

import re
import unittest

from booted import ME, Booted, can_boot

INSTALL = "/srv/kopis/kopis install --home /var/qmail --pages /srv/kopis/man --systemd\n"
PREPARE = INSTALL + r"""
cd /etc/systemd/system
mkdir kopis-test.target.wants
ln -s /etc/systemd/system/kopis-smtp.service /etc/systemd/system/kopis-acme.service \
    kopis-test.target.wants/
"""

# A server, and who finds our name for it.
SERVER = r"""
cd /srv/kopis
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
    -days 30 -subj /CN=pebble -addext subjectAltName=IP:127.0.0.1 2>/dev/null
cat > pebble.json <<'END'
{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
 "certificate": "/srv/kopis/ca.pem", "privateKey": "/srv/kopis/ca.key",
 "httpPort": 80, "tlsPort": 443}}
END
systemd-run --quiet --unit=names dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv \
    --no-hosts --listen-address=127.0.0.1 --port=5353 --bind-interfaces --user=root --pid-file= \
    --address=/example/127.0.0.1 "--address=/$(hostname)/127.0.0.1"
systemd-run --quiet --unit=pebble -E PEBBLE_VA_NOSLEEP=1 -E PEBBLE_AUTHZREUSE=0 \
    pebble -config /srv/kopis/pebble.json -dnsserver 127.0.0.1:5353
"""
KEEP = ["setpriv", "--reuid", "qmaild", "--regid", "nofiles", "--clear-groups",
        "--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"]


@unittest.skipUnless(can_boot(), "needs root, systemd and namespaces")
class Acme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = Booted(PREPARE)
        cls.addClassCleanup(cls.host.close)
        cls.host.shell(SERVER)
        for port in (14000, 15000, 25):
            cls.host.wait_until(lambda: cls.host.text("ss", "-Hltn", f"sport = :{port}"),
                                lambda: cls.host.journal("pebble") + cls.host.journal("kopis-smtp"))
        cls.host.run("curl", "-sk", "-o", "/srv/kopis/root.pem", "https://127.0.0.1:15000/roots/0")

    def control(self, *lines):
        self.host.run("tee", "/var/qmail/control/acme", stdin=(
            "agree\ndirectory https://127.0.0.1:14000/dir\n"
            + "".join(f"{line}\n" for line in lines)).encode())

    def served(self):
        """What a stranger who trusts pebble's root says of the certificate at port 25."""
        return self.host.shell(
            f"openssl s_client -connect 127.0.0.1:25 -starttls smtp -verify_hostname {ME}"
            " -CAfile /srv/kopis/root.pem </dev/null 2>&1", check=False).stdout.decode()

    def wait_verified(self):
        self.host.wait_until(lambda: "Verification: OK" in self.served(), self.served)

    def files(self):
        """Owner, mode and name of what is in tls."""
        return self.host.text("find", "/var/qmail/tls", "-printf", "%u %m %y %P\n").splitlines()

    def file(self, path):
        return self.host.run("cat", f"/var/qmail/{path}").stdout

    def test_from_self_signed_to_one_that_others_trust(self):
        host, kept = self.host, ["qmaild 400 f servercert.pem", "qmaild 600 f account.pem"]
        self.assertEqual(["qmaild 700 d "], [line + " " for line in self.files()])
        self.assertEqual(("inactive", "no"), (
            host.property("kopis-acme", "ActiveState"),
            host.property("kopis-acme", "ConditionResult")))
        before = self.file("control/servercert.pem")
        self.assertIn("self-signed", self.served())

        # A control file, and ./install again: a link, and nothing else has changed.
        host.run("cp", "/srv/kopis/ca.pem", "/var/qmail/control/acmeca.pem")
        self.control()
        said = "new file control/servercert.pem, a link to tls/servercert.pem\n"
        self.assertEqual(said, host.shell(INSTALL).stdout.decode())
        self.assertEqual("", host.shell(INSTALL).stdout.decode())
        self.assertEqual("../tls/servercert.pem",
                         host.text("readlink", "/var/qmail/control/servercert.pem"))
        self.assertEqual(before, self.file("control/servercert.pem"))
        self.assertIn(kept[0], self.files())
        self.assertEqual("", host.text("/var/qmail/bin/kopis", "check-install"))

        # The unit: qmaild with one capability, port 80 while the order is under way.
        host.run("systemctl", "start", "kopis-acme")
        host.wait_until(
            lambda: re.search(rf"^acme: new certificate for {re.escape(ME)} is good until ",
                              host.journal("kopis-acme"), re.M),
            lambda: host.journal("kopis-acme"))
        self.wait_verified()
        self.assertLessEqual(set(kept), set(self.files()))
        self.assertEqual("", host.text("ss", "-Hltn", "sport = :80 or sport = :443"))
        self.assertEqual("active", host.property("kopis-acme", "ActiveState"))
        pid = host.property("kopis-acme", "MainPID")
        status = host.text("cat", f"/proc/{pid}/status")
        for field, value in (("NoNewPrivs", "1"), ("Seccomp", "2"), ("CapEff", f"{1 << 10:016x}")):
            self.assertRegex(status, rf"(?m)^{field}:\s+{value}$")
        for place, code in (("/etc", 1), ("/var/qmail/control", 1), ("/var/qmail/tls", 0)):
            touched = host.run("nsenter", "-t", pid, "-m", "--", "touch", f"{place}/probe",
                               check=False)
            self.assertEqual(code, touched.returncode, place)
        host.run("systemctl", "stop", "kopis-acme")
        self.assertEqual("success", host.property("kopis-acme", "Result"))

        # By hand, as root, over 443: the files stay qmaild's.
        first, account = self.file("tls/servercert.pem"), self.file("tls/account.pem")
        self.control("challenge tls-alpn-01")
        host.run("/var/qmail/bin/kopis", "acme", "--now")
        self.assertNotEqual(first, self.file("tls/servercert.pem"))
        self.assertEqual(account, self.file("tls/account.pem"))
        self.assertLessEqual(set(kept), set(self.files()))
        self.wait_verified()

        # Without the link qmaild can replace nothing, and asks for nothing.
        host.shell("cd /var/qmail/control; cp servercert.pem x; mv x servercert.pem")
        host.run("chmod", "644", "/var/qmail/control/servercert.pem")
        second = self.file("control/servercert.pem")
        result = host.run(*KEEP, "/var/qmail/bin/kopis", "acme", "--now", check=False)
        self.assertEqual(111, result.returncode)
        self.assertIn("servercert.pem cannot be replaced: ", result.stderr.decode())
        self.assertEqual(second, self.file("control/servercert.pem"))


if __name__ == "__main__":
    unittest.main()

"""A new postmaster's first hour, by the commands of the pages: the package, a domain with its records in
DNS, a certificate, a user, IMAP by Dovecot, rspamd, and the first signed mail out and in."""

import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from booted import Booted, can_boot
from host import ROOT
from test_package import make_packages

sys.path.append(str(ROOT / "tests"))

import pages  # noqa: E402

NEEDS = ["/usr/sbin/nsd", "/usr/sbin/unbound", "/usr/bin/rspamd", "/usr/lib/dovecot/imap",
         "/usr/sbin/smtp-sink", "/usr/bin/openssl", "/usr/lib/python3/dist-packages/dkim"]
OURS, FAR = "192.0.2.25", "198.51.100.7"
NAME, DOMAIN = "mx.hour.example", "hour.example"
PREPARE = f"""
echo {NAME} >/etc/hostname
printf '127.0.0.1 localhost\\n{OURS} {NAME}\\n' >/etc/hosts
echo 'nameserver 127.0.0.1' >/etc/resolv.conf
hostname {NAME}
rm -f /usr/sbin/policy-rc.d
"""

# Another host, with a wire to this one.
FAR_HOST = f"""
ip netns add far
ip link add wire type veth peer name wire netns far
ip address add {OURS}/32 dev wire
ip link set wire up
ip route add {FAR}/32 dev wire
at_far="nsenter --net=/run/netns/far"
$at_far ip link set lo up
$at_far ip address add {FAR}/32 dev wire
$at_far ip link set wire up
$at_far ip route add {OURS}/32 dev wire
install -d -o nobody /srv/far
"""
AT_FAR = ["nsenter", "--net=/run/netns/far"]

# The zone of the world: what the other host's owner has published, and a delegation of names back.
WORLD = f"""\
@ SOA ns. root. 1 3600 600 86400 60
@ NS ns.
ns. A 127.0.0.1
far.example. MX 10 mail.far.example.
mail.far.example. A {FAR}
far.example. TXT "v=spf1 mx -all"
_dmarc.far.example. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@far.example"
7.100.51.198.in-addr.arpa. PTR mail.far.example.
25.2.0.192.in-addr.arpa. PTR {NAME}.
{NAME}. A {OURS}
"""
NSD = """\
server:
  ip-address: 127.0.0.1@5301
  username: ""
  zonesdir: "/srv/dns"
  database: ""
  pidfile: "/srv/dns/nsd.pid"
  xfrdfile: "/srv/dns/xfrd"
  zonelistfile: "/srv/dns/zones"
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "world"
"""
UNBOUND = """\
server:
  interface: 127.0.0.1
  username: ""
  chroot: ""
  directory: "/srv/dns"
  pidfile: "/srv/dns/unbound.pid"
  module-config: "iterator"
  do-not-query-localhost: no
  do-ip6: no
  qname-minimisation: no
  local-zone: "in-addr.arpa." nodefault
  local-zone: "2.0.192.in-addr.arpa." nodefault
  local-zone: "100.51.198.in-addr.arpa." nodefault
  cache-max-ttl: 0
  cache-max-negative-ttl: 0
stub-zone:
  name: "."
  stub-addr: 127.0.0.1@5301
remote-control:
  control-enable: no
"""

# A message of the other host, signed by its key; $1 is a line of the body.
FAR_SENDS = f"""
import dkim, smtplib, sys
message = (b"From: eve@far.example\\r\\nTo: ada@{DOMAIN}\\r\\nSubject: first in\\r\\n"
           b"Date: Mon, 30 Nov 2026 00:00:00 +0000\\r\\nMessage-ID: <1@far.example>\\r\\n\\r\\n"
           + sys.argv[1].encode() + b"\\r\\n")
message = dkim.sign(message, b"far", b"far.example", open("/srv/dns/far.key", "rb").read()) + message
client = smtplib.SMTP("{OURS}", 25, "mail.far.example", timeout=60, source_address=("{FAR}", 0))
client.mail("eve@far.example")
print(*client.rcpt("ada@{DOMAIN}"))
print(*client.data(message))
"""
ADA_SENDS = f"""
import smtplib, ssl
trust = ssl.create_default_context(cafile="/srv/ca.pem")
client = smtplib.SMTP("{NAME}", 587, timeout=60)
client.starttls(context=trust)
client.login("ada@{DOMAIN}", "correct-horse")
client.sendmail("ada@{DOMAIN}", ["eve@far.example"],
                "From: ada@{DOMAIN}\\r\\nTo: eve@far.example\\r\\nSubject: first out\\r\\n"
                "Date: Mon, 30 Nov 2026 00:00:00 +0000\\r\\nMessage-ID: <2@{DOMAIN}>\\r\\n\\r\\nhello\\r\\n")
client.quit()
"""
ADA_READS = f"""
import imaplib, sys
client = imaplib.IMAP4("127.0.0.1")
client.login("ada@{DOMAIN}", "correct-horse")
client.select("INBOX", readonly=True)
for number in client.search(None, "ALL")[1][0].split():
    sys.stdout.buffer.write(client.fetch(number, "(RFC822)")[1][0][1])
"""
# What every filter of spam refuses.
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
VERIFY = """
import dkim, sys
message = sys.stdin.buffer.read()
fields = dkim.DKIM(message).headers
count = sum(name.lower() == b"dkim-signature" for name, _ in fields)
print(*(dkim.DKIM(message).verify(idx=i) for i in range(count)))
"""


@unittest.skipUnless(can_boot() and shutil.which("dpkg-deb") and all(map(os.path.exists, NEEDS)),
                     f"needs root, systemd, namespaces and {NEEDS}")
class FirstHour(unittest.TestCase):
    def setUp(self):
        place = pathlib.Path(tempfile.mkdtemp(prefix="kopis-hour-"))
        self.addCleanup(shutil.rmtree, place, ignore_errors=True)
        self.package = make_packages(place, "0.2.0+1.aaaaaaaa")[0]
        self.host = Booted(PREPARE, files=[self.package])
        self.addCleanup(self.host.close)

    # Helpers ----------------------------------------------------------------------------------

    def journals(self):
        return self.host.text("journalctl", "--no-pager", "--output=short-iso", "-n", "80")

    def write(self, path, text):
        self.host.run("sh", "-c", f"mkdir -p $(dirname {path}) && cat >{path}", stdin=text.encode())

    def python(self, text, *words, at=(), **options):
        return self.host.run(*at, "/usr/bin/python3", "-c", text, *words, **options).stdout

    def commands(self, *words):
        """What a page says, as a shell runs it."""
        return self.host.shell("set -e\n" + "\n".join(words), timeout=120).stdout.decode()

    def begin(self, unit, *command):
        self.host.run("systemd-run", "--quiet", f"--unit={unit}", *command)

    def answers(self, name, kind):
        return self.host.text("unbound-host", "-C", "/srv/dns/ask.conf", "-t", kind, name, check=False)

    def doctor(self, *ids):
        """The exit code of some checks, and what they say."""
        done = self.host.run("kopis", "doctor", "--address", OURS, "--only", ",".join(ids), DOMAIN,
                             check=False)
        return done.returncode, done.stdout.decode()

    # The hour ---------------------------------------------------------------------------------

    def test_from_the_package_to_the_first_mail(self):
        self.begin_world()
        self.install()
        self.publish_domain()
        self.import_certificate()
        self.set_up_imap()
        self.set_up_rspamd()
        self.send_mail_out()
        self.get_mail_in()

    def begin_world(self):
        """Names are asked of unbound, which asks nsd; the other host takes mail."""
        self.write("/srv/dns/nsd.conf", NSD)
        self.write("/srv/dns/unbound.conf", UNBOUND)
        self.host.shell("openssl genrsa -out /srv/dns/far.key 2048 2>/dev/null")
        key = self.host.text("sh", "-c", "openssl rsa -in /srv/dns/far.key -pubout -outform DER"
                             " 2>/dev/null | base64 -w0")
        halves = " ".join(f'"{key[i:i + 200]}"' for i in range(0, len(key), 200))
        self.world = WORLD + f'far._domainkey.far.example. TXT "v=DKIM1; k=rsa; p=" {halves}\n'
        self.write("/srv/dns/world", self.world)
        self.begin("test-nsd", "nsd", "-d", "-c", "/srv/dns/nsd.conf")
        self.begin("test-unbound", "unbound", "-d", "-c", "/srv/dns/unbound.conf")
        self.host.shell(FAR_HOST)
        self.begin("test-far", *AT_FAR, "smtp-sink", "-u", "nobody", "-d", "/srv/far/%M.", f"{FAR}:25", "100")

    def install(self):
        said = self.host.shell(
            f"DEBIAN_FRONTEND=noninteractive dpkg -i /srv/kopis/{self.package.name} 2>&1",
            timeout=300).stdout.decode()
        self.assertRegex(said, rf"(?m)^name: +{re.escape(NAME)} ")
        self.assertRegex(said, r"(?m)^runs: +kopis-queue, kopis, ", said[-1500:] + self.journals())
        self.assertEqual("", self.host.text("kopis", "config", "check"))

    def publish_domain(self):
        """A user of a new domain; the records as they are printed, and what the doctor says before and after."""
        self.commands(f"echo correct-horse | kopis user add ada@{DOMAIN} --password-file - --new-domain")
        self.commands(f"kopis dkim new {DOMAIN}")
        checks = ("mx", "spf", "dkim", "dmarc", "ptr")
        code, said = self.doctor(*checks)
        self.assertEqual(1, code, said)
        records = self.host.text("kopis", "doctor", "dns", DOMAIN, "--address", OURS)
        for kind in (r"MX 10 " + NAME, r"TXT \( \"v=spf1", "_domainkey", "_dmarc"):
            self.assertRegex(records, kind)
        # Those of the host's name are there already.
        records = "".join(line + "\n" for line in records.splitlines()
                          if not line.startswith((f"{NAME}. IN A ", "25.2.0.192.")))
        self.write("/srv/dns/world", self.world + records)
        self.host.run("systemctl", "stop", "test-nsd")
        self.begin("test-nsd", "nsd", "-d", "-c", "/srv/dns/nsd.conf")
        self.host.wait_until(
            lambda: self.doctor(*checks)[0] == 0, lambda: self.doctor(*checks)[1] + records)

    def import_certificate(self):
        self.commands(
            "cd /srv",
            "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3 -subj /CN=ca 2>/dev/null",
            f"openssl req -newkey rsa:2048 -nodes -keyout privkey.pem -out csr -subj /CN={NAME}"
            f" -addext subjectAltName=DNS:{NAME} 2>/dev/null",
            "openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -days 2 -copy_extensions copy -out cert 2>/dev/null",
            "cat cert ca.pem >fullchain.pem",
            *[text for title, text in pages.commands("docs/OPERATING.md") if title == "TLS"])

    def set_up_imap(self):
        section = pages.section("docs/IMAP.md", "Users and passwords\n", 2)
        commands = [text for title, text in pages.commands("docs/IMAP.md")
                    if title == "Users and passwords" and "passwd-file" in text]
        [local] = [text for text in re.findall(r"^```\n(.*?)^```$", section, re.M | re.S)
                   if "passdb" in text]
        self.commands(*commands)
        # The test's IMAP is in plain text, on loopback.
        self.write("/etc/dovecot/local.conf", local + "ssl = no\nprotocols = imap\n")
        self.host.run("systemctl", "restart", "dovecot", timeout=120)

    def set_up_rspamd(self):
        for name in ("worker-proxy.inc", "milter_headers.conf", "actions.conf"):
            path = f"/etc/rspamd/local.d/{name}"
            self.write(path, pages.block("docs/FILTERING.md", "rspamd\n", f"`{path}`"))
        self.begin("test-rspamd", "rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd",
                   "-c", "/etc/rspamd/rspamd.conf")
        self.write("/var/qmail/control/milters", pages.block(
            "docs/FILTERING.md", "rspamd\n", "`/var/qmail/control/milters`"))
        self.host.wait_until(
            lambda: self.host.text("ss", "-Hltn", "sport = :11332"), self.journals, timeout=120)
        refused = self.python(FAR_SENDS, GTUBE, at=AT_FAR).decode()
        self.assertRegex(refused, r"(?m)^554 .*Gtube")

    def send_mail_out(self):
        self.python(ADA_SENDS)
        found = []

        def arrived():
            found[:] = self.host.text("sh", "-c", "grep -ls 'Subject: first out' /srv/far/* || true").split()
            return found
        self.host.wait_until(arrived, self.journals)
        # smtp-sink puts a line of the envelope before the message.
        text = self.host.run("cat", found[0]).stdout
        message = text[text.index(b"DKIM-Signature:"):].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        verdicts = self.python(VERIFY, stdin=message).decode().split()
        self.assertEqual(["True", "True"], verdicts, message)

    def get_mail_in(self):
        self.write("/var/qmail/control/dmarcreports", f"postmaster@{DOMAIN} Hour\n")
        self.assertRegex(self.python(FAR_SENDS, "hello", at=AT_FAR).decode(), r"(?m)^250 .*qp")
        mail = []

        def read():
            mail[:] = [self.python(ADA_READS, check=False).decode()]
            return "Subject: first in" in mail[0]
        self.host.wait_until(read, self.journals)
        for verdict in ("spf=pass", "dkim=pass", "dmarc=pass", "iprev=pass"):
            self.assertIn(verdict, mail[0])
        story = self.host.text("kopis", "trace", "--id", "1@far.example")
        self.assertIn("success", story)
        self.host.run("systemctl", "restart", "kopis-smtp")  # It writes when it ends, or after a minute.
        # What the listener's unit may keep: the day's records of DMARC, and who was put off.
        self.host.wait_until(lambda: self.host.text("find", "/var/qmail/dmarc", "-name", "20*", "-size", "+0"),
                             lambda: self.host.text("ls", "-lR", "/var/qmail/dmarc") + self.journals())
        for unit in ("kopis-dmarc", "kopis-tlsrpt"):
            self.host.run("systemctl", "start", unit)
            self.assertEqual("success", self.host.property(unit, "Result"))
            self.assertNotIn("warning", self.host.journal(unit))
        self.write("/var/qmail/control/greylist", "on\n")
        self.assertRegex(self.python(FAR_SENDS, "again", at=AT_FAR, check=False).decode(), "^451 ")


if __name__ == "__main__":
    unittest.main()

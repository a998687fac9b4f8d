"""tcprules, tcprulescheck and qmail-newmrh: files in, cdb out."""

import struct
import unittest

from harness import ProgramCase


def read_cdb(data):
    """All records of a cdb in order, from the format's own description."""
    end = min(struct.unpack_from("<I", data, i * 8)[0] for i in range(256))
    at, records = 2048, []
    while at < end:
        key, value = struct.unpack_from("<II", data, at)
        at += 8
        records.append((data[at:at + key], data[at + key:at + key + value]))
        at += key + value
    return records


class TcpRules(ProgramCase):
    def compile(self, text):
        self.cdb = self.home / "control/tcprules.dat"
        return self.run_program("tcprules", self.cdb, self.home / "control/tcprules.tmp",
                                stdin=text)

    def check(self, **client):
        return self.run_program("tcprulescheck", self.cdb, env=self.environment(**client)).stdout

    def test_the_articles_rules(self):
        result = self.compile(
            b'127.0.0.1:allow,RELAYCLIENT=""\n192.168.1.:allow,RELAYCLIENT=""\n'
            b'192.168.1.5-7:deny\n:allow\n')
        self.assertEqual((0, b"", b""), (result.returncode, result.stdout, result.stderr))
        self.assertEqual(
            [(b"127.0.0.1", b"+RELAYCLIENT=\0"), (b"192.168.1.", b"+RELAYCLIENT=\0"),
             (b"192.168.1.5", b"D\0"), (b"192.168.1.6", b"D\0"), (b"192.168.1.7", b"D\0"),
             (b"", b"")], read_cdb(self.cdb.read_bytes()))
        self.assertFalse((self.home / "control/tcprules.tmp").exists())
        self.assertEqual(
            b"rule 192.168.1.:\nset environment variable RELAYCLIENT=\nallow connection\n",
            self.check(TCPREMOTEIP="192.168.1.9"))
        self.assertEqual(b"rule 192.168.1.6:\ndeny connection\n",
                         self.check(TCPREMOTEIP="192.168.1.6"))
        self.assertEqual(b"rule :\nallow connection\n", self.check(TCPREMOTEIP="8.8.8.8"))

    def test_networks(self):
        self.compile(b"2001:db8::/32:allow,A=xbx\n2001:db8:8000::/33:deny\n192.0.2.64/26:deny\n"
                     b"192.0.2.:allow\n10.0.0.0/8:deny\n")
        self.assertEqual(
            [(b"2001:db8::/32", b"+A=b\0"), (b"2001:db8:8000::/33", b"D\0"),
             (b"192.0.2.64/26", b"D\0"), (b"192.0.2.", b""), (b"10.", b"D\0")],
            read_cdb(self.cdb.read_bytes()))
        for ip, told in (
                ("2001:db8::1", b"rule 2001:db8::/32:\nset environment variable A=b\n"
                 b"allow connection\n"),
                ("2001:db8:8001::1", b"rule 2001:db8:8000::/33:\ndeny connection\n"),
                ("192.0.2.127", b"rule 192.0.2.64/26:\ndeny connection\n"),
                ("192.0.2.128", b"rule 192.0.2.:\nallow connection\n"),
                ("10.1.2.3", b"rule 10.:\ndeny connection\n"),
                ("203.0.113.1", b"default:\nallow connection\n")):
            with self.subTest(ip):
                self.assertEqual(told, self.check(TCPREMOTEIP=ip))

    def test_no_rule(self):
        self.compile(b"=.example:deny\n")
        self.assertEqual(b"default:\nallow connection\n", self.check(TCPREMOTEIP="8.8.8.8"))
        self.assertEqual(b"rule =.example:\ndeny connection\n",
                         self.check(TCPREMOTEIP="8.8.8.8", TCPREMOTEHOST="a.b.example"))

    def test_a_bad_line_leaves_the_old_rules(self):
        self.compile(b"1.1.1.1:deny\n")
        before = self.cdb.read_bytes()
        result = self.compile(b"1.1.1.1:allow\n2.2.2.2:refuse\n")
        self.assertEqual(100, result.returncode)
        self.assertEqual(b"tcprules: fatal: unable to parse this line: 2.2.2.2:refuse\n",
                         result.stderr)
        self.assertEqual(before, self.cdb.read_bytes())

    def test_a_last_line_without_lf_counts(self):
        self.compile(b"1.1.1.1:deny")
        self.assertEqual([(b"1.1.1.1", b"D\0")], read_cdb(self.cdb.read_bytes()))

    def test_usage_and_trouble(self):
        self.assertEqual(100, self.run_program("tcprules", "one").returncode)
        self.assertEqual(100, self.run_program("tcprulescheck").returncode)
        result = self.run_program("tcprules", self.home / "no/such", self.home / "no/tmp")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"tcprules: fatal: ", result.stderr)
        damaged = self.home / "damaged"
        damaged.write_bytes(b"not a cdb")
        result = self.run_program("tcprulescheck", damaged)
        self.assertEqual(111, result.returncode)

    def test_qmail_newmrh(self):
        self.control("rcpthosts", "mx.example")
        self.control("morercpthosts", "# more", "More.Example", ".sub.example  ")
        result = self.run_program("qmail-newmrh")
        self.assertEqual((0, b""), (result.returncode, result.stderr))
        cdb = (self.home / "control/morercpthosts.cdb").read_bytes()
        self.assertEqual([(b"more.example", b""), (b".sub.example", b"")], read_cdb(cdb))
        talk = self.run_program(
            "qmail-smtpd", stdin=b"MAIL FROM:<>\r\nRCPT TO:<a@MORE.example>\r\n"
            b"RCPT TO:<a@x.sub.example>\r\nRCPT TO:<a@sub.example>\r\nQUIT\r\n")
        self.assertEqual([b"220", b"250", b"250", b"250", b"553", b"221"],
                         [line[:3] for line in talk.stdout.splitlines()])

    def test_qmail_newmrh_without_its_file(self):
        result = self.run_program("qmail-newmrh")
        self.assertEqual(111, result.returncode)
        self.assertIn(b"qmail-newmrh: fatal: ", result.stderr)


if __name__ == "__main__":
    unittest.main()

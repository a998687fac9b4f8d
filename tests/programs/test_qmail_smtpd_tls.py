"""qmail-smtpd over TLS: STARTTLS and SMTPS, certificates, resumption, what clients may not do."""

import os
import socket
import ssl
import subprocess
import time
import unittest

from listener import ListenerCase


class QmailSmtpdTls(ListenerCase):
    def setUp(self):
        super().setUp()
        self.control("rcpthosts", "mx.example")
        self.cert = self.certificate("servercert.pem", "mx.example")
        queue = self.home / "queue-program"
        queue.write_text(f"#!/bin/sh\ncat > {self.home}/message\ncat <&1 > {self.home}/envelope\n")
        queue.chmod(0o755)
        self.queue = str(queue)

    def send(self, tls, replies):
        for line in (b"MAIL FROM:<a@b.example>", b"RCPT TO:<x@mx.example>"):
            self.assertEqual(b"250", self.say(tls, replies, line)[:3])
        self.assertEqual(b"354", self.say(tls, replies, b"DATA")[:3])
        self.assertRegex(self.say(tls, replies, b"Subject: x\r\n\r\nbody\r\n."), rb"\A250 (2.0.0 )?ok ")

    # Beginnings -------------------------------------------------------------------------------

    def test_starttls_in_the_listener(self):
        self.serve(QMAILQUEUE=self.queue)
        peer, replies = self.connect()
        replies.readline()
        self.assertIn(b"250-STARTTLS\r\n", self.say(peer, replies, b"EHLO c.example"))
        self.assertEqual(b"220", self.say(peer, replies, b"STARTTLS")[:3])
        tls, replies = self.encrypt(peer, self.client_context(self.cert))
        reply = self.say(tls, replies, b"EHLO c.example")
        self.assertNotIn(b"STARTTLS", reply)
        self.send(tls, replies)
        self.assertRegex((self.home / "message").read_bytes(), rb"\n  by \S+ with ESMTPS "
                         rb"\(TLSv1.3 TLS_\w+\); \d")
        self.assertRegex(self.say(tls, replies, b"QUIT"), rb"\A221 ")
        self.assertEqual(b"", replies.read())  # With close_notify, else ssl raises here.

    def test_starttls_by_hand(self):
        """On descriptors 0 and 1, which are pipes or one socket and stay as they are."""
        self.serve(chain=("env", "X=1", "qmail-smtpd"), QMAILQUEUE=self.queue)
        tls, replies = self.starttls(self.client_context(self.cert))
        self.say(tls, replies, b"EHLO c.example")
        self.send(tls, replies)
        self.assertRegex(self.say(tls, replies, b"QUIT"), rb"\A221 ")
        self.assertEqual(b"", replies.read())

    def test_smtps(self):
        for chain in (("qmail-smtpd",), ("env", "X=1", "qmail-smtpd")):
            self.serve(chain=chain, SMTPS="1", QMAILQUEUE=self.queue)
            peer, _ = self.connect()
            tls, replies = self.encrypt(peer, self.client_context(self.cert))
            self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())
            self.assertNotIn(b"STARTTLS", self.say(tls, replies, b"EHLO c.example"))
            self.send(tls, replies)

    def test_without_a_certificate_nothing_is_offered(self):
        self.cert.unlink()
        self.serve()
        peer, replies = self.connect()
        replies.readline()
        self.assertNotIn(b"STARTTLS", self.say(peer, replies, b"EHLO c.example"))
        self.assertEqual(b"502", self.say(peer, replies, b"STARTTLS")[:3])

    def test_a_listener_does_not_start_with_what_is_no_certificate(self):
        whole = self.cert.read_text()
        key, certificate = whole.split("-----BEGIN CERTIFICATE-----")
        other = self.certificate("servercerts/other.pem", "other.example").read_text()
        other_key = other.split("-----BEGIN CERTIFICATE-----")[0]
        (self.home / "control/servercerts/other.pem").unlink()
        for content, reason in (("", "no certificate in it"),
                                ("-----BEGIN CERTIFICATE-----" + certificate, "no key that matches"),
                                (other_key + "-----BEGIN CERTIFICATE-----" + certificate,
                                 "no key that matches"),
                                (whole.replace("MII", "QII"), "")):
            self.cert.write_text(content)
            result = self.run_program("tcpserver", "127.0.0.1", "0", "qmail-smtpd")
            self.assertEqual(111, result.returncode, content)
            self.assertIn(f"{self.cert}: {reason}".encode(), result.stderr)
        self.cert.unlink()
        result = self.run_program("tcpserver", "127.0.0.1", "0", "qmail-smtpd",
                                  env=self.environment(SMTPS="1"))
        self.assertEqual(111, result.returncode)
        self.assertIn(b"SMTPS is set", result.stderr)

    def test_kopis_certificate(self):
        self.cert.unlink()
        for word in ("made ", " exists"):
            result = self.run_program("kopis", "certificate")
            self.assertEqual(0, result.returncode)
            self.assertIn(word.encode(), result.stdout)
        self.assertEqual(0o640, self.cert.stat().st_mode & 0o777)
        self.serve()
        tls, _ = self.starttls(self.client_context(self.cert))
        self.assertIn(("DNS", "mx.example"), tls.getpeercert()["subjectAltName"])

    # Certificates -----------------------------------------------------------------------------

    def test_the_name_chooses_the_certificate(self):
        one = self.certificate("servercerts/one.pem", "one.example", "uno.example")
        wild = self.certificate("servercerts/wild.pem", "*.wild.example")
        self.serve()
        for name, trusted in (("mx.example", self.cert), ("one.example", one),
                              ("UNO.example", one), ("a.wild.example", wild)):
            tls, replies = self.starttls(self.client_context(trusted), name=name)
            self.assertEqual(b"250 ok\r\n", self.say(tls, replies, b"NOOP"))
        for name in ("wild.example", "a.b.wild.example", "other.example"):
            with self.assertRaises(ssl.SSLCertVerificationError) as caught:
                self.starttls(self.client_context(self.cert), name=name)
            self.assertIn("Hostname mismatch", str(caught.exception))

    def test_clients_see_what_is_expired_or_of_another_name(self):
        root = self.authority("/CN=root")
        self.cert.write_bytes(self.signed(root, "/CN=mx.example", "DNS:mx.example", days=-1))
        self.serve()
        with self.assertRaises(ssl.SSLCertVerificationError) as caught:
            self.starttls(self.client_context(root.with_suffix(".crt")))
        self.assertIn("expired", str(caught.exception))
        self.wait_log(r"^qmail-smtpd: 1 127.0.0.1: no TLS: ")
        self.starttls()  # One that does not mind is served.

    def test_a_renewed_certificate_is_used_and_sessions_go_on(self):
        self.serve("-c", "10000")
        old, old_replies = self.starttls(self.client_context(self.cert))
        before = self.cert.read_bytes()
        self.certificate("servercert.pem", "mx.example")
        self.assertNotEqual(before, self.cert.read_bytes())
        self.until_served(self.cert)
        self.assertEqual(b"250 ok\r\n", self.say(old, old_replies, b"NOOP"))

        # One that went bad is told, once, and the good one is used on.
        good = self.home / "good.pem"
        good.write_bytes(self.cert.read_bytes())
        self.cert.write_text("garbage")
        deadline = time.monotonic() + 20
        while not any("qmail-smtpd: warning: certificates stay as they were" in line for line in self.lines):
            tls, replies = self.starttls(self.client_context(good))
            self.say(tls, replies, b"QUIT")
            self.assertLess(time.monotonic(), deadline)
        self.starttls(self.client_context(good))
        self.assertEqual(1, "".join(self.lines).count("stay as they were"), self.lines)

    def until_served(self, trusted):
        """The files are looked at once a second."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return self.starttls(self.client_context(trusted))
            except ssl.SSLCertVerificationError:
                self.assertLess(time.monotonic(), deadline)

    def test_the_chain_is_sent(self):
        root, leaf = self.authority("/CN=root"), self.home / "control/servercert.pem"
        leaf.write_bytes(self.signed(root, "/CN=mx.example", "DNS:mx.example"))
        self.serve()
        self.starttls(self.client_context(root.with_suffix(".crt")))

    def authority(self, subject):
        """A key and certificate of an authority; returns the path without its endings."""
        path = self.home / "authority"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
             path.with_suffix(".key"), "-out", path.with_suffix(".crt"), "-days", "30", "-subj",
             subject, "-addext", "keyUsage=critical,keyCertSign"],
            capture_output=True, check=True)
        return path

    def signed(self, authority, subject, names, usage="serverAuth,clientAuth", days=30):
        """Key, certificate and the authority's certificate, as one PEM text."""
        key, request = self.home / "leaf.key", self.home / "leaf.csr"
        subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                        request, "-subj", subject], capture_output=True, check=True)
        extensions = self.home / "leaf.ext"
        extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage={usage}\n")
        made = subprocess.run(
            ["openssl", "x509", "-req", "-in", request, "-CA", authority.with_suffix(".crt"),
             "-CAkey", authority.with_suffix(".key"), "-CAcreateserial", "-days", str(days),
             "-extfile", extensions], capture_output=True, check=True).stdout
        return key.read_bytes() + made + authority.with_suffix(".crt").read_bytes()

    def test_client_certificates_let_relay(self):
        root = self.authority("/CN=clients")
        self.control("clientca.pem")
        (self.home / "control/clientca.pem").write_bytes(root.with_suffix(".crt").read_bytes())
        self.control("tlsclients", "joe@mx.example")
        other = self.certificate("../foreign.pem", "joe", san="email:joe@mx.example")
        self.serve()
        for pem, may in (
                (self.signed(root, "/CN=Joe", "email:Joe@mx.example"), True),
                (self.signed(root, "/CN=Joe/emailAddress=joe@mx.example", "DNS:x"), True),
                (self.signed(root, "/CN=Ann", "email:ann@mx.example"), False),
                (self.signed(root, "/CN=Joe", "email:joe@mx.example", "serverAuth"), False),
                (other.read_bytes(), False),
                (None, False)):
            context = self.client_context()
            if pem:
                path = self.home / "client.pem"
                path.write_bytes(pem)
                context.load_cert_chain(path)
            tls, replies = self.starttls(context)
            self.say(tls, replies, b"MAIL FROM:<a@b.example>")
            reply = self.say(tls, replies, b"RCPT TO:<x@elsewhere.example>")
            self.assertEqual(b"250" if may else b"553", reply[:3])

    # What may not be --------------------------------------------------------------------------

    def test_plaintext_after_starttls_is_refused(self):
        """CVE-2011-0411: nothing said in the clear may count as said under TLS."""
        self.serve(QMAILQUEUE=self.queue)
        for more in (b"MAIL FROM:<evil@x>\r\n", b"\r\n", b"R", b"QUIT\r\n"):
            peer, replies = self.connect()
            replies.readline()
            peer.sendall(b"EHLO x\r\nSTARTTLS\r\n" + more)
            self.assertTrue(replies.read().endswith(
                b"nothing may follow STARTTLS before its reply (#5.5.0)\r\n"))

        # In a segment of its own it is not a handshake, or is refused as above.
        peer, replies = self.connect()
        replies.readline()
        peer.sendall(b"STARTTLS\r\n")
        self.assertEqual(b"220 ready for tls\r\n", replies.readline())
        peer.sendall(b"MAIL FROM:<evil@x>\r\nRCPT TO:<x@mx.example>\r\n")
        self.assertNotRegex(replies.read(), rb"(?m)^\d\d\d")
        self.wait_log(r"no TLS: ")

    def test_nothing_is_kept_over_the_switch(self):
        self.serve()
        peer, replies = self.connect()
        replies.readline()
        self.say(peer, replies, b"EHLO before.example")
        self.say(peer, replies, b"MAIL FROM:<a@b.example>")
        self.say(peer, replies, b"RCPT TO:<x@mx.example>")
        self.assertEqual(b"220", self.say(peer, replies, b"STARTTLS")[:3])
        tls, replies = self.encrypt(peer)
        self.assertEqual(b"503 MAIL first (#5.5.1)\r\n", self.say(tls, replies, b"DATA"))
        self.assertEqual(b"503 MAIL first (#5.5.1)\r\n",
                         self.say(tls, replies, b"RCPT TO:<x@mx.example>"))
        self.assertEqual(b"503 already encrypted (#5.5.1)\r\n",
                         self.say(tls, replies, b"STARTTLS"))

    def test_old_protocols_are_refused(self):
        self.serve()
        for version in ("TLSv1", "TLSv1_1"):
            context = self.client_context(minimum_version=ssl.TLSVersion[version],
                                          maximum_version=ssl.TLSVersion[version])
            context.set_ciphers("ALL:@SECLEVEL=0")
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                self.starttls(context)
        for version in ("TLSv1_2", "TLSv1_3"):
            tls, _ = self.starttls(self.client_context(
                minimum_version=ssl.TLSVersion[version], maximum_version=ssl.TLSVersion[version]))
            self.assertEqual(version.replace("_", "."), tls.version())

    def test_sessions_are_resumed(self):
        self.serve()
        for version in ("TLSv1_2", "TLSv1_3"):
            context = self.client_context(maximum_version=ssl.TLSVersion[version])
            tls, replies = self.starttls(context)
            self.say(tls, replies, b"NOOP")  # With its reply come the tickets of 1.3.
            self.assertFalse(tls.session_reused)
            again, replies = self.starttls(context, session=tls.session)
            self.assertTrue(again.session_reused, version)
            self.assertEqual(b"250 ok\r\n", self.say(again, replies, b"NOOP"))

    def test_handshakes_that_wait_hold_nobody_up(self):
        """More of them than there are cores."""
        self.serve("-c", "100")
        waiting = []
        for _ in range(4 * (os.cpu_count() or 1)):
            peer, replies = self.connect()
            replies.readline()
            peer.sendall(b"STARTTLS\r\n")
            replies.readline()
            peer.sendall(b"\x16\x03\x01\x02\x00\x01")  # A record of 512 bytes begins.
            waiting.append(peer)
        began = time.monotonic()
        tls, replies = self.starttls()
        self.assertEqual(b"250 ok\r\n", self.say(tls, replies, b"NOOP"))
        self.assertLess(time.monotonic() - began, 5)
        self.wait_log(r"no TLS: too slow")  # Each has ten seconds.

    def test_garbage_in_place_of_a_handshake(self):
        self.serve(SMTPS="1")
        for garbage in (b"EHLO plain.example\r\n" * 20, b"\0" * 5000, b"\x16\x03\x01\xff\xff" * 99,
                        b"\x80\x2e\x01\x03\x01" + b"\0" * 60):
            peer, replies = self.connect()
            try:
                peer.sendall(garbage)
                peer.shutdown(socket.SHUT_WR)
                self.assertNotIn(b"220", replies.read())
            except ConnectionError:
                pass
        peer, _ = self.connect()
        _, replies = self.encrypt(peer)
        self.assertEqual(b"220 mx.example ESMTP\r\n", replies.readline())


if __name__ == "__main__":
    unittest.main()

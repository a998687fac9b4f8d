"""A strict relay that wants a login: checks each mechanism of AUTH to the letter, and keeps what
it saw."""

import base64
import hashlib
import hmac
import re
import socket

PASSWORD_MECHANISMS = ("PLAIN", "LOGIN", "SCRAM-SHA-256")
ALL = (*PASSWORD_MECHANISMS, "XOAUTH2", "OAUTHBEARER")
ERROR = b'{"status":"401","schemes":"bearer","scope":"mail"}'
SERVER_NONCE = b"3rfcNHYJY1ZVvWVs7j"
SALT = b"0123456789abcdef"


class Refused(Exception):
    """The client broke a rule; the text says which."""


class SaslRelay:
    """A talk for `Peer`. What a client does wrong is in `faults`; who has logged in, in `logins`.
    `lies` change what the relay says: signature, nonce, iterations, challenge, reply, yes."""

    def __init__(self, *mechanisms, user=b"user", password=b"pencil", token=b"tok.en~1",
                 name="relay.example", starts_in_tls=False, offers_tls=True, outside=False,
                 cut=False, **lies):
        self.mechanisms = mechanisms or ALL
        self.user, self.password, self.token, self.name = user, password, token, name
        self.starts_in_tls, self.offers_tls, self.outside = starts_in_tls, offers_tls, outside
        self.cut, self.lies = cut, lies
        self.faults, self.logins, self.secrets = [], [], []

    def __call__(self, session):
        session.login = None
        session.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.starts_in_tls:
            session.start_tls()
        self.say(session, b"220 relay")
        while True:
            line = session.read_line()
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                self.say(session, *self.ehlo(session))
            elif verb == b"STARTTLS":
                self.say(session, b"220 go")
                session.start_tls()
            elif verb == b"AUTH":
                try:
                    self.authenticate(session, line)
                except Refused as fault:
                    self.faults.append(str(fault))
                    self.say(session, b"501 5.5.2 " + str(fault).encode())
            elif verb == b"MAIL":
                self.say(session, b"250 ok" if session.login else b"530 5.7.0 log in first")
            elif verb == b"DATA":
                self.say(session, b"354 go")
                session.read_data()
                self.say(session, b"250 taken")
            elif verb == b"QUIT":
                self.say(session, b"221 bye")
                return
            else:
                self.say(session, b"250 ok")

    def ehlo(self, session):
        shown = [b"250-relay"]
        if self.offers_tls and not session.tls:
            shown.append(b"250-STARTTLS")
        if (session.tls or self.outside) and self.mechanisms != ("none",):
            shown.append(b"250-AUTH " + " ".join(self.mechanisms).encode())
        return (*shown, b"250 8BITMIME")

    def say(self, session, *lines):
        """Replies, whole or a byte at a time. Nothing may have come ahead of one."""
        if session.input:
            self.faults.append(f"pipelined: {session.input!r}")
        text = b"".join(line + b"\r\n" for line in lines)
        for at in range(0, len(text), 1 if self.cut else len(text)):
            session.say(text[at:at + 1] if self.cut else text)

    def authenticate(self, session, line):
        if session.login:
            raise Refused("AUTH twice")
        match = re.fullmatch(rb"AUTH ([A-Z0-9-]+)(?: ([A-Za-z0-9+/]+={0,2}|=))?\r\n", line)
        if not match:
            raise Refused(f"not an AUTH command: {line!r}")
        if len(line) > 512:
            raise Refused("command too long")
        name = match[1].decode()
        if name not in self.mechanisms:
            raise Refused(f"{name} is not offered")
        first = None if match[2] is None else b"" if match[2] == b"=" else self.decode(match[2])
        if "early" in self.lies:
            self.say(session, self.lies["early"])
            return
        check = {"PLAIN": self.plain, "LOGIN": self.old_login, "SCRAM-SHA-256": self.scram,
                 "XOAUTH2": self.xoauth2, "OAUTHBEARER": self.oauthbearer}[name]
        if check(session, first):
            session.login = name
            self.logins.append(name)
            self.say(session, self.lies.get("yes", b"235 2.7.0 welcome"))
        else:
            self.say(session, self.lies.get("reply", b"535 5.7.8 no"))

    @staticmethod
    def decode(text):
        try:
            decoded = base64.b64decode(text, validate=True)
        except ValueError as wrong:
            raise Refused(f"not base64: {text!r}") from wrong
        if base64.b64encode(decoded) != text:
            raise Refused("base64 with stray bits")
        return decoded

    def challenge(self, session, text, raw=None):
        """Sends a challenge; the response. A cancelled exchange is refused (RFC 4954 §4)."""
        self.say(session, raw or (b"334 " + base64.b64encode(text)))
        line = session.read_line()
        if not line.endswith(b"\r\n") or len(line) > 12288:
            raise Refused("not a line")
        if line == b"*\r\n":
            session.cancelled = True
            raise Refused("cancelled")
        return self.decode(line[:-2])

    def first(self, session, given):
        """The first response of a client that may speak first."""
        return given if given is not None else self.challenge(session, b"", b"334 ")

    def plain(self, session, given):
        fields = self.first(session, given).split(b"\0")
        if len(fields) != 3 or fields[0] not in (b"", self.user):
            raise Refused(f"not a message of PLAIN: {fields}")
        self.secrets.append(fields[2])
        return fields[1:] == [self.user, self.password]

    def old_login(self, session, given):
        if given is not None:
            raise Refused("LOGIN has no initial response")
        user = self.challenge(session, b"Username:", self.lies.get("challenge"))
        password = self.challenge(session, b"Password:")
        self.secrets.append(password)
        return (user, password) == (self.user, self.password)

    def scram(self, session, given):
        first = self.first(session, given)
        match = re.fullmatch(rb"n,,(n=((?:[^=,]|=2C|=3D)+),r=([!-+\--~]{18,}))", first)
        if not match:
            raise Refused(f"not a first message of SCRAM: {first!r}")
        if match[2].replace(b"=2C", b",").replace(b"=3D", b"=") != self.user:
            return False
        both = self.lies.get("nonce", match[3]) + SERVER_NONCE
        count = self.lies.get("iterations", 4096)
        server_first = b"r=%s,s=%s,i=%d" % (both, base64.b64encode(SALT), count)
        final = self.challenge(session, server_first, self.lies.get("challenge"))
        match2 = re.fullmatch(rb"(c=biws,r=([!-+\--~]+)),p=([A-Za-z0-9+/]{43}=)", final)
        if not match2 or match2[2] != both:
            raise Refused(f"not a final message of SCRAM: {final!r}")
        salted = hashlib.pbkdf2_hmac("sha256", self.password, SALT, count)
        message = b",".join((match[1], server_first, match2[1]))
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
        proof = bytes(one ^ other for one, other in zip(client_key, signature))
        if proof != base64.b64decode(match2[3]):
            return False
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        value = self.lies.get("signature", hmac.digest(server_key, message, "sha256"))
        if value is None:
            return True  # Says yes without a proof.
        if self.challenge(session, b"v=" + base64.b64encode(value)) != b"":
            raise Refused("the last response of SCRAM is empty")
        return True

    def refuse_token(self, session, answer):
        if self.challenge(session, ERROR) != answer:
            raise Refused("not the answer to an error")
        return False

    def xoauth2(self, session, given):
        text = self.first(session, given)
        match = re.fullmatch(rb"user=([^\x01]+)\x01auth=Bearer ([!-~]+)\x01\x01", text)
        if not match:
            raise Refused(f"not a message of XOAUTH2: {text!r}")
        self.secrets.append(match[2])
        return match[1] == self.user and match[2] == self.token or self.refuse_token(session, b"")

    def oauthbearer(self, session, given):
        text = self.first(session, given)
        match = re.fullmatch(rb"n,a=((?:[^=,\x01]|=2C|=3D)+),\x01host=([^\x01]+)\x01"
                             rb"port=([0-9]+)\x01auth=Bearer ([!-~]+)\x01\x01", text)
        if not match or match[2].decode() != self.name:
            raise Refused(f"not a message of OAUTHBEARER: {text!r}")
        self.secrets.append(match[4])
        user = match[1].replace(b"=2C", b",").replace(b"=3D", b"=")
        return user == self.user and match[4] == self.token or self.refuse_token(session, b"\1")

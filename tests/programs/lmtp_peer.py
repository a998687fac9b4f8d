"""A strict LMTP server (RFC 2033) at a Unix socket or a port of 127.0.0.1."""

import os
import socket

from peer import Peer

OFFERS = (b"PIPELINING", b"ENHANCEDSTATUSCODES", b"8BITMIME", b"SMTPUTF8", b"DSN", b"SIZE 100000",
          b"CHUNKING")


class LmtpServer(Peer):
    """`rcpt` and `verdicts` by local part: replies that are not 250; a verdict may be None, which
    hangs up there, or have several lines. Who does what RFC 2033 forbids is `faults`."""

    def __init__(self, path=None, rcpt=(), verdicts=(), offers=OFFERS, late=b""):
        self.path, self.offers, self.late = path, offers, late
        self.rcpt, self.verdicts = dict(rcpt), dict(verdicts)
        self.faults, self.messages, self.envelopes = [], [], []
        super().__init__(self.converse, listener=self.unix_listener(path) if path else None)

    @staticmethod
    def unix_listener(path):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        os.chmod(path, 0o666)
        listener.listen()
        return listener

    def converse(self, session):
        session.say(b"220 server LMTP\r\n")
        sender, people, offered = None, [], False
        while True:
            line = session.read_line()
            verb = line.split(b" ")[0].strip().upper()
            if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
                self.faults.append(line)
            if verb == b"LHLO":
                offered = True
                lines = [b"server", *self.offers]
                session.say(b"".join(b"250-%s\r\n" % one for one in lines[:-1])
                            + b"250 %s\r\n" % lines[-1])
            elif verb == b"MAIL" and offered and sender is None:
                sender, people = line, []
                session.say(b"250 2.1.0 ok\r\n")
            elif verb == b"RCPT" and sender:
                person = line.partition(b"<")[2].partition(b">")[0].decode()
                reply = self.rcpt.get(person.partition("@")[0], b"250 2.1.5 ok\r\n")
                if reply.startswith(b"2"):
                    people.append(person)
                session.say(reply)
            elif verb == b"DATA" and sender:
                if not people:  # RFC 2033 §4.2
                    session.say(b"503 5.5.1 no valid recipients\r\n")
                    continue
                session.say(b"354 go\r\n")
                session.read_data()
                self.messages.append(session.messages[-1])
                self.envelopes.append((sender, people))
                for person in people:
                    verdict = self.verdicts.get(
                        person.partition("@")[0], b"250 2.0.0 <%s> saved\r\n" % person.encode())
                    if verdict is None:
                        raise EOFError
                    session.say(verdict)
                session.say(self.late)
                sender = None
            elif verb == b"RSET":
                sender = None
                session.say(b"250 2.0.0 ok\r\n")
            elif verb == b"QUIT":
                session.say(b"221 2.0.0 bye\r\n")
                return
            else:
                self.faults.append(line)
                session.say(b"503 5.5.1 no\r\n")

"""A server that answers one recipient, one place or one step of a transaction otherwise."""

import collections
import re
import threading

from peer import Peer

PEOPLE = 8
REPLIES = {
    "250": b"250 ok\r\n", "450": b"450 4.2.0 later\r\n", "451": b"451 4.3.0 later\r\n",
    "452": b"452 4.5.3 too many\r\n", "452 full": b"452 4.2.2 mailbox is full\r\n",
    "452 bare": b"452 no more\r\n", "450 words": b"450 4.7.1 Error: Too many recipients\r\n",
    "451 too many": b"451 4.5.3 too many\r\n", "550 too many": b"550 5.5.3 too many\r\n",
    "552": b"552 5.5.3 too many\r\n", "552 old": b"552 too many\r\n", "550": b"550 5.1.1 no\r\n",
    "421": b"421 4.3.2 closing\r\n", "421 open": b"421 4.3.2 closing, says it\r\n",
    "garbage": b"\xff\0what?\r\n", "600": b"600 what is this\r\n", "354": b"354 go\r\n",
    "mixed": b"250-yes\r\n550 no\r\n", "endless": b"250-" + b"x" * 70_000, "empty": b"\r\n",
}
SILENT = ("silence", "half")
ENDS = ("421", "421 open", "close", "garbage", "600", "354", "mixed", "endless", "empty", "half",
        "silence")
LIMITS = ("452", "452 full", "451 too many", "550 too many", "552", "552 old")


class Case:
    """How the server behaves towards one message, and what it saw of it."""

    def __init__(self, where, answer, when, place=0):
        self.where, self.answer, self.when, self.place = where, answer, when, place
        self.sessions = []
        self.taken = collections.Counter()  # Answered by 250.
        self.offered = collections.Counter()  # Whole, with its end.
        self.lock = threading.Lock()

    def __repr__(self):
        return f"{self.answer} at {self.where} {self.place or ''} {self.when}"

    def applies(self, where, session, user=0, position=0, several=False):
        if where != self.where:
            return False
        return {"always": not self.place or position == self.place,
                "person": user == self.place,
                "once": session is self.sessions[0] and (not self.place or position == self.place),
                "several": several}[self.when]


class RecipientServer(Peer):
    """`cases` by number: that of a message is in its sender's address, c17@…."""

    def __init__(self, offers):
        self.cases, self.offers = {}, offers
        super().__init__(self.converse)

    def converse(self, session):
        session.say(b"220 server\r\n")
        case, people, position = None, [], 0
        while line := session.read_line():
            verb = line[:4].upper()
            if verb == b"EHLO":
                session.say(self.offers)
            elif verb == b"MAIL":
                case = self.cases[int(re.search(rb"<c(\d+)@", line)[1])]
                people, position = [], 0
                with case.lock:
                    if session not in case.sessions:
                        case.sessions.append(session)
                self.answer(session, case, "MAIL", "250")
            elif verb == b"RCPT":
                user, position = int(re.search(rb"<u(\d+)@", line)[1]), position + 1
                if self.answer(session, case, "RCPT", "250", user, position) == "250":
                    people.append(user)
            elif verb == b"DATA":
                if not people:
                    session.say(b"503 5.5.1 nobody\r\n")
                elif self.answer(session, case, "DATA", "354", several=len(people) > 1) == "354":
                    session.read_data()
                    self.end(session, case, people)
            elif verb == b"BDAT":
                session.read_chunk(int(line.split()[1]))
                self.end(session, case, people)
            elif verb == b"RSET":
                people = []
                session.say(REPLIES["250"])
            elif verb == b"QUIT":
                return
            else:
                session.say(b"500 what?\r\n")

    def end(self, session, case, people):
        several = len(people) > 1
        with case.lock:
            case.offered.update(people)
            is_taken = not case.applies(".", session, several=several) or case.answer == "250"
            case.taken.update(people if is_taken else ())
        try:
            self.answer(session, case, ".", "250", several=several)
        except EOFError:
            with case.lock:
                case.taken.subtract(people if is_taken else ())
            raise
        people.clear()

    @staticmethod
    def answer(session, case, where, otherwise, user=0, position=0, several=False):
        with case.lock:
            applies = case.applies(where, session, user, position, several)
        answer = case.answer if applies else otherwise
        if answer == "half":
            session.say(b"25")
        if answer in SILENT:
            while session.socket.recv(65536):  # Until the client has had enough.
                pass
            raise EOFError
        if answer == "close":
            raise EOFError
        session.say(REPLIES[answer])
        if answer == "421":
            raise EOFError
        return answer

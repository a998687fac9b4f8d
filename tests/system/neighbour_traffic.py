"""Traffic of a host under attack, by its user eva: numbered mail by SMTP and sendmail to each kind of
address, mail to another host (a sink here), and readers. What was accepted is written down."""

import json
import pathlib
import poplib
import smtplib
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time

SOURCE = "127.9.9.9"  # Not the attackers' address, which has its own limits.
PAUSE = 0.25
POP_PAUSE = 0.5
TIMEOUT = 10
COPIES = 40  # Of the number in the body: what is cut short or mixed up shows.

PLAN = json.loads(pathlib.Path(sys.argv[1]).read_text())
PLACE = pathlib.Path(PLAN["place"])
ME, VIRTUAL = PLAN["me"], PLAN["virtual"]
STREAMS = {  # name: (recipient, by SMTP)
    "smtp-maildir": (f"eva@{ME}", True), "smtp-program": (f"eva-prog@{ME}", True),
    "smtp-virtual": (f"vera@{VIRTUAL}", True), "smtp-forward": (f"info@{ME}", True),
    "smtp-joe": (f"joe@{ME}", True), "local-maildir": (f"kim@{ME}", False),
    "local-program": (f"eva-prog@{ME}", False), "remote": ("x@elsewhere.example", False),
}


class Journal:
    """Lines of JSON, whole ones only."""

    def __init__(self, name):
        self.file = open(PLACE / name, "a", buffering=1, encoding="utf-8")
        self.lock = threading.Lock()

    def tell(self, **what):
        with self.lock:
            self.file.write(json.dumps(what) + "\n")


def message(number):
    return f"Subject: neighbours\r\nX-Number: {number}\r\n\r\n{number * COPIES}\r\n"


def send(recipient, by_smtp, number, timeout=TIMEOUT):
    """True once it was accepted."""
    if not by_smtp:
        return subprocess.run(
            [PLAN["home"] + "/bin/sendmail", "-f", f"eva@{ME}", recipient], timeout=timeout,
            input=message(number).replace("\r\n", "\n").encode(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0
    client = smtplib.SMTP(ME, 25, timeout=timeout, source_address=(SOURCE, 0))
    try:
        client.sendmail("s@client.example", [recipient], message(number))
        return True
    finally:
        client.close()


class Pop3(poplib.POP3):
    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout, (SOURCE, 0))


def read_mail(name, password, number=None, timeout=TIMEOUT):
    """Logs in; with a number, whether that message is there, else how many are."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client = Pop3(ME, 110, timeout=timeout)
    try:
        client.stls(context)
        client.user(name)
        client.pass_(password)
        count = client.stat()[0]
        if number is None:
            return count
        wanted = f"X-Number: {number}".encode()
        for at in range(count, max(0, count - 50), -1):
            if wanted in client.top(at, 0)[1]:
                return True
        return False
    finally:
        client.close()


def stream(name, journal, stop):
    recipient, by_smtp = STREAMS[name]
    turn = 0
    while not stop.is_set():
        number = f"{PLAN['round']}-{name}-{turn}"
        turn += 1
        try:
            if send(recipient, by_smtp, number):
                journal.tell(stream=name, number=number)
            else:
                journal.tell(stream=name, refused=number)
        except (OSError, smtplib.SMTPException, subprocess.SubprocessError) as error:
            journal.tell(stream=name, refused=number, why=repr(error)[:200])
        stop.wait(PAUSE)


def reader(name, journal, stop):
    while not stop.is_set():
        try:
            read_mail(name, PLAN["passwords"][name])
            journal.tell(reader=name)
        except (OSError, EOFError, poplib.error_proto) as error:
            journal.tell(reader=name, refused=repr(error)[:200])
        stop.wait(POP_PAUSE)


class Sink(socketserver.StreamRequestHandler):
    """Another host: takes all mail and writes its number down."""

    timeout = 60

    def handle(self):
        self.wfile.write(b"220 sink.example\r\n")
        while line := self.rfile.readline(4096):
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (line := self.rfile.readline(4096)) not in (b".\r\n", b""):
                    text += line
                number = text.partition(b"X-Number: ")[2].partition(b"\r\n")[0]
                self.server.journal.tell(number=number.decode("latin-1"))
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


class SinkServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A client that went away."""


def serve_sink():
    server = SinkServer(("127.0.0.1", PLAN["sink_port"]), Sink)
    server.journal = Journal("sink")
    print("ready", flush=True)
    server.serve_forever()


def traffic():
    """Until its standard input ends."""
    stop, journal = threading.Event(), Journal("accepted")
    threads = [threading.Thread(target=stream, args=(name, journal, stop)) for name in STREAMS]
    threads += [threading.Thread(target=reader, args=(name, journal, stop))
                for name in PLAN["passwords"]]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()


def page_comes():
    """Whether the dashboard serves this user."""
    with socket.create_connection(("127.0.0.1", 2580), timeout=3) as client:
        client.sendall(b"GET /own/login HTTP/1.1\r\nHost: 127.0.0.1:2580\r\nConnection: close\r\n\r\n")
        return client.recv(64).startswith(b"HTTP/1.1 200 ")


def probe():
    """From the moment of its start: SMTP to a mailbox to its reader, sendmail likewise, and a message
    to another host, each tried until it works. Prints what works after how many seconds."""
    began = time.monotonic()
    deadline = began + PLAN["serve_seconds"]
    name = "eva"

    def until(what, check):
        error = None
        while time.monotonic() < deadline:
            try:
                if check():
                    print(json.dumps({"what": what, "seconds": time.monotonic() - began}), flush=True)
                    return
            except (OSError, EOFError, smtplib.SMTPException, poplib.error_proto,
                    subprocess.SubprocessError) as problem:
                error = repr(problem)[:300]
            time.sleep(0.1)
        print(json.dumps({"what": what, "failed": error or "never came"}), flush=True)

    def seen(number):
        return any(f'"{number}"' in line for line in (PLACE / "sink").read_text().splitlines())

    def arrives(how, recipient, by_smtp, has_come):
        sent, turns = [], [0]

        def check():
            if not sent or turns[0] % 20 == 19:  # What was accepted may be spoilt as yet.
                number = f"{PLAN['round']}-probe-{how}-{len(sent)}"
                if send(recipient, by_smtp, number, timeout=3):
                    sent.append(number)
            turns[0] += 1
            return any(has_come(number) for number in sent)

        return threading.Thread(target=until, args=(how, check))

    def fetched(number):
        return read_mail(name, PLAN["passwords"][name], number, timeout=3)

    threads = [arrives("SMTP to POP3", f"eva@{ME}", True, fetched),
               arrives("sendmail to POP3", f"eva@{ME}", False, fetched),
               arrives("sendmail to another host", "x@elsewhere.example", False, seen)]
    if "local" in sys.argv:
        del threads[2]
    if not PLAN["round"].startswith("qmailw"):  # Who may stop it.
        threads.append(threading.Thread(target=until, args=("dashboard", page_comes)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    {"sink": serve_sink, "traffic": traffic, "probe": probe}[sys.argv[2]]()

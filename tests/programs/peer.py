"""A server under the test's hand for what sends mail: a script of exact bytes, TLS where told."""

import socket
import subprocess
import threading

from ports import free_port  # Where harness finds it.

EHLO = (b"250-server\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250-DSN\r\n250-STARTTLS\r\n"
        b"250 8BITMIME\r\n")
EHLO_PLAIN = EHLO.replace(b"250-STARTTLS\r\n", b"")


def make_certificate(path, *names, ca=None, days=2):
    """Writes PATH with a key and a certificate for the names, signed by CA's or by its own key."""
    key, request = f"{path}.key", f"{path}.csr"
    run = dict(check=True, capture_output=True)
    subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request,
                    "-subj", "/CN=test"], **run)
    extensions = f"{path}.ext"
    with open(extensions, "w", encoding="ascii") as to:
        to.write("basicConstraints=critical,CA:%s\n" % ("FALSE" if names else "TRUE"))
        if names:
            to.write("subjectAltName=" + ",".join(f"DNS:{name}" for name in names) + "\n")
    signer = ["-CA", ca, "-CAkey", ca, "-CAcreateserial"] if ca else ["-key", key]
    subprocess.run(["openssl", "x509", "-req", "-in", request, *signer, "-days", str(days),
                    "-extfile", extensions, "-out", f"{path}.crt"], **run)
    with open(path, "w", encoding="ascii") as to:
        for part in (key, f"{path}.crt"):
            with open(part, encoding="ascii") as source:
                to.write(source.read())
    return str(path)


class Peer(threading.Thread):
    """Serves connections by `talk(session)`, one after another, in a thread each."""

    def __init__(self, talk, context=None, listener=None):
        super().__init__(daemon=True)
        self.talk, self.context = talk, context
        self.listener = listener or socket.create_server(("127.0.0.1", free_port()))
        self.port = None if listener else self.listener.getsockname()[1]
        self.sessions = []
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            session = Session(client, self.context)
            self.sessions.append(session)
            threading.Thread(target=self.serve, args=(session,), daemon=True).start()

    def serve(self, session):
        try:
            self.talk(session)
        except (OSError, EOFError) as fault:
            session.fault = fault
        finally:
            session.socket.close()  # That of TLS, where TLS began.
            session.over.set()

    def close(self):
        if self.listener.fileno() < 0:
            return  # Closed already.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join()


class Session:
    """One connection: what was said, what came as a message, and how to answer."""

    def __init__(self, client, context):
        self.socket, self.context = client, context
        self.socket.settimeout(90)
        self.lines, self.messages = [], []
        self.input = b""
        self.fault = None
        self.tls = self.tls_resumed = self.tls_version = self.certificate = None
        self.over = threading.Event()

    def read_line(self):
        while b"\n" not in self.input:
            self.more()
        line, _, self.input = self.input.partition(b"\n")
        self.lines.append(line + b"\n")
        return line + b"\n"

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise EOFError
        self.input += got

    def say(self, text):
        self.socket.sendall(text)

    def start_tls(self):
        self.socket = self.tls = self.context.wrap_socket(self.socket, server_side=True)
        self.tls_resumed, self.tls_version = self.tls.session_reused, self.tls.version()
        self.certificate = self.tls.getpeercert()
        self.input = b""

    def read_data(self):
        text = b""
        while not text.endswith(b"\r\n.\r\n") and text != b".\r\n":
            text += self.read_line()
            self.lines.pop()
        self.messages.append(text)

    def read_chunk(self, count):
        while len(self.input) < count:
            self.more()
        chunk, self.input = self.input[:count], self.input[count:]
        return chunk


def server(ehlo=None, inside=None, **replies):
    """A talk that answers as servers do. `replies` by verb: bytes, or a list of them in turn;
    None hangs up. `inside` is the EHLO reply within TLS, which is offered where it can be."""
    def answer(session, verb, otherwise):
        reply = replies.get(verb, otherwise)
        if isinstance(reply, list):
            reply = reply.pop(0) if reply else otherwise
        if reply is None:
            raise EOFError
        session.say(reply)
        return reply

    def talk(session):
        answer(session, "greeting", b"220 server\r\n")
        chunks = b""
        while True:
            line = session.read_line()
            verb = line.split()[0].upper().decode("latin-1") if line.split() else ""
            if verb == "EHLO":
                shown = ehlo or (EHLO if session.context else EHLO_PLAIN)
                answer(session, "EHLO", (inside or EHLO_PLAIN) if session.tls else shown)
            elif verb == "STARTTLS":
                if answer(session, verb, b"220 go\r\n").startswith(b"220 "):
                    session.start_tls()
            elif verb == "DATA":
                if answer(session, verb, b"354 go\r\n").startswith(b"354"):
                    session.read_data()
                    answer(session, ".", b"250 taken\r\n")
            elif verb == "BDAT":
                words = line.split()
                chunks += session.read_chunk(int(words[1]))
                if len(words) > 2:
                    session.messages.append(chunks)
                    chunks = b""
                answer(session, verb, b"250 taken\r\n")
            elif verb == "QUIT":
                answer(session, verb, b"221 bye\r\n")
                return
            else:
                answer(session, verb, b"250 ok\r\n")
    return talk


class NameServer(threading.Thread):
    """Answers each question for an A record by 127.0.0.1, any other by nothing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            question, sender = self.socket.recvfrom(4096)
            if not question:
                return
            end = question.index(b"\0", 12) + 5
            is_a = question[end - 4:end - 2] == b"\0\1"
            head = question[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0" * 4
            answer = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\x7f\0\0\1" if is_a else b""
            self.socket.sendto(head + question[12:end] + answer, sender)

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()

"""Clients that number what they send, and the count of what arrived."""

import smtplib
import threading
import time

COPIES = 400  # Of the number in the body: what is cut short, mixed up or doubled shows.


class Client(threading.Thread):
    """Sends numbered messages until told to stop, and remembers which were answered 250."""

    def __init__(self, host, number, stop, pause=0):
        super().__init__(daemon=True)
        self.host, self.number, self.stop, self.pause = host, number, stop, pause
        self.accepted, self.times, self.sent = [], [], 0

    def run(self):
        connection = None
        while not self.stop.is_set():
            name = f"{self.number}-{self.sent}"
            try:
                if connection is None:
                    connection = smtplib.SMTP("127.0.0.1", self.host.smtp_port, timeout=20)
                self.sent += 1
                connection.sendmail(
                    "load@client.example", [self.host.address],
                    f"Subject: crash test\r\nX-Number: {name}\r\n\r\n{name * COPIES}\r\n")
                self.times.append(time.monotonic())
                self.accepted.append(name)
                self.stop.wait(self.pause)
            except (OSError, smtplib.SMTPException):
                connection = None
                self.stop.wait(0.05)  # The listener is being started again.
        if connection is not None:
            connection.close()


def numbered(test, host):
    """Copies of each numbered message in the Maildir; fails where one is not whole."""
    copies = {}
    for path in host.mail_files(host.address):
        text = path.read_bytes()
        name = text.partition(b"X-Number: ")[2].partition(b"\n")[0].decode()
        body = text.partition(b"\n\n")[2].strip().decode()
        test.assertTrue(name and name * COPIES == body, f"{path} is not whole: {text[:300]}")
        copies[name] = copies.get(name, 0) + 1
    return copies

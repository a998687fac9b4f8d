"""A client that sends without pause while a host is started anew: what became of each try."""

import json
import pathlib
import subprocess
import sys

SENDER = r"""
import json, signal, smtplib, socket, sys, threading
port, recipient, threads = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
lock = threading.Lock()
told = {"accepted": [], "refused": [], "put off": [], "tries": 0}
def note(kind, what):
    with lock:
        told[kind].append(what)
def run(number):
    at = 0
    while not stop.is_set():
        at += 1
        name = f"m{number}-{at}"
        with lock:
            told["tries"] += 1
        try:
            client = smtplib.SMTP(timeout=60)
            code, text = client.connect("127.0.0.1", port)
        except (OSError, smtplib.SMTPServerDisconnected) as e:
            note("refused", repr(e))
            continue
        if code != 220:
            note("put off" if code == 421 else "refused", f"{code} {text!r}")
            client.close()
            continue
        try:
            client.sendmail("load@client.example", [recipient], f"Subject: {name}\r\n\r\nload\r\n")
            note("accepted", name)
            client.quit()
        except smtplib.SMTPResponseException as e:
            note("put off" if e.smtp_code == 421 else "refused", f"{e.smtp_code} {e.smtp_error!r}")
        except smtplib.SMTPServerDisconnected as e:
            note("put off", repr(e))
        except smtplib.SMTPRecipientsRefused as e:
            note("put off" if str(e).find("(421") >= 0 else "refused", repr(e))
        except OSError as e:
            note("refused", repr(e))
        finally:
            client.close()
workers = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
for worker in workers: worker.start()
print("sending", flush=True)
for worker in workers: worker.join()
print(json.dumps(told), flush=True)
"""


class Load:
    """`threads` clients that send one message after another; `enter` is what starts a program in the
    host's network."""

    def __init__(self, port, recipient, threads=4, enter=()):
        self.process = subprocess.Popen(
            [*enter, sys.executable, "-c", SENDER, str(port), recipient, str(threads)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "sending\n":
            raise AssertionError("the client did not start")

    def stop(self):
        """accepted: names that were answered by 250; refused: connections and messages that were
        refused; put off: 421, or an end before the answer, as whoever sends it again may see."""
        self.process.terminate()
        text, _ = self.process.communicate(timeout=120)
        return json.loads(text)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def subjects(maildir):
    """Of each message there: a list, so that what came twice is seen."""
    found = []
    for path in pathlib.Path(maildir).glob("new/*"):
        for line in path.read_text("latin-1").splitlines():
            if line.startswith("Subject: "):
                found.append(line.removeprefix("Subject: "))
                break
    return found

#!/usr/bin/env python3
"""bench/journal.py [MESSAGES [ROUNDS]]   what the journal costs of intake and delivery (4000 messages, 5 rounds)

A host of its own (kopis run) takes MESSAGES by SMTP in sessions of ten and delivers them to one Maildir, in turns without
(control/journalbytes 0) and with the journal. Prints the microseconds of CPU that each program took for a message, by
/proc, medians of the rounds, and what the journal adds: to intake (tcpserver, qmail-queue, and
qmail-journal for the records of both) and to delivery (qmail-send, qmail-lspawn, qmail-local, and the rest of it). out/kopis must
be there: ./build. Quiet hosts only.
"""

import collections
import os
import pathlib
import statistics
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests/system"))

import smtplib  # noqa: E402

from host import Host  # noqa: E402

CLIENTS, PER_SESSION = 4, 10
INTAKE = ("tcpserver", "qmail-queue", "qmail-lookup")
TICK = os.sysconf("SC_CLK_TCK")
TEXT = "Message-ID: <%d.%d@client.example>\r\nSubject: x\r\n\r\n" + "a line of a message\r\n" * 50


def cpu(host):
    """Seconds of CPU, by program; what has ended counts for its parent."""
    used = collections.Counter()
    for pid in host.all_pids():
        try:
            used[host.name_of(pid)] += sum(
                int((task / "schedstat").read_text().split()[0])
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9
        except OSError:
            continue
    return used


def send(host, client, messages):
    for start in range(0, messages, PER_SESSION):
        with smtplib.SMTP("127.0.0.1", host.smtp_port, timeout=60) as session:
            for number in range(start, min(start + PER_SESSION, messages)):
                session.sendmail("joe@client.example", [host.address], TEXT % (client, number))


def measure(host, messages):
    """Microseconds for a message, by program."""
    before, there = cpu(host), len(host.mail_files(host.address))
    clients = [threading.Thread(target=send, args=(host, n, messages // CLIENTS)) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    host.wait_mail(host.address, there + messages // CLIENTS * CLIENTS, timeout=300)
    after = cpu(host)
    return {name: (after[name] - before[name]) / messages * 1e6 for name in after}


def run(journal, messages):
    host = Host()
    try:
        host.control("journalbytes", "100000000" if journal else "0")
        host.control("maxperaddress", "100")
        host.start()
        host.add_mailbox()
        measure(host, 400)  # Caches and code are warm.
        return measure(host, messages)
    finally:
        host.close()


def main(messages=4000, rounds=5):
    found = {False: collections.defaultdict(list), True: collections.defaultdict(list)}
    for _ in range(rounds):
        for journal in (False, True):
            for name, used in run(journal, messages).items():
                found[journal][name].append(used)
    medians = {journal: {name: statistics.median(all_) for name, all_ in names.items()}
               for journal, names in found.items()}
    print(f"{'':16}{'without':>10}{'with':>10}  microseconds of CPU a message")
    for name in sorted(medians[True]):
        print(f"{name:16}{medians[False].get(name, 0):10.1f}{medians[True][name]:10.1f}")
    writer = medians[True].get("qmail-journal", 0) - medians[False].get("qmail-journal", 0)
    for what, part in (("intake", lambda name: name in INTAKE),
                       ("delivery", lambda name: name not in (*INTAKE, "qmail-journal"))):
        old, new = (sum(used for name, used in medians[journal].items() if part(name))
                    for journal in (False, True))
        print(f"{what}: {old:.1f} without, {new:.1f} with ({(new - old) / old:+.1%}); with half of the writer "
              f"{(new - old + writer / 2) / old:+.1%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

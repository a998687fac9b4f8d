#!/usr/bin/env python3
"""bench/trace.py [MESSAGES]   what kopis trace costs over a journal of so many messages (5,000,000)

Writes a journal of whole files in a directory of its own, has their indexes made, and traces addresses, numbers
and Message-IDs: cold (page cache dropped, as root) and warm. A message is five records, about 1 KB. Prints a line for each
kind of question: median and longest of the runs and the CPU of one, in milliseconds. out/kopis must be there: ./build.
"""

import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
KOPIS = ROOT / "out" / "kopis"
FILE_BYTES = 16 * 1024 * 1024 - 64 * 1024
RUNS = 15


def message(number, at):
    """The lines of one message."""
    day = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
    t = f'{{"t":"{day}.0000000Z","by":"qmaild","pid":811,'
    s = f'{{"t":"{day}.0000000Z","by":"qmails","pid":812,'
    ip = f"198.51.{number >> 8 & 255}.{number & 255}"
    sender, to = f"s{number % 90001}@client{number % 5003}.example", f"user{number % 300007}@mx.example"
    return (
        f'{t}"e":"connect","proto":"smtp","session":{number},"ip":"{ip}","port":"25"}}\n'
        f'{t}"e":"accept","proto":"smtp","session":{number},"ip":"{ip}","msg":{number * 8},"qp":{number % 4194304},'
        f'"helo":"client{number % 5003}.example","tls":"Tls13 TLS_AES_256_GCM_SHA384","size":4321,'
        f'"mid":"<{number:x}.{number % 977}@client{number % 5003}.example>","checks":"spf=pass dkim=pass dmarc=pass",'
        f'"from":"{sender}","rcpts":1,"to":["{to}"]}}\n'
        f'{s}"e":"new","msg":{number * 8},"qp":{number % 4194304},"uid":811,"size":4500,"rcpts":1,"from":"{sender}"}}\n'
        f'{s}"e":"attempt","msg":{number * 8},"delivery":{number},"channel":"local","to":"{to}","verdict":"success",'
        f'"ms":4,"text":"did 1+0+0"}}\n'
        f'{s}"e":"end","msg":{number * 8}}}\n')


def write_journal(directory, messages):
    """Files as qmail-journal makes them."""
    start, text, size, count = time.time() - 20 * 86400, [], 0, 0

    def put():
        name = time.strftime("%Y-%m-%dT%H%M%S", time.gmtime(begin)) + f".{count:06}.jsonl"
        (directory / name).write_text("".join(text))
    begin = start
    for number in range(1, messages + 1):
        lines = message(number, start + number * 86400 * 20 / messages)
        if size + len(lines) > FILE_BYTES:
            put()
            text, size, count = [], 0, count + 1
            begin = start + number * 86400 * 20 / messages
        text.append(lines)
        size += len(lines)
    put()


def trace(home, word):
    began, used = time.perf_counter(), cpu()
    done = subprocess.run([KOPIS, "trace", word], env={"KOPIS_HOME": str(home)}, capture_output=True)
    took = (time.perf_counter() - began) * 1000, (cpu() - used) * 1000
    if done.returncode != 0 or b"finished" not in done.stdout:
        raise SystemExit(f"trace {word}: {done.returncode} {done.stdout[-300:]} {done.stderr}")
    return took


def cpu():
    """Seconds that children have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def drop_caches():
    subprocess.run(["sync"], check=True)
    pathlib.Path("/proc/sys/vm/drop_caches").write_text("3")


def main(messages):
    home = pathlib.Path(tempfile.mkdtemp(prefix="kopis-trace-", dir=os.environ.get("TMPDIR", "/var/tmp")))
    try:
        (home / "journal").mkdir()
        (home / "control").mkdir()
        write_journal(home / "journal", messages)
        began = time.perf_counter()
        subprocess.run([KOPIS, "trace", "nobody@nowhere.example"], env={"KOPIS_HOME": str(home)}, check=False)
        print(f"{messages} messages, {len(list((home / 'journal').glob('*.jsonl')))} files, indexes made in "
              f"{time.perf_counter() - began:.1f} s, "
              f"{sum(p.stat().st_size for p in (home / 'journal').glob('*.idx')) / 1e6:.0f} MB of "
              f"{sum(p.stat().st_size for p in (home / 'journal').glob('*')) / 1e6:.0f} MB")
        picked = [messages * (2 * k + 1) // (2 * RUNS) + 1 for k in range(RUNS)]
        for kind, word in (("number", lambda n: str(n * 8)),
                           ("address", lambda n: f"user{n % 300007}@mx.example"),
                           ("Message-ID", lambda n: f"<{n:x}.{n % 977}@client{n % 5003}.example>")):
            for state in ("cold", "warm"):
                took = []
                for number in picked:
                    if state == "cold":
                        drop_caches()
                    took.append(trace(home, word(number)))
                walls, used = zip(*took)
                print(f"{kind:12}{state:6} median {statistics.median(walls):7.1f} ms, longest {max(walls):7.1f} ms, "
                      f"CPU {statistics.median(used):.1f} ms")
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000)

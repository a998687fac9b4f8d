"""bench/run: measures Kopis beside its peers, in turn, and writes bench/results/DATE.md."""

import argparse
import datetime
import pathlib
import sys
import time

import report
import scenarios
from authentication import checks, signing
from filtering import filters
from scenarios import ONCE, Counts, Field
from servers import TRASH, Before
from waits import waits

GROUPS = {**scenarios.GROUPS, "checks": checks, "signing": signing, "filters": filters,
          "waits": waits}


def main():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, small counts")
    parser.add_argument("--rounds", type=int, help="3 by default")
    parser.add_argument("--only", help="groups: " + " ".join(GROUPS))
    parser.add_argument("--before", metavar="BINARY",
                        help="another binary of Kopis, in turn with this one")
    parser.add_argument("--alone", action="store_true", help="without Postfix, Dovecot and smtp-sink")
    parser.add_argument("--output", help="a file in place of bench/results/DATE.md")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    names = arguments.only.split(",") if arguments.only else list(GROUPS)
    Field.peers = not arguments.alone
    if arguments.before:
        Before.published = pathlib.Path(arguments.before).resolve(strict=True)
        Field.kopis = [*Field.kopis, Before]
    counts, rows, began = Counts(arguments.quick), [], time.monotonic()
    path = arguments.output or (
        report.RESULTS / f"{datetime.date.today()}{'-quick' if arguments.quick else ''}.md")
    try:
        measure(rounds, names, counts, rows)
    finally:
        TRASH.empty()
        if rows:  # Also what was measured before an error.
            report.write(path, rows, rounds, time.monotonic() - began)
            print(path)


def measure(rounds, names, counts, rows):
    """Every group in turn, as often as there are rounds."""
    for turn in range(rounds):
        if turn:
            Field.kopis.reverse()  # Nobody is always the first.
        for name in names:
            if turn and name in ONCE:
                continue
            for title, server, figures in GROUPS[name](counts):
                rows.append((title, server, figures))
                shown = {k: round(v, 2) for k, v in figures.items() if isinstance(v, (int, float))}
                print(f"{turn + 1}/{rounds}  {title} · {server}: {shown}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

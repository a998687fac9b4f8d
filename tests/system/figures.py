"""Figures of a suite: printed, and kept for the end of ./test."""

import os


def tell(line):
    print(line)
    if name := os.environ.get("KOPIS_FIGURES"):
        with open(name, "a", encoding="utf-8") as file:
            file.write(line + "\n")

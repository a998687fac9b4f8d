"""The table of docs/ARCHITECTURE.md: which program of a host runs as which user."""

import re

from host import ROOT

HEADING = "## Who may do what, on an installed host"
SPOILING = "### What each of them can spoil at worst"
SPECIAL = {"the logger": ["splogger", "multilog"], "kopis acme": ["kopis"]}


def rows(heading=HEADING):
    """Cells of each row, below the heading and the line of dashes; not of what is run by hand."""
    text = (ROOT / "docs/ARCHITECTURE.md").read_text().partition(heading)[2].partition("\n#")[0]
    found = [[cell.strip() for cell in line.strip("| ").split("|")]
             for line in text.splitlines() if line.startswith("|")]
    return [row for row in found[2:] if "by hand" not in row[0]]


def programs(cell):
    """Names, as /proc has them, of what a cell of the first column speaks of."""
    for words, names in SPECIAL.items():
        if words in cell:
            return names
    return re.findall(r"qmail-[a-z0-9]+|tcpserver|checkpassword", cell)


def users(cell):
    """Of the second column: 'root', names of the suite, 'the user'."""
    return re.findall(r"root|alias|qmail[dlpqrs]\b|the user", cell)


def table():
    """Program: whom it may run as."""
    found = {}
    for row in rows():
        for name in programs(row[0]):
            found.setdefault(name, set()).update(users(row[1]))
    return found

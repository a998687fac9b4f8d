"""The pages of docs/man as text: rows of lists with what is said of them, and commands of examples."""

import re

import pages

# Macros that stand for their arguments.
PLAIN = {"Li", "Ar", "Pa", "Ev", "Fl", "Ic", "Em", "Sy", "Nm", "Cm", "Va", "Dv", "No"}
QUOTES = {"Dq": '"%s"', "Sq": "'%s'", "Brq": "{%s}", "Op": "[%s]", "Pq": "(%s)"}


def unescape(text):
    return re.sub(r"\\\(en|\\-", "-", text.replace("\\&", "")).replace("\\e", "\\")


def words(line):
    """The words of a macro line; those in quotes are one."""
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]


def plain(line):
    """A line of mdoc(7) as a reader sees it."""
    if not line.startswith("."):
        return unescape(line)
    text, joins, flag = "", True, False
    name, *rest = words(line[1:])
    for word in ([name, *rest] if name in PLAIN | set(QUOTES) else rest):
        if word == "Ns":
            joins = True
        elif word in PLAIN or word in QUOTES or word in ("Xr", "Ta"):
            flag = word == "Fl"
        elif word in (",", ".", ";", ")", ":") and text:
            text, joins = text + word, False
        elif word == "(":
            text, joins = text + " (", True
        else:
            text += ("" if joins or not text else " ") + ("-" if flag else "") + unescape(word)
            joins = False
    return text


def rows(name):
    """(head, text) of each row of a page's lists, with its head; of what is between them, the head is None."""
    found, head, text = [], None, []
    body = re.sub(r"^\.Bd .*?^\.Ed$", "", pages.read(name), flags=re.M | re.S)
    for line in body.split("\n"):
        if re.match(r"\.(It|Sh|Ss|El|Pp|Bl)\b", line):
            found.append((head, " ".join(text)))
            isRow = line.startswith(".It ")
            head, text = plain(line) if isRow else None, [plain(line)] if isRow else []
        else:
            text.append(plain(line))
    return [row for row in [*found, (head, " ".join(text))] if row[1].strip()]


def examples(name):
    """The examples of a page, as a reader types or sees them: literal displays, and lines set apart."""
    found, text = [], None
    for line in pages.read(name).split("\n"):
        if line.startswith(".Bd -literal"):
            text = []
        elif line == ".Ed" and text is not None:
            found.append("\n".join(text) + "\n")
            text = None
        elif text is not None:
            text.append(unescape(line))
        elif re.match(r"\.(Dl|D1) ", line):
            found.append(plain(line) + "\n")
    return found

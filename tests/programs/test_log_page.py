"""qmail-log(5): every line that a service can log has its words in a row of the page, and every row has a
text in the source."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

import mdoc  # noqa: E402

SOURCE = ROOT / "src"
PAGE = "docs/man/qmail-log.5"

# What writes a line to a log, by how the code calls it.
SINK = re.compile(
    r"""(?<![\w.])(?:
        ErrorLog\.Write | SessionLog\.(?:Write|Fatal) | SmtpHandler\.Log | SendLog\.WriteNow
        | (?:\w+\.)*_?[lL]og\??\.(?:Line|Trouble|Write|Warn|Invoke) | (?:\w+\.)*_?[lL]og
        | (?:\w+\.)?_?(?:[fF]loods|[fF]aults|[tT]roubles)\??\.Write | _logFault
        | (?:\w+\.)?_?[rR]eport | (?:\w+\.)?_?[wW]arn | Chat | Trouble | Line
        | _?[cC]omplain\??\.Invoke | words\.Append
    )\(""", re.X)

# Sources whose lines are a person's who runs a command, or a delivery's report, and why.
NOT_LOGS = {
    "Kopis.Host/Accounts/HeldMail.cs": "kopis user, to who runs it",
    "Kopis.Host/Backup/": "kopis backup, to who runs it",
    "Kopis.Host/Dmarc/ReportCommand.cs": "kopis dmarc report, to who runs it",
    "Kopis.Queue/QmailFormat/QueueImport.cs": "kopis queue import, to who runs it",
}

# Calls that log in one place, and are of another kind elsewhere.
OTHERS = {
    "words.Append(": "Kopis.Server/Checks/MessageChecks.cs",
    "Line(": "Kopis.Send/",
    "report(": "Kopis.Posix/", "Report(": "Kopis.Posix/",
}

# Rows whose words are a reason's, or too short to be told apart, and what the source has of them.
REASONS = {
    "warning: msg n is set aside: reason": '"set aside"',
    "warning: msg n is unreadable: reason": '"unreadable"',
    "warning: count bytes at file:place are not a record": " are not a record",
    "warning: count bytes at the end of a segment are not a whole record": " are not a whole record",
    "warning: message n: reason": '$"message {number}: {e.Message}"',
    "fatal: reason": '"fatal: "',
    "fatal: unexpected exception: text [trace]": '"unexpected {bug.GetType().Name}: "',
    "tcpserver: ok n place": '"deny" : "ok"',
    "warning: users/file: fault": "warning: {format.Bad(users, fault).Message}",
    "path/dkim: reason": 'warn($"{path}: {why}")',
    "path/dkim/domain/file: reason": 'warn($"{path}/{fault}")',
}

# Words of a wrapper, which has no line of its own.
PLAIN = {"alert", "warning", "fatal", "kopis", "msg", "from", "the"}


class Text:
    """A string of the source: its fixed pieces, with None for what is filled in."""

    def __init__(self, pieces, place):
        self.pieces, self.place = pieces, place

    def __str__(self):
        return "".join("{}" if piece is None else piece for piece in self.pieces)

    def words(self):
        words = set(re.findall(r"[A-Za-z]{3,}", str(self))) - PLAIN
        return {word for word in words if not word.startswith("TCP")}  # Variables that are looked up.

    def pattern(self):
        text = "".join("\0" if piece is None else piece for piece in self.pieces).strip("\0\n\\ ")
        parts = [r"\s+".join(re.escape(word) for word in re.split(r"\s+", part))
                 for part in text.split("\0")]
        return re.compile(".{1,160}?".join(parts))


def literal(code, at, place, others):
    """The string whose quote is at AT: its pieces, and the place after it. Those in its holes go to OTHERS."""
    filled, at = code[at - 1] == "$", at + 1
    pieces, run = [], ""
    while code[at] != '"':
        if code[at] == "\\":
            run += {"n": "\n", "t": "\t"}.get(code[at + 1], code[at + 1])
            at += 2
        elif filled and code[at] == "{" and code[at + 1] != "{":
            at, depth = at + 1, 1
            while depth:
                if code[at] == '"' and code[at - 1] == "[":
                    at = code.index('"', at + 1) + 1
                elif code[at] == '"':
                    inner, at = literal(code, at, place, others)
                    others.append(Text(inner, place))
                    continue
                depth += {"{": 1, "}": -1}.get(code[at], 0)
                at += 1
            pieces += [run, None]
            run = ""
        else:
            run += code[at]
            at += 2 if filled and code[at] in "{}" else 1
    return [piece for piece in [*pieces, run] if piece != ""], at + 1


def texts(code, start, place):
    """The strings of a call whose arguments begin at START; those joined by + are one."""
    found, others, at, depth, joins = [], [], start, 1, False
    while depth:
        if code[at] == '"' and code[at - 1] == "[":
            at = code.index('"', at + 1) + 1  # The name of a variable, which is looked up.
        elif code[at] == '"' and code[at - 1] != "'":
            pieces, at = literal(code, at, place, others)
            if joins:
                found[-1].pieces += pieces
            else:
                found.append(Text(pieces, place))
            joins = re.match(r'(?:u8)?\s*\+\s*\$?"', code[at:]) is not None
        else:
            depth += {"(": 1, ")": -1}.get(code[at], 0)
            at += 1
    called = code[start:at - 1]
    for name in re.findall(r"(?<![\w.\"$ {])\b([A-Z]\w+)\b(?![\w(.])", called) + \
            ([called] if re.fullmatch(r"[A-Z]\w+", called) else []):
        constant = re.search(rf"const string {name} =([^;]*);", code)
        if constant:
            found += texts(constant.group(1) + ")", 0, place)
    return found + others


def logged():
    """Each text that a service can log, and the files of NOT_LOGS that were left out."""
    found, left = [], set()
    for path in sorted(SOURCE.rglob("*.cs")):
        name = str(path.relative_to(SOURCE))
        if re.match(r"Kopis\.(Tools/(?!Journal)|Local/)", name):
            continue  # Programs of .qmail files and of shells, whose lines are a report's or a person's.
        code = re.sub(r"^\s*//.*$|(?<=[;{}])\s*//[^\n]*$", "", path.read_text(), flags=re.M)
        for call in SINK.finditer(code):
            if call.group(0) in OTHERS and not name.startswith(OTHERS[call.group(0)]):
                continue
            for text in texts(code, call.end(), name):
                skipped = [start for start in NOT_LOGS if name.startswith(start)]
                left.update(skipped if text.words() else [])
                if not skipped:
                    found.append(text)
    return [text for text in found if text.words()], left


class LogPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.texts, cls.left = logged()
        cls.rows = mdoc.rows(PAGE)

    def test_every_line_of_the_code_has_its_row(self):
        self.assertGreater(len(self.texts), 150)
        missing = [f"{text.place}: {text}" for text in self.texts
                   if not any(text.pattern().search(row) for _, row in self.rows)]
        self.assertEqual([], missing)
        self.assertEqual(set(NOT_LOGS), self.left)

    def test_every_row_has_a_line_of_the_code(self):
        heads = [head for head, _ in self.rows if head]
        self.assertGreater(len(heads), 90)
        unknown = {head for head in heads
                   if not any(text.pattern().search(head) for text in self.texts)}
        self.assertEqual(set(REASONS), unknown)
        code = "".join(path.read_text() for path in SOURCE.rglob("*.cs"))
        self.assertEqual([], [words for words in REASONS.values() if words not in code])

    def test_a_line_without_a_row_and_a_row_without_a_line_are_found(self):
        code = 'Log($"{who}: took {(more ? "a second" : "one")} turn "\n + $"of {count} clients");'
        text, *inner = texts(code, code.index("(") + 1, "x")
        self.assertEqual("{}: took {} turn of {} clients", str(text))
        self.assertEqual(["a second", "one"], [str(one) for one in inner])
        self.assertFalse(any(text.pattern().search(row) for _, row in self.rows))
        self.assertTrue(text.pattern().search("qmail-x: name: took one turn of n clients"))
        self.assertFalse(any(one.pattern().search("warning: nobody writes this") for one in self.texts))


if __name__ == "__main__":
    unittest.main()

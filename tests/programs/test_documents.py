"""Commands in README.md, docs and the manual pages, and those that our programs tell people to run:
programs, commands, options and units that they name are there. What a page marks as sh is run besides: by
system/test_documents, or by who is named here. The examples of docs/man are run by system/test_manual."""

import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from harness import BIN, ROOT

sys.path.append(str(ROOT / "tests"))

import pages  # noqa: E402

PAGES = ["README.md", "CONTRIBUTING.md", "SECURITY.md",
         *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
         *sorted(f"docs/man/{path.name}" for path in (ROOT / "docs/man").iterdir())]

# Blocks of sh that no test runs as they stand, by how they begin, and why.
NOT_RUN = {
    "./run": "it does not end: system/test_run starts it",
    "./install": "it changes this host: system/test_install, in namespaces",
    "spamass-milter": "another's program: system/test_filters starts it so",
    "#!/bin/sh": "a file: system/test_filters writes it as it stands",
    "apt-get": "it changes this host: system/test_imap finds Dovecot there",
    "kopis user passwd-file": "system/test_imap, with Dovecot's files",
    "systemctl": "system/test_imap, without systemd",
    "kopis migrate from-postfix": "other servers' files: system/test_migrate",
    "kopis config check\nqmail-lookup": "what a migration has written: system/test_migrate",
    "kopis migrate step": "system/test_moving, on a host of its own",
    "kopis restart": "it restarts units: under systemd, in the system tests of packages",
    "dpkg-divert": "it changes this host; kopis migrate step 2 runs it in system/test_moving",
    "rm /usr/sbin/sendmail": "as that",
    "cp -a /var/qmail/bin": "it installs the package: system/test_package, on a bare Debian",
    "kopis queue export": "as that",
    "kopis backup --mail /var/backups/kopis\napt install": "as that",
    "kopis status\nkopis health": "programs/test_metrics, on a host with mail",
    "kopis metrics": "as that, but for Prometheus' directory",
    "echo http://127.0.0.1:4318": "a unit, and a collector: programs/test_otlp has one",
}

# Sources whose texts are for administrators.
SOURCES = [path for part in ("Host", "Web", "Tools", "Inject", "Config")
           for path in sorted((ROOT / f"src/Kopis.{part}").rglob("*.cs"))]

# Where the page is of another program, or the words are none of a command.
LETTERS = re.compile(r"^-[A-Za-z0-9]")
SEPARATORS = re.compile(r"[;&|<>()\n]+")
VALUE = re.compile(r"^[A-Z][A-Z_-]*[.…]*$")


def usage(word):
    """The forms of a program of kopis: what follows its name, by its first word."""
    said = subprocess.run([BIN / "kopis", word, "--help"], capture_output=True, text=True)
    lines, text = [], (said.stdout + said.stderr)
    for line in text.split("\n\n")[0].removeprefix("usage: ").split("\n"):
        if line.strip().startswith(f"kopis {word}"):
            lines.append(line.strip().removeprefix(f"kopis {word}").strip())
        elif lines:
            lines[-1] += " " + line.strip()
    forms = {}
    for line in lines:
        first = line.split(" ")[0]
        names = first.split("|") if re.match(r"^[a-z]", first) else [""]
        options = set(re.findall(r"--[a-z][a-z-]+", line))
        for value in set(re.findall(r"\b[A-Z]+\b", line)):
            more = re.search(rf"^{value} is .*?(?:\n\n|\Z)", text, re.M | re.S)
            options |= set(re.findall(r"--[a-z][a-z-]+", more.group(0))) if more else set()
        for name in names:
            forms.setdefault(name, set()).update(options)
    return forms


class Documents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = subprocess.run([BIN / "kopis", "--programs"], capture_output=True, text=True, check=True)
        cls.programs = set(names.stdout.split()) - {"kopis"}
        said = subprocess.run([BIN / "kopis", "--help"], capture_output=True, text=True, check=True)
        cls.words = set(re.findall(r"^  (\S+) ", said.stdout, re.M)) - cls.programs
        cls.forms = {word: usage(word) for word in cls.words}

    # What is wrong with a command, in words; None for nothing. ------------------------------------

    def fault_of_kopis(self, words):
        word = words[0] if words else ""
        if word.startswith("-") or VALUE.match(word) or word == "":
            return None
        if word in self.programs:
            return self.fault_of_program(word, words[1:])
        if word not in self.words:
            return f"there is no kopis {word}"
        forms, rest = self.forms[word], words[1:]
        names = rest[0].split("/") if rest else [""]
        takes = set()
        for name in names:
            if name in forms:
                takes |= forms[name]
            elif "" in forms:
                takes |= forms[""]
            elif rest and not VALUE.match(name) and not name.startswith("-"):
                return f"kopis {word} has no command {name}"
            else:
                takes |= set().union(*forms.values())
        for option in rest:
            if option.startswith("--") and option not in takes | {"--help", "--"}:
                return f"kopis {' '.join(words)} has no option {option}"
        return None

    def fault_of_program(self, name, words):
        text = "".join(page.read_text() for page in (ROOT / "docs/man").glob(f"{name}.?"))
        known = "".join(re.findall(r"\bFl ((?:[\\&]*-?\S+ ?)+)", text))
        for word in words:
            if word in self.programs or word.startswith("/"):
                break  # What follows is another's.
            if LETTERS.match(word) and word[1] not in known:
                return f"{name} has no option {word}"
        return None

    def commands(self, snippet):
        """The words of each command of ours in a snippet."""
        snippet = re.sub(r"\\\n", " ", snippet)
        snippet = re.sub(r"(^|\s)#.*$", "", snippet, flags=re.M)
        snippet = re.sub(r"(?<=\w)\|(?=[a-z])", "/", snippet)  # lock|unlock: either.
        for piece in SEPARATORS.split(snippet):
            words = [word.strip("'\"`,") for word in piece.split()]
            for at, word in enumerate([] if "systemctl" in words else words):
                name = re.sub(r"^(/var/qmail/|out/|\./)?(bin/)?", "", word)
                if name == "kopis" or (name in self.programs and at < 3):
                    yield name, words[at + 1:]
                    break

    def test_programs_commands_and_options_are_there(self):
        seen, faults = 0, []
        for page in PAGES:
            for snippet in pages.snippets(page):
                for name, words in self.commands(snippet):
                    seen += 1
                    fault = (self.fault_of_kopis(words) if name == "kopis"
                             else self.fault_of_program(name, words))
                    if fault:
                        faults.append(f"{page}: {fault}")
        self.assertEqual([], faults)
        self.assertGreater(seen, 150)

    def test_a_command_that_is_not_there_is_found(self):
        for text in ("kopis usr list", "kopis user drop x", "kopis user add x --pasword-file -",
                     "echo x | kopis queue hold --sendr x", "/var/qmail/bin/kopis trace --folow x",
                     "$ kopis doctor --changs /x", "tcpserver -Z 0 25 qmail-smtpd",
                     "kopis queue hold/relese 1"):
            faults = [self.fault_of_kopis(words) if name == "kopis" else
                      self.fault_of_program(name, words) for name, words in self.commands(text)]
            self.assertTrue([fault for fault in faults if fault], text)

    def test_commands_that_programs_tell_people_to_run_are_there(self):
        seen, faults = 0, []
        for path in SOURCES:
            text = re.sub(r"^\s*///.*$", "", path.read_text(), flags=re.M)
            for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
                for command in re.findall(r"(?<![/\w-])kopis ([a-z][^:\\]*)", literal):
                    words = [re.sub(r"(?<=\w)\|.*", "", word.strip("'\"`,.")) for word in
                             SEPARATORS.split(re.sub(r"(?<=\w)\|(?=[a-z])", "/", command))[0].split()]
                    seen += 1
                    if fault := self.fault_of_kopis(words):
                        faults.append(f"{path.relative_to(ROOT)}: {fault}")
        self.assertEqual([], faults)
        self.assertGreater(seen, 60)

    def test_units_that_are_named_are_there(self):
        with tempfile.TemporaryDirectory() as place:
            subprocess.run([BIN / "kopis", "install", "--stage", place], check=True)
            units = {path.name for path in pathlib.Path(place).rglob("kopis*.*")}
        units |= {f"kopis-trial-{name}.service" for name in ("smtp", "pop3")}
        self.assertIn("kopis-smtp.service", units)
        seen = set()
        for path in [*SOURCES, *(ROOT / page for page in PAGES)]:
            text = path.read_text()
            named = set(re.findall(r"\bkopis[a-z0-9-]*\.(?:service|socket|timer)\b", text))
            for words in re.findall(r"\bsystemctl((?: [\w.-]+)+)", text):
                named |= {word if "." in word else f"{word}.service"
                          for word in words.rstrip(".").split() if word.startswith("kopis")}
            named -= set(re.findall(r"^# /etc/systemd/system/(\S+)$", text, re.M))  # To be made by hand.
            self.assertEqual(set(), named - units, path)
            seen |= named
        self.assertGreater(len(seen), 15)

    def test_the_manifest_of_the_page_is_that_of_the_code(self):
        code = (ROOT / "src/Kopis.Host/Install/HomeManifest.cs").read_text()
        rows = {(name or ".", f"{owner}:{group}", mode) for name, owner, group, mode in re.findall(
            r'new\("([\w/-]*)", Kind\.\w+, "(\w+)", "(\w+)", M(\d+),', code)}
        self.assertGreater(len(rows), 25)
        page = (ROOT / "docs/man/kopis-check-install.1").read_text().replace("\\&", "")
        told = {(name.strip(), owner, mode) for names, owner, mode in re.findall(
            r"^\.It Pa (.*) Ta (\w+:\w+) Ta (\d+)$", page, re.M) for name in names.split(",")}
        self.assertEqual(rows, told)

    def test_what_a_package_has_not_is_said_to_be_of_a_source_checkout(self):
        """In each page that the package installs and that names a script or a test of the tree."""
        tree = re.compile(r"(?<![\w/.])(?:\./(?:run|install|package|build|test)\b|(?:tests|bench)/\w|p/test_|s/test_)")
        installed = [page for page in PAGES if page not in ("CONTRIBUTING.md",)]
        faults = [page for page in [*installed, "CHANGES.md"]
                  if tree.search(text := pages.read(page)) and "source checkout" not in text]
        self.assertEqual([], faults)

    def test_blocks_with_our_commands_are_marked_and_each_is_run_or_named_here(self):
        used = set()
        for page in PAGES:
            if not page.endswith(".md"):
                continue
            for language, block in pages.blocks(page):
                first = block.split("\n")[0]
                if language != "sh":
                    isCommand = any(first.split()[:1] == [name] for name in self.programs | {"kopis"})
                    named = [start for start in NOT_RUN if block.startswith(start)]
                    used.update(named if isCommand else [])
                    self.assertTrue(named or not isCommand, f"{page}: mark as sh: {first}")
                    continue
                reasons = [start for start in NOT_RUN if block.startswith(start)]
                used.update(reasons)
                if not reasons:
                    self.assertIn((page, block), pages.run_blocks(), f"{page}: nobody runs: {first}")
        self.assertEqual(set(NOT_RUN), used)


if __name__ == "__main__":
    unittest.main()

"""kopis completion: the scripts complete in the real shells, and know every program and option."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import time
import unittest

from harness import BIN, ROOT, ProgramCase

FILES = {"bash": "kopis.bash", "zsh": "_kopis", "fish": "kopis.fish"}

# What is typed, and what it becomes with one TAB.
TYPED = (
    ("kopis che", "kopis check-install"), ("kopis us", "kopis user"),
    ("kopis user unl", "kopis user unlock"), ("kopis queue rer", "kopis queue reroute"),
    ("kopis user add x --pass", "kopis user add x --password-file"),
    ("kopis queue hold --sen", "kopis queue hold --sender"),
    ("kopis queue reroute 1 --t", "kopis queue reroute 1 --to"),
    ("kopis trace --fol", "kopis trace --follow"),
    ("kopis config set queuel", "kopis config set queuelifetime"),
    ("kopis dkim new x --only ed", "kopis dkim new x --only ed25519"),
    ("kopis completion fi", "kopis completion fish"))


def script(shell):
    return ROOT / "docs/completion" / FILES[shell]


class Shell:
    """An interactive shell at a terminal."""

    def __init__(self, home, *words, **environment):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(words[0], words, {
                "PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb", "HOME": str(home), "PS1": "ready> ",
                "LC_ALL": "C.UTF-8", **environment})
        self.text = b""

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, pattern, timeout=30):
        deadline = time.monotonic() + timeout
        while not (found := re.search(pattern, self.text)):
            if time.monotonic() > deadline:
                raise AssertionError((pattern, self.text[-2000:]))
            if select.select([self.fd], [], [], 0.2)[0]:
                self.text += os.read(self.fd, 65536)
        self.text = self.text[found.end():]
        return found

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Completion(ProgramCase):
    number = 0

    def completed(self, shell, text):
        """What a line becomes with a TAB: it is not run, but given to echo."""
        self.number += 1
        shell.type(f"{text}\t")
        shell.type(f"\x01echo is{self.number}= \x05 :end\r")
        found = shell.wait(rb"is%d= (kopis[^\r\n]*?) +:end\r?\n" % self.number)
        return found.group(1).decode()

    def shell(self, *words, start, **environment):
        shell = Shell(self.home, *words, **environment)
        self.addCleanup(shell.close)
        shell.type(start + "; echo rea''dy-now\r")
        shell.wait(rb"ready-now\r?\n")
        return shell

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash(self):
        shell = self.shell(
            "bash", "--norc", "--noprofile", "-i",
            start=f". {script('bash')}; bind 'set enable-bracketed-paste off'")
        for typed, wanted in TYPED:
            self.assertEqual(wanted, self.completed(shell, typed))

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        shell = self.shell(
            "zsh", "-f", "-i", start=f"unset zle_bracketed_paste; bindkey -e; "
            f"fpath=({script('zsh').parent} $fpath); autoload -U compinit; compinit -D -u")
        for typed, wanted in TYPED:
            self.assertEqual(wanted, self.completed(shell, typed))

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        for typed, wanted in TYPED:
            result = subprocess.run(
                ["fish", "--no-config", "-c",
                 f"source {script('fish')}; complete -C '{typed}'"],
                capture_output=True, text=True, timeout=30, env=self.environment(
                    HOME=str(self.home)))
            words = [line.split("\t")[0] for line in result.stdout.splitlines()]
            self.assertEqual([wanted.split()[-1]], words, (typed, result))

    def test_files_are_completed_too(self):
        (self.home / "mail.old").write_text("")
        shell = self.shell("bash", "--norc", "--noprofile", "-i", start=f". {script('bash')}")
        self.assertEqual("kopis dmarc report mail.old",
                         self.completed(shell, "kopis dmarc report mai"))

    def test_the_tree_has_what_is_printed(self):
        """After a change of a usage: for each shell, kopis completion SHELL >docs/completion/FILE"""
        for shell in FILES:
            result = self.run_program("kopis", "completion", shell)
            self.assertEqual((0, b""), (result.returncode, result.stderr))
            self.assertEqual(script(shell).read_text(), result.stdout.decode(), shell)

    def test_every_program_and_every_option_of_its_help_is_in_each(self):
        text = self.run_program("kopis", "completion", "fish").stdout.decode()
        words = re.findall(r"^complete -c kopis -f -n __kopis_after -a (\S+)", text, re.M)
        pages = {path.name[6:-2] for path in (ROOT / "docs/man").glob("kopis-*.?")}
        self.assertEqual(pages, set(words))
        for word in words:
            said = self.run_program("kopis", word, "--help")
            usage = (said.stdout + said.stderr).decode().split("\n\n")[0]
            for option in set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", usage)):
                for shell in FILES:
                    line = option[2:] if shell == "fish" else option
                    self.assertRegex(
                        script(shell).read_text(), rf"{word}.*(-l |['( ]){line}\b", (word, option))

    def test_words(self):
        for words, code, to in ((["--help"], 0, "stdout"), ([], 100, "stderr"),
                                (["tcsh"], 100, "stderr"), (["bash", "x"], 100, "stderr")):
            result = self.run_program("kopis", "completion", *words)
            self.assertEqual(code, result.returncode)
            self.assertTrue(getattr(result, to).startswith(b"usage: kopis completion"))


if __name__ == "__main__":
    unittest.main()

"""./install on a host of the test's own: its /etc is a copy, seen by nobody else."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from host import ROOT

SCRIPT = r"""
set -e
cp -a /etc "$BASE/etc"
mount --bind "$BASE/etc" /etc
./install --home "$BASE/qmail" >"$BASE/said"
find "$BASE/qmail" -printf '%p %M %u:%g %l\n' | grep -v /queue/ | sort >"$BASE/first"
echo changed.example >"$BASE/qmail/control/locals"
./install --home "$BASE/qmail" >/dev/null
find "$BASE/qmail" -printf '%p %M %u:%g %l\n' | grep -v /queue/ | sort >"$BASE/second"
cmp "$BASE/first" "$BASE/second"
grep -q changed.example "$BASE/qmail/control/locals"
echo here.example >"$BASE/qmail/control/me"
echo here.example >"$BASE/qmail/control/locals"
[ -z "$(find "$BASE/qmail" -perm /6000 -type f)" ]

useradd --create-home --home-dir "$BASE/joe" joe
"$BASE/qmail/bin/maildirmake" "$BASE/joe/Maildir"
chown -R joe "$BASE/joe/Maildir"
echo "|id -un >ran; id -Gn >>ran" >"$BASE/joe/.qmail-program"
chown joe "$BASE/joe/.qmail-program"
"$BASE/qmail/bin/qmail-start" ./Maildir/ >"$BASE/lines" 2>&1 &
start=$!
trap 'kill $start' EXIT
for i in $(seq 100); do [ -S "$BASE/qmail/queue/intake" ] && break; sleep 0.1; done
printf 'Subject: one\n\nhello\n' | "$BASE/qmail/bin/sendmail" joe-program@here.example
printf 'Subject: two\n\nhello\n' | "$BASE/qmail/bin/sendmail" joe@here.example
for i in $(seq 100); do [ "$(grep -c '^end msg' "$BASE/lines")" = 2 ] && break; sleep 0.1; done
ps -o user= -o args= --ppid $start | sort >"$BASE/processes"
trap - EXIT
kill $start
wait $start
stat -c '%U %a' "$BASE"/joe/Maildir/new/* >"$BASE/owner"
"""


@unittest.skipUnless(os.geteuid() == 0, "installing needs root")
class Install(unittest.TestCase):
    def test_a_host_is_set_up_once_and_each_part_runs_as_its_user(self):
        base = pathlib.Path(tempfile.mkdtemp(prefix="kopis-install-"))
        base.chmod(0o755)
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        result = subprocess.run(
            ["unshare", "--mount", "bash", "-c", SCRIPT], cwd=ROOT, capture_output=True,
            timeout=120, env={"BASE": str(base), "PATH": os.environ["PATH"]})
        lines = base / "lines"
        self.assertEqual(0, result.returncode, (result.stdout, result.stderr,
                                                lines.exists() and lines.read_text()))
        processes = (base / "processes").read_text()
        for user, program in (("qmailq", "qmail-queue --serve"), ("qmails", "qmail-send"),
                              ("qmailr", "qmail-rspawn"), ("qmailq", "qmail-clean"),
                              ("root", "qmail-lspawn")):
            self.assertRegex(processes, rf"(?m)^{user} +\S*{program}")
        self.assertEqual("joe 600\n", (base / "owner").read_text())
        self.assertEqual("joe\njoe\n", (base / "joe" / "ran").read_text())


if __name__ == "__main__":
    unittest.main()

"""docs/contract, and the table of OWASP: the tests that pages name are there."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "docs/contract"
PLACES = {"p": "tests/programs", "s": "tests/system"}

# p/test_x, s/test_x, or u/Kopis.X.Tests and a class; then names of tests or classes in it, of which an
# ellipsis leaves out a part.
TOKENS = re.compile(r"\b([ps])/(\w+)|\bu/(Kopis\.\w+(?:\.Tests)?)|\b(\w+Tests)\b|`([^`\n]+)`")
NAME = re.compile(r"^[A-Za-z]\w*(?:…\w*)*$")


def faults(text):
    """What a text names that is not there."""
    found, place, body, room = [], None, "", ROOT / "tests"
    for kind, module, project, unit, name in TOKENS.findall(text):
        if kind:
            place = ROOT / PLACES[kind] / f"{module}.py"
            body = place.read_text() if place.is_file() else None
        elif project:
            place = room = ROOT / "tests" / project
            body = "" if place.is_dir() else None
        elif unit:
            files = list(room.rglob(f"{unit}.cs")) or list((ROOT / "tests").rglob(f"{unit}.cs"))
            body = "".join(file.read_text() for file in files) or None
            place = unit
        elif body and NAME.match(name):
            pattern = re.escape(name).replace("…", r"\w*")
            if not re.search(rf"\b(?:test_)?(?:\d_)?{pattern}\b", body):
                found.append(f"{place}: {name}")
        if body is None:
            found.append(str(place))
            body = ""
    return found


class Contract(unittest.TestCase):
    def test_what_the_pages_of_findings_name_is_there(self):
        for name, least in (("operating.md", 80), ("behaviour.md", 200), ("../decisions/dashboard.md", 80)):
            lines = (CONTRACT / name).read_text().splitlines()
            self.assertGreater(len(lines), least)
            self.assertEqual([], [fault for line in lines for fault in faults(line)])

    def test_what_is_not_there_is_found(self):
        for row in ("p/test_nothing", "p/test_needs `what_is_lost`", "u/Kopis.Nothing.Tests",
                    "NothingTests", "s/test_install `what_readers_…_nothing`"):
            self.assertEqual(1, len(faults(row)), row)
        self.assertEqual([], faults("s/test_install `what_readers_…_is_said`, p/test_contract `Contract`"))

    def test_files_that_the_contract_names_are_there(self):
        for page in sorted(CONTRACT.glob("*.md")):
            text = re.sub(r"`[^`\n]*`", "", page.read_text())
            self.assertEqual([], faults(text), page.name)


if __name__ == "__main__":
    unittest.main()

"""docs/QUESTIONS.md: each question has a page and a section that exist; every page is in qmail(7)."""

import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))

import pages  # noqa: E402


class Questions(unittest.TestCase):
    def test_each_has_an_answer(self):
        rows = re.findall(r"^\| (.*\?) \| (\S+) \| (.*?) ?\|$", pages.read("docs/QUESTIONS.md"),
                          re.M)
        self.assertEqual(30, len(rows))
        self.assertEqual(30, len({question for question, _, _ in rows}))
        for question, page, section in rows:
            self.assertTrue((ROOT / page).is_file(), page)
            if section:
                self.assertIn(section, pages.sections(page), question)

    def test_pages_that_OPERATING_names_exist(self):
        text = pages.read("docs/OPERATING.md")
        names = set(re.findall(r"\b([a-z][a-z-]+)\((\d)\)", text))
        self.assertGreater(len(names), 12)
        for name, number in names:
            self.assertTrue((ROOT / f"docs/man/{name}.{number}").is_file(), (name, number))
        for target in re.findall(r"\]\(([^)]+)\)", text):
            self.assertTrue((ROOT / "docs" / target).exists(), target)


if __name__ == "__main__":
    unittest.main()

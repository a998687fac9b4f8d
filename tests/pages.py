"""The pages of docs: their sections, and the commands in them, to be run as they stand there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[1]


def read(name):
    return (ROOT / name).read_text()


def sections(name):
    """Titles of a page, of Markdown or mdoc(7)."""
    pattern = r"^#+ (.*)$" if name.endswith(".md") else r"^\.S[hs] (.*)$"
    return re.findall(pattern, re.sub(r"^```.*?^```", "", read(name), flags=re.M | re.S), re.M)


def section(name, title, level):
    """The text of a section of Markdown, of which TITLE may be the beginning, up to the next of
    this LEVEL or above."""
    text = re.split(rf"^{'#' * level} {re.escape(title)}", read(name), maxsplit=1, flags=re.M)[1]
    return re.split(rf"^#{{2,{level}}} ", text, maxsplit=1, flags=re.M)[0]


def block(name, title, after):
    """The code after AFTER in a section of level 3, as the page has it."""
    return section(name, title, 3).split(after, 1)[1].split("```", 2)[1].split("\n", 1)[1]


def commands(name):
    """(section, commands) of each block that is marked as sh."""
    found, title = [], ""
    for heading, block in re.findall(r"^#+ ([^\n]*)$|^```sh\n(.*?)^```", read(name), re.M | re.S):
        title = heading or title
        if block:
            found.append((title, block))
    return found


def blocks(name):
    """(language, text) of each block of a page of Markdown."""
    return re.findall(r"^```(\w*)\n(.*?)^```", read(name), re.M | re.S)


def snippets(name):
    """What a page has as code: blocks and spans of Markdown, examples of mdoc(7)."""
    text = read(name)
    if name.endswith(".md"):
        plain = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
        return [block for _, block in blocks(name)] + re.findall(r"`([^`\n]+)`", plain)
    text = re.sub(r"\\e", r"\\", text.replace("\\&", ""))
    return (re.findall(r"^\.(?:Dl|Ql|D1) (.*)$", text, re.M)
            + re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", text, re.M | re.S))


def run_blocks():
    """(page, text) of the blocks that system/test_operating and system/test_documents run."""
    return [(page, block) for page in ("README.md", "docs/OPERATING.md")
            for language, block in blocks(page) if language == "sh"
            and not block.startswith("./")]

"""Finds the functions and types of C# source, well enough for this tree: it knows strings, comments, braces and
how a member begins, and no more of the grammar."""
import re
from dataclasses import dataclass

_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/'                       # Comments.
    r'|\$?"""(?:.|\n)*?"""'                     # Raw strings.
    r'|(?:\$@|@\$|@)"(?:""|[^"])*"'             # Verbatim strings.
    r'|\$?"(?:\\.|[^"\\\n])*"'                  # Strings.
    r"|'(?:\\[^\n]+?|[^'\\\n])'", re.S)         # Characters.
_HOLE = re.compile(r'\{([^{}]*)\}')
_TYPE = re.compile(r'\b(class|struct|interface|enum|record(?: struct| class)?)\s+(\w+)')
_DELEGATE = re.compile(r'\b(delegate)\s.*?(\w+)(?:<[^>]*>)?\(', re.S)
_ATTRIBUTES = re.compile(r'^\s*(?:\[(?:[^\[\]]|\[[^\]]*\])*\]\s*)+')
_PUBLIC = re.compile(r'\bpublic\b')


@dataclass
class Function:
    """A method, constructor, operator, or a property with code."""
    name: str
    body: str   # From what follows its name's parameters to its end, without comments and strings.
    lines: int  # Of its body.


@dataclass
class Type:
    """A class, struct, interface, enum, record or delegate."""
    name: str
    is_public: bool
    is_nested: bool


def plain(text):
    """The text with comments and strings blanked; what stands in the holes of a string stays."""
    def blank(match):
        word = match.group()
        if not word.startswith('$'):
            return re.sub(r'[^\n]', ' ', word)
        kept = list(re.sub(r'[^\n]', ' ', word))
        for hole in _HOLE.finditer(word):
            kept[hole.start(1):hole.end(1)] = re.sub(r'["{};]', ' ', hole.group(1))
        return ''.join(kept)
    return _TEXT.sub(blank, text)


def read(text):
    """The functions and types of a file."""
    text = re.sub(r'(?m)^\s*#\w+.*$', '', plain(text))
    text = re.sub(r'(?m)^(?:global )?using .*;$|^namespace .*;$', '', text)
    functions, types = [], []
    _members(text, 0, len(text), None, functions, types)
    return functions, types


def _members(text, at, end, owner, functions, types):
    while at < end:
        at = _member(text, at, end, owner, functions, types)


def _member(text, start, end, owner, functions, types):
    """Reads one member; the result is where the next one begins."""
    depth, at, arrow, assigned = 0, start, None, False
    while at < end:
        char = text[at]
        if char in '([':
            depth += 1
        elif char in ')]':
            depth -= 1
        elif char == '{' and depth == 0:
            close = _close(text, at)
            head = _ATTRIBUTES.sub('', text[start:at])
            if arrow is None and not assigned:
                if found := _TYPE.search(head):
                    name = found.group(2)
                    types.append(Type(name, bool(_PUBLIC.search(head)), owner is not None))
                    if found.group(1) != 'enum':
                        _members(text, at + 1, close, name, functions, types)
                    return close + 1
                if owner is not None:
                    _add(head, text[at:close + 1], functions)
                rest = re.compile(r'\s*=(?!=)').match(text, close + 1)
                return _semicolon(text, close + 1, end) if rest else close + 1
            at = close
        elif char == ';' and depth == 0:
            head = _ATTRIBUTES.sub('', text[start:at])
            if arrow is not None:
                _add(_ATTRIBUTES.sub('', text[start:arrow]), text[arrow:at], functions)
            elif not assigned and (found := _TYPE.search(head) or _DELEGATE.search(head)):
                types.append(Type(found.group(2), bool(_PUBLIC.search(head)), owner is not None))
            elif not assigned and head.rstrip().endswith(')'):
                _add(head, '', functions)  # Of an interface, or foreign.
            return at + 1
        elif char == '=' and depth == 0 and arrow is None and not assigned:
            if text[at + 1] == '>':
                arrow = at
            elif 'operator' not in text[start:at]:
                assigned = True
        at += 1
    return end


def _add(head, body, functions):
    head = re.sub(r'\bwhere\b.*$', '', head, flags=re.S)
    head = re.sub(r'\)\s*:\s*(?:base|this)\s*\(.*$', ')', head, flags=re.S).rstrip()
    if head.endswith(')'):
        depth, at = 0, len(head) - 1
        while at >= 0:
            depth += {')': 1, '(': -1}.get(head[at], 0)
            if depth == 0:
                break
            at -= 1
        head = re.sub(r'<[^<>]*>\s*$', '', head[:at].rstrip())
    elif not body.startswith('=>') and not re.search(r'\{[^;{}]*\{|=>', body):
        return  # A property without code.
    if name := re.search(r'(\w+|operator\s*\S+|this\[.*)$', head, re.S):
        lines = body.strip('{}').strip('\n').rstrip().count('\n') + 1 if body else 0
        functions.append(Function(name.group(1), body, lines))


def _close(text, at):
    depth = 0
    while at < len(text):
        depth += {'{': 1, '}': -1}.get(text[at], 0)
        if depth == 0:
            return at
        at += 1
    raise ValueError('a brace is not closed')


def _semicolon(text, at, end):
    depth = 0
    while at < end and not (text[at] == ';' and depth == 0):
        depth += {'{': 1, '}': -1, '(': 1, ')': -1}.get(text[at], 0)
        at += 1
    return at + 1

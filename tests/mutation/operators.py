"""What a mutant of a Vyper source changes: one token or one statement.

A source is read by Python's tokenizer, which Vyper's own parser uses too. Docstrings, comments,
types, imports and declarations of storage, structs and events are left alone: a change there does
not compile or changes nothing.

    comparison   < <= > >= == !=, `in`
    arithmetic   + - * // % **, their unsafe forms, min and max, shifts, bits
    logic        and, or, not, True, False
    constant     a number becomes the next one
    check        an assertion is dropped
    role         a statement that only calls a `_check` or a `_require` is dropped
    event        a log is dropped
    effect       an assignment to storage, or a statement that only calls, is dropped
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

SWAPS: dict[str, tuple[str, str]] = {
    "<": ("comparison", "<="),
    "<=": ("comparison", "<"),
    ">": ("comparison", ">="),
    ">=": ("comparison", ">"),
    "==": ("comparison", "!="),
    "!=": ("comparison", "=="),
    "+": ("arithmetic", "-"),
    "-": ("arithmetic", "+"),
    "*": ("arithmetic", "//"),
    "//": ("arithmetic", "*"),
    "%": ("arithmetic", "//"),
    "+=": ("arithmetic", "-="),
    "-=": ("arithmetic", "+="),
    "|=": ("arithmetic", "&="),
    "<<": ("arithmetic", ">>"),
    ">>": ("arithmetic", "<<"),
    "&": ("arithmetic", "|"),
    "|": ("arithmetic", "&"),
    "^": ("arithmetic", "|"),
    "unsafe_add": ("arithmetic", "unsafe_sub"),
    "unsafe_sub": ("arithmetic", "unsafe_add"),
    "unsafe_mul": ("arithmetic", "unsafe_div"),
    "unsafe_div": ("arithmetic", "unsafe_mul"),
    "min": ("arithmetic", "max"),
    "max": ("arithmetic", "min"),
    "and": ("logic", "or"),
    "or": ("logic", "and"),
    "not": ("logic", ""),
    "True": ("logic", "False"),
    "False": ("logic", "True"),
}
# Beginnings of logical lines outside functions in which nothing is changed.
DECLARATIONS = (
    "import",
    "from",
    "implements",
    "uses",
    "initializes",
    "exports",
    "struct",
    "event",
    "flag",
    "interface",
    "@",
    "def",
    "#",
)


@dataclass(frozen=True)
class Mutant:
    """A source with one change."""

    kind: str
    line: int  # from 1
    before: str  # the logical line
    after: str
    source: str  # the whole file

    @property
    def name(self) -> str:
        """Survives changes elsewhere in the file: kind and both texts."""
        return f"{self.kind}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class _Line:
    """A logical line: its tokens and where its text stands in the source."""

    tokens: list[tokenize.TokenInfo]
    start: int
    end: int


def mutants(source: str) -> list[Mutant]:
    """Every mutant, in the order of the source, none twice."""
    starts = _starts(source)
    found: dict[str, Mutant] = {}
    for line in _lines(source, starts):
        if _is_declaration(line):
            continue
        for kind, start, end, text in _changes(line, source, starts):
            changed = source[:start] + text + source[end:]
            before = source[line.start : line.end]
            after = changed[line.start : line.end + len(changed) - len(source)]
            found.setdefault(
                changed,
                Mutant(kind, line.tokens[0].start[0], _one(before), _one(after), changed),
            )
    return list(found.values())


def _changes(line: _Line, source: str, starts: list[int]) -> Iterator[tuple[str, int, int, str]]:
    """(kind, start, end, new text) of every change of a logical line."""
    first = line.tokens[0].string
    words = [token.string for token in line.tokens]
    if first in ("assert", "raise"):
        yield "check", line.start, line.end, "pass"
    elif first == "log":
        yield "event", line.start, line.end, "pass"
        return
    elif _is_call(words):
        role = any(word.startswith(("_check", "_require")) for word in words[:4])
        yield "role" if role else "effect", line.start, line.end, "pass"
    elif words[:2] == ["self", "."] and any(w in words for w in ("=", "+=", "-=", "|=", "^=")):
        yield "effect", line.start, line.end, "pass"
    # A declaration with a value: the type is not part of what changes.
    skip = words.index("=") if _is_typed(words) and "=" in words else 0
    if _is_loop(words):
        skip = words.index("in")
    if first == "assert" and line.tokens[-1].type == tokenize.STRING:
        words = words[:-1]
    for index in range(skip, len(words)):
        token = line.tokens[index]
        place = starts[token.start[0]] + token.start[1]
        end = starts[token.end[0]] + token.end[1]
        before = line.tokens[index - 1].string if index else ""
        after = words[index + 1] if index + 1 < len(words) else ""
        if token.type == tokenize.NUMBER and "0x" not in token.string:
            # The base of 2**128 says nothing that the exponent does not, and the bound of a loop
            # is there for the compiler.
            if after == "**" or line.tokens[max(index - 2, 0)].string == "bound":
                continue
            yield "constant", place, end, str(int(token.string.replace("_", "")) + 1)
        elif token.string in SWAPS and not (token.string == "-" and _is_sign(before)):
            kind, text = SWAPS[token.string]
            yield kind, place, end, text


def _is_sign(before: str) -> bool:
    """Whether a minus after this token is a sign, whose change is the constant's."""
    return before in ("", "(", "[", ",", "=", "return", "==", "<", ">", "<=", ">=")


def _is_call(words: list[str]) -> bool:
    """A statement that is nothing but a call."""
    if words[0] == "extcall":
        return True
    depth = 0
    for index, word in enumerate(words):
        depth += (word in "([{") - (word in ")]}")
        if depth == 0 and (word == "=" or word == ":" or word.endswith("=") and index):
            return False
    return words[-1] == ")" and words[0] not in ("return", "if", "elif", "for", "assert", "raise")


def _is_typed(words: list[str]) -> bool:
    return len(words) > 2 and words[1] == ":"


def _is_loop(words: list[str]) -> bool:
    return words[0] == "for" and "in" in words


def _is_declaration(line: _Line) -> bool:
    first = line.tokens[0]
    if first.type == tokenize.STRING or first.string in DECLARATIONS:
        return True
    if first.string in ("pass", "break", "continue", "else"):
        return True
    words = [token.string for token in line.tokens]
    # Of a struct, an event or storage: a name and its type.
    return _is_typed(words) and "=" not in words


def _lines(source: str, starts: list[int]) -> Iterator[_Line]:
    tokens: list[tokenize.TokenInfo] = []
    ignored = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            if tokens:
                start = starts[tokens[0].start[0]] + tokens[0].start[1]
                yield _Line(tokens, start, starts[tokens[-1].end[0]] + tokens[-1].end[1])
            tokens = []
        elif token.type not in ignored and token.type != tokenize.ENDMARKER:
            tokens.append(token)


def _starts(source: str) -> list[int]:
    """Offset of every line; lines count from 1."""
    starts = [0, 0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _one(text: str) -> str:
    return " ".join(text.split())

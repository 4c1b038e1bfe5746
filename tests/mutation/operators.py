"""What a mutant of a Vyper source changes: one token or one statement.

A source is read by Python's tokenizer, which Vyper's own parser uses too. Docstrings, comments,
types, imports and declarations of storage, structs and events are left alone: a change there does
not compile or changes nothing. So are the first values of variables that the statement after
their declarations assigns: Vyper wants them, nothing reads them.

    comparison   < <= > >= == !=, `in`
    arithmetic   + - * // %, their unsafe forms, signs, min and max, shifts, bits
    rounding     a quotient is rounded up instead of down, and the other way round
    logic        and, or, not, True, False
    constant     a number becomes the next one
    check        an assertion, or a call of a `_check` or a `_require`, is dropped
    role         the same where it asks who calls
    event        a log is dropped
    effect       an assignment to storage, or a statement that only calls, is dropped
"""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
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
    "in": ("comparison", "not in"),
    "True": ("logic", "False"),
    "False": ("logic", "True"),
    "_times_up": ("rounding", "_times_down"),
    "_times_down": ("rounding", "_times_up"),
}
# The last word of checks that ask who calls, as an assertion with `msg.sender` does.
ROLES = ("owner", "actor", "house", "reporter")
# Where the left side of a quotient begins: after one of these, outside its brackets.
LOOSE = {"+", "-", "=", "+=", "-=", ",", "<", "<=", ">", ">=", "==", "!=", "<<", ">>", "&", "|"} | {
    "^",
    "and",
    "or",
    "not",
    "in",
    "if",
    "elif",
    "else",
    "return",
    "assert",
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
    place: str  # the function, empty outside
    before: str  # the logical line
    after: str
    source: str  # the whole file
    number: int = 1  # among those of the same function that read the same

    @property
    def name(self) -> str:
        """Survives changes elsewhere in the file: function, kind and both texts."""
        place = self.place + f" #{self.number}" * (self.number > 1)
        return f"{place}, {self.kind}: {self.before} -> {self.after}"


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
    alike: Counter[tuple[str, ...]] = Counter()
    place = ""
    lines = list(_lines(source, starts))
    for index, line in enumerate(lines):
        if line.tokens[0].start[1] == 0:
            place = line.tokens[1].string if line.tokens[0].string == "def" else ""
        if _is_declaration(line) or _is_overwritten(lines[index:]):
            continue
        for kind, start, end, text in _changes(line, source, starts):
            changed = source[:start] + text + source[end:]
            before = source[line.start : line.end]
            after = changed[line.start : line.end + len(changed) - len(source)]
            if changed == source or changed in found:
                continue
            named = place, kind, _one(before), _one(after)
            alike[named] += 1
            found[changed] = Mutant(
                kind, line.tokens[0].start[0], place, *named[2:], changed, alike[named]
            )
    return list(found.values())


def _changes(line: _Line, source: str, starts: list[int]) -> Iterator[tuple[str, int, int, str]]:
    """(kind, start, end, new text) of every change of a logical line."""
    first = line.tokens[0].string
    words = [token.string for token in line.tokens]
    if first in ("assert", "raise"):
        role = "msg.sender" in source[line.start : line.end]
        yield "role" if role else "check", line.start, line.end, "pass"
    elif first == "log":
        yield "event", line.start, line.end, "pass"
        return
    elif _is_call(words):
        called = next((w for w in words[:4] if w.startswith(("_check", "_require"))), "")
        role = called.endswith(ROLES)
        yield "role" if role else "check" if called else "effect", line.start, line.end, "pass"
    elif words[:2] == ["self", "."] and any(w in words for w in ("=", "+=", "-=", "|=", "^=")):
        yield "effect", line.start, line.end, "pass"
    # A declaration with a value: the type is not part of what changes.
    skip = words.index("=") if _is_typed(words) and "=" in words else 0
    if _is_loop(words):
        skip = words.index("in") + 1
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
        elif token.string == "-" and _is_sign(before):
            # The sign of a number is the number's, and of max_value what keeps it in range.
            if line.tokens[index + 1].type == tokenize.NAME:
                yield "arithmetic", place, end, ""
        elif token.string in SWAPS and not (token.string == "in" and before == "not"):
            kind, text = SWAPS[token.string]
            yield kind, place, end, text
        rounded = _rounded(line, index, source, starts)
        if rounded:
            yield "rounding", *rounded


def _rounded(
    line: _Line, index: int, source: str, starts: list[int]
) -> tuple[int, int, str] | None:
    """A quotient at this token, rounded the other way: start, end, text."""

    def at(token: int) -> int:
        return starts[line.tokens[token].start[0]] + line.tokens[token].start[1]

    def upto(token: int) -> int:
        return starts[line.tokens[token].end[0]] + line.tokens[token].end[1]

    words = [token.string for token in line.tokens]
    if words[index] == "_ceil":
        first = index - 2 if words[index - 1] == "." else index
        return at(first), upto(index), "unsafe_div"
    if words[index] == "unsafe_div":
        last = _closing(words, index + 1)
        comma = next(
            i for i in range(index, last) if _depth(words[index + 1 : i]) == 1 and words[i] == ","
        )
        above, below = source[at(index + 2) : at(comma)], source[at(comma + 1) : at(last)]
        below = below.strip().rstrip(",")
        text = f"unsafe_div({_other_way(above, below)}, {below})"
        return at(index), upto(last), text
    if words[index] == "//":
        first = index - 1
        while first > 0 and not (
            (depth := _depth(words[first:index])) > 0 or depth == 0 and words[first] in LOOSE
        ):
            first -= 1
        first += 1
        last = index + 1
        while last < len(words):
            if words[last] in "([":
                last = _closing(words, last)
            if last + 1 == len(words) or words[last + 1] not in (".", "(", "[", "**"):
                break
            last += 1 if words[last + 1] in "([" else 2
        above, below = source[at(first) : at(index)].strip(), source[at(index + 1) : upto(last)]
        # Of constants: nothing to round.
        if any(word.islower() for word in words[first:index]):
            return at(first), upto(last), f"(({_other_way(above, below)}) // {below})"
    return None


def _other_way(above: str, below: str) -> str:
    """A numerator without what rounds the quotient up, or with it."""
    less = re.escape(below)
    for up in (
        rf"\((.+) \+ {less} - 1\)",
        rf"unsafe_add\((.+), {less} - 1\)",
        rf"unsafe_add\((.+), unsafe_sub\({less}, 1\)\)",
        r"unsafe_add\((.+), 9_999\)",
    ):
        found = re.fullmatch(up, above)
        if found:
            return found[1]
    return f"({above}) + ({below}) - 1"


def _depth(words: list[str]) -> int:
    return sum((word in ("(", "[", "{")) - (word in (")", "]", "}")) for word in words)


def _closing(words: list[str], opening: int) -> int:
    """Where the bracket that opens here closes."""
    return next(i for i in range(opening, len(words)) if _depth(words[opening : i + 1]) == 0)


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


def _is_overwritten(lines: list[_Line]) -> bool:
    """Whether the first line declares what the first that does not declare assigns."""
    words = [token.string for token in lines[0].tokens]
    if not _is_typed(words):
        return False
    for line in lines[1:]:
        after = [token.string for token in line.tokens]
        if not _is_typed(after):
            middle = after.index("=") if "=" in after else 0
            to, value = after[:middle], after[middle:]
            return "," in to and words[0] in to[::2] and words[0] not in value
        if words[0] in after:
            return False
    return False


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

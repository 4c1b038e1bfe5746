"""What this package raises on purpose: each message names the value, the reason and the remedy.

A command prints such an error as one line; anything else is a bug and keeps its traceback.
"""

from pathlib import Path


class NovateError(Exception):
    """Base of every error that a user can cause and mend."""


class DataError(NovateError):
    """A file of market data that cannot be used; reads `file:line: reason`, or `file: reason`
    with line 0 where no line is to blame."""

    def __init__(self, file: str | Path, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}" if line else f"{file}: {reason}")
        self.file, self.line, self.reason = str(file), line, reason


class NetworkError(NovateError):
    """A chain that cannot be reached, is another one than named, or refuses the key."""


class ParameterError(NovateError, ValueError):
    """An argument outside what is accepted; reads `name = value: accepted is range`."""

    def __init__(self, name: str, value: object, accepted: str) -> None:
        super().__init__(f"{name} = {value!r}: accepted is {accepted}")
        self.name, self.value, self.accepted = name, value, accepted

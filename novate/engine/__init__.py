"""The in-process engine: titanoboa's comfort at the speed of revm."""

from .environment import ENGINES, PY_EVM, REVM, VARIABLE, Engine, chosen_engine

__all__ = ["ENGINES", "PY_EVM", "REVM", "VARIABLE", "Engine", "chosen_engine"]

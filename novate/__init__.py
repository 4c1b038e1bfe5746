"""Novate: an options clearinghouse for the EVM, run in-process by titanoboa.

Contracts are in `contracts/`; this package deploys, prices, simulates and draws them. The one
door for notebooks and tests is the module `boa_env`.
"""

__version__ = "0.1.0"

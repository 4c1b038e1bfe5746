"""Agents as processes of their own on a chain: each reads its view, signs and sends by itself.

A process remembers nothing but its key. One that dies is started again; what it was asked is asked
again, unless its transaction is on the chain already.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import boa
import numpy as np

from ..errors import NetworkError, NovateError
from ..market import Account, Market, Number, Receipt
from ..network import Network, connect
from ..orders import Order
from ..series import Series
from .base import Action, Agent, View
from .desk import attach
from .hand import OPERATIONS, Hand, RefusedError

# How often an agent may die at one request.
LIVES = 3
# Blocks in which the transaction of an agent that died is looked for.
LOOK_BACK = 64
_context = multiprocessing.get_context("forkserver")


class ProcessHand(Hand):
    """A hand whose agent and key are in another process."""

    def __init__(
        self,
        market: Market,
        agent: Agent,
        account: Account,
        rng: np.random.Generator,
        *,
        url: str,
        manifest: Path,
    ) -> None:
        super().__init__(market, agent, account, rng)
        self._place = url, manifest
        self._start()

    @property
    def pid(self) -> int | None:
        """Of its process."""
        return self._process.pid

    def decide(self, view: View) -> Sequence[Action]:
        actions, self.rng = self._ask("decide", view, self.rng)
        return actions

    def do(self, action: Action) -> Receipt:
        return self._send(OPERATIONS[type(action)], "do", action)

    def sign(
        self, series: Series, quantity: Number, price: Number, taker: Account
    ) -> tuple[Order, bytes]:
        return self._ask("sign", series, quantity, price, taker.name)

    def fill(self, order: Order, signature: bytes, maker: str, amount: Number) -> Receipt:
        return self._send("trade", "fill", order, signature, maker, amount)

    def close(self) -> None:
        self._connection.close()
        self._process.join(timeout=10)
        self._process.kill()

    # -- private --

    def _start(self) -> None:
        _context.set_forkserver_preload(["novate.agents.preload"])
        self._connection, theirs = _context.Pipe()
        self._process = _context.Process(
            target=_work, args=(theirs, *self._place, self.agent), daemon=True
        )
        self._process.start()
        theirs.close()

    def _ask(self, method: str, *arguments: Any) -> Any:
        for _ in range(LIVES):
            try:
                return self._try(method, *arguments)
            except (EOFError, OSError):
                self._start()
        raise NetworkError(f"the process of {self.agent.name} dies at `{method}`")

    def _send(self, operation: str, method: str, *arguments: Any) -> Receipt:
        network: Network = self.market.env
        number = network.nonce(self.account.address)
        for _ in range(LIVES):
            try:
                return self.market.adopt(self._try(method, *arguments))
            except (EOFError, OSError):
                self._start()
                # Once the new one answers, what the dead one sent has arrived.
                self._ask("ready")
                if network.nonce(self.account.address) != number:
                    sent = network.find(self.account.address, number, LOOK_BACK)
                    return self.market.recall(sent, operation)
        raise NetworkError(f"the process of {self.agent.name} dies at `{method}`")

    def _try(self, method: str, *arguments: Any) -> Any:
        self._connection.send((method, arguments))
        verdict, answer = self._connection.recv()
        if verdict == "refused":
            raise RefusedError(answer)
        if verdict == "failed":
            raise NovateError(f"{self.agent.name}: {answer}")
        return answer


def _work(connection: Connection, url: str, manifest: Path, agent: Agent) -> None:
    """The process: answers until nobody asks any more."""
    network = connect(url)
    with boa.swap_env(network):
        market = attach(manifest)
        hand = Hand(market, agent, market.account(agent.name), np.random.default_rng(0))
        while True:
            try:
                method, arguments = connection.recv()
            except EOFError:
                return
            try:
                answer = "ready", _answer(hand, network, method, arguments)
            except RefusedError as error:
                answer = "refused", str(error)
            except NovateError as error:
                answer = "failed", str(error)
            connection.send(answer)


def _answer(hand: Hand, network: Network, method: str, arguments: tuple[Any, ...]) -> Any:
    if method == "decide":
        view, hand.rng = arguments
        return list(hand.decide(view)), hand.rng
    if method == "ready":
        return None
    # The chain has moved since.
    network._reset_fork()
    if method == "sign":
        series, quantity, price, taker = arguments
        return hand.sign(series, quantity, price, hand.market.account(taker))
    return getattr(hand, method)(*arguments)

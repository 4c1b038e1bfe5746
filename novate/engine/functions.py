"""Functions of contracts on the fast way: cached coders around one call of the engine."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from boa.contracts.vyper.vyper_contract import VyperFunction
from boa.util.exceptions import strip_internal_frames

from .codec import Unusual, decoder, encoder
from .result import Refused

if TYPE_CHECKING:
    from .environment import Engine


class Function(VyperFunction):
    """A function of a deployed contract, called through revm."""

    env: Engine

    def prepare_calldata(self, *args: Any, **kwargs: Any) -> bytes:
        """Selector and encoded arguments."""
        try:
            selector, encode = self._coders[0][len(args)]
            data: bytes = selector + encode(args)
            return data
        except (Unusual, KeyError):
            return super().prepare_calldata(*args, **kwargs)

    def __call__(
        self,
        *args: Any,
        value: int = 0,
        gas: int | None = None,
        sender: Any = None,
        simulate: bool = False,
        **kwargs: Any,
    ) -> Any:
        env = self.env
        if kwargs or not env.is_fast:
            return super().__call__(
                *args, value=value, gas=gas, sender=sender, simulate=simulate, **kwargs
            )
        contract = self.contract
        encoders, decode, is_view = self._coders
        try:
            selector, encode = encoders[len(args)]
            data = selector + encode(args)
        except (Unusual, KeyError):
            data = super().prepare_calldata(*args)
        result = env.run(
            contract._address,
            env.eoa if sender is None else sender,
            data,
            value,
            gas,
            is_view,
            simulate,
            contract,
        )
        contract._computation = result
        if result.is_error:
            self._refuse(result)
        if decode is None:
            return None
        try:
            return decode(result.output)
        except Unusual:
            return contract.marshal_to_python(result, self.func_t.return_type)

    def _refuse(self, result: Any) -> None:
        if not hasattr(result, "outcome"):
            self.contract.handle_error(result)
        try:
            raise Refused(result)
        except Refused as error:
            # The traceback begins where the user called.
            raise strip_internal_frames(error, __name__) from None

    @cached_property
    def _coders(self) -> tuple[dict[int, tuple[bytes, Any]], Any, bool]:
        """(selector, encoder) by number of arguments; decoder of the answer; if it is a view."""
        func = self.func_t
        encoders = {}
        for count in range(func.n_positional_args, func.n_total_args + 1):
            keywords = func.keyword_args[: count - func.n_positional_args]
            types = [argument.typ.abi_type for argument in func.positional_args + keywords]
            selector, _ = self.args_abi_type(len(keywords))
            encoders[count] = (selector, encoder(types))
        returned = func.return_type
        return encoders, None if returned is None else decoder(returned), not func.is_mutable


def speed_up(contract: Any) -> None:
    """Make the external functions of a contract fast; for any other object, nothing."""
    for name, function in vars(contract).items():
        if type(function) is VyperFunction and name != "_ctor":
            function.__class__ = Function

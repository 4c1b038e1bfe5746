"""A deployment on a chain, step by step, that may be interrupted anywhere and is gone on with.

Addresses: every contract is made by CREATE2 through the deterministic deployment proxy, so its
address follows from its creation code, arguments included, and the salt: the same parameters and
owner give the same addresses on every chain. Nobody gains by being first, since the owner is an
argument: whoever deploys this code deploys this very contract. (CREATE3, whose addresses do not
depend on the code, would need a factory that guards who may use it, and an address would say
nothing about what is there.)

Transactions: number and hash of each are in the manifest before it is sent. Who comes later asks
the chain what became of it. One that is lost is signed again with the same number, so that of the
two only one can be mined; one whose number was used otherwise can never be mined and is replaced.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boa
import rlp
from boa.environment import Env
from boa.network import _EstimateGasFailed
from boa.rpc import RPCError
from boa.util.abi import Address
from eth_utils import keccak, to_checksum_address

from .errors import NetworkError, ParameterError
from .graph import Unit
from .manifest import Manifest, plain
from .market import Market, reason_of
from .network import Network, send_native
from .parameters import Parameters

# Takes salt and creation code; https://github.com/Arachnid/deterministic-deployment-proxy.
PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
PROXY_CODE = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "e03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
# The one transaction of an address whose key nobody has, which makes the proxy on any chain.
PROXY_SIGNER = "0x3fAB184622Dc19b6109349B94811493BF2a45362"
PROXY_GAS, PROXY_GAS_PRICE = 100_000, 100 * 10**9


class Here:
    """A deployment in-process: ordinary creation and calls, as fast as they are."""

    def create(self, unit: Unit, deployer: Any, arguments: list[Any]) -> Any:
        """A contract of a unit."""
        return deployer.deploy(*arguments)

    def created(self) -> None:
        """Called when all contracts are there."""

    def send(
        self, market: Market, unit: str, function: str, *arguments: Any, operation: str
    ) -> None:
        """A transaction of the owner."""
        market.send(unit, function, *arguments, operation=operation)


class Site(Here):
    """A deployment on a chain, noted in a manifest."""

    def __init__(self, network: Network, manifest: Manifest) -> None:
        self.network, self.manifest = network, manifest
        self.sent = 0
        self._salt = salt_of(manifest["salt"])
        self._step = ""
        self._played: list[str] = []
        # Whether nothing is noted, and whether any contract was missing.
        self._is_new, self._made = not manifest["transactions"], False
        self._mined = self._receipts()

    @classmethod
    def open(
        cls, network: Network, parameters: Parameters | None, file: Path | None, salt: str
    ) -> Site:
        """Begin a deployment, or go on with the one that `file` describes."""
        owner = str(network.eoa)
        network.refresh()
        if file is None or not file.exists():
            chosen = parameters or Parameters()
            return cls(network, Manifest.new(network.chain_id, owner, chosen, salt, file))
        manifest = Manifest.read(file)
        if manifest["chain_id"] != network.chain_id:
            raise NetworkError(
                f"wrong chain: {file} is of chain {manifest['chain_id']}, "
                f"{network.url} is chain {network.chain_id}"
            )
        if manifest["owner"] != owner:
            raise NetworkError(f"{file} is a deployment by {manifest['owner']}, the key is {owner}")
        if parameters is not None and plain(parameters) != manifest["parameters"]:
            raise ParameterError("parameters", "others", f"those in {file}, or another manifest")
        if salt not in ("", manifest["salt"]):
            raise ParameterError("salt", salt, f"{manifest['salt']!r} as in {file}")
        return cls(network, manifest)

    # -- contracts --

    def create(self, unit: Unit, deployer: Any, arguments: list[Any]) -> Any:
        self._step = f"create {unit.name}"
        try:
            with self.network.at(self):
                contract = deployer.deploy(*arguments)
        except RPCError as error:
            raise self._refused(str(error)) from error
        described = {
            "source": unit.source,
            "address": str(contract.address),
            "arguments": "0x" + contract.ctor_calldata.hex(),
        }
        known = self.manifest["contracts"].setdefault(unit.name, described)
        if known != described:
            raise NetworkError(
                f"{unit.name}: {unit.source} compiles to other code than in {self.manifest.file}: "
                "deploy from the sources of then, or to another manifest"
            )
        return contract

    def make(self, initcode: bytes, contract: Any) -> tuple[Address, Any]:
        """What titanoboa's `Env.deploy` answers; the network calls it."""
        address = Address(create2_address(self._salt, initcode))
        code = self.network.code(address)
        if not code:
            self._made = True
            # One that is on its way, or that somebody sent in place of it.
            self._receipt()
            code = self.network.code(address)
        if not code:
            try:
                data = "0x" + (self._salt + initcode).hex()
                self.network._send_txn(self.network.eoa, to=Address(PROXY), data=data)
            except _EstimateGasFailed:
                # The proxy does not say why; the local machine does.
                _, computation = Env.deploy(self.network, bytecode=initcode, contract=contract)
                raise self._refused(reason_of(computation.output)) from None
            code = self.network.code(address)
            if not code:
                raise self._gone([self._step])
        return address, SimpleNamespace(is_error=False, output=code)

    def created(self) -> None:
        if self._is_new and not self._made:
            raise NetworkError(
                f"this market is on chain {self.network.chain_id} already, and no manifest says "
                "how far it got: name its manifest, or another salt"
            )

    # -- calls --

    def send(
        self, market: Market, unit: str, function: str, *arguments: Any, operation: str
    ) -> None:
        name = f"{unit}.{function}"
        self._played.append(name)
        self._step = f"{name} {self._played.count(name)}"
        receipt = self._receipt()
        if receipt is not None:
            market.recall(receipt, operation)
            return
        try:
            with self.network.at(self):
                market.send(unit, function, *arguments, operation=operation)
        except boa.BoaError as error:
            raise self._refused(market.refusal) from error
        except RPCError as error:
            raise self._refused(str(error)) from error

    def finish(self) -> None:
        """All was done: nothing that was mined may have gone since."""
        if self.sent:
            self._stand()
        if self.sent or not self.manifest["complete"]:
            self.manifest.content["complete"] = True
            self.manifest.save()

    def sending(self, nonce: int, identifier: str) -> None:
        """Note a transaction before it is sent."""
        noted = self.manifest["transactions"].get(self._step)
        if noted is None or noted["nonce"] != nonce:
            noted = {"nonce": nonce, "hashes": []}
        noted["hashes"].append(identifier)
        self.manifest["transactions"][self._step] = noted
        self.manifest.content["complete"] = False
        self.manifest.save()
        self.sent += 1

    # -- private --

    def _receipt(self) -> dict[str, Any] | None:
        """Of this step's transaction, if one was mined; waits for one that is on its way."""
        noted = self.manifest["transactions"].get(self._step)
        if noted is None:
            return None
        network = self.network
        for identifier in noted["hashes"]:
            receipt = self._mined.get(identifier)
            if receipt is None and not network.is_waiting(identifier):
                # It may have been mined since the receipts were read.
                (receipt,) = network.receipts([identifier])
            elif receipt is None:
                due = network.nonce(self.manifest["owner"])
                if noted["nonce"] > due:
                    raise NetworkError(
                        f"nonce gap: `{self._step}` waits with nonce {noted['nonce']} for nonce "
                        f"{due} of {self.manifest['owner']}: send or cancel that, then run again"
                    )
                receipt = network._wait(identifier)
            if receipt is not None and receipt["status"] == "0x1":
                return receipt
        return None

    def _receipts(self) -> dict[str, dict[str, Any] | None]:
        """Of every transaction that was noted, by hash."""
        noted = self.manifest["transactions"].values()
        hashes = [identifier for one in noted for identifier in one["hashes"]]
        return dict(zip(hashes, self.network.receipts(hashes), strict=True))

    def _stand(self) -> None:
        """Raise NetworkError if transactions that were mined are not there any more."""
        self._mined = self._receipts()
        lost = [
            name
            for name, one in self.manifest["transactions"].items()
            if not any(self._mined[identifier] for identifier in one["hashes"])
        ]
        if lost:
            raise self._gone(lost)

    def _gone(self, lost: list[str]) -> NetworkError:
        return NetworkError(
            f"chain {self.network.chain_id} went back: {len(lost)} transactions are gone, the "
            f"first is `{lost[0]}`; run again to send them again"
        )

    def _refused(self, reason: str) -> NetworkError:
        try:
            # A contract may refuse because the chain lost what came before.
            self._stand()
        except NetworkError as error:
            return error
        return NetworkError(f"{self._step}: refused: {reason}")


def salt_of(text: str) -> bytes:
    """The salt of CREATE2 for a name that tells markets of one owner apart."""
    return keccak(text="novate " + text)


def create2_address(salt: bytes, initcode: bytes) -> str:
    """Where the proxy puts a contract, EIP-1014."""
    word = keccak(b"\xff" + bytes.fromhex(PROXY[2:]) + salt + keccak(initcode))
    return to_checksum_address(word[12:])


def bring_proxy(network: Network) -> None:
    """See that the chain has the proxy; makes it where it is missing."""
    code = network.code(PROXY)
    if code == PROXY_CODE:
        return
    if code:
        raise NetworkError(f"{network.url}: {PROXY} is not the deployment proxy")
    missing = PROXY_GAS * PROXY_GAS_PRICE - network.balance(PROXY_SIGNER)
    if missing > 0:
        send_native(network, PROXY_SIGNER, missing)
    signature = bytes.fromhex(32 * "22")
    creation = bytes.fromhex("604580600e600039806000f350fe") + PROXY_CODE
    fields = [0, PROXY_GAS_PRICE, PROXY_GAS, b"", 0, creation, 27, signature, signature]
    network.send_raw("0x" + rlp.encode(fields).hex())
    if network.code(PROXY) != PROXY_CODE:
        raise NetworkError(
            f"chain {network.chain_id} has no deployment proxy at {PROXY} and does not accept the "
            "transaction that makes it"
        )

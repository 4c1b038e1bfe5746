// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Bytecode} from "./Bytecode.sol";
import {Proof, vm} from "./Proof.sol";

interface Operators {
    function is_operator(address owner, address operator) external view returns (bool);
    function nonces(address owner) external view returns (uint256);
    function permit(address owner, address operator, bool approved, uint256 deadline, bytes calldata signature)
        external;
    function set_operator(address operator, bool approved) external;
}

interface Multisig {
    function execute(
        address target,
        bytes calldata data,
        uint256 deadline,
        uint256 signers,
        bytes32[2][] calldata pairs,
        bytes[] calldata wallets
    ) external;
    function batch(Call[] calldata calls) external;
    function set_owners(address[] calldata owners, uint256 threshold) external;
    function nonce() external view returns (uint256);
    function threshold() external view returns (uint256);
}

struct Call {
    address target;
    bytes data;
}

/// Signs one message in its life (ERC-1271): the first that it is shown. A key is no use here, since
/// for a solver `ecrecover` may answer anybody for any other message.
contract OneMessage {
    bytes32 signed;

    function sign(bytes32 digest) external {
        require(signed == 0, "one message");
        signed = digest;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == signed && digest != 0 ? bytes4(0x1626ba7e) : bytes4(0);
    }
}

/// Counts what the multi-signature wallet sends to it.
contract Target {
    uint256 public hits;

    function hit() external {
        hits++;
    }
}

/// contracts/clearing/Operators.vy and contracts/governance/Multisig.vy
contract SignaturesProof is Proof {
    Operators operators;
    Operators twin;
    Multisig multisig;
    OneMessage first;
    OneMessage second;
    Target target;

    error Good();

    function setUp() public {
        vm.warp(1_000);
        operators = Operators(deploy(Bytecode.OPERATORS));
        twin = Operators(deploy(Bytecode.OPERATORS));
        first = new OneMessage();
        second = new OneMessage();
        target = new Target();
        address[] memory owners = new address[](2);
        (owners[0], owners[1]) = (address(first), address(second));
        multisig = Multisig(deploy(bytes.concat(Bytecode.MULTISIG, abi.encode(owners, 2))));
    }

    /// A permit works once: whoever sends it again, for whatever operator, is refused.
    function check_permit_once(
        bytes32 digest, address operator, bool approved, uint32 deadline, address other, bool again, uint32 later
    ) external {
        first.sign(digest);
        operators.permit(address(first), operator, approved, deadline, hex"00");
        (bool taken,) = address(operators).call(
            abi.encodeCall(Operators.permit, (address(first), other, again, later, hex"00"))
        );
        prove(!taken && operators.nonces(address(first)) == 1);
    }

    /// A permit says one thing: what another operator or another answer is signed by, is not good here.
    function check_permit_means_what_was_signed(bytes32 digest, address operator, address other) external {
        vm.assume(operator != other);
        first.sign(digest);
        (bool one,) = address(operators).call(
            abi.encodeCall(Operators.permit, (address(first), operator, true, 2_000, hex"00"))
        );
        (bool two,) = address(twin).call(
            abi.encodeCall(Operators.permit, (address(first), other, true, 2_000, hex"00"))
        );
        vm.assume(one || two);
        prove(!(one && two));
    }

    /// What was signed for one contract is not good for its twin at another address.
    function check_permit_for_one_contract(bytes32 digest, address operator, bool approved, uint32 deadline)
        external
    {
        first.sign(digest);
        operators.permit(address(first), operator, approved, deadline, hex"00");
        (bool taken,) = address(twin).call(
            abi.encodeCall(Operators.permit, (address(first), operator, approved, deadline, hex"00"))
        );
        prove(!taken);
    }

    /// Nor on a fork of the chain, at the same address with the same nonce.
    function check_permit_for_one_chain(bytes32 digest, address operator, bool approved, uint32 deadline)
        external
    {
        first.sign(digest);
        (, bytes memory answer) = address(this).call(abi.encodeCall(this.rehearse, (operator, approved, deadline)));
        require(answer.length == 4, "not good here");
        vm.chainId(block.chainid + 1);
        (bool taken,) = address(operators).call(
            abi.encodeCall(Operators.permit, (address(first), operator, approved, deadline, hex"00"))
        );
        prove(!taken);
    }

    /// Does it and undoes it.
    function rehearse(address operator, bool approved, uint256 deadline) external {
        operators.permit(address(first), operator, approved, deadline, hex"00");
        revert Good();
    }

    /// Nobody speaks for another: a call changes the approvals of its sender alone.
    function check_nobody_speaks_for_another(address sender, address operator, bool approved, address owner, address who)
        external
    {
        vm.assume(sender != owner);
        bool before = operators.is_operator(owner, who);
        vm.prank(sender);
        operators.set_operator(operator, approved);
        prove(operators.is_operator(owner, who) == before && operators.is_operator(sender, operator) == approved);
    }

    /// The owners' signatures under one call send it once.
    function check_multisig_once(bytes32 digest, uint32 deadline) external {
        first.sign(digest);
        second.sign(digest);
        this.execute(deadline, 0x0100);
        (bool again,) = address(this).call(abi.encodeCall(this.execute, (deadline, 0x0100)));
        prove(!again && multisig.nonce() == 1 && target.hits() == 1);
    }

    /// One owner who signs alone sends nothing, in whichever places it puts itself.
    function check_multisig_one_owner(bytes32 digest, uint32 deadline, bool which) external {
        (which ? first : second).sign(digest);
        bool taken;
        for (uint256 i = 0; i < 4; i++) {
            uint256 places = ((i >> 1) << 8) | (i & 1);
            (bool sent,) = address(this).call(abi.encodeCall(this.execute, (deadline, places)));
            taken = taken || sent;
        }
        prove(!taken && target.hits() == 0);
    }

    /// Owners and threshold change by the wallet's own call only.
    function check_multisig_changes_itself(address sender, address owner, address other, uint256 threshold)
        external
    {
        vm.assume(sender != address(multisig));
        address[] memory owners = new address[](2);
        (owners[0], owners[1]) = (owner, other);
        vm.prank(sender);
        (bool set,) = address(multisig).call(abi.encodeCall(Multisig.set_owners, (owners, threshold)));
        vm.prank(sender);
        (bool sent,) = address(multisig).call(abi.encodeCall(Multisig.batch, (new Call[](0))));
        prove(!set && !sent && multisig.threshold() == 2);
    }

    function execute(uint256 deadline, uint256 places) external {
        bytes32[2][] memory pairs = new bytes32[2][](2);
        bytes[] memory wallets = new bytes[](2);
        multisig.execute(address(target), abi.encodeCall(Target.hit, ()), deadline, places, pairs, wallets);
    }
}

contract SignaturesReached is SignaturesProof {
    function prove(bool) internal pure override {
        assert(false);
    }
}

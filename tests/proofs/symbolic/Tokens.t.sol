// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Bytecode} from "./Bytecode.sol";
import {Proof, vm} from "./Proof.sol";

interface Token {
    function allowance(address owner, address spender) external view returns (uint256);
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address owner) external view returns (uint256);
    function delegate(address delegatee) external;
    function getVotes(address account) external view returns (uint256);
    function mint(address recipient, uint256 amount) external;
    function nonces(address owner) external view returns (uint256);
    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external;
    function totalSupply() external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address owner, address to, uint256 amount) external returns (bool);
}

interface Tokens {
    function allowance(address owner, address spender, uint256 id) external view returns (uint256);
    function approve(address spender, uint256 id, uint256 amount) external returns (bool);
    function balanceOf(address owner, uint256 id) external view returns (uint256);
    function isOperator(address owner, address spender) external view returns (bool);
    function mint(address receiver, uint256 id, uint256 amount) external;
    function transferFrom(address sender, address receiver, uint256 id, uint256 amount) external returns (bool);
}

/// snekmate's ERC-20 as the settlement token, the vote token and the shares use it; the votes of
/// contracts/governance/VoteToken.vy; contracts/tokens/erc6909.vy
contract TokensProof is Proof {
    address constant ALICE = address(0xA11CE);
    address constant BOB = address(0xB0B);

    Token token;
    Token votes;
    Tokens many;

    function setUp() public {
        vm.warp(1_000);
        token = Token(deploy(bytes.concat(Bytecode.TOKEN, abi.encode("Token", "T", uint8(18)))));
        votes = Token(deploy(bytes.concat(Bytecode.VOTES, abi.encode("Votes", "V", uint256(1e26), ALICE))));
        many = Tokens(deploy(Bytecode.ERC6909));
    }

    /// A transfer by allowance moves what it says from its owner to its receiver, nothing else, and
    /// uses up the allowance unless that is unlimited.
    function check_transfer_from(
        address owner, address to, address spender, address other, uint256 held, uint256 allowed, uint256 amount
    ) external {
        vm.assume(other != owner && other != to && owner != to);
        token.mint(owner, held);
        vm.prank(owner);
        token.approve(spender, allowed);
        uint256 before = token.balanceOf(to);
        uint256 others = token.balanceOf(other);
        vm.prank(spender);
        token.transferFrom(owner, to, amount);
        prove(
            amount <= held && amount <= allowed && token.balanceOf(owner) == held - amount
                && token.balanceOf(to) == before + amount && token.balanceOf(other) == others
                && token.totalSupply() == held
                && token.allowance(owner, spender) == (allowed == type(uint256).max ? allowed : allowed - amount)
        );
    }

    /// A transfer to oneself changes nothing.
    function check_transfer_to_oneself(address owner, uint256 held, uint256 amount) external {
        token.mint(owner, held);
        vm.prank(owner);
        token.transfer(owner, amount);
        prove(token.balanceOf(owner) == held && token.totalSupply() == held);
    }

    /// A permit sets the allowance that it names and uses up exactly one nonce of its owner.
    function check_permit_uses_a_nonce(
        address owner, address spender, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s
    ) external {
        uint256 nonce = token.nonces(owner);
        token.permit(owner, spender, amount, deadline, v, r, s);
        prove(
            token.nonces(owner) == nonce + 1 && token.allowance(owner, spender) == amount
                && owner != address(0) && deadline >= block.timestamp
        );
    }

    /// Votes follow the balances: what one delegate loses another gains, and nobody else.
    function check_votes_follow_balances(uint256 amount, uint256 later) external {
        vm.prank(ALICE);
        votes.delegate(address(1));
        vm.prank(BOB);
        votes.delegate(address(2));
        vm.prank(ALICE);
        votes.transfer(BOB, amount);
        vm.prank(BOB);
        votes.transfer(ALICE, later);
        prove(
            votes.getVotes(address(1)) == votes.balanceOf(ALICE)
                && votes.getVotes(address(2)) == votes.balanceOf(BOB)
                && votes.getVotes(address(1)) + votes.getVotes(address(2)) == 1e26
        );
    }

    /// ERC-6909: a transfer by a spender needs an allowance of the same id, and moves that id alone.
    function check_many_transfer_from(
        address owner, address to, address spender, uint256 id, uint256 held, uint256 other, uint256 allowed,
        uint256 amount
    ) external {
        vm.assume(owner != to && spender != owner && id != other);
        many.mint(owner, id, held);
        many.mint(owner, other, held);
        vm.prank(owner);
        many.approve(spender, id, allowed);
        vm.prank(spender);
        many.transferFrom(owner, to, id, amount);
        prove(
            amount <= held && amount <= allowed && many.balanceOf(owner, id) == held - amount
                && many.balanceOf(to, id) == amount && many.balanceOf(owner, other) == held
                && many.balanceOf(to, other) == 0 && !many.isOperator(owner, spender)
                && many.allowance(owner, spender, id)
                    == (allowed == type(uint256).max ? allowed : allowed - amount)
        );
    }
}

contract TokensReached is TokensProof {
    function prove(bool) internal pure override {
        assert(false);
    }
}

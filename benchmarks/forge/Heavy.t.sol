// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

interface Vm {
    function loadAllocs(string calldata file) external;
    function warp(uint256 timestamp) external;
    function prank(address sender) external;
    function envUint(string calldata name) external view returns (uint256);
}

interface Ledger {
    function withdraw(uint256 account, uint256 asset, uint256 amount, address receiver) external;
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

/// Withdraws a unit from an account with 64 options: a margin check and what a transfer writes.
contract Handler {
    Ledger immutable ledger;
    uint256 immutable account;
    uint256 public calls;

    constructor(address ledger_, uint256 account_) {
        ledger = Ledger(ledger_);
        account = account_;
    }

    function withdraw() external {
        address owner = address(uint160(account >> 96));
        vm.prank(owner);
        ledger.withdraw(account, 0, 1, owner);
        calls++;
    }
}

contract HeavyTest {
    Handler handler;

    function setUp() external {
        vm.loadAllocs("allocs.json");
        vm.warp(vm.envUint("TIMESTAMP"));
        handler = new Handler(address(uint160(vm.envUint("LEDGER"))), vm.envUint("ACCOUNT"));
    }

    /// The least that can be asked after each call.
    function invariant_calls_count() external view {
        handler.calls();
    }
}

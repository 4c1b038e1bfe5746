// SPDX-License-Identifier: AGPL-3.0-only
pragma solidity ^0.8.0;

import {Bytecode} from "./Bytecode.sol";
import {Proof, vm} from "./Proof.sol";

interface Upgradeable {
    function initialize(address owner) external;
    function owner() external view returns (address);
    function proxiableUUID() external view returns (bytes32);
    function store(uint256 number) external;
    function number() external view returns (uint256);
    function transfer_ownership(address owner) external;
    function upgradeToAndCall(address implementation, bytes calldata data) external;
}

/// contracts/proxy/Proxy.vy before contracts/proxy/upgrades.vy, opened by tests/harness/ProxyHarness.vy
contract ProxiesProof is Proof {
    // keccak256("eip1967.proxy.implementation") - 1
    bytes32 constant SLOT = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    address constant OWNER = address(0xA11CE);

    address code;
    address next;
    Upgradeable proxy;

    function setUp() public {
        code = deploy(Bytecode.CODE_BEHIND);
        next = deploy(Bytecode.CODE_BEHIND);
        bytes memory first = abi.encodeCall(Upgradeable.initialize, (OWNER));
        proxy = Upgradeable(deploy(bytes.concat(Bytecode.PROXY, abi.encode(code, first))));
    }

    /// Nobody but the owner changes the code, with whatever data, and nobody is made owner.
    function check_only_the_owner_upgrades(address sender, address implementation, bytes32 data) external {
        vm.assume(sender != OWNER);
        vm.prank(sender);
        (bool upgraded,) = address(proxy).call(
            abi.encodeCall(Upgradeable.upgradeToAndCall, (implementation, abi.encode(data)))
        );
        // To code that is made for a proxy, with nothing that could revert.
        vm.prank(sender);
        (bool again,) = address(proxy).call(abi.encodeCall(Upgradeable.upgradeToAndCall, (next, "")));
        prove(!upgraded && !again && running() == code && proxy.owner() == OWNER);
    }

    /// Nobody is the first twice, and only the owner hands the unit over.
    function check_initialised_once(address sender, address owner) external {
        vm.prank(sender);
        (bool first,) = address(proxy).call(abi.encodeCall(Upgradeable.initialize, (owner)));
        vm.prank(sender);
        (bool handed,) = address(proxy).call(abi.encodeCall(Upgradeable.transfer_ownership, (owner)));
        prove(!first && (!handed || sender == OWNER) && running() == code);
    }

    /// The code behind cannot be taken over where it stands.
    function check_implementation_has_no_owner(address sender, address owner, address implementation) external {
        vm.assume(sender != code);
        vm.prank(sender);
        (bool first,) = code.call(abi.encodeCall(Upgradeable.initialize, (owner)));
        vm.prank(sender);
        (bool upgraded,) = code.call(abi.encodeCall(Upgradeable.upgradeToAndCall, (implementation, "")));
        prove(!first && !upgraded);
    }

    /// An upgrade moves the one word of ERC-1967 and leaves the unit's state where it is.
    function check_upgrade_keeps_the_state(uint256 number) external {
        proxy.store(number);
        vm.prank(OWNER);
        proxy.upgradeToAndCall(next, "");
        prove(running() == next && proxy.number() == number && proxy.owner() == OWNER);
    }

    /// Every word goes through and comes back as it is, and is kept in the proxy.
    function check_calls_go_through(address sender, uint256 number) external {
        vm.prank(sender);
        proxy.store(number);
        prove(proxy.number() == number && Upgradeable(code).number() == 0);
    }

    function running() internal view returns (address) {
        return address(uint160(uint256(vm.load(address(proxy), SLOT))));
    }
}

contract ProxiesReached is ProxiesProof {
    function prove(bool) internal pure override {
        assert(false);
    }
}

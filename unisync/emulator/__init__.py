"""A local emulator of IoT TwinMaker, Proton, CodeConnections, and parts of CloudFormation and STS, for tests."""

from __future__ import annotations

try:
    import cbor2 as _cbor2
    import h11 as _h11
except ImportError as _error:
    raise ImportError("unisync.emulator needs its extra: pip install 'unisync-aws[emulator]'") from _error

from unisync.emulator._scenario.setup import Setup
from unisync.emulator.application import RecordedCall
from unisync.emulator.clock import EmulatorClock
from unisync.emulator.emulator import ACCOUNT, REGION, ClientOptions, Emulator
from unisync.emulator.faults import KINDS as FAULTS

__all__ = ["ACCOUNT", "FAULTS", "REGION", "ClientOptions", "Emulator", "EmulatorClock", "RecordedCall", "Setup"]

del _cbor2, _h11

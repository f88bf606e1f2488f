"""Ctrl-C and SIGTERM: no finalizer and no library keeps a command from ending."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, PlainSerializer

from tests.support.processes import unmeasured
from unisync.cli.signals import TerminatedError, signals_raised

SIGNALS = pytest.mark.parametrize(
    ("number", "exception"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, TerminatedError)]
)


class Finalized:
    """An object that receives a signal while it is finalized."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number

    def __del__(self) -> None:
        signal.raise_signal(self._number)


@SIGNALS
def test_a_signal_in_a_finalizer(number: signal.Signals, exception: type[BaseException]) -> None:
    def command() -> None:
        Finalized(number)
        threading.Event().wait(10)

    with pytest.raises(exception), signals_raised():
        command()


@SIGNALS
def test_a_signal_in_a_function_that_a_library_calls(number: signal.Signals, exception: type[BaseException]) -> None:
    def serialized(value: object) -> str:
        signal.raise_signal(number)
        return str(value)

    class Serialized(BaseModel):
        field: Annotated[str, PlainSerializer(serialized)] = ""

    with pytest.raises(exception), signals_raised():
        Serialized().model_dump()


@SIGNALS
def test_a_signal_that_does_not_wake_the_main_thread(number: signal.Signals, exception: type[BaseException]) -> None:
    # As if it had arrived between Python's last look for signals and the system call that blocks.
    def send() -> None:
        signal.pthread_kill(threading.get_ident(), number)

    released = threading.Event()
    sender, releaser = threading.Timer(0.2, send), threading.Timer(10, released.set)

    def command() -> None:
        sender.start()
        releaser.start()
        released.wait()

    try:
        with pytest.raises(exception), signals_raised():
            command()
        assert not released.is_set()
    finally:
        releaser.cancel()


def test_other_errors_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __del__(self) -> None:
            raise ZeroDivisionError

    def command() -> None:
        Broken()
        raise LookupError

    ignored: list[object] = []

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        ignored.append(unraisable.exc_type)

    monkeypatch.setattr(sys, "unraisablehook", hook)
    with pytest.raises(LookupError), signals_raised():
        command()
    assert ignored == [ZeroDivisionError]


def test_handlers_are_restored_and_ignored_signals_stay_ignored() -> None:
    before: Any = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with signals_raised():
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    hook, threads = sys.unraisablehook, threading.enumerate()
    descriptor = signal.set_wakeup_fd(-1)
    with signals_raised():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert sys.unraisablehook is hook
    assert threading.enumerate() == threads
    assert signal.set_wakeup_fd(descriptor) == -1


STUBBORN = """
import signal, time
from unisync.cli.signals import signals_raised
with signals_raised():
    while True:
        try:
            print("waiting", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            signal.raise_signal(signal.SIGINT)  # as a program does that passes Ctrl-C on
"""


@pytest.mark.slow
def test_the_second_signal_ends_the_process() -> None:
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=unmeasured()) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "waiting\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "waiting\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 130
        finally:
            process.kill()

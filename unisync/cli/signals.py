"""Ctrl-C and SIGTERM as exceptions, which close connections and restore the terminal on their way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from _thread import interrupt_main, start_new_thread
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

_SHOW_CURSOR = b"\x1b[?25h"
_RESEND_DELAY = 0.05
"""Seconds after which a signal that raised nothing is sent again: a finalizer should have ended by then."""
_SAME_PRESS = 0.5
"""Seconds in which a second signal may be the first again, passed on by the process that started this one."""
_STOP = 0
"""Ends the thread that learns of signals; no signal has this number."""


class TerminatedError(BaseException):
    """SIGTERM was received."""


_EXCEPTIONS: dict[signal.Signals, type[BaseException]] = {
    signal.SIGINT: KeyboardInterrupt,
    signal.SIGTERM: TerminatedError,
}


@contextmanager
def signals_raised() -> Generator[None]:
    """Raise an exception on Ctrl-C and SIGTERM while the context lasts, and end the process if one comes again.

    Python raises it wherever the main thread is. In a finalizer, Python prints and drops it, so it is raised again.
    In a function that a library calls, the library may raise an error of its own instead, as pydantic does: that
    error ends the context as the exception. And a signal that arrives just before the main thread blocks, after
    Python has checked for one, does not wake it: a thread learns of each signal and sends it again.
    """
    if threading.current_thread() is not threading.main_thread():  # the caller handles signals
        yield
        return
    received: list[signal.Signals] = []
    since = 0.0
    is_repeated = False
    unraisable_before = sys.unraisablehook

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature of a signal handler
        nonlocal since, is_repeated
        if not received:
            since = time.monotonic()
        elif not is_repeated:
            if time.monotonic() - since > _SAME_PRESS:
                _end_now(number)
            return
        received.append(signal.Signals(number))
        is_repeated = False
        raise _EXCEPTIONS[received[-1]]

    def on_unraisable(unraisable: sys.UnraisableHookArgs) -> None:
        nonlocal is_repeated
        if not (received and isinstance(unraisable.exc_value, _EXCEPTIONS[received[-1]])):
            unraisable_before(unraisable)
            return
        is_repeated = True
        start_new_thread(_send_later, (received[-1],))

    def is_unnoticed(number: int) -> bool:
        return not received and number in numbers

    # Ctrl-C is ignored in a shell's background job, and stays so.
    numbers = [each for each in _EXCEPTIONS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, on_signal) for each in numbers}
    sys.unraisablehook = on_unraisable
    try:
        with _sent_again(is_unnoticed):
            yield
    except Exception:
        if received:
            raise _EXCEPTIONS[received[-1]] from None
        raise
    finally:
        sys.unraisablehook = unraisable_before
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _sent_again(is_unnoticed: Callable[[int], bool]) -> Generator[None]:
    """Send each signal again as long as the handler in Python has not noticed it."""
    if not hasattr(signal, "pthread_kill"):  # Windows, where only sockets tell of signals
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    def watch() -> None:
        while (number := os.read(reader, 1)[0]) != _STOP:
            time.sleep(_RESEND_DELAY)
            if is_unnoticed(number):
                _send(signal.Signals(number))

    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    thread = threading.Thread(target=watch, name="unisync-signals", daemon=True)
    try:
        thread.start()
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.write(writer, bytes([_STOP]))
        thread.join()
        os.close(reader)
        os.close(writer)


def _send_later(number: signal.Signals) -> None:
    time.sleep(_RESEND_DELAY)
    _send(number)


def _send(number: signal.Signals) -> None:
    """Send a signal to the main thread."""
    main_thread = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main_thread is not None:
        signal.pthread_kill(main_thread, number)
    else:
        interrupt_main(number)


def _end_now(number: int) -> None:
    for descriptor in (1, 2):
        if os.isatty(descriptor):
            os.write(descriptor, _SHOW_CURSOR)
            break
    os._exit(128 + number)

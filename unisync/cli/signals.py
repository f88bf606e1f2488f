"""Ctrl-C and SIGTERM as exceptions, which close connections and restore the terminal on their way."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from _thread import interrupt_main, start_new_thread
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_SHOW_CURSOR = b"\x1b[?25h"
_FINALIZER = 0.05
"""Seconds in which a finalizer should end."""
_SAME_PRESS = 0.5
"""Seconds in which a second signal may be the first again, passed on by the process that started this one."""


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
    error ends the context as the exception.
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
        start_new_thread(_send_again, (received[-1],))

    # Ctrl-C is ignored in a shell's background job, and stays so.
    numbers = [each for each in _EXCEPTIONS if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, on_signal) for each in numbers}
    sys.unraisablehook = on_unraisable
    try:
        yield
    except Exception:
        if received:
            raise _EXCEPTIONS[received[-1]] from None
        raise
    finally:
        sys.unraisablehook = unraisable_before
        for number, handler in before.items():
            signal.signal(number, handler)


def _send_again(number: signal.Signals) -> None:
    time.sleep(_FINALIZER)
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

"""Modules that are imported when they are first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from unisync._core.lazy import lazy_module


def test_a_module_is_imported_when_it_is_first_used() -> None:
    code = (
        "import sys\n"
        "from unisync._core.lazy import lazy_module\n"
        "module = lazy_module('colorsys')\n"
        "print('colorsys' in sys.modules, module.rgb_to_hsv is module.rgb_to_hsv, 'colorsys' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "False True True"


def test_a_missing_name_is_an_error_that_says_where() -> None:
    with pytest.raises(AttributeError, match="module 'colorsys' has no attribute 'nonsense'"):
        _ = lazy_module("colorsys").nonsense


def test_many_threads_may_be_the_first_to_use_it() -> None:
    """None of them sees a module that is half imported."""
    code = (
        "import threading\n"
        "from unisync import Unisync\n"
        "client, barrier, failed = Unisync(region_name='eu-west-1'), threading.Barrier(16), []\n"
        "def first(number):\n"
        "    barrier.wait()\n"
        "    try:\n"
        "        (client.twinmaker, client.codeconnections, client.watch([]))[number % 3]\n"
        "    except BaseException as error:\n"
        "        failed.append(error)\n"
        "threads = [threading.Thread(target=first, args=(number,)) for number in range(16)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "print(failed)"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.strip() == "[]"

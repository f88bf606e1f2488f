"""Simulated waits for a thousand syncs: how late the end of each is detected, and with how many calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import mean

from tools.bench import simulation
from tools.bench.results import Section, Table, Target
from tools.bench.simulation import Figures

RATES = (10.0, 20.0, 100.0)
STAGGERS = {0.0: "all started at once", 300.0: "started over 300 s"}
Case = tuple[float, float]
"""The allowed calls per second, and the seconds over which the syncs are started."""

WAIT_ALL, SINGLE, KNOWN_RATE = "`wait_all`", "single waits", "`wait_all`, known rate"
WAITER = "one waiter per sync, every 5 s"
BOUND = "bound: an even sweep at that rate"

Simulate = Callable[[float, int, float, int], Figures]
"""Simulates one approach. Its arguments: the rate, the number of syncs, the seconds over which they start, a seed."""


def section(quick: bool) -> Section:
    """Simulate all approaches in all cases."""
    count, seeds = (200, 1) if quick else (1000, 3)
    results: dict[Case, dict[str, Figures]] = {
        (rate, stagger): {
            name: _mean([simulate(rate, count, stagger, seed) for seed in range(seeds)])
            for name, simulate in _APPROACHES
        }
        for rate in RATES
        for stagger in STAGGERS
    }
    method = f"""
        {count} syncs that take log-normal times (median 60 s), started all at once or over 300 s. Time and service are
        simulated: the service allows so many calls per second, and bursts as large as one second's calls, and takes
        {1000 * simulation.LATENCY:.0f} ms to respond. The lag is the time from the end of a sync until it is detected;
        all figures are means of {seeds} random draws. unisync polls each sync with `Backoff()`, so every 2 to 20 s and
        never faster, since the account's rate limits are shared with other users of it. This sets a lower limit to its
        lag where the rate is ample. The bound is the mean lag of evenly sweeping over all pending syncs at exactly the
        allowed rate. The hand-written approaches retry as boto3 does by default (standard mode, 3 attempts, a retry
        quota). They are idealized: throttling never ends a waiter, and the waiters do not all start at the same time. A
        loop makes one call after the other, or 10 at a time, and starts again every so many seconds.
    """
    tables = [_table(_title(*case), figures) for case, figures in results.items()]
    figures = {_title(*case): _as_dicts(figures) for case, figures in results.items()}
    return Section("Waiting for many syncs, simulated", method, tables, _targets(results), figures)


def _title(rate: float, stagger: float) -> str:
    return f"{rate:.0f} calls per second, {STAGGERS[stagger]}"


def _one_loop(threads: int, interval: float) -> Simulate:
    return lambda rate, count, stagger, seed: simulation.one_loop(
        rate, count=count, stagger=stagger, interval=interval, threads=threads, seed=seed
    )


def _separate_loops(make: Callable[[int], object]) -> Simulate:
    return lambda rate, count, stagger, seed: simulation.separate_loops(
        rate, make(seed), count=count, stagger=stagger, seed=seed
    )


def _scheduled(*, known_rate: bool = False) -> Simulate:
    return lambda rate, count, stagger, seed: simulation.scheduled(
        rate, count=count, stagger=stagger, seed=seed, known_rate=known_rate
    )


def _single_waits(rate: float, count: int, stagger: float, seed: int) -> Figures:
    return simulation.single_waits(rate, count=count, stagger=stagger, seed=seed)


_APPROACHES: tuple[tuple[str, Simulate], ...] = (
    (WAIT_ALL, _scheduled()),
    (SINGLE, _single_waits),
    (KNOWN_RATE, _scheduled(known_rate=True)),
    (WAITER, _separate_loops(lambda seed: simulation.waiter(5, seed))),
    ("one waiter per sync, every 15 s", _separate_loops(lambda seed: simulation.waiter(15, seed))),
    ("one waiter per sync, every 30 s", _separate_loops(lambda seed: simulation.waiter(30, seed))),
    ("one loop per sync, full jitter up to 20 s", _separate_loops(lambda seed: simulation.full_jitter(1, 20, seed))),
    (
        "one loop per sync, every 5 s, with backoff",
        _separate_loops(lambda seed: simulation.throttle_backoff(5, 60, seed)),
    ),
    ("one loop, every 1 s", _one_loop(1, 1)),
    ("one loop, every 5 s", _one_loop(1, 5)),
    ("one loop in 10 threads, every 1 s", _one_loop(10, 1)),
    ("one loop in 10 threads, every 5 s", _one_loop(10, 5)),
)


def _mean(draws: list[Figures]) -> Figures:
    def mean_of(value: Callable[[Figures], float]) -> float:
        return mean(map(value, draws))

    return Figures(
        mean_of(lambda each: each.mean_lag),
        mean_of(lambda each: each.lag_95),
        round(mean_of(lambda each: each.calls)),
        mean_of(lambda each: each.throttled),
        mean_of(lambda each: each.bound),
    )


def _as_dicts(figures: Mapping[str, Figures]) -> dict[str, dict[str, float]]:
    return {name: vars(each) for name, each in figures.items()}


def _table(title: str, figures: Mapping[str, Figures]) -> Table:
    known_rate = figures[KNOWN_RATE].mean_lag
    rows = [
        (
            name,
            f"{each.mean_lag:.2f} s",
            f"{each.lag_95:.1f} s",
            str(each.calls),
            f"{100 * each.throttled:.1f} %",
            f"{each.mean_lag / each.bound:.2f}",
            f"{each.mean_lag / known_rate:.2f}",
        )
        for name, each in figures.items()
    ]
    bound = figures[WAIT_ALL].bound
    rows.append((BOUND, f"{bound:.2f} s", "", "", "", "1.00", f"{bound / known_rate:.2f}"))
    return Table((title, "mean lag", "95 %", "calls", "throttled", "lag / bound", "lag / known rate"), rows)


def _targets(results: Mapping[Case, Mapping[str, Figures]]) -> list[Target]:
    def target(
        text: str, maximum: float, ratio: Callable[[Mapping[str, Figures]], float], *, digits: int = 2
    ) -> Target:
        ratios = [ratio(figures) for figures in results.values()]
        listed = ", ".join(f"{value:.{digits}f}" for value in ratios)
        met = sum(value <= maximum for value in ratios)
        return Target(text, f"{listed} (in the order of the tables; {met} of {len(ratios)} are)", met == len(ratios))

    scarce = results[min(RATES), 0.0]
    scarce_lag = scarce[WAIT_ALL].mean_lag / scarce[WAITER].mean_lag
    return [
        target(
            "the mean lag of `wait_all` is at most 1.10 of that of the same scheduler with a known rate",
            1.10,
            lambda figures: figures[WAIT_ALL].mean_lag / figures[KNOWN_RATE].mean_lag,
        ),
        target("at most 2 % of its calls are throttled", 0.02, lambda figures: figures[WAIT_ALL].throttled, digits=4),
        target(
            "it makes at most 0.6 of the calls of waiters that poll every 5 s",
            0.6,
            lambda figures: figures[WAIT_ALL].calls / figures[WAITER].calls,
        ),
        Target(
            f"it has at most 0.6 of their mean lag where {min(RATES):.0f} calls per second are too few for them",
            f"{scarce_lag:.2f}",
            scarce_lag <= 0.6,
        ),
        target("its mean lag is at most 10 s or 1.25 of the bound, whichever is greater", 1.0, _relative_to_limit),
    ]


def _relative_to_limit(figures: Mapping[str, Figures]) -> float:
    return figures[WAIT_ALL].mean_lag / max(10.0, 1.25 * figures[WAIT_ALL].bound)

"""Waiting for a thousand syncs, simulated: how late each end is detected, and with how many calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import mean

from tools.bench import simulation
from tools.bench.figures import Aim, Section, Table
from tools.bench.simulation import Figures

RATES = (10.0, 20.0, 100.0)
STAGGERS = {0.0: "all at once", 300.0: "over 300 s"}
Case = tuple[float, float]
"""The allowed calls per second, and the seconds over which the syncs start."""

OURS, SINGLE, KNOWN = "`wait_all`", "single waits", "`wait_all`, knowing the rate"
WAITER = "a waiter each, every 5 s"
BOUND = "bound: an even sweep at that rate"
LOOPS = ("one loop, every 1 s", "one loop, every 5 s", "loop in 10 threads, every 1 s", "loop in 10 threads, every 5 s")
OTHERS = (
    WAITER,
    "a waiter each, every 15 s",
    "a waiter each, every 30 s",
    "each backs off, full jitter, to 20 s",
    "each every 5 s, backs off if throttled",
    *LOOPS,
)

Way = Callable[[float, int, float, int], Figures]
"""Simulates a way to wait: the rate, the number of syncs, the seconds over which they start, a seed."""


def section(quick: bool) -> Section:
    """All ways, in all cases."""
    count, seeds = (200, 1) if quick else (1000, 3)
    found: dict[Case, dict[str, Figures]] = {
        (rate, over): {name: _mean([way(rate, count, over, seed) for seed in range(seeds)]) for name, way in _WAYS}
        for rate in RATES
        for over in STAGGERS
    }
    how = f"""
        {count} syncs that end at log-normal times (median 60 s), all started at once or over 300 s. Time and service
        are simulated: the service allows so many calls per second, and as many at once as in a second, and responds in
        {1000 * simulation.LATENCY:.0f} ms. The lag is from the end of a sync until it is detected; means of {seeds}
        draws. unisync polls each sync by `Backoff()`, 2 to 20 s apart, and never faster, since the account's limits
        belong to others too: that bounds its lag from below where the rate is ample. The bound is what an even sweep
        over all pending syncs would reach at exactly the allowed rate. The hand-written ways retry as boto3 does by
        default (standard mode, 3 attempts, a quota); waiters go on where one of boto3's would fail, and do not start in
        step. A loop makes one call after the other, or 10 at a time, and restarts so many seconds after it started.
    """
    tables = [_table(f"{rate:.0f} calls per second, {STAGGERS[over]}", ways) for (rate, over), ways in found.items()]
    figures = {f"{rate:.0f} per second, {STAGGERS[over]}": _plain(ways) for (rate, over), ways in found.items()}
    return Section("Waiting for many, simulated", how, tables, _aims(found), figures)


def _looping(threads: int, pause: float) -> Way:
    return lambda rate, count, over, seed: simulation.one_loop(
        rate, count=count, staggered_over=over, pause=pause, threads=threads, seed=seed
    )


def _alone(loop: Callable[[int], object]) -> Way:
    return lambda rate, count, over, seed: simulation.by_hand(
        rate, loop(seed), count=count, staggered_over=over, seed=seed
    )


def _scheduled(*, known_rate: bool = False) -> Way:
    return lambda rate, count, over, seed: simulation.scheduled(
        rate, count=count, staggered_over=over, seed=seed, known_rate=known_rate
    )


_WAYS: tuple[tuple[str, Way], ...] = (
    (OURS, _scheduled()),
    (SINGLE, lambda rate, count, over, seed: simulation.one_by_one(rate, count=count, staggered_over=over, seed=seed)),
    (KNOWN, _scheduled(known_rate=True)),
    (OTHERS[0], _alone(lambda seed: simulation.waiter(5, seed))),
    (OTHERS[1], _alone(lambda seed: simulation.waiter(15, seed))),
    (OTHERS[2], _alone(lambda seed: simulation.waiter(30, seed))),
    (OTHERS[3], _alone(lambda seed: simulation.full_jitter(1, 20, seed))),
    (OTHERS[4], _alone(lambda seed: simulation.backing_off(5, 60, seed))),
    (LOOPS[0], _looping(1, 1)),
    (LOOPS[1], _looping(1, 5)),
    (LOOPS[2], _looping(10, 1)),
    (LOOPS[3], _looping(10, 5)),
)


def _mean(draws: list[Figures]) -> Figures:
    def of(value: Callable[[Figures], float]) -> float:
        return mean(map(value, draws))

    return Figures(
        of(lambda each: each.mean_lag),
        of(lambda each: each.lag_95),
        round(of(lambda each: each.calls)),
        of(lambda each: each.throttled),
        of(lambda each: each.bound),
    )


def _plain(ways: Mapping[str, Figures]) -> dict[str, dict[str, float]]:
    return {name: vars(each) for name, each in ways.items()}


def _table(case: str, ways: Mapping[str, Figures]) -> Table:
    known = ways[KNOWN].mean_lag
    rows = [
        (
            name,
            f"{each.mean_lag:.2f} s",
            f"{each.lag_95:.1f} s",
            str(each.calls),
            f"{100 * each.throttled:.1f} %",
            f"{each.mean_lag / each.bound:.2f}",
            f"{each.mean_lag / known:.2f}",
        )
        for name, each in ways.items()
    ]
    bound = ways[OURS].bound
    rows.append((BOUND, f"{bound:.2f} s", "", "", "", "1.00", f"{bound / known:.2f}"))
    return Table((case, "mean lag", "95 %", "calls", "throttled", "of the bound", "of knowing the rate"), rows)


def _aims(found: Mapping[Case, Mapping[str, Figures]]) -> list[Aim]:
    def aim(text: str, most: float, ratio: Callable[[Mapping[str, Figures]], float], *, digits: int = 2) -> Aim:
        ratios = {case: ratio(ways) for case, ways in found.items()}
        listed = _listed(ratios.values(), digits)
        within = sum(value <= most for value in ratios.values())
        return Aim(text, f"{listed} (in the order of the tables: {within} of {len(ratios)} are)", within == len(ratios))

    ways_if_scarce = found[min(RATES), 0.0]
    scarce = ways_if_scarce[OURS].mean_lag / ways_if_scarce[WAITER].mean_lag
    return [
        aim(
            "mean lag of `wait_all` at most 1.10 of that of the same scheduler that knows the rate",
            1.10,
            lambda ways: ways[OURS].mean_lag / ways[KNOWN].mean_lag,
        ),
        aim("less than 2 % of its calls throttled", 0.02, lambda ways: ways[OURS].throttled, digits=4),
        aim(
            "at most 0.6 of the calls of waiters that poll every 5 s",
            0.6,
            lambda ways: ways[OURS].calls / ways[WAITER].calls,
        ),
        Aim(
            f"at most 0.6 of their lag where {min(RATES):.0f} calls per second are too few for them",
            f"{scarce:.2f}",
            scarce <= 0.6,
        ),
        aim("a mean lag of at most 10 s or 1.25 of the bound", 1.0, _of_limit),
    ]


def _of_limit(ways: Mapping[str, Figures]) -> float:
    ours = ways[OURS]
    return ours.mean_lag / max(10.0, 1.25 * ours.bound)


def _listed(values: Iterable[float], digits: int = 2) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)

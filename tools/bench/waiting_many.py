"""Waiting for a thousand syncs, simulated: how late each end is seen, and for how many calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from statistics import mean

import simulation
from figures import Aim, Section, Table
from simulation import Figures

RATES = (10.0, 20.0, 100.0)
STAGGERS = {0.0: "all at once", 300.0: "over 300 s"}
Case = tuple[float, float]
"""Calls a second that are allowed, and the seconds over which the syncs are started."""

OURS, SINGLE, ECONOMY, TOLD = "`wait_all`", "single waits", "`wait_all(economy=True)`", "`wait_all`, told the rate"
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
"""Simulates a way to wait: at a rate, for so many, started over so many seconds, with a seed."""


def section(quick: bool) -> Section:
    """All ways, in all cases."""
    count, seeds = (200, 1) if quick else (1000, 3)
    found: dict[Case, dict[str, Figures]] = {
        (rate, over): {name: _mean([way(rate, count, over, seed) for seed in range(seeds)]) for name, way in _WAYS}
        for rate in RATES
        for over in STAGGERS
    }
    how = f"""
        {count} syncs that come to their end at log-normal times (median 60 s), all started at once or over 300 s. Time
        is simulated, and so is the service: it allows so many calls a second, as many at once as in a second, and
        answers in {1000 * simulation.LATENCY:.0f} ms. The lag is from a sync's end until it is seen; means of {seeds}
        draws. The bound is what an even sweep over all that have not ended would reach, were each answered at once, by
        one who knows the rate. What is written by hand retries as boto3 does by default (standard mode, 3 tries, a
        quota); waiters go on where one of boto3's would fail, and do not start all in step. A loop makes one call after
        the other, or 10 at a time, and begins again so many seconds after it began, or as soon as it is through. With
        answers in 50 ms, a loop that makes one call after the other makes 20 a second: where just as many are allowed,
        it does as well as can be done.
    """
    tables = [_table(f"{rate:.0f} calls a second, {STAGGERS[over]}", ways) for (rate, over), ways in found.items()]
    figures = {f"{rate:.0f} a second, {STAGGERS[over]}": _plain(ways) for (rate, over), ways in found.items()}
    return Section("Waiting for many, simulated", how, tables, _aims(found), figures)


def _looping(threads: int, pause: float) -> Way:
    return lambda rate, count, over, seed: simulation.one_loop(
        rate, count=count, staggered_over=over, pause=pause, threads=threads, seed=seed
    )


def _alone(loop: Callable[[int], object]) -> Way:
    return lambda rate, count, over, seed: simulation.by_hand(
        rate, loop(seed), count=count, staggered_over=over, seed=seed
    )


def _scheduled(*, economy: bool = False, told: bool = False) -> Way:
    return lambda rate, count, over, seed: simulation.scheduled(
        rate, count=count, staggered_over=over, seed=seed, economy=economy, told=told
    )


_WAYS: tuple[tuple[str, Way], ...] = (
    (OURS, _scheduled()),
    (SINGLE, lambda rate, count, over, seed: simulation.one_by_one(rate, count=count, staggered_over=over, seed=seed)),
    (ECONOMY, _scheduled(economy=True)),
    (TOLD, _scheduled(told=True)),
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
    told = ways[TOLD].mean_lag
    rows = [
        (
            name,
            f"{each.mean_lag:.2f} s",
            f"{each.lag_95:.1f} s",
            str(each.calls),
            f"{100 * each.throttled:.1f} %",
            f"{each.mean_lag / each.bound:.2f}",
            f"{each.mean_lag / told:.2f}",
        )
        for name, each in ways.items()
    ]
    bound = ways[OURS].bound
    rows.append((BOUND, f"{bound:.2f} s", "", "", "", "1.00", f"{bound / told:.2f}"))
    return Table((case, "mean lag", "95 %", "calls", "throttled", "of the bound", "of told the rate"), rows)


def _aims(found: Mapping[Case, Mapping[str, Figures]]) -> list[Aim]:
    def best(ways: Mapping[str, Figures], names: tuple[str, ...]) -> float:
        return min(ways[name].mean_lag for name in names)

    def aim(text: str, most: float, ratio: Callable[[Mapping[str, Figures]], float], *, digits: int = 2) -> Aim:
        ratios = {case: ratio(ways) for case, ways in found.items()}
        listed = _listed(ratios.values(), digits)
        within = sum(value <= most for value in ratios.values())
        return Aim(text, f"{listed} (in the order of the tables: {within} of {len(ratios)} are)", within == len(ratios))

    staggered = {case: ways for case, ways in found.items() if case[1]}
    of_bound = [ways[OURS].mean_lag / ways[OURS].bound for ways in staggered.values()]
    fast = {case: ways for case, ways in found.items() if case[0] == max(RATES)}
    of_loops = [ways[OURS].mean_lag / best(ways, LOOPS) for ways in fast.values()]
    of_single = [ways[OURS].mean_lag / best(ways, LOOPS[:2]) for ways in fast.values()]
    return [
        aim(
            "mean lag of `wait_all` at most 1.10 of that of the same scheduler that is told the rate",
            1.10,
            lambda ways: ways[OURS].mean_lag / ways[TOLD].mean_lag,
        ),
        Aim(
            "at most 1.25 of the bound where the syncs are started over 300 s",
            _listed(of_bound),
            max(of_bound) <= 1.25,
        ),
        aim("less than 2 % of its calls throttled", 0.02, lambda ways: ways[OURS].throttled, digits=4),
        aim(
            "at most 0.25 of the lag of waiters that look every 5 s",
            0.25,
            lambda ways: ways[OURS].mean_lag / ways[WAITER].mean_lag,
        ),
        aim("with at most half of their calls", 0.5, lambda ways: ways[OURS].calls / ways[WAITER].calls),
        aim(
            "less lag than the best of all that is written by hand, whichever that is",
            1.0,
            lambda ways: ways[OURS].mean_lag / best(ways, OTHERS),
            digits=3,
        ),
        Aim(
            f"at most 0.6 of the lag of the best loop at {max(RATES):.0f} calls a second",
            f"{_listed(of_loops)}; of the best that makes one call after the other, {_listed(of_single)}",
            max(of_loops) <= 0.6,
        ),
        aim(
            "with economy at most a third of the calls",
            0.334,
            lambda ways: ways[ECONOMY].calls / ways[OURS].calls,
        ),
        aim(
            "for at most a tenth more lag",
            1.10,
            lambda ways: ways[ECONOMY].mean_lag / ways[OURS].mean_lag,
        ),
    ]


def _listed(values: Iterable[float], digits: int = 2) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)

"""The first step of each kind, on toys whose ways were counted by hand."""

from collections.abc import Iterator

from checker.engines.explicit.first import first


class Clock:
    """It counts from 0 to 11, by one or by three, and begins again."""

    def initial(self) -> int:
        return 0

    def steps(self, hour: int) -> Iterator[tuple[int, int]]:
        yield 1, (hour + 1) % 12
        yield 3, (hour + 3) % 12


def strikes(hour: int, by: int) -> Iterator[str]:
    """What a step shows: where it begins, with threes apart."""
    yield f"{hour} by {by}"
    if hour + by >= 12:
        yield "midnight"


def test_the_run_is_a_shortest_one_and_ends_with_the_step() -> None:
    runs = first(Clock(), ["midnight", "0 by 3", "7 by 1"], strikes)
    assert {name: len(run.steps) for name, run in runs.items()} == {
        "0 by 3": 1,
        "midnight": 4,
        "7 by 1": 4,
    }
    assert [by for by, _ in runs["midnight"].steps] == [3, 3, 3, 3]
    assert [hour for _, hour in runs["7 by 1"].steps] == [1, 4, 7, 8]
    assert runs["7 by 1"].start == 0


def test_what_no_step_shows_is_missing() -> None:
    assert set(first(Clock(), ["0 by 1", "noon"], strikes)) == {"0 by 1"}


def test_it_ends_with_what_was_wanted() -> None:
    asked: list[int] = []

    def shows(hour: int, by: int) -> Iterator[str]:
        asked.append(hour)
        yield f"{hour} by {by}"

    first(Clock(), ["0 by 3"], shows)
    assert set(asked) == {0}

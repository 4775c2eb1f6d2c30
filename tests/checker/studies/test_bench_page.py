"""The tables of the documentation are made from what was measured."""

from pathlib import Path

import pytest

from checker.studies import bench, bench_page
from checker.support.errors import UsageProblem
from tests.checker.studies.test_bench import ROOT, row

PAGE = f"# Speed\n\n{bench_page.BEGIN}\nold\n{bench_page.END}\n\nMore.\n"


def measured(bounds: dict[str, int], *rows: bench.Row) -> bench_page.Measured:
    return bench.document(rows, "handshake", {}, bounds)


def test_the_page_is_what_the_data_say() -> None:
    page = (ROOT / bench_page.PAGE).read_text(encoding="utf-8")
    assert bench_page.renewed(page, bench_page.read(ROOT)) == page


def test_a_case_takes_the_place_of_the_same_case(tmp_path: Path) -> None:
    page = tmp_path / bench_page.PAGE
    page.parent.mkdir(parents=True)
    (tmp_path / bench_page.DATA).parent.mkdir(parents=True)
    page.write_text(PAGE)
    sets = row(tool="sets", wall_s=0.5)
    bench_page.renew(tmp_path, measured({"in_flight": 2}, row(wall_s=9.0)))
    bench_page.renew(tmp_path, measured({"in_flight": 3}, row(), row(complete=False, note="late")))
    bench_page.renew(tmp_path, measured({"in_flight": 2}, row(), sets))
    assert [one["bounds"] for one in bench_page.read(tmp_path)] == [
        {"in_flight": 2},
        {"in_flight": 3},
    ]
    text = page.read_text()
    assert text.startswith(f"# Speed\n\n{bench_page.BEGIN}\n\n`--profile handshake --bounds in_fl")
    assert text.endswith(f"\n\n{bench_page.END}\n\nMore.\n") and "old" not in text
    assert "| sets | 1 | 10 | 20 | 0.5 | 1.0 | 0.00 | 100.0 | 0.25 |" in text
    assert "not complete: late" in text and "9.0" not in text
    assert bench.described()["processor"] in text


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(UsageProblem, match="has no part between"):
        bench_page.renewed("# Speed\n", [])

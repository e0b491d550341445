# SPDX-License-Identifier: BSD-3-Clause
"""bench/compare without its peers: turns, ratios, judgement, tables, and what becomes of a process that goes wrong."""

from __future__ import annotations

import math
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import numpy as np
import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

from compare import cells, data, front, judge, marks, process, readme, settle, summary, tables  # noqa: E402
from compare.cells import Budget, Entry  # noqa: E402
from compare.failures import PeerFailed  # noqa: E402
from compare.kept import Kept, Part  # noqa: E402
from compare.peers import OURS_HT, OURS_PART1, PEERS, Peer  # noqa: E402
from compare.report import Report, Row  # noqa: E402
from compare.sections import scaling  # noqa: E402
from compare.session import Session  # noqa: E402

J2K = next(peer for peer in PEERS if peer.name == "blosc2-j2k 0.4.0")
PILLOW = next(peer for peer in PEERS if peer.name == "Pillow JPEG 2000")

# One class a way to go wrong; the process is a real one, with the worker of the benchmark in it.
ADAPTERS = """
import os, signal, time
from compare.adapters.base import Adapter, Refused

class Right(Adapter):
    def encode(self): return self.case.samples.copy()
    def decode(self, stored): return stored
    def stored_bytes(self, stored): return stored.nbytes // 2

class Noisy(Right):
    def encode(self):
        os.write(1, b"not an answer")
        return super().encode()

class Wrong(Right):
    def decode(self, stored): stored.flat[:5] += 1; return stored

class OtherType(Right):
    def decode(self, stored): return stored.astype("int32")

class Crashes(Right):
    def decode(self, stored): os.kill(os.getpid(), signal.SIGSEGV)

class Exits(Right):
    def encode(self): os._exit(3)

class Hangs(Right):
    def encode(self): time.sleep(60)

class Refuses(Right):
    def encode(self): raise Refused("knows no such thing")

class Fails(Right):
    def encode(self): raise RuntimeError("out of luck")
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """One whose peers' adapters are those of ADAPTERS."""
    (tmp_path / "adapters_for_test.py").write_text(ADAPTERS)

    def start(peer: Peer, cores: List[int], log: Any) -> process.Process:
        command = [sys.executable, "-m", "compare.worker", "adapters_for_test", peer.adapter, "{}"]
        path = os.pathsep.join([str(BENCH), str(tmp_path)])
        return process.Process(command, {**os.environ, "PYTHONPATH": path}, cores, log)

    monkeypatch.setattr(process, "start", start)
    with open(tmp_path / "log", "wb") as log:
        session = Session(tmp_path, log, Budget(rounds=2, seconds=9, limit_seconds=3), is_quick=True)
        yield session
        session.close()


def _peer(adapter: str) -> Peer:
    return Peer(adapter, "other", "", "", adapter)


def _entry(stored_bytes: int = 100, **seconds: List[float]) -> Entry:
    return Entry(stored_bytes=stored_bytes, seconds={name: dict(enumerate(times)) for name, times in seconds.items()})


def _item() -> data.Item:
    return data.one_block("a picture", np.arange(10_000, dtype=np.uint16).reshape(100, 100))


@pytest.mark.parametrize(
    "adapter, said",
    [
        ("Wrong", "wrong data: 0.05 % of samples"),
        ("OtherType", "wrong data: int32 (100, 100) for uint16 (100, 100)"),
        ("Crashes", "crashes (SIGSEGV)"),
        ("Exits", "ends with status 3"),
        ("Hangs", "hangs: no end after 3 s"),
        ("Refuses", "knows no such thing"),
        ("Fails", "fails: RuntimeError: out of luck"),
    ],
)
def test_what_went_wrong_stands_in_the_cell_and_the_others_go_on(session: Session, adapter: str, said: str) -> None:
    peers = [_peer("Right"), _peer(adapter), _peer("Noisy")]
    entries = session.compare(_item(), {peer: None for peer in peers}, judge.check_lossless)
    assert [entries[peer].failure for peer in peers] == ["", said, ""]
    assert entries[peers[0]].stored_bytes == 10_000
    assert all(len(entries[peer].seconds["decode"]) == 2 for peer in (peers[0], peers[2]))
    rows = tables.rows_of(_item(), entries, ["ratio", "MB/s in"])
    assert rows[1] == [adapter, "", f"**{said}**"]
    assert rows[0][1] == "2.000"


def test_a_process_that_died_is_started_again_for_the_next_case(session: Session) -> None:
    peer = _peer("Crashes")
    for _ in range(2):
        entries = session.compare(_item(), {peer: None}, judge.check_lossless)
        assert entries[peer].failure == "crashes (SIGSEGV)"


def test_peak_memory_counts_what_a_call_held(session: Session) -> None:
    item = data.one_block("large", np.ones((4000, 4000), dtype=np.uint16))
    peak = session.peak_memory(_peer("Right"), item)
    assert 0.9 < peak["encode"] < 1.5  # one copy


def test_a_ratio_is_the_median_of_those_within_rounds() -> None:
    ours = _entry(encode=[1.0, 10.0, 2.0])
    theirs = _entry(encode=[2.0, 30.0, 2.0])
    assert cells.ratios_of(ours, theirs, "encode") == [2.0, 3.0, 1.0]
    assert cells.speed_ratio(ours, theirs, "encode") == 2.0  # that of the medians would be 1


def test_only_rounds_of_both_count_and_none_of_one_that_failed() -> None:
    ours = Entry(seconds={"encode": {0: 1.0, 2: 1.0, 3: 1.0}})
    theirs = Entry(seconds={"encode": {0: 4.0, 1: 9.0, 3: 6.0}})
    assert cells.ratios_of(ours, theirs, "encode") == [4.0, 6.0]
    assert cells.speed_ratio(ours, Entry(failure="crashes"), "encode") is None
    assert cells.speed_ratio(ours, Entry(seconds={"encode": {1: 1.0}}), "encode") is None


def test_work_counts_by_the_least_cpu_time() -> None:
    ours, theirs = Entry(work={"encode": {0: 2.0, 1: 4.0}}), Entry(work={"encode": {0: 9.0, 1: 5.0}})
    assert cells.work_ratio(ours, theirs, "encode") == 2.5
    assert cells.work_ratio(ours, Entry(), "encode") is None
    assert cells.work_ratio(Entry(work={"encode": {0: 0.0}}), theirs, "encode") is None


def _play(budget: Budget, times: Dict[str, float], anchors: List[str]) -> Tuple[Dict[str, Entry], List[str]]:
    order: List[str] = []

    def turn(name: str, operation: str) -> Dict[str, Any]:
        order.append(name)
        if times[name] < 0:
            raise PeerFailed("no")
        return {"seconds": times[name], "work": 0.0}

    return cells.take_turns(list(times), ["encode"], turn, budget, anchors), order


def test_who_begins_changes_from_round_to_round() -> None:
    _, order = _play(Budget(3, 9, 1), {"a": 1, "b": 1, "c": 1}, [])
    assert "".join(order) == "abcbcacab"


def test_slow_ones_stop_at_their_seconds_and_anchors_play_every_round() -> None:
    entries, _ = _play(Budget(5, 3, 1), {"anchor": 2.0, "slow": 2.0, "fast": 0.1, "broken": -1}, ["anchor"])
    played = {name: len(entry.seconds["encode"]) for name, entry in entries.items()}
    assert played == {"anchor": 5, "slow": 2, "fast": 5, "broken": 0}
    assert entries["broken"].failure == "no"


def test_loss_is_what_its_definition_says() -> None:
    original = np.array([[0, 100], [200, 255]], dtype=np.uint8)
    decoded = np.array([[3, 100], [200, 251]], dtype=np.uint8)
    loss = judge.loss_of(original, decoded)
    assert loss.max_error == 4
    assert loss.rmse == pytest.approx(2.5)
    assert loss.psnr == pytest.approx(20 * math.log10(255 / 2.5))
    assert judge.loss_of(original, original).psnr == math.inf


def test_a_bound_holds_or_is_told_to_be_broken() -> None:
    original = np.zeros((4, 4), dtype=np.int16)
    judge.check_bound(original, original + np.int16(3), 3)
    with pytest.raises(PeerFailed, match="error 3 where 2 was the most"):
        judge.check_bound(original, original - np.int16(3), 2)


@pytest.mark.parametrize("knob", [(1.0, 1000.0), (1000.0, 1.0)])
def test_search_finds_the_worst_setting_that_is_good(knob: Tuple[float, float]) -> None:
    rises = knob[0] < knob[1]
    found = settle.search(knob, lambda value: value <= 50 if rises else value >= 50, lambda: False, whole=False)
    assert found == pytest.approx(50, rel=1e-2)


def test_search_takes_whole_numbers_and_says_when_nothing_is_good() -> None:
    assert settle.search((1, 255), lambda value: value <= 80, lambda: False, whole=True) == 80
    with pytest.raises(ValueError):
        settle.search((1, 255), lambda value: False, lambda: False, whole=True)


@pytest.mark.parametrize(
    "value, text",
    [(None, ""), (0.0, "0.00"), (0.01234, "0.0123"), (1.0, "1.00"), (123.4, "123"), (45678.9, "45679"),
     (math.inf, "lossless"), (math.nan, "")],
)  # fmt: skip
def test_numbers_have_three_digits(value: Any, text: str) -> None:
    assert tables.number(value) == text


def test_a_table_is_markdown_whatever_is_in_its_cells() -> None:
    lines = tables.table(["codec", "MB/s"], [["a|b", "1"], ["c", "two\nlines"]]).splitlines()
    assert lines == ["| codec | MB/s |", "| :-- | --: |", r"| a\|b | 1 |", "| c | two lines |"]


def test_a_row_tells_speeds_and_how_ours_compares() -> None:
    entries = {OURS_PART1: _entry(5_000, encode=[0.1, 0.3, 0.2]), J2K: _entry(10_000, encode=[0.2, 0.3, 0.4])}
    rows = tables.rows_of(_item(), entries, ["ratio", "MB/s in", "ours / it, in"])
    assert rows[0] == ["blosc2_grok Part 1", "4.000", "0.100 (0.200)", ""]
    assert rows[1] == ["blosc2-j2k 0.4.0", "2.000", "0.0667 (0.100)", "2.00"]


def _row(**entries: Entry) -> Row:
    peers = {"ours": OURS_PART1, "ht": OURS_HT, "j2k": J2K, "pillow": PILLOW}
    return Row("Lossless", _item().facts, 1, {peers[name]: entry for name, entry in entries.items()})


def test_the_summary_holds_ours_against_the_fastest_that_was_right() -> None:
    slow, fast = _entry(encode=[3.0, 3.0]), _entry(200, encode=[1.0, 1.0])
    row = _row(ours=_entry(150, encode=[2.0, 2.0]), j2k=slow, pillow=fast)
    assert summary.against_best(row.entries, OURS_PART1, "encode") == 0.5
    row.entries[PILLOW] = Entry(failure="wrong data: 3 % of samples")
    assert summary.against_best(row.entries, OURS_PART1, "encode") == 1.5
    assert summary.failures([row, row]) == [["Pillow JPEG 2000", "wrong data: 3 % of samples", "a picture"]]
    assert "a picture, in, 1 thread(s): 1.50" in "\n".join(summary.text([row]))


@pytest.mark.parametrize("seconds, met", [(2.0, "yes"), (3.0, "**no**")])
def test_a_mark_is_met_or_not(seconds: float, met: str) -> None:
    row = _row(ours=_entry(encode=[seconds] * 2, decode=[1.0, 1.0]), j2k=_entry(encode=[2.0, 2.0], decode=[1.0, 1.0]))
    line = marks.text([row]).splitlines()[2]
    assert line.startswith("| Part 1, lossless: speed to the best Part 1 peer, everywhere | at least 0.95 |")
    assert line.endswith(f"| {met} |")


def test_the_model_of_threads_passes_through_what_was_measured() -> None:
    assert [scaling.model(10.0, 6.0, n, blocks=4) for n in (1, 2)] == pytest.approx([10.0, 6.0])
    assert scaling.model(10.0, 6.0, 4, blocks=4) == pytest.approx(4.0)
    assert scaling.model(10.0, 6.0, 400, blocks=4) == pytest.approx(4.0)  # no more threads than blocks
    assert scaling.model(10.0, 4.0, 4, blocks=4) == pytest.approx(2.5)  # nothing is done in less than no time


def test_a_report_is_written_with_every_time(tmp_path: Path) -> None:
    report = Report(tmp_path, rows=[_row(ours=_entry(encode=[1.0, 2.0]), j2k=Entry(failure="hangs"))])
    report.add("## A section", "text")
    path = report.write("README.md", ["# Title"])
    assert path.read_text() == "# Title\n\n## A section\n\ntext\n"
    assert '"hangs"' in (tmp_path / "results.json").read_text()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["README.md", "results.json"]


def test_parts_are_kept_for_a_run_of_the_same_stamp_only(tmp_path: Path) -> None:
    part = Part(["## A section"], [_row(ours=_entry(encode=[1.0, 2.0]))], {"ours": ["1.0"]}, 2.5, ["a machine"])
    kept = Kept(tmp_path / "parts", "this tree")
    assert kept.load("lossy-1") is None
    kept.save("lossy-1", part)
    assert kept.load("lossy-1") == part
    assert Kept(tmp_path / "parts", "another tree").load("lossy-1") is None
    kept.clear()
    assert kept.load("lossy-1") is None


def test_the_front_table_names_the_better_choice_in_bold() -> None:
    item = replace(_item(), name="CT, signed, one block")
    lz4 = next(peer for peer in PEERS if peer.name == "bitshuffle + LZ4")
    entries = {
        OURS_PART1: _entry(100, encode=[4.0, 4.0], decode=[4.0, 4.0]),
        OURS_HT: _entry(110, encode=[2.0, 2.0], decode=[1.0, 1.0]),
        J2K: _entry(105, encode=[8.0, 8.0], decode=[8.0, 8.0]),
        lz4: _entry(200, encode=[1.0, 1.0], decode=[2.0, 2.0]),
        PILLOW: Entry(failure="hangs"),
    }
    page = front.text([Row("Lossless", item.facts, 1, entries)], ["a machine"])
    line = next(line for line in page.splitlines() if line.startswith("| lossless"))
    cells_ = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells_[4:] == ["blosc2_grok Part 1", "**bitshuffle + LZ4**", "blosc2_grok HT"]
    assert cells_[2].startswith("blosc2-j2k 0.4.0")
    assert "Pillow" not in line
    assert front.text([Row("Lossless", item.facts, 2, entries)], []) == ""  # of one thread alone


def test_the_table_goes_between_the_markers_of_the_readme(tmp_path: Path) -> None:
    page, table = tmp_path / "README.md", tmp_path / "summary.md"
    page.write_text("# Title\n\n## Documentation\n\nend\n")
    for text in ("first\n", "second\n"):
        table.write_text(text)
        readme.insert(table, page)
    marked = f"{readme.BEGIN}\nsecond\n{readme.END}"
    assert page.read_text() == f"# Title\n\n### Side by side\n\n{marked}\n\n## Documentation\n\nend\n"
    page.write_text("# Title\n")
    with pytest.raises(ValueError, match="no heading"):
        readme.insert(table, page)
    assert page.read_text() == "# Title\n"

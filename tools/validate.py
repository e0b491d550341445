# SPDX-License-Identifier: BSD-3-Clause
"""docs/validation.md, the gates of src/j2k, out of the runs on record in docs/validation.json.

    python tools/validate.py                 writes the page anew
    python tools/validate.py test            runs the gates that are tests (build/release), and puts them on record
    python tools/validate.py add FILE...     puts on record what tools/campaign.sh (*.jsonl), tools/soak.py,
                                             tools/fuzz.sh (runs.txt) or bench/engines.py --record left

A run that is on record already is not counted twice. Exit code 1 while a gate does not hold.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Tuple

ROOT = Path(__file__).parents[1]
RECORD, PAGE = ROOT / "docs/validation.json", ROOT / "docs/validation.md"
CODERS = {"ht": "HT", "part1": "Part 1"}
AIMS = {"ht": 1_000_000, "part1": 100_000}  # settings
FUZZ_HOURS = 24.0
Run = Dict[str, Any]
Gate = Tuple[bool, str]  # holds, what was found

# Tests that are gates: name, coders, command, environment.
TESTS: List[Tuple[str, str, str, Dict[str, str]]] = [
    ("reference", "ht", "tests/j2k/reference_agreement_test", {"J2K_TEST_CASES": "4000"}),
    ("kernels", "ht", "tests/j2k/kernels_test", {}),
    ("kernels", "part1", "tests/j2k/part1_test --gtest_filter=*PlainKernels*", {"J2K_TEST_CASES": "1000"}),
    ("kernels", "part1", "tests/j2k/ebcot_test", {}),
    ("same bytes", "ht part1", "tests/unit_determinism", {"BLOSC2_GROK_MUTATIONS": "1"}),
    ("size", "ht", "tests/j2k/openjph_test --gtest_filter=*IsNotSmaller*", {}),
]


def today() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d}"


def commit() -> str:
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(git, text=True, capture_output=True).stdout.strip() or "unknown"


def run_tests() -> List[Run]:
    done = []
    for gate, coders, command, environment in TESTS:
        program, *arguments = command.split()
        path = ROOT / "build/release" / program
        result = subprocess.run([str(path), *arguments], env={**os.environ, **environment}, capture_output=True)
        said = " ".join([*(f"{k}={v}" for k, v in environment.items()), command])
        head = {"kind": "test", "gate": gate, "coders": coders, "command": said, "date": today(), "commit": commit()}
        done.append({**head, "failures": result.returncode})
        print(f"{said}: {'passed' if result.returncode == 0 else 'FAILED'}")
    return done


def read_campaign(line: str) -> Run:
    found: Run = json.loads(line)
    if found.get("kind") == "soak":
        return found
    return {"kind": "campaign", "coder": found["command"].split()[1], **found}


def read_fuzz(line: str) -> Run:
    """A line of tools/fuzz.sh."""
    match = re.match(r"(\S+)T\S+ commit (\S+): (tools/fuzz.sh (\S+) (\d+).*?), seed.*?: (\d+) inputs.*exit (\d+)", line)
    if match is None:
        raise ValueError(f"no line of tools/fuzz.sh: {line!r}")
    date, of, command, target, minutes, inputs, status = match.groups()
    head = {
        "kind": "fuzz",
        "date": date,
        "commit": of,
        "command": command,
        "target": target,
        "started": line.split()[0],
    }
    return {**head, "minutes": int(minutes), "inputs": int(inputs), "failures": int(status)}


def read_file(path: Path) -> Iterable[Run]:
    lines = path.read_text().splitlines()
    if path.suffix == ".jsonl":
        return [read_campaign(line) for line in lines]
    if path.suffix == ".json":
        return [json.loads("\n".join(lines))]
    return [read_fuzz(line) for line in lines if line.strip()]


def add(record: List[Run], runs: Iterable[Run]) -> None:
    """A run takes the place of the same one done before: the last word on the same seeds counts."""
    for run in runs:
        if run["kind"] in ("test", "campaign"):
            record[:] = [old for old in record if (old["kind"], old["command"]) != (run["kind"], run["command"])]
        if run["kind"] == "engines":
            record[:] = [old for old in record if old["kind"] != "engines"]
        if run not in record:
            record.append(run)


def of_kind(record: List[Run], kind: str, **wanted: str) -> List[Run]:
    return [run for run in record if run["kind"] == kind and all(run.get(k) == v for k, v in wanted.items())]


def dates(runs: List[Run]) -> str:
    found = sorted({run["date"] for run in runs})
    return "" if not found else found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def total(runs: List[Run], key: str) -> int:
    return int(sum(run.get(key, 0) for run in runs))


def tests_of(record: List[Run], gate: str, coder: str) -> List[Run]:
    return [run for run in of_kind(record, "test", gate=gate) if coder in run["coders"].split()]


def reference_settings(runs: List[Run]) -> int:
    return sum(w["agreed"] for run in runs for w in run.get("witnesses", []) if w["name"].startswith("the reference"))


def reference_gate(record: List[Run], coder: str) -> Gate:
    runs, tests = (
        of_kind(record, "campaign", coder=coder),
        [
            *tests_of(record, "reference", coder),
            *tests_of(record, "kernels", coder),
        ],
    )
    settings, failed = reference_settings(runs), total(tests, "failures")
    text = f"{settings:,} random settings of the campaign decoded alike; kernels equal their plain versions"
    return settings > 0 and bool(tests) and failed == 0, text + f"; {len(tests)} tests, {failed} failed"


def campaign_gate(record: List[Run], coder: str) -> Gate:
    runs = of_kind(record, "campaign", coder=coder)
    settings, differences = total(runs, "settings"), total(runs, "differences")
    crashes = sum(run["exit"] not in (0, 1) for run in runs)
    text = (
        f"{settings:,} of {AIMS[coder]:,} settings, half of them extremes: {differences} differences, "
        f"{crashes} crashes; {total(runs, 'by_two_witnesses'):,} read by two or three unrelated decoders, "
        f"{total(runs, 'by_one'):,} by one and the reference, "
        f"{total(runs, 'by_reference_alone'):,} by the reference alone"
    )
    return settings >= AIMS[coder] and differences == crashes == 0, text


def same_bytes_gate(record: List[Run], coder: str) -> Gate:
    tests = tests_of(record, "same bytes", coder)
    failed = total(tests, "failures")
    text = "each case by each instruction set of an AVX-512 machine, and with 1, 2, 3 and 8 threads"
    return bool(tests) and failed == 0, f"{text}: {failed} differ" if tests else "not run"


def fuzz_gate(record: List[Run], coder: str) -> Gate:
    runs = sorted(of_kind(record, "fuzz"), key=lambda run: str(run["started"]))
    last = max((i for i, run in enumerate(runs) if run["failures"]), default=-1)
    since = runs[last + 1 :]
    hours, all_hours = total(since, "minutes") / 60, total(runs, "minutes") / 60
    text = f"{hours:.1f} of {FUZZ_HOURS:g} hours since the last finding, {total(since, 'inputs'):,} inputs"
    return hours >= FUZZ_HOURS, f"{text}; {all_hours:.1f} hours in all"


def soak_gate(record: List[Run], coder: str) -> Gate:
    runs = of_kind(record, "soak")
    failures, minutes = total(runs, "failures"), sum(run["minutes"] for run in runs)
    text = f"{minutes:.0f} minutes, {total(runs, f'{coder} arrays'):,} arrays of this coder: {failures} failures"
    return minutes >= 10 and failures == 0, text


def rows_of(record: List[Run], coder: str) -> List[Run]:
    return [row for run in of_kind(record, "engines") for row in run["rows"] if row["coder"] == coder]


def size_gate(record: List[Run], coder: str) -> Gate:
    """Lossless rows, in all: blocks of a few samples differ by their headers alone."""
    name = "OpenJPH 0.26.3" if coder == "ht" else "openjpeg"
    rows = [
        row for row in rows_of(record, coder) if row["rate"] == 0 and name in row["engines"] and row["threads"] == 1
    ]
    tests = tests_of(record, "size", coder)
    if not rows:
        return coder == "ht" and bool(tests) and total(tests, "failures") == 0, f"{len(tests)} tests; no rows on record"
    worst = max(row["engines"]["j2k"][2] / row["engines"][name][2] for row in rows)
    text = f"{len(rows)} lossless rows of bench/engines.py: at most {100 * (worst - 1):+.3f} %"
    return worst <= 1.001, f"{text} against {name if coder == 'ht' else 'OpenJPEG'}"


def speed_gate(record: List[Run], coder: str) -> Gate:
    rows = rows_of(record, coder)
    if not rows:
        return False, "no rows on record"
    slower, least = [], 1e9
    for row in rows:
        ours = row["engines"]["j2k"]
        for name, theirs in row["engines"].items():
            replaced = name == "grok" or (coder == "part1" and name == "openjpeg")
            # Grok's HT keeps to no rate, so that only rows without loss are alike.
            if not replaced or (coder == "ht" and row["rate"] > 0):
                continue
            ratio = min(theirs[0] / ours[0], theirs[1] / ours[1])
            least = min(least, ratio)
            if ratio < 1:
                slower.append(f"{row['image']}, rate {row['rate']:g}, blocks {row['side']}, {row['threads']} threads")
    text = f"{len(rows)} rows: at least {least:.2f} times as fast as Grok{'' if coder == 'ht' else ' and OpenJPEG'}"
    return not slower, text + (f"; slower: {'; '.join(slower)}" if slower else "")


GATES: List[Tuple[str, str, Callable[[List[Run], str], Gate], List[str]]] = [
    ("equal to the reference", "`tools/validate.py test`, `tools/campaign.sh`", reference_gate, ["test", "campaign"]),
    ("random settings, two unrelated decoders", "`tools/campaign.sh CODER SEED COUNT`", campaign_gate, ["campaign"]),
    ("same bytes everywhere", "`tools/validate.py test`", same_bytes_gate, ["test"]),
    ("fuzzing", "`tools/fuzz.sh TARGET MINUTES`", fuzz_gate, ["fuzz"]),
    ("soak through Blosc2, verified", "`tools/soak.py MINUTES`", soak_gate, ["soak"]),
    ("size at most 0.1 % above", "`bench/engines.py`", size_gate, ["engines"]),
    ("no row slower than what it replaces", "`bench/engines.py`", speed_gate, ["engines"]),
]

HEAD = """<!-- written by tools/validate.py: change docs/validation.json by its verbs, not this page -->
# Validation

What our own coder, `src/j2k`, has to show: HT is taken by default since 2026-11-22, with the hours of fuzzing still
being counted. By the runs on record in [validation.json](validation.json). `python tools/validate.py` writes this page.

"""


def gate_table(record: List[Run]) -> str:
    lines = ["| gate | coder | holds | found | last run | by |", "|" + " --- |" * 6]
    for title, command, gate, kinds in GATES:
        for coder, name in CODERS.items():
            holds, text = gate(record, coder)
            runs = [run for kind in kinds for run in of_kind(record, kind)]
            last = dates(runs).split(" to ")[-1]
            lines.append(f"| {title} | {name} | {'yes' if holds else '**not yet**'} | {text} | {last} | {command} |")
    return "\n".join(lines) + "\n"


def witness_counts(runs: List[Run]) -> Dict[str, Dict[str, Any]]:
    counts: Dict[str, Dict[str, Any]] = {}
    for run in runs:
        for witness in run.get("witnesses", []):
            mine = counts.setdefault(witness["name"], {"agreed": 0, "kept_out": {}, "refused": {}})
            mine["agreed"] += witness["agreed"]
            for key in ("kept_out", "refused"):
                for why, n in witness[key].items():
                    mine[key][why] = mine[key].get(why, 0) + n
    return counts


def witness_table(record: List[Run], coder: str) -> str:
    runs = of_kind(record, "campaign", coder=coder)
    seeds = [int(run["command"].split()[2]) for run in runs]
    commits = ", ".join(sorted({run["commit"] for run in runs}))
    lines = [f"## {CODERS[coder]}: who read what\n"]
    if not runs:
        return lines[0] + "\nNo campaign is on record.\n"
    lines.append(
        f"{len(runs)} pieces between seeds {min(seeds):,} and {max(seeds):,}, {dates(runs)}, at {commits}; "
        f"{total(runs, 'lossless'):,} lossless ones had to be equal, the others within 1. The rules, where a decoder "
        "is known to be wrong or unable, are in `tests/j2k/witness_rules.hpp`.\n"
    )
    lines += ["| decoder | agreed | kept out by a rule | refused |", "|" + " --- |" * 4]
    for name, found in witness_counts(runs).items():
        whys = ["; ".join(f"{why}: {n:,}" for why, n in sorted(found[key].items())) for key in ("kept_out", "refused")]
        lines.append(f"| {name} | {found['agreed']:,} | {whys[0]} | {whys[1]} |")
    return "\n".join(lines) + "\n"


def other_runs(record: List[Run]) -> str:
    lines = ["## Other runs\n", "| date | commit | command | result |", "|" + " --- |" * 4]
    for run in (run for run in record if run["kind"] in ("test", "soak", "fuzz")):
        result = "passed" if run["failures"] == 0 else "**a finding**"
        counts = {
            "soak": f"{run.get('arrays', 0):,} arrays, {run.get('blocks', 0):,} blocks",
            "fuzz": f"{run.get('inputs', 0):,} inputs",
        }
        result += f"; {counts[run['kind']]}" if run["kind"] in counts else ""
        lines.append(f"| {run['date']} | {run['commit']} | `{run['command']}` | {result} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    verb, *files = sys.argv[1:] or ["page"]
    if verb not in ("page", "test", "add") or (verb == "add") != bool(files):
        print(__doc__, file=sys.stderr)
        return 2
    record: List[Run] = json.loads(RECORD.read_text())["runs"] if RECORD.exists() else []
    if verb != "page":
        add(record, run_tests() if verb == "test" else [run for name in files for run in read_file(Path(name))])
        lines = ",\n".join(json.dumps(run) for run in record)
        RECORD.write_text(f'{{"runs": [\n{lines}\n]}}\n')
    tables = [gate_table(record), *(witness_table(record, coder) for coder in CODERS), other_runs(record)]
    PAGE.write_text(HEAD + "\n".join(tables))
    return 0 if all(gate(record, coder)[0] for _, _, gate, _ in GATES for coder in CODERS) else 1


if __name__ == "__main__":
    sys.exit(main())

"""``python -m benchmarks``: measure, and show each figure beside its target."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.archives import GIB, KIB, MIB
from benchmarks.cases import CASES
from benchmarks.claims import CLAIMS, Claim, claims_of
from benchmarks.machine import this_machine
from benchmarks.measuring import Figure, NotMeasuredError
from benchmarks.options import Options
from benchmarks.report import document_of, fill, lines_of, page_of
from coffre.contract import CoffreError

TRIAL = "A trial, smaller than what is claimed: these figures say nothing of the targets."
UNITS = {"": 1, "KiB": KIB, "MiB": MIB, "GiB": GIB}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked; 0 when all of it was measured, whether targets are met or not."""
    args = _parser().parse_args(argv)
    args.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="coffre-bench-", dir=args.scratch) as scratch:
        return _measure(args, Path(scratch).resolve(), sys.argv[1:] if argv is None else argv)


def _measure(args: argparse.Namespace, scratch: Path, words: Sequence[str]) -> int:
    options = Options(
        scratch=scratch, runs=args.runs, size=args.size, objects=args.objects, quick=args.quick
    )
    machine = this_machine(scratch)
    command = " ".join(["python -m benchmarks", *words])
    print(f"{machine}\n{command}")
    if options.is_trial:
        print(TRIAL)
    if not machine.is_quiet:
        print("The machine is busy: ratios scatter, and times of ours alone mean little.")
    results = {each.name: _measured(each, options) for each in _chosen(args.names)}
    if args.json is not None:
        document = document_of(results, machine, command, trial=options.is_trial)
        _write(args.json, [json.dumps(document, indent=2)])
    if args.markdown is not None:
        claims = claims_of(args.markdown.name)
        page = page_of(results, machine, command, trial=options.is_trial, claims=claims)
        _write(None, page) if str(args.markdown) == "-" else fill(args.markdown, page)
    return int(any(isinstance(result, str) for result in results.values()))


def _measured(claim: Claim, options: Options) -> Figure | str:
    """One figure, shown at once; one that fails stops none of the others."""
    result: Figure | str
    try:
        result = CASES[claim.name](options)
    except (NotMeasuredError, CoffreError, OSError, subprocess.SubprocessError) as error:
        result = str(error)
    print("\n" + "\n".join(lines_of(claim, result)), flush=True)
    return result


def _chosen(words: Sequence[str]) -> Iterable[Claim]:
    return [each for each in CLAIMS if not words or any(map(each.is_chosen, words))]


def _write(path: Path | None, lines: Iterable[str]) -> None:
    text = "\n".join(lines) + "\n"
    if path is None or str(path) == "-":
        print(text, end="")
    else:
        path.write_text(text, encoding="utf-8")


def _parser() -> argparse.ArgumentParser:
    names = ", ".join(each.name for each in CLAIMS)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure coffre against references, in the same run.",
        epilog=f"names: {names}; or the first word of one, for its group",
    )
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME", help="what (all of it)")
    parser.add_argument("--runs", type=_count, default=Options.runs, help="pairs that count (5)")
    parser.add_argument(
        "--scratch",
        type=Path,
        default=Path("build/bench"),
        metavar="DIR",
        help="where to write, on the file system to be measured (build/bench)",
    )
    parser.add_argument("--size", type=_size, default=Options.size, help="of a large object (1GiB)")
    parser.add_argument(
        "--objects", type=_count, default=Options.objects, help="number of small ones (5000)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="memory, listings, pools: a tenth of what is claimed"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything ('-': here)")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="fill the table of a page of docs/explanation, fairness.md for one ('-': show it)",
    )
    return parser


def _name(word: str) -> str:
    if not any(each.is_chosen(word) for each in CLAIMS):
        raise argparse.ArgumentTypeError(f"nothing is called {word!r}; see --help")
    return word


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def _size(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]*)(KiB|MiB|GiB|)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size, such as 64MiB or 1GiB")
    return int(found[1]) * UNITS[found[2]]


if __name__ == "__main__":
    sys.exit(main())

"""Results on standard output, messages on standard error, for people and for programs."""

from __future__ import annotations

import io
import json

import pytest

from coffre.cli.errors import OutputError, ReaderGoneError
from coffre.cli.output import Output
from coffre.cli.progress import Total, gauge
from coffre.contract import ObjectConflictError, ObjectRef


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def output(*, as_json: bool = False, quiet: bool = False) -> Output:
    return Output(io.StringIO(), io.StringIO(), as_json=as_json, quiet=quiet)


def printed(stream: object) -> list[str]:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue().splitlines()


def test_a_person_reads_text_and_a_program_one_json_document_a_line() -> None:
    for as_json, expected in ((False, "stored x"), (True, '{"ref": "x"}')):
        out = output(as_json=as_json)
        out.line({"ref": "x"}, "stored x")
        assert printed(out.stdout) == [expected]


def test_quiet_leaves_out_what_went_well_but_not_what_did_not() -> None:
    out = output(quiet=True)
    out.line({}, "stored x")
    out.failure({}, "refused y")
    out.advice("do this next")
    out.summary({}, "1 of 2")

    assert printed(out.stdout) == ["1 of 2"]
    assert printed(out.stderr) == ["refused y"]


def test_an_error_is_a_sentence_for_people_and_a_document_for_programs() -> None:
    error = ObjectConflictError(
        "other bytes are there", ref=ObjectRef(tenant=0, container="object", identifier="x")
    )
    error.offer = "north"
    out = output(as_json=True)
    out.error(error)

    assert printed(out.stderr) == ["coffre: other bytes are there (offer north) [object-conflict]"]
    assert json.loads(printed(out.stdout)[-1]) == {
        "error": {
            "code": "object-conflict",
            "message": "other bytes are there",
            "offer": "north",
            "ref": "0/object/x",
            "retryable": False,
        }
    }


def test_a_table_in_a_pipe_is_plain_columns() -> None:
    out = output()
    out.table(("OFFER", "STATE"), [("north", "ok"), ("far-away", "")])

    assert printed(out.stdout) == ["OFFER     STATE", "north     ok", "far-away"]


def test_a_table_on_a_terminal_shows_cells_as_they_are() -> None:
    out = Output(Terminal(), Terminal())
    out.table(("OFFER",), [("[red]north[/red]",)])

    assert "[red]north[/red]" in "\n".join(printed(out.stdout))


def test_hostile_text_reaches_neither_stream_as_it_is() -> None:
    out = output()
    out.line({}, "name\x1b[31m")
    out.message("line\nbreak")
    out.table(("NAME",), [("a\tb",)])

    assert printed(out.stdout) == [r"name\x1b[31m", "NAME", r"a\tb"]
    assert printed(out.stderr) == [r"line\nbreak"]


def test_a_reader_that_went_away_is_told_apart_from_a_full_disk() -> None:
    with pytest.raises(ReaderGoneError):
        Output(Broken(BrokenPipeError()), io.StringIO()).line({}, "x")
    with pytest.raises(OutputError, match="No space left"):
        Output(Broken(OSError(28, "No space left on device")), io.StringIO()).line({}, "x")


def test_a_closed_standard_error_stops_nothing() -> None:
    Output(io.StringIO(), Broken(OSError(5, "Input/output error"))).message("hello")


def test_there_is_no_bar_where_nobody_looks() -> None:
    out = Output(io.StringIO(), io.StringIO())
    with gauge(out, "storing", lambda: pytest.fail("measured for nobody")) as bar:
        bar.reach(1, 100)

    assert printed(out.stderr) == []


def test_lines_appear_above_the_bar_and_all_of_them_do() -> None:
    out = Output(Terminal(), Terminal())
    with gauge(out, "storing", lambda: Total(50, 500)) as bar:
        for number in range(50):
            out.line({}, f"[stored] {number}")
            bar.reach(number + 1, (number + 1) * 10)
    out.summary({}, "50 objects")

    shown = "\n".join(printed(out.stderr))
    assert all(f"[stored] {number}" in shown for number in range(50))
    assert printed(out.stdout) == ["50 objects"]


def test_results_go_to_a_file_even_while_a_bar_is_drawn() -> None:
    out = Output(io.StringIO(), Terminal())
    with gauge(out, "storing"):
        out.line({}, "stored x")

    assert printed(out.stdout) == ["stored x"]

"""Output: one face for people, one for programs.

Results go to standard output: text, or with ``--json`` one JSON document a line, of which the
last is ``{"summary": ...}`` after the lines of a job, or ``{"error": ...}`` when the command
failed. Messages go to standard error, in words, always. Without a terminal there is no colour, no
bar and no width: plain columns.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TextIO

from coffre.cli.errors import OutputError, ReaderGoneError
from coffre.cli.wording import printable
from coffre.contract import CoffreError

Told = Mapping[str, object]
"""What a program reads: one JSON object."""


class Output:
    """Where a command says what it did."""

    def __init__(
        self, stdout: TextIO, stderr: TextIO, *, as_json: bool = False, quiet: bool = False
    ) -> None:
        """Speak to a pair of streams.

        Args:
            stdout: for results.
            stderr: for messages.
            as_json: results are for a program.
            quiet: leave out the line of each object that went well, and advice.
        """
        self.stdout = stdout
        self.stderr = stderr
        self.as_json = as_json
        self.quiet = quiet
        self.above_bar: Callable[[str], None] | None = None
        """Prints a line above a bar that is being drawn on the same terminal."""

    @property
    def on_terminal(self) -> bool:
        """Whether a person reads the results as they come."""
        return self.stdout.isatty() and not self.as_json

    def line(self, told: Told | Callable[[], Told], text: str | Callable[[], str]) -> None:
        """One object of a job that went well; what would not be printed need not be made."""
        if self.quiet:
            return
        if self.as_json:
            self.result(told() if callable(told) else told, "")
        else:
            self.result({}, text() if callable(text) else text)

    def result(self, told: Told, text: str) -> None:
        """One result: a finding, or the only answer of a command."""
        self._print(json.dumps(told) if self.as_json else printable(text))

    def failure(self, told: Told, text: str) -> None:
        """One object of a job that went wrong; the job goes on."""
        if self.as_json:
            self._print(json.dumps(told))
        self.message(text)

    def summary(self, told: Told, text: str) -> None:
        """The last line of a job."""
        self.result({"summary": told}, text)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns for a person; programs were told otherwise."""
        cells = [[printable(cell) for cell in row] for row in rows]
        if self.on_terminal:
            self._rich_table(headings, cells)
            return
        widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
        for row in (headings, *cells):
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._print("  ".join(padded).rstrip())

    def advice(self, text: str) -> None:
        """What to do next."""
        if not self.quiet:
            self.message(text)

    def message(self, text: str) -> None:
        """A sentence for a person, on standard error."""
        if self.above_bar is not None:
            self.above_bar(printable(text))
            return
        try:
            self.stderr.write(printable(text) + "\n")
            self.stderr.flush()
        except OSError:
            return  # nobody is listening there, and nowhere is left to say so

    def error(self, error: CoffreError) -> None:
        """The reason why the command failed: the last thing it says."""
        where = f" (offer {error.offer})" if error.offer else ""
        self.message(f"coffre: {error.message}{where} [{error.code}]")
        if self.as_json:
            self._print(json.dumps({"error": error.to_json()}))

    def flush(self) -> None:
        """Hand everything over.

        Raises:
            OutputError: it cannot be written.
            ReaderGoneError: nobody reads any more.
        """
        self._write("")

    def _print(self, line: str) -> None:
        if self.above_bar is not None and self.stdout.isatty():
            self.above_bar(line)
        else:
            self._write(line + "\n")

    def _write(self, text: str) -> None:
        try:
            self.stdout.write(text)
            if not text:
                self.stdout.flush()
        except BrokenPipeError:
            raise ReaderGoneError from None
        except OSError as error:
            raise OutputError(f"standard output cannot be written: {error.strerror}") from error

    def _rich_table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Column, Table
        from rich.text import Text

        columns = (Column(heading, overflow="fold") for heading in headings)
        table = Table(*columns, box=SIMPLE_HEAD, show_edge=False)
        for row in rows:
            table.add_row(*map(Text, row))
        Console(file=self.stdout).print(table)

"""Pages as tests see them: fenced blocks, and the session that a reader would have.

The convention is for the reader first:

- ```` ```sh ```` blocks of a page are one session, in order, in an empty directory. Any command
  that fails ends it, so a page shows an expected failure as ``... || echo "exit status $?"``.
  One that says ``pip install`` gets an environment of its own to install into.
- A ```` ```text ```` block right after one is what the reader sees: the whole of it, line by
  line. ``…`` stands for any text in its line, a line of ``…`` alone for any number of lines.
- ```` ```python file=NAME ```` and the like are files that the reader writes.
- ```` ```python ```` after the first ``sh`` block is run in the session, too.
- ```` ```console ```` is shown and not run.

This holds for the README, the tutorial, the how-to pages and the reference. Explanations and
decisions only talk.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.docs.overlay import OFFLINE, make_overlay

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MARK = "--- end of block"

_FENCE = re.compile(r"^```(?P<info>[^`\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    """Line of the opening fence."""
    language: str
    options: str
    text: str
    end: int
    """Where it ends in the page, in characters."""

    @property
    def file(self) -> str | None:
        """Name of the file that the block is, if it is one."""
        name, _, value = self.options.partition("=")
        return value if name == "file" else None

    @property
    def lines(self) -> range:
        """Numbers of its lines, fences included."""
        return range(self.line, self.line + self.text.count("\n") + 2)

    @property
    def place(self) -> str:
        """Where a reader finds it."""
        page = self.page.relative_to(ROOT) if self.page.is_relative_to(ROOT) else self.page
        return f"{page}, line {self.line}"


def all_pages() -> list[Path]:
    """Every page that a reader may open; the template of decisions is only filled in."""
    found = (page for page in sorted(DOCS.rglob("*.md")) if page.name != "template.md")
    return [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *found]


def blocks_of(page: Path) -> list[Block]:
    """Fenced blocks, in order."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    for found in _FENCE.finditer(text):
        language, _, options = found["info"].strip().partition(" ")
        line = text.count("\n", 0, found.start()) + 1
        blocks.append(Block(page, line, language, options, found["text"], found.end()))
    return blocks


def links_of(page: Path) -> Iterator[str]:
    """Targets of the links that lead to other files, fragments included."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in _LINK.finditer(text):
        if "://" not in found["target"]:
            yield found["target"]


def sessions() -> list[Path]:
    """The pages that have something to run."""
    rooms = ("tutorial", "how-to", "reference")
    pages = [ROOT / "README.md", *(page for room in rooms for page in (DOCS / room).rglob("*.md"))]
    return [page for page in sorted(pages) if any(b.language == "sh" for b in blocks_of(page))]


def expected_after(block: Block) -> Block | None:
    """The ``text`` block that shows what a block prints."""
    text = block.page.read_text(encoding="utf-8")
    for other in blocks_of(block.page):
        if other.line > block.line:
            between = text[block.end : text.index(f"```{other.language}", block.end)]
            return other if other.language == "text" and not between.strip() else None
    return None


def run_session(page: Path, directory: Path) -> dict[Block, str]:
    """Run a page in an empty directory, as a reader would; what each block printed.

    Raises:
        AssertionError: a command failed that the page does not expect to fail.
    """
    steps = [block for block in blocks_of(page) if block.language in ("sh", "python", "toml")]
    begun = False
    ran, script = [], ["set -euo pipefail"]
    for block in steps:
        if block.file is not None:
            script.append(_here(f"cat > {block.file}", block.text))
        elif block.language == "sh":
            begun = True
            script.append(block.text)
        elif block.language == "python" and begun:
            script.append(_here("python -", block.text))
        else:
            continue
        script.append(f"echo '{MARK}'")
        ran.append(block)
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=directory,
        env=environment(directory) | _place_to_install(steps, directory),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    outputs = done.stdout.split(f"{MARK}\n")
    if done.returncode:
        block = ran[len(outputs) - 1]
        raise AssertionError(f"{block.place} ended with {done.returncode}:\n{outputs[-1]}")
    return dict(zip(ran, outputs, strict=False))


def _here(command: str, text: str) -> str:
    return f"{command} <<'END_OF_BLOCK'\n{text}END_OF_BLOCK"


def environment(directory: Path) -> dict[str, str]:
    """What a reader's shell has: the commands of this environment, and a home of its own."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(directory),
        "PYTHONPATH": str(directory),
        "COFFRE": str(ROOT),
        "USER": "marie",
        "LOGNAME": "marie",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",  # both streams in one order, as on a terminal
        "TZ": "UTC",
    }


def _place_to_install(steps: list[Block], directory: Path) -> dict[str, str]:
    if not any("pip install" in step.text for step in steps):
        return {}
    return OFFLINE | {"PATH": f"{make_overlay(directory / '.venv')}:{os.environ['PATH']}"}


def difference(printed: str, shown: str) -> str | None:
    """How what was printed differs from what the page shows; ``None`` when it does not."""
    wanted = [" ".join(line.split()) for line in shown.strip().splitlines()]
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else _line_pattern(line) + r"\n" for line in wanted
    )
    found = "".join(f"{' '.join(line.split())}\n" for line in printed.strip().splitlines())
    if re.fullmatch(pattern, found):
        return None
    return f"the page shows\n\n{shown}\nand what was printed is\n\n{printed}"


def _line_pattern(line: str) -> str:
    return ".*".join(re.escape(piece) for piece in line.split("…"))

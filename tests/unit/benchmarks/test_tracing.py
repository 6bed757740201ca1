"""Counting the system calls of a trace."""

from __future__ import annotations

from benchmarks.children import BEGIN, END
from benchmarks.tracing import counted

TRACE = f"""\
11 openat(AT_FDCWD, "before", O_RDONLY) = 3
11 access("{BEGIN}", F_OK) = -1 ENOENT (No such file or directory)
11 openat(AT_FDCWD, "a", O_RDONLY) = 3
11 fsync(3 <unfinished ...>
12 futex(0x7f, FUTEX_WAIT, 1, NULL) = 0
12 write(4, "x", 1) = 1
11 <... fsync resumed>) = 0
12 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7f
12 +++ exited with 0 +++
11 access("{END}", F_OK) = -1 ENOENT (No such file or directory)
11 close(3) = 0
""".splitlines()


def test_calls_between_the_marks_are_counted_by_name() -> None:
    assert counted(TRACE).by_name == {"openat": 1, "fsync": 1, "write": 1}


def test_a_call_that_another_thread_interrupted_counts_once() -> None:
    assert counted(TRACE).flushes == {"fsync": 1}
    assert counted(TRACE).total == 3

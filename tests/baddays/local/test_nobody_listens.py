"""The reader of what a pass prints goes away, or there is no room for it: the pass itself goes its way.

Not here: a terminal that is closed, which asks the pass to end (test_asked_to_end).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.baddays.local.process import deaf_pipe, open_writes, running
from tests.e2e.processes import Box, sandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with sandbox(tmp_path / "box") as one:
        yield one


def test_a_pass_does_all_its_work_whether_or_not_what_it_prints_is_read(box: Box) -> None:
    box.forget_requests()
    with deaf_pipe() as out, deaf_pipe() as err:
        with pytest.raises(BrokenPipeError):
            os.write(err, b"is anybody there?")
        with running(box, out=out, err=err) as a_pass:
            code, _, _ = a_pass.end()
    assert code == 0
    assert open_writes(box) == 0
    copies = len(box.objects())
    assert copies == sum(line.startswith("PUT") for line in box.writes()) > 10  # each has its line in the log

    box.forget_requests()
    with deaf_pipe() as out, running(box, out=out) as a_pass:
        code, _, said = a_pass.end()
    assert (code, "Traceback" in said, "BrokenPipe" in said) == (0, False, False), said
    assert box.writes() == []

    with Path("/dev/full").open("w") as full, running(box, out=full) as a_pass:
        code, _, said = a_pass.end()
    told = [line for line in said.splitlines() if line.startswith("syncd: ")]
    assert told == ["syncd: the output cannot be written: No space left on device; `syncd history` has it too"]
    assert (code, "Traceback" in said, "Exception" in said) == (1, False, False)
    assert len(box.objects()) == copies

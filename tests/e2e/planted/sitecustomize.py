"""A planted fault: a pass of syncd that changes an event outside writes a wrong title, and does not notice.

Python imports this when it starts with this folder on PYTHONPATH; every process but `syncd run` goes on as it was.
"""

import sys
from collections.abc import Mapping


def _plant() -> None:
    from adapters.apple.client import Answer
    from adapters.apple.writing import Writer

    honest = Writer._put

    async def wrong(self: Writer, name: str, text: str, headers: Mapping[str, str]) -> Answer:
        if "If-Match" in headers:
            text = text.replace("SUMMARY:", "SUMMARY:Not ")
        return await honest(self, name, text, headers)

    Writer._put = wrong  # type: ignore[method-assign]


if {"syncd", "run"} <= set(sys.orig_argv):
    _plant()

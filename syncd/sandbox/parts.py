"""The order in which the parts of a batch are taken.

Not here: what a part is (each simulator's `batch.py`).
"""

import random


def order_of(count: int, wanted: str, seed: int) -> list[int]:
    """Places as_sent, reversed, or shuffled: always the same way for one seed."""
    order = list(range(count))
    if wanted == "reversed":
        order.reverse()
    elif wanted == "shuffled":
        random.Random(seed).shuffle(order)
    return order

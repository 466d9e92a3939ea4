"""Random systems for property and crash tests: things that stand on, and use, one another."""

from __future__ import annotations

import random
from collections.abc import Sequence

from hypothesis import strategies as st

from orchestrator.core.resource import Resource
from tests.reconcile.fakes import Slow, Sole, Thing

_NAMES = "abcdefgh"
_KINDS: dict[str, type[Thing]] = {
    "a": Thing,
    "b": Slow,
    "c": Sole,
    "d": Thing,
    "e": Slow,
    "f": Sole,
    "g": Thing,
    "h": Thing,
}


@st.composite
def systems(draw: st.DrawFn) -> tuple[Resource, ...]:
    """Some things of a fixed cast; each stands on at most one before it and uses some before it.

    A sole one is never merely used: what uses it could not let go of it before the new one is there.
    """
    present = draw(st.lists(st.sampled_from(_NAMES), unique=True, max_size=len(_NAMES)))
    made: list[Thing] = []
    for name in sorted(present):
        usable = [m for m in made if not isinstance(m, Sole)]
        base = draw(st.sampled_from([None, *made]))
        parts = draw(st.lists(st.sampled_from(usable), unique_by=lambda m: m.name, max_size=2)) if usable else []
        made.append(
            _KINDS[name](
                name=name,
                size=draw(st.integers(1, 2)),
                shape=draw(st.sampled_from(["round", "square"])),
                base=base.out() if base else "ground",
                parts=tuple(m.out() for m in parts),
            )
        )
    return tuple(made)


def example(seed: int) -> Sequence[Resource]:
    """One system, always the same for a seed, for tests that walk through every point of its making."""
    dice = random.Random(seed)
    made: list[Thing] = []
    for name in _NAMES:
        usable = [m for m in made if not isinstance(m, Sole)]
        base = dice.choice([None, *made])
        parts = dice.sample(usable, min(len(usable), dice.randint(0, 2)))
        shape = dice.choice(["round", "square"])
        refs = tuple(m.out() for m in parts)
        made.append(_KINDS[name](name=name, shape=shape, base=base.out() if base else "ground", parts=refs))
    return made

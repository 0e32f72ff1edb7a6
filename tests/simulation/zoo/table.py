"""Every backend of the zoo in Python, by name: the broken ones with what must be named for them, the correct ones."""

from __future__ import annotations

from tests.simulation.zoo import broken, correct, elsewhere, field, field_correct
from tests.simulation.zoo.broken import Animal
from tests.simulation.zoo.correct import Backend

BROKEN: dict[str, Animal] = {**broken.BROKEN, **field.FIELD, **elsewhere.ELSEWHERE}
CORRECT: dict[str, type[Backend]] = {**correct.CORRECT, **field_correct.FIELD_CORRECT}

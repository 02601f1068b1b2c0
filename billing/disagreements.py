"""What an audit finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One row that breaks a rule."""

    rule: str
    row: str
    facts: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.row}: {self.facts}"

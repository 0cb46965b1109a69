"""What a user is told when something can't be done: one sentence, where, and the command that cures it. Floor 0."""

from __future__ import annotations


class RoamError(Exception):
    """A failure a user can act on: *sentence* (lower case, the thing quoted), *where* (`file:line:col`) and *hint* (what to
    type).

    `code` is the exit code of the contract: 2 usage or a file of yours is wrong, 4 the machine refused, 1 something to see.
    """

    code = 2

    def __init__(self, sentence: str, hint: str = "", where: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.hint, self.where = sentence, hint, where

    def __str__(self) -> str:
        text = f"{self.where}: {self.sentence}" if self.where else self.sentence
        return f"{text}\nhint: {self.hint}" if self.hint else text


class Refused(RoamError):
    """The machine said no: disk, permission, keyring, service manager, a lock held too long (exit code 4)."""

    code = 4

"""The JSON schemas of a profile and of config.yaml, made from the tables that `check` reads by, for editors. Floor 2.

`python -m roamrc.reading.schema FOLDER` writes them; a test holds the shipped ones to that. Draft 7 is what
yaml-language-server reads. A schema knows less than `check` (host bits of a network, a login without a user), never more.
"""

from __future__ import annotations

from . import conditions, config, decode, fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


DRAFT = "http://json-schema.org/draft-07/schema#"


def profile() -> dict[str, Any]:
    """The schema of a profile."""
    made = decode.table_schema(fields.PROFILE)
    return {"$schema": DRAFT, "title": "a profile of roamrc", **made, "definitions": {"item": conditions.OneItem().schema()}}


def settings() -> dict[str, Any]:
    """The schema of config.yaml: each key of a group dotted, or nested."""
    made = decode.table_schema(config.FIELDS)
    for group in config.GROUPS:
        inner = {f.name.partition(".")[2]: decode.described(f) for f in config.FIELDS if f.name.startswith(group + ".")}
        made["properties"][group] = {"type": ["object", "null"], "properties": inner, "additionalProperties": False}
    return {"$schema": DRAFT, "title": "config.yaml of roamrc", **made}


def files() -> dict[str, bytes]:
    """The shipped files, by name."""
    import json

    return {
        name: (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode()
        for name, made in (("profile.json", profile()), ("config.json", settings()))
    }


def main(folder: str) -> None:
    """Writes the files to a folder."""
    from pathlib import Path

    for name, data in files().items():
        (Path(folder) / name).write_bytes(data)


if __name__ == "__main__":
    import sys

    main(sys.argv[1])

"""The versions of the activity database, each a step from the one before.

Our tables have names of their own, so that a file which llama-swap writes too stays what it was for it.
"""

import sqlite3
from importlib.resources import files

SCHEMA_VERSION = 2
"""What this program reads and writes; there is one ``000n_*.sql`` per version.

``{schema}`` in them stands for the attached database that is brought up to date.
"""


class NewerDatabase(Exception):
    """The file was written by a later version of this program."""


def migrate(db: sqlite3.Connection, schema: str) -> None:
    """Bring the database attached as ``schema`` to our version, all steps or none.

    Raises ``NewerDatabase`` without touching a file of a later version, and ``sqlite3.Error``.
    """
    if _version(db, schema) == SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db, schema)  # another instance may have been faster
        if version > SCHEMA_VERSION:
            raise NewerDatabase(
                f"it has version {version} and this program knows {SCHEMA_VERSION}: "
                "update the program, or choose another file"
            )
        for script in _scripts()[version:]:
            for statement in script.replace("{schema}", schema).split(";"):
                db.execute(statement)
        db.execute(f"UPDATE {schema}.desktop_schema SET version = ?", (SCHEMA_VERSION,))  # noqa: S608 - our name
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _version(db: sqlite3.Connection, schema: str) -> int:
    table = db.execute(f"SELECT 1 FROM {schema}.sqlite_schema WHERE name = 'desktop_schema'")  # noqa: S608 - our name
    if table.fetchone() is None:
        return 0
    row = db.execute(f"SELECT version FROM {schema}.desktop_schema").fetchone()  # noqa: S608 - our name
    return int(row[0])


def _scripts() -> list[str]:
    steps = sorted((step for step in files(__name__).iterdir() if step.name.endswith(".sql")), key=lambda s: s.name)
    return [step.read_text(encoding="utf-8") for step in steps]

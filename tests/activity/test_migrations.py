import sqlite3

import pytest

from llamaswap_desktop.activity.migrations import SCHEMA_VERSION, NewerDatabase, migrate


def test_from_nothing_and_again():
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, "main")
    migrate(db, "main")
    assert db.execute("SELECT version FROM desktop_schema").fetchall() == [(SCHEMA_VERSION,)]


def test_a_newer_database_is_not_touched():
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, "main")
    db.execute("UPDATE desktop_schema SET version = 99")
    with pytest.raises(NewerDatabase, match="version 99"):
        migrate(db, "main")
    assert not db.in_transaction
    assert db.execute("SELECT version FROM desktop_schema").fetchall() == [(99,)]


def test_all_steps_or_none():
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE desktop_activity (mine)")  # in the way of the second statement
    with pytest.raises(sqlite3.Error):
        migrate(db, "main")
    tables = db.execute("SELECT name FROM sqlite_schema").fetchall()
    assert (tables, db.in_transaction) == ([("desktop_activity",)], False)

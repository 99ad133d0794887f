CREATE TABLE {schema}.desktop_loads (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL, -- when it was over, since the epoch
    model TEXT NOT NULL,
    kind TEXT NOT NULL,
    took_ms INTEGER, -- from the decision on, null for an unload
    evicted TEXT NOT NULL, -- a JSON list of ids
    reason TEXT NOT NULL
)

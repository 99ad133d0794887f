CREATE TABLE {schema}.desktop_schema (version INTEGER NOT NULL);
INSERT INTO {schema}.desktop_schema VALUES (0);
CREATE TABLE {schema}.desktop_activity (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice, whatever is deleted
    time INTEGER NOT NULL,
    model TEXT NOT NULL,
    req_path TEXT NOT NULL,
    resp_content_type TEXT NOT NULL,
    resp_status_code INTEGER NOT NULL,
    cached INTEGER NOT NULL,
    drafted INTEGER NOT NULL,
    draft_accepted INTEGER NOT NULL,
    prompt INTEGER NOT NULL,
    generated INTEGER NOT NULL,
    prompt_speed REAL NOT NULL,
    gen_speed REAL NOT NULL,
    duration INTEGER NOT NULL,
    error_msg TEXT NOT NULL,
    metadata TEXT NOT NULL -- a JSON object, empty if there is nothing in it
)

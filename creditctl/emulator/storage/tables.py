"""SQL schema of the emulator's database: its tables and indexes, made where they are not there.

Answers that are kept under idempotency keys lie in a table with row numbers: in one without, SQLite gives each of them
a page of its own, half of it empty.
"""

TABLES = """
CREATE TABLE IF NOT EXISTS scopes (
    scope INTEGER PRIMARY KEY, account TEXT NOT NULL, livemode INTEGER NOT NULL, UNIQUE (account, livemode));
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY, scope INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    created INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    owner TEXT, parent TEXT, label TEXT, body BLOB NOT NULL, extra BLOB);
CREATE UNIQUE INDEX IF NOT EXISTS objects_id ON objects (scope, id);
CREATE INDEX IF NOT EXISTS objects_list ON objects (scope, kind, created, seq);
CREATE INDEX IF NOT EXISTS objects_owner ON objects (scope, kind, owner, created, seq) WHERE owner IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_parent ON objects (scope, kind, parent, created, seq) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_label ON objects (scope, kind, label, created, seq) WHERE label IS NOT NULL;
CREATE TABLE IF NOT EXISTS idempotency (
    scope INTEGER NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL,
    body BLOB NOT NULL, request TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (scope, key));
CREATE INDEX IF NOT EXISTS idempotency_age ON idempotency (created);
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, due INTEGER NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL,
    payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due, id);
CREATE UNIQUE INDEX IF NOT EXISTS jobs_subject ON jobs (scope, name, subject);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, scope INTEGER NOT NULL, event TEXT NOT NULL, endpoint TEXT NOT NULL, due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'pending', manual INTEGER NOT NULL DEFAULT 0,
    rank INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due, rank, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (scope, event);
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at INTEGER NOT NULL, status INTEGER, error TEXT,
    duration_ms INTEGER NOT NULL, response BLOB);
CREATE INDEX IF NOT EXISTS attempts_delivery ON attempts (delivery);
CREATE TABLE IF NOT EXISTS holds (id INTEGER PRIMARY KEY, rule BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS held (
    delivery INTEGER PRIMARY KEY, hold INTEGER NOT NULL, place INTEGER, follows INTEGER);
CREATE INDEX IF NOT EXISTS held_follows ON held (follows) WHERE follows IS NOT NULL;
CREATE TABLE IF NOT EXISTS keys (
    digest TEXT PRIMARY KEY, scope INTEGER NOT NULL, hint TEXT NOT NULL, permissions BLOB NOT NULL,
    expires INTEGER);
CREATE TABLE IF NOT EXISTS balances (
    scope INTEGER NOT NULL, currency TEXT NOT NULL, source_type TEXT NOT NULL, state TEXT NOT NULL,
    amount INTEGER NOT NULL, PRIMARY KEY (scope, currency, source_type, state)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""

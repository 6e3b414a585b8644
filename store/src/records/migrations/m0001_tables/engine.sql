CREATE TABLE command_keys (
    key text NOT NULL PRIMARY KEY,
    fingerprint text NOT NULL,
    answer text NOT NULL,
    at_us int8 NOT NULL
);
CREATE INDEX command_keys_at ON command_keys (at_us);

CREATE TABLE outbox (
    seq sequence,
    id uuid NOT NULL UNIQUE,
    at_us int8 NOT NULL,
    kind text NOT NULL,
    payload text NOT NULL
);

CREATE TABLE outbox_cursors (
    consumer text NOT NULL PRIMARY KEY,
    seq int8 NOT NULL
);

CREATE TABLE parked_events (
    id sequence,
    consumer text NOT NULL,
    seq int8 NOT NULL,
    error text NOT NULL,
    at_us int8 NOT NULL,
    kind text NOT NULL DEFAULT '',
    tries int4 NOT NULL DEFAULT 0,
    next_try_at_us int8
);
CREATE INDEX parked_events_due ON parked_events (consumer, next_try_at_us);

CREATE TABLE counters (
    name text NOT NULL PRIMARY KEY,
    value int8 NOT NULL
);

CREATE TABLE leases (
    name text NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    renewals int8 NOT NULL
);

CREATE TABLE transitions (
    seq sequence,
    thing text NOT NULL,
    thing_id uuid NOT NULL,
    from_state text,
    to_state text NOT NULL,
    at_us int8 NOT NULL,
    recorded_at_us int8 NOT NULL,
    source text NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    note text,
    latitude double,
    longitude double
);
CREATE INDEX transitions_thing ON transitions (thing_id, thing, seq);

CREATE TABLE write_probe (
    id int4 NOT NULL PRIMARY KEY,
    body bytes NOT NULL
);

CREATE TABLE retention_runs (
    subject text NOT NULL PRIMARY KEY,
    at_us int8 NOT NULL,
    removed int8 NOT NULL,
    removed_ever int8 NOT NULL,
    error text
);

CREATE TABLE demo (
    id int4 NOT NULL PRIMARY KEY,
    stage text NOT NULL,
    anchor_us int8 NOT NULL,
    accounts text NOT NULL
);

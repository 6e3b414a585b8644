CREATE TABLE connections (
    device_id uuid NOT NULL PRIMARY KEY,
    connection_id uuid NOT NULL,
    client_id text NOT NULL,
    remote text NOT NULL,
    connected_at_us int8 NOT NULL,
    ended_at_us int8,
    end_reason text,
    connects int8 NOT NULL
);
CREATE INDEX connections_ended ON connections (ended_at_us);

CREATE TABLE quarantine (
    id uuid NOT NULL PRIMARY KEY,
    device_id uuid NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytes NOT NULL,
    payload_bytes int8 NOT NULL,
    received_at_us int8 NOT NULL,
    count int8 NOT NULL,
    source text
);
CREATE INDEX quarantine_device ON quarantine (device_id, id);
CREATE INDEX quarantine_reason ON quarantine (reason, id);
CREATE INDEX quarantine_source ON quarantine (source, reason);
CREATE INDEX quarantine_received ON quarantine (received_at_us);

CREATE TABLE quarantine_counts (
    device_id uuid NOT NULL,
    reason text NOT NULL,
    count int8 NOT NULL,
    last_at_us int8 NOT NULL,
    PRIMARY KEY (device_id, reason)
);

CREATE TABLE device_events (
    device_id uuid NOT NULL,
    at_us int8 NOT NULL,
    kind text NOT NULL,
    code text NOT NULL,
    asset_id uuid,
    text text NOT NULL,
    PRIMARY KEY (device_id, at_us, kind, code)
);
CREATE INDEX device_events_of_asset ON device_events (asset_id, at_us);

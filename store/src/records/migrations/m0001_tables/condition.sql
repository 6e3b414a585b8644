CREATE TABLE state_intervals (
    asset_id uuid NOT NULL REFERENCES assets (id),
    from_us int8 NOT NULL,
    to_us int8,
    state text NOT NULL,
    cause text,
    resumes boolean NOT NULL DEFAULT FALSE,
    PRIMARY KEY (asset_id, from_us)
);
CREATE INDEX state_intervals_by_end ON state_intervals (to_us, state);
CREATE INDEX state_intervals_open ON state_intervals (from_us) WHERE to_us IS NULL;

CREATE TABLE state_marks (
    asset_id uuid NOT NULL REFERENCES assets (id),
    at_us int8 NOT NULL,
    kind text NOT NULL,
    device_id uuid NOT NULL,
    code text NOT NULL,
    state text,
    cause text,
    PRIMARY KEY (asset_id, at_us, kind, device_id, code)
);
CREATE INDEX state_marks_of_device ON state_marks (asset_id, device_id, at_us);

CREATE TABLE silences (
    device_id uuid NOT NULL,
    from_us int8 NOT NULL,
    to_us int8,
    PRIMARY KEY (device_id, from_us)
);

CREATE TABLE failures (
    id uuid NOT NULL PRIMARY KEY,
    asset_id uuid NOT NULL REFERENCES assets (id),
    device_id uuid NOT NULL,
    at_us int8 NOT NULL,
    restored_at_us int8,
    code text,
    cause text,
    detected_by text NOT NULL
);
CREATE INDEX failures_of_asset ON failures (asset_id, at_us);
CREATE INDEX failures_by_time ON failures (at_us, id);
CREATE INDEX failures_restored ON failures (restored_at_us) WHERE restored_at_us IS NOT NULL;

CREATE TABLE fleet_days (
    day int4 NOT NULL PRIMARY KEY,
    start_us int8 NOT NULL,
    service_n int8 NOT NULL,
    service_us int8 NOT NULL,
    up_n int8 NOT NULL,
    up_us int8 NOT NULL,
    down_unplanned_n int8 NOT NULL,
    down_unplanned_us int8 NOT NULL,
    down_planned_n int8 NOT NULL,
    down_planned_us int8 NOT NULL,
    idle_n int8 NOT NULL,
    idle_us int8 NOT NULL,
    stops int8 NOT NULL,
    failures int8 NOT NULL,
    restored int8 NOT NULL,
    restored_us int8 NOT NULL
);

CREATE TABLE site_days (
    day int4 NOT NULL,
    site_id uuid NOT NULL,
    start_us int8 NOT NULL,
    service_n int8 NOT NULL,
    service_us int8 NOT NULL,
    up_n int8 NOT NULL,
    up_us int8 NOT NULL,
    down_unplanned_n int8 NOT NULL,
    down_unplanned_us int8 NOT NULL,
    down_planned_n int8 NOT NULL,
    down_planned_us int8 NOT NULL,
    idle_n int8 NOT NULL,
    idle_us int8 NOT NULL,
    stops int8 NOT NULL,
    failures int8 NOT NULL,
    restored int8 NOT NULL,
    restored_us int8 NOT NULL,
    PRIMARY KEY (day, site_id)
) WITHOUT ROWID;

CREATE TABLE site_day_versions (
    day int4 NOT NULL PRIMARY KEY,
    version int8 NOT NULL
);

CREATE TABLE rules (
    id uuid NOT NULL PRIMARY KEY,
    version int8 NOT NULL,
    settings text NOT NULL,
    built_in boolean NOT NULL,
    demo boolean NOT NULL,
    created_at_us int8 NOT NULL,
    updated_at_us int8 NOT NULL
);

CREATE TABLE rule_versions (
    rule_id uuid NOT NULL,
    version int8 NOT NULL,
    settings text NOT NULL,
    at_us int8 NOT NULL,
    PRIMARY KEY (rule_id, version)
);

CREATE TABLE alert_groups (
    id uuid NOT NULL PRIMARY KEY,
    asset_id uuid NOT NULL REFERENCES assets (id),
    opened_at_us int8 NOT NULL,
    severity int4 NOT NULL,
    historical boolean NOT NULL,
    cleared_at_us int8,
    closed_at_us int8,
    ticket_id uuid,
    ticket_open boolean NOT NULL,
    verdict text,
    found text,
    verdict_by uuid,
    verdict_at_us int8
);
CREATE INDEX alert_groups_of_asset ON alert_groups (asset_id, historical, opened_at_us);

CREATE TABLE alerts (
    id uuid NOT NULL PRIMARY KEY,
    group_id uuid NOT NULL REFERENCES alert_groups (id),
    asset_id uuid NOT NULL REFERENCES assets (id),
    device_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    rule_version int8 NOT NULL,
    severity int4 NOT NULL,
    urgency int8 NOT NULL,
    raised_at_us int8 NOT NULL,
    noticed_at_us int8 NOT NULL,
    cleared_at_us int8,
    acknowledged_at_us int8,
    acknowledged_by uuid,
    dismissed_at_us int8,
    dismissed_by uuid,
    dismissed_until_us int8,
    dismissed_reason text,
    historical boolean NOT NULL,
    suppressed boolean NOT NULL,
    opens_ticket boolean NOT NULL,
    failure_id uuid,
    money_minor int8,
    money_currency text,
    clear_reason text
);
CREATE INDEX alerts_of_group ON alerts (group_id);
CREATE INDEX alerts_of_asset ON alerts (asset_id, urgency, id);
CREATE INDEX alerts_of_rule ON alerts (rule_id, raised_at_us);
CREATE INDEX alerts_of_failure ON alerts (failure_id);
CREATE INDEX alerts_by_urgency ON alerts (urgency, id);
CREATE UNIQUE INDEX alerts_once ON alerts (rule_id, asset_id, device_id, raised_at_us, rule_version) WHERE failure_id IS NULL;
CREATE INDEX alerts_open ON alerts (urgency, id) WHERE cleared_at_us IS NULL;
CREATE INDEX alerts_suppressed ON alerts (asset_id) WHERE suppressed = TRUE;

CREATE TABLE evidence (
    alert_id uuid NOT NULL PRIMARY KEY REFERENCES alerts (id),
    body text NOT NULL
);

CREATE TABLE analytics_state (
    key text NOT NULL PRIMARY KEY,
    seq int8 NOT NULL,
    body text NOT NULL
);

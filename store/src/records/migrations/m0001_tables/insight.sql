CREATE TABLE kpi_facts (
    code text NOT NULL,
    at_us int8 NOT NULL,
    subject_id uuid NOT NULL,
    subject text NOT NULL,
    label text NOT NULL,
    day int4 NOT NULL,
    until_day int4,
    numerator int8 NOT NULL,
    denominator int8 NOT NULL,
    asset_id uuid,
    model_id uuid,
    technician_id uuid,
    territory_id uuid,
    PRIMARY KEY (code, at_us, subject_id)
) WITHOUT ROWID;
CREATE INDEX kpi_facts_of_subject ON kpi_facts (subject_id);

CREATE TABLE kpi_days (
    day int4 NOT NULL,
    code text NOT NULL,
    numerator int8 NOT NULL,
    denominator int8 NOT NULL,
    cases int8 NOT NULL,
    PRIMARY KEY (day, code)
);
CREATE INDEX kpi_days_code ON kpi_days (code, day);

CREATE TABLE kpi_changed (
    seq sequence,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    rebuild boolean NOT NULL DEFAULT FALSE,
    error text,
    UNIQUE (kind, subject_id)
);
CREATE INDEX kpi_changed_next ON kpi_changed (rebuild, seq) WHERE error IS NULL;

CREATE TABLE kpi_rebuild (
    id int4 NOT NULL PRIMARY KEY,
    subjects int8 NOT NULL,
    begun_at_us int8,
    ended_at_us int8
);

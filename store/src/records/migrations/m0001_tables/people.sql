CREATE TABLE accounts (
    id uuid NOT NULL PRIMARY KEY,
    email text NOT NULL UNIQUE,
    name text NOT NULL,
    role text NOT NULL,
    customer_id uuid,
    technician_id uuid,
    language text NOT NULL,
    time_zone text NOT NULL,
    password_hash text NOT NULL,
    disabled_at_us int8,
    created_at_us int8 NOT NULL,
    version int8 NOT NULL
);

CREATE TABLE sessions (
    id uuid NOT NULL PRIMARY KEY,
    secret_hash text NOT NULL UNIQUE,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at_us int8 NOT NULL,
    seen_at_us int8 NOT NULL
);
CREATE INDEX ix_sessions_account ON sessions (account_id);

CREATE TABLE known_browsers (
    secret_hash text NOT NULL,
    account_id uuid NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    seen_at_us int8 NOT NULL,
    PRIMARY KEY (secret_hash, account_id)
);

CREATE TABLE api_tokens (
    id uuid NOT NULL PRIMARY KEY,
    secret_hash text NOT NULL UNIQUE,
    name text NOT NULL,
    role text NOT NULL,
    customer_id uuid,
    technician_id uuid,
    created_at_us int8 NOT NULL,
    revoked_at_us int8
);

CREATE TABLE organisation (
    id int4 NOT NULL PRIMARY KEY,
    name text NOT NULL,
    address text NOT NULL,
    tax_id text,
    currency text NOT NULL,
    time_zone text NOT NULL,
    language text NOT NULL,
    labour_rate_minor int8 NOT NULL,
    travel_rate_minor int8 NOT NULL,
    labour_cost_minor int8 NOT NULL,
    tax_rate text NOT NULL,
    payment_terms_days int4 NOT NULL,
    set_up_at_us int8,
    labour_step_minutes int4 NOT NULL DEFAULT 0,
    travel_step_minutes int4 NOT NULL DEFAULT 0
);

CREATE TABLE contracts (
    id uuid NOT NULL PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    number text NOT NULL UNIQUE,
    tier text NOT NULL,
    all_assets boolean NOT NULL,
    start_us int8 NOT NULL,
    end_us int8 NOT NULL,
    shares text NOT NULL,
    hours_limit text,
    visits_limit int8,
    parts_limit_minor int8,
    response_hours int8,
    restore_hours int8,
    price_minor int8 NOT NULL,
    currency text NOT NULL,
    availability_guarantee text,
    version int8 NOT NULL,
    billing text
);
CREATE INDEX contracts_of_customer ON contracts (customer_id);
CREATE INDEX contracts_by_end ON contracts (end_us);

CREATE TABLE contract_assets (
    contract_id uuid NOT NULL REFERENCES contracts (id),
    asset_id uuid NOT NULL REFERENCES assets (id),
    PRIMARY KEY (contract_id, asset_id)
);
CREATE INDEX contract_assets_of_asset ON contract_assets (asset_id);

CREATE TABLE warranties (
    id uuid NOT NULL PRIMARY KEY,
    asset_id uuid NOT NULL REFERENCES assets (id),
    start_us int8 NOT NULL,
    end_us int8 NOT NULL,
    covers text NOT NULL,
    supplier text,
    version int8 NOT NULL
);
CREATE INDEX warranties_of_asset ON warranties (asset_id);

CREATE TABLE invoices (
    id uuid NOT NULL PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    currency text NOT NULL,
    created_at_us int8 NOT NULL,
    status text NOT NULL,
    number text UNIQUE,
    issued_at_us int8,
    total_minor int8 NOT NULL,
    open_minor int8 NOT NULL,
    facts text NOT NULL,
    parties text NOT NULL,
    language text NOT NULL,
    version int8 NOT NULL,
    issued_on int4,
    due_on int4,
    paid_on int4
);
CREATE INDEX invoices_by_status ON invoices (status, created_at_us, id);
CREATE INDEX invoices_of_customer ON invoices (customer_id, created_at_us, id);
CREATE INDEX invoices_by_creation ON invoices (created_at_us, id);
CREATE INDEX invoices_open_sums ON invoices (status, currency, open_minor, id);

CREATE TABLE invoice_lines (
    id uuid NOT NULL PRIMARY KEY,
    invoice_id uuid NOT NULL REFERENCES invoices (id),
    position int4 NOT NULL,
    line_id uuid,
    work_order_id uuid,
    contract_id uuid,
    period_from int4,
    live boolean NOT NULL,
    facts text NOT NULL
);
CREATE INDEX invoice_lines_of_invoice ON invoice_lines (invoice_id, position);
CREATE INDEX invoice_lines_of_work_order ON invoice_lines (work_order_id);
CREATE UNIQUE INDEX invoice_lines_once ON invoice_lines (line_id) WHERE live = TRUE;
CREATE UNIQUE INDEX invoice_lines_period_once ON invoice_lines (contract_id, period_from) WHERE live = TRUE;

CREATE TABLE invoice_numbers (
    series text NOT NULL,
    year int4 NOT NULL,
    last int8 NOT NULL,
    PRIMARY KEY (series, year)
);

CREATE TABLE credit_notes (
    id uuid NOT NULL PRIMARY KEY,
    invoice_id uuid NOT NULL REFERENCES invoices (id),
    number text NOT NULL UNIQUE,
    at_us int8 NOT NULL,
    facts text NOT NULL
);
CREATE INDEX credit_notes_of_invoice ON credit_notes (invoice_id, at_us);

CREATE TABLE payments (
    id uuid NOT NULL PRIMARY KEY,
    invoice_id uuid NOT NULL REFERENCES invoices (id),
    amount_minor int8 NOT NULL,
    currency text NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    direction text NOT NULL DEFAULT 'in',
    on_day int4 NOT NULL DEFAULT 0
);
CREATE INDEX payments_of_invoice ON payments (invoice_id);
CREATE INDEX payments_by_day ON payments (on_day, id);

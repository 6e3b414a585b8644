CREATE TABLE tickets (
    id uuid NOT NULL PRIMARY KEY,
    number text NOT NULL UNIQUE,
    asset_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    site_id uuid NOT NULL,
    subject text NOT NULL,
    description text NOT NULL,
    source text NOT NULL,
    alert_group_id uuid UNIQUE,
    priority text NOT NULL,
    priority_reason text NOT NULL,
    fault_at_us int8,
    reported_at_us int8 NOT NULL,
    opened_at_us int8 NOT NULL,
    first_response_at_us int8,
    restored_at_us int8,
    reopened_at text NOT NULL,
    status text NOT NULL,
    is_open boolean NOT NULL,
    resolution text,
    resolved_at_us int8,
    facts text NOT NULL,
    version int8 NOT NULL,
    search text NOT NULL DEFAULT ''
);
CREATE INDEX tickets_newest ON tickets (opened_at_us, id);
CREATE INDEX tickets_open ON tickets (is_open, opened_at_us, id);
CREATE INDEX tickets_status ON tickets (status, opened_at_us, id);
CREATE INDEX tickets_asset ON tickets (asset_id, opened_at_us, id);
CREATE INDEX tickets_customer ON tickets (customer_id, opened_at_us, id);
CREATE INDEX tickets_resolved ON tickets (resolved_at_us);
CREATE INDEX tickets_site ON tickets (site_id);

CREATE TABLE work_orders (
    id uuid NOT NULL PRIMARY KEY,
    number text NOT NULL UNIQUE,
    ticket_id uuid,
    asset_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    site_id uuid NOT NULL,
    kind text NOT NULL,
    priority text NOT NULL,
    priority_rank int4 NOT NULL,
    subject text NOT NULL,
    description text NOT NULL,
    required_skill text,
    estimated_minutes int4 NOT NULL,
    requires_signature boolean NOT NULL,
    alert_group_id uuid,
    finding text,
    failure_mode text,
    misuse boolean NOT NULL,
    signed_at_us int8,
    created_at_us int8 NOT NULL,
    status text NOT NULL,
    is_open boolean NOT NULL,
    completed_at_us int8,
    approved_at_us int8,
    invoice_id uuid,
    facts text NOT NULL,
    version int8 NOT NULL,
    search text NOT NULL DEFAULT ''
);
CREATE INDEX work_orders_newest ON work_orders (created_at_us, id);
CREATE INDEX work_orders_open ON work_orders (is_open, created_at_us, id);
CREATE INDEX work_orders_status ON work_orders (status, created_at_us, id);
CREATE INDEX work_orders_urgent ON work_orders (status, priority_rank, created_at_us);
CREATE INDEX work_orders_asset ON work_orders (asset_id, created_at_us, id);
CREATE INDEX work_orders_customer ON work_orders (customer_id, created_at_us, id);
CREATE INDEX work_orders_ticket ON work_orders (ticket_id);
CREATE INDEX work_orders_completed ON work_orders (completed_at_us);
CREATE INDEX work_orders_invoice ON work_orders (invoice_id);
CREATE INDEX work_orders_site ON work_orders (site_id);

CREATE TABLE signatures (
    work_order_id uuid NOT NULL PRIMARY KEY REFERENCES work_orders (id),
    name text NOT NULL,
    image text,
    at_us int8 NOT NULL
);

CREATE TABLE technicians (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text,
    phone text,
    skills text NOT NULL,
    territory_id uuid,
    van_id uuid,
    cost_per_hour_minor int8,
    cost_currency text,
    active boolean NOT NULL,
    demo boolean NOT NULL,
    version int8 NOT NULL
);

CREATE TABLE visits (
    id uuid NOT NULL PRIMARY KEY,
    work_order_id uuid NOT NULL REFERENCES work_orders (id),
    technician_id uuid NOT NULL REFERENCES technicians (id),
    planned_start_us int8 NOT NULL,
    planned_end_us int8 NOT NULL,
    status text NOT NULL,
    is_at_work boolean NOT NULL,
    travel_started_at_us int8,
    arrived_at_us int8,
    finished_at_us int8,
    outcome text,
    facts text NOT NULL,
    version int8 NOT NULL,
    entered_late boolean NOT NULL DEFAULT FALSE
);
CREATE INDEX visits_work_order ON visits (work_order_id, technician_id);
CREATE INDEX visits_technician ON visits (technician_id, planned_start_us);
CREATE INDEX visits_at_work ON visits (technician_id, is_at_work);
CREATE INDEX visits_planned ON visits (planned_start_us);
CREATE INDEX visits_finished ON visits (finished_at_us);

CREATE TABLE checklist_items (
    id uuid NOT NULL PRIMARY KEY,
    work_order_id uuid NOT NULL REFERENCES work_orders (id),
    position int4 NOT NULL,
    text text NOT NULL,
    done_at_us int8,
    done_by uuid
);
CREATE INDEX checklist_items_work_order ON checklist_items (work_order_id, position);

CREATE TABLE lines (
    id uuid NOT NULL PRIMARY KEY,
    work_order_id uuid NOT NULL REFERENCES work_orders (id),
    visit_id uuid,
    technician_id uuid,
    kind text NOT NULL,
    description text NOT NULL,
    part_id uuid,
    stock_location_id uuid,
    serial_number text,
    quantity_milli int8 NOT NULL,
    unit_price_minor int8 NOT NULL,
    unit_cost_minor int8 NOT NULL,
    currency text NOT NULL,
    at_us int8 NOT NULL,
    payer text NOT NULL,
    payer_id uuid,
    covered_share text NOT NULL,
    coverage_reason text NOT NULL,
    invoiced boolean NOT NULL,
    time_us int8
);
CREATE INDEX lines_work_order ON lines (work_order_id, at_us);
CREATE INDEX lines_payer ON lines (payer_id, kind);
CREATE INDEX lines_at ON lines (at_us);

CREATE TABLE time_entries (
    id uuid NOT NULL PRIMARY KEY,
    visit_id uuid NOT NULL REFERENCES visits (id),
    work_order_id uuid NOT NULL,
    technician_id uuid NOT NULL,
    kind text NOT NULL,
    from_us int8 NOT NULL,
    to_us int8 NOT NULL
);
CREATE INDEX time_entries_visit ON time_entries (visit_id, from_us);
CREATE INDEX time_entries_technician ON time_entries (technician_id, from_us);
CREATE INDEX time_entries_from ON time_entries (from_us);

CREATE TABLE parts (
    id uuid NOT NULL PRIMARY KEY,
    number text NOT NULL UNIQUE,
    name text NOT NULL,
    unit_price_minor int8 NOT NULL,
    unit_cost_minor int8 NOT NULL,
    currency text NOT NULL,
    reorder_point_milli int8 NOT NULL,
    active boolean NOT NULL,
    demo boolean NOT NULL,
    version int8 NOT NULL,
    search text NOT NULL DEFAULT ''
);

CREATE TABLE stock_locations (
    id uuid NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    name text NOT NULL,
    customer_id uuid,
    may_go_negative boolean NOT NULL,
    demo boolean NOT NULL
);

CREATE TABLE stock_levels (
    stock_location_id uuid NOT NULL REFERENCES stock_locations (id),
    part_id uuid NOT NULL REFERENCES parts (id),
    quantity_milli int8 NOT NULL,
    PRIMARY KEY (stock_location_id, part_id)
);
CREATE INDEX stock_levels_part ON stock_levels (part_id);

CREATE TABLE stock_movements (
    id uuid NOT NULL PRIMARY KEY,
    part_id uuid NOT NULL REFERENCES parts (id),
    from_location_id uuid,
    to_location_id uuid,
    quantity_milli int8 NOT NULL,
    reason text NOT NULL,
    line_id uuid,
    note text NOT NULL,
    at_us int8 NOT NULL
);
CREATE UNIQUE INDEX stock_movements_once ON stock_movements (line_id, reason);
CREATE INDEX stock_movements_part ON stock_movements (part_id, at_us, id);
CREATE INDEX stock_movements_newest ON stock_movements (at_us, id);

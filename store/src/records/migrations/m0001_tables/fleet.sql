CREATE TABLE territories (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL UNIQUE,
    demo boolean NOT NULL
);

CREATE TABLE customers (
    id uuid NOT NULL PRIMARY KEY,
    name text NOT NULL,
    email text,
    phone text,
    tax_id text,
    billing_address text NOT NULL,
    currency text NOT NULL,
    demo boolean NOT NULL,
    created_at_us int8 NOT NULL,
    search text NOT NULL
);
CREATE INDEX customers_by_name ON customers (name, id);

CREATE TABLE sites (
    id uuid NOT NULL PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    territory_id uuid REFERENCES territories (id),
    name text NOT NULL,
    address text NOT NULL,
    latitude double,
    longitude double,
    time_zone text NOT NULL,
    access_notes text,
    search text NOT NULL
);
CREATE INDEX sites_by_name ON sites (name, id);
CREATE UNIQUE INDEX sites_of_customer ON sites (customer_id, name);

CREATE TABLE models (
    id uuid NOT NULL PRIMARY KEY,
    manufacturer text NOT NULL,
    name text NOT NULL,
    equipment_type text NOT NULL,
    demo boolean NOT NULL,
    search text NOT NULL
);
CREATE UNIQUE INDEX models_by_name ON models (name, manufacturer);

CREATE TABLE model_metrics (
    model_id uuid NOT NULL REFERENCES models (id),
    metric text NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    PRIMARY KEY (model_id, metric)
);

CREATE TABLE assets (
    id uuid NOT NULL PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES customers (id),
    site_id uuid NOT NULL REFERENCES sites (id),
    model_id uuid NOT NULL REFERENCES models (id),
    name text NOT NULL,
    serial_number text NOT NULL,
    functional_location text,
    criticality text NOT NULL,
    in_service_from_us int8 NOT NULL,
    in_service_to_us int8,
    downtime_cost_minor int8,
    downtime_cost_currency text,
    version int8 NOT NULL,
    search text NOT NULL
);
CREATE INDEX assets_by_name ON assets (name, id);
CREATE INDEX assets_of_customer ON assets (customer_id, name, id);
CREATE INDEX assets_of_site ON assets (site_id, name, id);
CREATE UNIQUE INDEX assets_serial_numbers ON assets (model_id, serial_number) WHERE serial_number <> '';
CREATE INDEX assets_service_from ON assets (in_service_from_us);
CREATE INDEX assets_service_to ON assets (in_service_to_us) WHERE in_service_to_us IS NOT NULL;

CREATE TABLE devices (
    id uuid NOT NULL PRIMARY KEY,
    asset_id uuid REFERENCES assets (id),
    name text NOT NULL,
    profile text NOT NULL,
    created_at_us int8 NOT NULL,
    revoked_at_us int8,
    demo boolean NOT NULL,
    token_hash text NOT NULL UNIQUE,
    search text NOT NULL
);
CREATE INDEX devices_by_name ON devices (name, id);
CREATE INDEX devices_of_asset ON devices (asset_id);
CREATE INDEX devices_of_other_profile ON devices(profile) WHERE profile <> 'thingsboard';

CREATE TABLE device_attributes (
    device_id uuid NOT NULL,
    name text NOT NULL,
    value text NOT NULL,
    at_us int8 NOT NULL,
    PRIMARY KEY (device_id, name)
);

CREATE TABLE credential_changes (
    seq sequence,
    device_id uuid NOT NULL
);

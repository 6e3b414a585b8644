//! The routes of firmware and servers that many fleets already have, each from its own documentation.

use super::{
    Route,
    body::{Body, SHAPE, Shape},
    dialect, take,
};
use crate::{dialects::Dialect, facts::Facts, number_text::Texts};
use domain::telemetry::Rejection;

const fn route(topic: &'static str, body: Body<'static>) -> Route {
    Route { topic, body }
}

/// The names under which messages of nobody's dialect have their time.
pub const TIMES: &[&str] = &["/ts", "/time", "/timestamp", "/Time", "/Timestamp"];

/// Objects of values, or a list of them; their time stands beside them, and `state`, `error` and the like say what they say
/// everywhere.
pub fn objects(payload: &[u8], facts: &mut Facts<'_, '_>) -> Result<(), Rejection> {
    Body::Values(Shape { time: TIMES, words: true, lists: true, ..SHAPE }).read("", payload, facts)
}

/// Objects of values on any topic, and plain values that the topic's last level names.
pub const JSON: Dialect = dialect(Texts::Plain, |message, facts| {
    if matches!(message.payload.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return objects(&message.payload, facts);
    }
    let last = message.topic.rsplit('/').next().unwrap_or_default();
    Body::Values(SHAPE).read(last, &message.payload, facts)
});

/// Lines on any topic.
pub const INFLUX: Dialect =
    dialect(Texts::Never, |message, facts| Body::Lines.read("", &message.payload, facts));

/// Tasmota (`docs/MQTT.md`): `%prefix%/%topic%/` or `%topic%/%prefix%/`. Its times have no zone unless it was told to
/// add one, so that of receipt counts.
pub const TASMOTA: Dialect = dialect(Texts::Switches, |message, facts| take(TASMOTA_ROUTES, message, facts));
const TASMOTA_VALUES: Shape<'static> =
    Shape { time: &["/Time"], leave_out: &["Epoch", "TempUnit", "PressureUnit"], ..SHAPE };
const TASMOTA_STATE: Shape<'static> =
    Shape { leave_out: &["Uptime", "SSId", "BSSId", "Hostname", "IPAddress"], ..TASMOTA_VALUES };
const TASMOTA_ROUTES: &[Route] = &[
    route("tele/{device*}/LWT", Body::Connection),
    route("{device*}/tele/LWT", Body::Connection),
    route("tele/{device*}/INFO1", Body::Attributes("/Info1")),
    route("tele/{device*}/INFO2", Body::Attributes("/Info2")),
    route("tele/{device*}/INFO3", Body::Attributes("/Info3")),
    route("{device*}/tele/INFO1", Body::Attributes("/Info1")),
    route("{device*}/tele/INFO2", Body::Attributes("/Info2")),
    route("{device*}/tele/INFO3", Body::Attributes("/Info3")),
    route("tele/{device*}/STATE", Body::Values(TASMOTA_STATE)),
    route("{device*}/tele/STATE", Body::Values(TASMOTA_STATE)),
    route("tele/{device*}/SENSOR", Body::Values(TASMOTA_VALUES)),
    route("{device*}/tele/SENSOR", Body::Values(TASMOTA_VALUES)),
    // An answer repeats what a sensor or a switch says anyway, or says how the device is set up.
    route("stat/{device*}/RESULT", Body::Nothing),
    route("{device*}/stat/RESULT", Body::Nothing),
    route("stat/{device*}/LOGGING", Body::Nothing),
    route("tele/{device*}/{metric}", Body::Values(TASMOTA_VALUES)),
    route("stat/{device*}/{metric}", Body::Values(TASMOTA_VALUES)),
    route("{device*}/tele/{metric}", Body::Values(TASMOTA_VALUES)),
    route("{device*}/stat/{metric}", Body::Values(TASMOTA_VALUES)),
    route("tasmota/discovery/{}/{}", Body::Nothing),
];

/// Zigbee2MQTT: one bridge, each device behind it by its friendly name, which may have several levels.
pub const ZIGBEE2MQTT: Dialect =
    dialect(Texts::Switches, |message, facts| take(ZIGBEE2MQTT_ROUTES, message, facts));
const ZIGBEE2MQTT_ROUTES: &[Route] = &[
    route("zigbee2mqtt/bridge/state", Body::Connection),
    route("zigbee2mqtt/bridge/{}", Body::Nothing),
    route("zigbee2mqtt/bridge/{}/{metric*}", Body::Nothing),
    route("zigbee2mqtt/{child*}/availability", Body::Connection),
    route("zigbee2mqtt/{child*}/set", Body::Nothing),
    route("zigbee2mqtt/{child*}/get", Body::Nothing),
    route(
        "zigbee2mqtt/{child*}",
        Body::Values(Shape { time: &["/last_seen"], leave_out: &["update", "color_options"], ..SHAPE }),
    ),
];

/// Shelly Gen2 and later (status and notifications), and `shellies/` of the first generation.
pub const SHELLY: Dialect = dialect(Texts::Switches, |message, facts| take(SHELLY_ROUTES, message, facts));
const SHELLY_PASSED: &[&str] = &["by_minute", "minute_ts", "source", "id"];
const SHELLY_ROUTES: &[Route] = &[
    route("shellies/announce", Body::Nothing),
    route("shellies/command", Body::Nothing),
    route("shellies/{device}/announce", Body::Nothing),
    route("shellies/{device}/command", Body::Nothing),
    route("shellies/{device}/online", Body::Connection),
    route("shellies/{device}/info", Body::Values(Shape { leave_out: SHELLY_PASSED, ..SHAPE })),
    route("shellies/{device}/{metric*}", Body::Values(SHAPE)),
    route("{device*}/online", Body::Connection),
    route("{device*}/status/{metric}", Body::Values(Shape { leave_out: SHELLY_PASSED, ..SHAPE })),
    route(
        "{device*}/events/rpc",
        Body::Values(Shape {
            values: &["/params"],
            time: &["/params/ts"],
            leave_out: &["by_minute", "minute_ts", "source", "id", "ts", "events"],
            ..SHAPE
        }),
    ),
    route("{device*}/debug/log", Body::Nothing),
    route("{device*}/rpc", Body::Nothing),
    route("{device*}/command", Body::Nothing),
    route("{device*}/command/{}", Body::Nothing),
];

/// ESPHome: `prefix/component/object/state`.
pub const ESPHOME: Dialect = dialect(Texts::Switches, |message, facts| take(ESPHOME_ROUTES, message, facts));
const ESPHOME_ROUTES: &[Route] = &[
    route("homeassistant/{metric*}", Body::Nothing),
    route("esphome/discover/{}", Body::Nothing),
    route("{device*}/status", Body::Connection),
    route("{device*}/debug", Body::Nothing),
    route("{device*}/sensor/{metric}/state", Body::Values(SHAPE)),
    route("{device*}/binary_sensor/{metric}/state", Body::Values(SHAPE)),
    route("{device*}/{}/{}/command", Body::Nothing),
    route("{device*}/{metric}/{metric}/state", Body::Values(SHAPE)),
    route("{device*}/{metric}/{metric}/{metric}/state", Body::Values(SHAPE)),
];

/// ChirpStack 4: `application/{application}/device/{dev EUI}/event/{event}`, each device behind the integration.
pub const CHIRPSTACK: Dialect =
    dialect(Texts::Plain, |message, facts| take(CHIRPSTACK_ROUTES, message, facts));
const CHIRPSTACK_ROUTES: &[Route] = &[
    route(
        "application/{}/device/{child}/event/up",
        Body::Values(Shape {
            values: &["/object"],
            time: &["/time"],
            single: &[("/rxInfo/0/rssi", "rssi"), ("/rxInfo/0/snr", "snr"), ("/fCnt", "f_cnt")],
            ..SHAPE
        }),
    ),
    route("application/{}/device/{child}/event/join", Body::Reached),
    route(
        "application/{}/device/{child}/event/status",
        Body::Values(Shape {
            values: &[],
            time: &["/time"],
            single: &[("/margin", "margin"), ("/batteryLevel", "battery_level")],
            ..SHAPE
        }),
    ),
    route(
        "application/{}/device/{child}/event/location",
        Body::Values(Shape { values: &["/location"], time: &["/time"], leave_out: &["source"], ..SHAPE }),
    ),
    route("application/{}/device/{child}/event/log", Body::Happened { code: "/code", text: "/description" }),
    route("application/{}/device/{child}/event/{}", Body::Nothing),
    route("application/{}/device/{child}/command/{}", Body::Nothing),
];

/// The Things Stack 3: `v3/{application}@{tenant}/devices/{device}/{event}`, each device behind the integration.
pub const THINGS_STACK: Dialect =
    dialect(Texts::Plain, |message, facts| take(THINGS_STACK_ROUTES, message, facts));
const THINGS_STACK_ROUTES: &[Route] = &[
    route(
        "v3/{}/devices/{child}/up",
        Body::Values(Shape {
            values: &["/uplink_message/decoded_payload"],
            time: &["/uplink_message/received_at", "/received_at"],
            single: &[
                ("/uplink_message/rx_metadata/0/rssi", "rssi"),
                ("/uplink_message/rx_metadata/0/snr", "snr"),
                ("/uplink_message/f_cnt", "f_cnt"),
            ],
            ..SHAPE
        }),
    ),
    route("v3/{}/devices/{child}/join", Body::Reached),
    route(
        "v3/{}/devices/{child}/location/solved",
        Body::Values(Shape {
            values: &["/location_solved/location"],
            time: &["/received_at"],
            leave_out: &["source"],
            ..SHAPE
        }),
    ),
    route("v3/{}/devices/{child}/{metric*}", Body::Nothing),
];

/// Losant: `losant/{device}/state`; a gateway speaks for its peripherals by their own names.
pub const LOSANT: Dialect = dialect(Texts::Plain, |message, facts| take(LOSANT_ROUTES, message, facts));
const LOSANT_ROUTES: &[Route] = &[
    route(
        "losant/{device}/state",
        Body::Values(Shape { values: &["/data"], time: &["/time"], words: true, lists: true, ..SHAPE }),
    ),
    route("losant/{device}/{}", Body::Nothing),
];

//! A file fits a sitting.

use super::sources;
use std::collections::BTreeMap;

const LONGEST: usize = 400;

/// Files that are longer, each with its reason.
const LONGER: &[(&str, &str)] = &[
    ("analytics/src/tests.rs", "one fleet under one engine, read from top to bottom"),
    ("api/src/people/accounts/tests.rs", "one subject"),
    ("api/src/work/work_orders/tests.rs", "one subject"),
    ("domain/src/condition/detection/mod.rs", "one state machine"),
    ("domain/src/condition/detection/tests.rs", "one subject"),
    ("domain/src/insight/kpi/tests.rs", "vectors computed by hand"),
    ("simulator/src/demo/plan.rs", "a table of what the demo consists of"),
    ("store/src/telemetry/contract.rs", "one suite that every engine passes"),
];

#[test]
fn a_file_fits_a_sitting() {
    let folders = [
        "src",
        "domain/src",
        "store/src",
        "gateway/src",
        "ingest/src",
        "analytics/src",
        "api/service/src",
        "api/web/src",
        "api/src",
        "simulator/src",
        "tests",
    ];
    let mut found = BTreeMap::new();
    for folder in folders {
        for (path, text) in sources::below(folder) {
            let lines = text.lines().count();
            if lines > LONGEST {
                found.insert(format!("{folder}/{path}"), lines);
            }
        }
    }
    let new: Vec<_> =
        found.iter().filter(|(path, _)| LONGER.iter().all(|(known, _)| known != path)).collect();
    assert!(new.is_empty(), "longer than {LONGEST} lines without a reason: {new:#?}");
    let gone: Vec<_> = LONGER.iter().filter(|(path, _)| !found.contains_key(*path)).collect();
    assert!(gone.is_empty(), "no longer so long: {gone:#?}");
    assert!(LONGER.iter().all(|(_, reason)| !reason.is_empty()));
}

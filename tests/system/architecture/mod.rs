//! The house, held to `docs/architecture.md`: arrows between the rooms, the same areas on every floor, no knots between
//! words, files that fit a sitting.

mod floors;
mod seams;
mod sizes;
mod sources;

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};
use whole_system::product::root;

/// Crate, the crates of the house it may use, and what it must never reach for directly.
const ARROWS: &[(&str, &[&str], &[&str])] = &[
    ("domain", &[], &["tokio", "sea-orm", "rusqlite", "axum", "rumqttc", "rmqtt-codec"]),
    ("store", &["domain"], &["axum", "rumqttc", "rmqtt-codec", "maud"]),
    ("gateway", &["domain", "store"], &["axum", "sea-orm", "rusqlite"]),
    ("ingest", &["domain", "store"], &["axum", "sea-orm", "rusqlite"]),
    ("analytics", &["domain", "store"], &["axum", "rumqttc", "rmqtt-codec", "sea-orm", "rusqlite"]),
    (
        "service",
        &["domain", "store"],
        &["axum", "http", "maud", "fluent-templates", "rumqttc", "rmqtt-codec", "sea-orm", "rusqlite"],
    ),
    ("web", &["domain", "store", "service"], &["rumqttc", "rmqtt-codec", "sea-orm", "rusqlite"]),
    ("api", &["domain", "store", "service", "web"], &["rumqttc", "rmqtt-codec", "sea-orm", "rusqlite"]),
    ("simulator", &["domain", "store"], &["sea-orm", "rusqlite", "axum"]),
    (
        "mainstay",
        &["domain", "store", "gateway", "ingest", "analytics", "service", "web", "api", "simulator"],
        &["sea-orm", "rusqlite"],
    ),
    ("whole-system", &["domain"], &[]),
];

/// Direct dependencies (not those for tests) of each crate of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
    let normal = |package: &Value| {
        let list = package["dependencies"].as_array().cloned().unwrap_or_default();
        list.into_iter()
            .filter(|d| d["kind"].is_null())
            .filter_map(|d| d["name"].as_str().map(String::from))
            .collect()
    };
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| (package["name"].as_str().expect("named").to_owned(), normal(package)))
        .collect()
}

#[test]
fn rooms_depend_inward_only() {
    let actual = dependencies();
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(
        actual.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        ours,
        "a crate without arrows in this test"
    );
    for (name, allowed, banned) in ARROWS {
        for dependency in &actual[*name] {
            let dependency = dependency.as_str();
            assert!(
                !ours.contains(dependency) || allowed.contains(&dependency),
                "{name} must not know {dependency}"
            );
            assert!(!banned.contains(&dependency), "{name} must not reach for {dependency}");
        }
    }
}

#[test]
fn the_top_level_is_the_flow() {
    let folders: BTreeSet<String> = std::fs::read_dir(root())
        .expect("readable")
        .filter_map(|entry| {
            let entry = entry.ok()?;
            entry.file_type().ok()?.is_dir().then(|| entry.file_name().to_string_lossy().into_owned())
        })
        .filter(|name| !name.starts_with('.') && !["target", "mainstay-data"].contains(&name.as_str()))
        .collect();
    let expected = [
        "analytics",
        "api",
        "deploy",
        "docs",
        "domain",
        "gateway",
        "ingest",
        "simulator",
        "src",
        "store",
        "tests",
    ];
    assert_eq!(folders, expected.map(String::from).into());
}

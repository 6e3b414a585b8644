//! The same areas on every floor, and who imports whom within one.

use super::sources;
use std::collections::{BTreeMap, BTreeSet};
use whole_system::product::root;

/// The areas, in the order of the flow.
const AREAS: [&str; 7] = ["people", "fleet", "telemetry", "condition", "work", "money", "insight"];

struct Floor {
    folder: &'static str,
    /// Modules before the areas: `records` in the store.
    inside: &'static [&'static str],
    /// What the floor has beside areas: what words stand on, and what stands on words.
    beside: &'static [&'static str],
}

const FLOORS: [Floor; 4] = [
    Floor {
        folder: "domain/src",
        inside: &[],
        beside: &["amount", "calendar", "clock", "event", "id", "lifecycle", "reason", "schema", "word"],
    },
    Floor {
        folder: "store/src/records",
        inside: &["records"],
        beside: &["across", "columns", "db", "engine", "lists", "migrations", "tests"],
    },
    Floor {
        folder: "api/service/src",
        inside: &[],
        beside: &[
            "command", "demo", "deps", "input", "jobs", "kept", "memory", "scope", "screens", "testing",
        ],
    },
    Floor {
        folder: "api/src",
        inside: &[],
        beside: &[
            "choices",
            "live",
            "operation",
            "router",
            "screens",
            "server",
            "testing",
            "timeline",
            "walks",
        ],
    },
];

type Word = (String, String);

/// The area and the word that a path from the floor's root lies in.
fn word(path: &[String]) -> Option<Word> {
    let (area, word) = (path.first()?, path.get(1)?);
    AREAS.contains(&area.as_str()).then(|| (area.clone(), word.clone()))
}

impl Floor {
    /// Each file outside of tests: its module and what it names, from the floor's root.
    fn imports(&self) -> Vec<(Vec<String>, BTreeSet<Vec<String>>)> {
        let files = sources::below(self.folder).into_iter().filter(|(path, _)| !sources::is_test(path));
        let before = self.inside.len();
        let read = |(path, text): (String, String)| {
            let here = sources::module(&path);
            let full: Vec<String> =
                self.inside.iter().map(|part| (*part).to_owned()).chain(here.clone()).collect();
            let named = sources::named(&full, &text).into_iter();
            let own =
                named.filter(|path| path.iter().zip(self.inside).all(|(a, b)| a == b) && path.len() > before);
            (here, own.map(|path| path[before..].to_vec()).collect())
        };
        files.map(read).collect()
    }

    /// Which word names which other.
    fn graph(&self) -> BTreeMap<Word, BTreeSet<Word>> {
        let words = self.words();
        let mut graph: BTreeMap<Word, BTreeSet<Word>> = BTreeMap::new();
        for (here, named) in self.imports() {
            let Some(from) = word(&here) else { continue };
            let others =
                named.iter().filter_map(|path| word(path)).filter(|to| *to != from && words.contains(to));
            graph.entry(from.clone()).or_default().extend(others);
        }
        graph
    }

    fn words(&self) -> BTreeSet<Word> {
        let files = sources::below(self.folder);
        files.iter().filter_map(|(path, _)| word(&sources::module(path))).collect()
    }
}

/// The sets of two or more words that reach each other.
fn knots(graph: &BTreeMap<Word, BTreeSet<Word>>) -> BTreeSet<BTreeSet<String>> {
    let reach = |from: &Word| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(word) = next.pop() {
            for to in graph.get(word).into_iter().flatten() {
                if seen.insert(to) {
                    next.push(to);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&Word, BTreeSet<&Word>> = graph.keys().map(|word| (word, reach(word))).collect();
    let knot = |word: &Word| -> BTreeSet<String> {
        let back = reached[word].iter().filter(|to| reached.get(**to).is_some_and(|far| far.contains(word)));
        back.map(|(area, word)| format!("{area}/{word}")).collect()
    };
    graph.keys().map(knot).filter(|knot| knot.len() > 1).collect()
}

#[test]
fn every_floor_has_the_same_areas() {
    for floor in &FLOORS {
        let mut found: BTreeSet<String> = BTreeSet::new();
        for entry in std::fs::read_dir(root().join(floor.folder)).expect("readable") {
            let entry = entry.expect("entry");
            let name = entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned();
            // Crates inside a room have floors of their own.
            if !["mod", "lib"].contains(&name.as_str()) {
                found.insert(name);
            }
        }
        let expected: BTreeSet<String> =
            AREAS.iter().chain(floor.beside).map(|name| (*name).to_owned()).collect();
        assert_eq!(found, expected, "{}", floor.folder);
    }
}

#[test]
fn words_import_each_other_in_no_circle() {
    for floor in &FLOORS {
        assert_eq!(knots(&floor.graph()), BTreeSet::new(), "{}", floor.folder);
    }
}

#[test]
fn nobody_imports_what_crosses_areas() {
    let mut crossing = BTreeSet::new();
    for floor in &FLOORS {
        for (here, named) in floor.imports().into_iter().filter(|(here, _)| word(here).is_some()) {
            let across = |path: &&Vec<String>| ["screens", "across", "operation"].contains(&path[0].as_str());
            let told = |path: &Vec<String>| {
                format!("{}: {} imports {}", floor.folder, here.join("::"), path.join("::"))
            };
            crossing.extend(named.iter().filter(across).map(told));
        }
    }
    assert_eq!(crossing, BTreeSet::new());
}

#[test]
fn a_circle_is_found_however_long() {
    let word = |name: &str| ("work".to_owned(), name.to_owned());
    let mut graph = BTreeMap::from([
        (word("a"), BTreeSet::from([word("b")])),
        (word("b"), BTreeSet::from([word("c"), word("d")])),
        (word("d"), BTreeSet::new()),
    ]);
    assert!(knots(&graph).is_empty());
    graph.insert(word("c"), BTreeSet::from([word("a")]));
    let whole = ["work/a", "work/b", "work/c"].map(String::from).into();
    assert_eq!(knots(&graph), BTreeSet::from([whole]));
}

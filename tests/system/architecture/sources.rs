//! Our own sources, and which modules each of them names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};
use syn::{
    Item, ItemMod, ItemUse, Path as SynPath, UseTree,
    visit::{self, Visit},
};
use whole_system::product::root;

/// Every Rust file below `folder` of the repository, with its path from there.
pub fn below(folder: &str) -> Vec<(String, String)> {
    let base = root().join(folder);
    let mut found = Vec::new();
    gather(&base, &mut found);
    found.sort();
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&base).expect("below").to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("readable"))
    };
    found.into_iter().map(named).collect()
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// Whether a file holds nothing but tests.
pub fn is_test(path: &str) -> bool {
    let mut parts = path.trim_end_matches(".rs").split('/');
    parts.any(|part| part == "tests" || part == "walks" || part == "testing" || part.ends_with("_tests"))
}

/// The modules of a file: `work/tickets/mod.rs` is `["work", "tickets"]`.
pub fn module(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = path.trim_end_matches(".rs").split('/').map(String::from).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// What `text`, which is the module `here`, names of its own crate outside of tests: paths from the crate's root.
pub fn named(here: &[String], text: &str) -> BTreeSet<Vec<String>> {
    let file = syn::parse_file(text).expect("Rust");
    let mut names = Names { here: here.to_vec(), found: BTreeSet::new() };
    names.visit_file(&file);
    names.found
}

struct Names {
    here: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Names {
    /// A path as it is written, from the crate's root; nothing for what is not ours.
    fn note(&mut self, written: &[String]) {
        let ups = written.iter().take_while(|part| *part == "super").count();
        let path = match written.first().map(String::as_str) {
            Some("crate") => written[1..].to_vec(),
            Some("super") if ups <= self.here.len() => {
                [&self.here[..self.here.len() - ups], &written[ups..]].concat()
            }
            Some("self") => [&self.here[..], &written[1..]].concat(),
            _ => return,
        };
        self.found.insert(path);
    }

    fn trees(&mut self, before: &[String], tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.trees(&[before, &[path.ident.to_string()]].concat(), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.trees(before, tree)),
            UseTree::Name(name) => self.note(&[before, &[name.ident.to_string()]].concat()),
            UseTree::Rename(name) => self.note(&[before, &[name.ident.to_string()]].concat()),
            UseTree::Glob(_) => self.note(before),
        }
    }
}

fn for_tests(item: &Item) -> bool {
    let (Item::Mod(ItemMod { attrs, .. }) | Item::Use(ItemUse { attrs, .. })) = item else { return false };
    attrs.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|what| what == "test")
    })
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !for_tests(item) {
            visit::visit_item(self, item);
        }
    }
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.here.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.here.pop();
    }
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        self.trees(&[], &import.tree);
    }
    fn visit_path(&mut self, path: &'ast SynPath) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.note(&parts);
        visit::visit_path(self, path);
    }
}

//! The messages of a language as they stand in its files.

use crate::i18n::Lang;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Files below `folder` that end with `extension`, sorted.
pub fn files_under(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            found.extend(files_under(&path, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Where the translations stand.
pub fn locales() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../locales")
}

/// Each message of a language: its file and its whole text, continuation lines included.
pub fn messages(lang: Lang) -> BTreeMap<String, (String, String)> {
    let mut all = BTreeMap::new();
    for file in files_under(&locales().join(lang.code()), "ftl") {
        let name = file.file_name().expect("name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&file).expect("text");
        let mut current: Option<String> = None;
        for line in text.lines() {
            if line.starts_with([' ', '\t', '}']) {
                let key = current.clone().unwrap_or_else(|| panic!("{name}: a line continues nothing"));
                let entry: &mut (String, String) = all.get_mut(&key).expect("current");
                entry.1.push('\n');
                entry.1.push_str(line);
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) {
                let key = key.trim().to_string();
                let double = all.insert(key.clone(), (name.clone(), value.trim().to_string()));
                assert!(double.is_none(), "{} says {key} twice", lang.code());
                current = Some(key);
            }
        }
    }
    all
}

/// Every word of a language's messages, in small letters.
pub fn words_of(lang: Lang) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for (_, text) in messages(lang).values() {
        let mut depth = 0;
        let plain: String = text
            .chars()
            .map(|c| {
                depth += i32::from(c == '{') - i32::from(c == '}');
                if depth > 0 { ' ' } else { c }
            })
            .collect();
        words.extend(plain.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase));
    }
    words
}

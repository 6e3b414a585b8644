use super::*;
use proptest::prelude::*;

const ASSETS: List<(String, Uuid)> = List::named("assets");
const SITES: List<(String, Uuid)> = List::named("sites");
const TELEMETRY: List<(i64, String, Uuid)> = List::named("telemetry");

fn id(bytes: [u8; 16]) -> Uuid {
    Uuid::from_bytes(bytes)
}

#[test]
fn what_nobody_sealed_is_refused() {
    for cursor in
        ["", "x", "0", "zz", "000000000000", "é", "018f0000-0000-7000-8000-000000000000", "1.2", "-1"]
    {
        assert!(matches!(ASSETS.open(cursor), Err(StoreError::Cursor)), "{cursor}");
    }
    assert!(matches!(ASSETS.open(&"00".repeat(100_000)), Err(StoreError::Cursor)), "as long as a URL may be");
}

#[test]
fn the_first_page_starts_behind_nothing() {
    assert_eq!(ASSETS.place(&PageRequest::<()>::default()).ok(), Some(None));
}

#[test]
fn only_a_page_with_more_behind_it_has_a_next_one() {
    const NUMBERS: List<i64> = List::named("numbers");
    let page = NUMBERS.page(vec![1, 2, 3], 2, |n| *n);
    assert_eq!(page.items, [1, 2]);
    assert_eq!(NUMBERS.open(&page.next_cursor.unwrap()).ok(), Some(2));
    assert_eq!(NUMBERS.page(vec![1, 2], 2, |n| *n).next_cursor, None);
    assert_eq!(NUMBERS.page(vec![], 2, |n| *n).next_cursor, None);
}

proptest! {
    #[test]
    fn a_place_survives_its_cursor(at: i64, name: String, bytes: [u8; 16]) {
        let place = (at, name, id(bytes));
        prop_assert_eq!(TELEMETRY.open(&TELEMETRY.seal(&place)).ok(), Some(place));
    }

    /// One character changed, lost or doubled, or two exchanged.
    #[test]
    fn a_damaged_cursor_is_refused(name: String, bytes: [u8; 16], at: prop::sample::Index, other: char) {
        let cursor = ASSETS.seal(&(name, id(bytes)));
        let at = at.index(cursor.len());
        let mut typed: Vec<char> = cursor.chars().collect();
        typed[at] = other;
        let mut doubled: Vec<char> = cursor.chars().collect();
        doubled.insert(at, doubled[at]);
        let mut exchanged: Vec<char> = cursor.chars().collect();
        exchanged.swap(at, (at + 1) % cursor.len());
        let lost = format!("{}{}", &cursor[..at], &cursor[at + 1..]);
        let upper = cursor.to_uppercase();
        let damaged = [typed, doubled, exchanged].map(|chars| chars.into_iter().collect::<String>());
        for damaged in damaged.into_iter().chain([lost, upper, cursor[..at].to_owned()]) {
            if damaged != cursor {
                prop_assert!(matches!(ASSETS.open(&damaged), Err(StoreError::Cursor)), "{} as {}", cursor, damaged);
            }
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused(name: String, bytes: [u8; 16]) {
        let cursor = SITES.seal(&(name, id(bytes)));
        prop_assert!(matches!(ASSETS.open(&cursor), Err(StoreError::Cursor)));
    }
}

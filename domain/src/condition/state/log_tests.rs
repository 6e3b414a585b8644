//! What is kept of a log: cut to a period, and told anew in the middle.

use super::*;
use crate::clock::from_micros;
use EquipmentState::{DownUnplanned as Down, Idle, Up};

fn at(minute: i64) -> Timestamp {
    from_micros(minute * 60_000_000)
}
fn stretch(from: i64, to: Option<i64>, state: EquipmentState) -> Stretch {
    Stretch { from: at(from), to: to.map(at), state, cause: None, resumes: false }
}

#[test]
fn an_interval_is_cut_to_a_period_and_nothing_is_left_outside_it() {
    let interval = |from, to: Option<i64>| StateInterval {
        asset_id: AssetId(uuid::Uuid::nil()),
        from: at(from),
        to: to.map(at),
        state: Up,
        cause: None,
        resumes: false,
    };
    let cut = |from, to| interval(from, to).clip(at(10), at(20));
    assert_eq!(cut(0, Some(30)), Some((at(10), at(20))));
    assert_eq!(cut(12, Some(15)), Some((at(12), at(15))));
    assert_eq!(cut(12, None), Some((at(12), at(20))), "it lasts");
    assert_eq!((cut(0, Some(10)), cut(20, None)), (None, None), "it ends or begins at the border");
}

#[test]
fn a_log_told_anew_in_the_middle_keeps_what_was_said_around_it() {
    let old = [stretch(0, Some(10), Up), stretch(10, Some(40), Idle), stretch(40, None, Up)];
    let told = splice(&old, at(20), Some(at(30)), &[stretch(15, Some(35), Down)]);
    let whole = [
        stretch(0, Some(10), Up),
        stretch(10, Some(20), Idle),
        stretch(20, Some(30), Down),
        stretch(30, Some(40), Idle),
        stretch(40, None, Up),
    ];
    assert_eq!(told, whole);
    let told = splice(&old, at(20), None, &[stretch(20, None, Down)]);
    assert_eq!(told, [stretch(0, Some(10), Up), stretch(10, Some(20), Idle), stretch(20, None, Down)]);
}

#[test]
fn what_is_told_anew_up_to_a_border_leaves_no_empty_stretch() {
    let old = [stretch(0, Some(10), Up), stretch(10, Some(20), Idle), stretch(20, None, Up)];
    let told = splice(&old, at(10), Some(at(20)), &[stretch(10, Some(20), Down)]);
    assert_eq!(told, [stretch(0, Some(10), Up), stretch(10, Some(20), Down), stretch(20, None, Up)]);
    let same = splice(&old, at(10), Some(at(20)), &[stretch(10, Some(20), Up)]);
    assert_eq!(same, [stretch(0, None, Up)], "neighbours that say the same are one");
    let nothing_new = splice(&old, at(10), Some(at(10)), &[stretch(10, Some(10), Down)]);
    assert_eq!(nothing_new, old);
}

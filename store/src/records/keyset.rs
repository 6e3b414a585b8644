//! Cursors of lists that are sorted by a name and then by id: the next page starts behind the last row shown, so a
//! page costs the same however deep it lies.

use crate::StoreError;
use sea_orm::{ColumnTrait, Condition, prelude::Uuid};

/// The cursor of the row called `name` with `id`. Opaque and safe in a URL.
pub(super) fn encode(name: &str, id: Uuid) -> String {
    let mut cursor = id.simple().to_string();
    for byte in name.bytes() {
        cursor.push_str(&format!("{byte:02x}"));
    }
    cursor
}

/// Rows behind `cursor`, or all rows without one.
pub(super) fn after<C: ColumnTrait>(name: C, id: C, cursor: Option<&str>) -> Result<Condition, StoreError> {
    let Some(cursor) = cursor else {
        return Ok(Condition::all());
    };
    let (last_name, last_id) =
        decode(cursor).ok_or_else(|| StoreError::Conflict("the cursor is of another list".into()))?;
    let same_name = Condition::all().add(name.eq(last_name.clone())).add(id.gt(last_id));
    Ok(Condition::any().add(name.gt(last_name)).add(same_name))
}

fn decode(cursor: &str) -> Option<(String, Uuid)> {
    let (id, name) = cursor.split_at_checked(32)?;
    let (pairs, rest) = name.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    let name = String::from_utf8(bytes.collect::<Option<_>>()?).ok()?;
    rest.is_empty().then_some((name, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_any_name() {
        for name in ["", "CH-204", "苏州 Plant 3", "a\u{1f}b%_"] {
            let id = Uuid::now_v7();
            assert_eq!(decode(&encode(name, id)), Some((name.into(), id)));
        }
    }

    #[test]
    fn a_mangled_cursor_is_refused() {
        for cursor in
            ["", "x", "zz", "018f0000000070008000000000000000f", "018f000000007000800000000000000zff"]
        {
            assert_eq!(decode(cursor), None, "{cursor}");
        }
    }
}

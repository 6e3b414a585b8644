//! Bytes of a run: packed by `pco` when it is long, plain when it is short. Packing a few samples costs as much as
//! packing hundreds, and a short run is soon gathered into a longer one.

use super::codec::{self, Input};
use crate::{StoreError, telemetry::Point};
use pco::{ChunkConfig, DeltaSpec, errors::PcoError};

/// Version, length of the packed times, packed times, packed values.
const PACKED: u8 = 1;
/// Version, count, times as steps of their steps, values as they are.
const PLAIN: u8 = 2;
/// Version, CRC-32 of what follows, one of the two above.
const CHECKED: u8 = 3;
/// A run with this many samples is worth packing.
const PACKED_ROWS: usize = 128;

/// Steps between neighbours, at half the effort: trying out other ways costs up to ten times the processor time, most of
/// it on short runs, and saves a few percent of the bytes.
fn config() -> ChunkConfig {
    ChunkConfig::default().with_compression_level(4).with_delta_spec(DeltaSpec::TryConsecutive(1))
}

pub fn encode(rows: &[Point]) -> Result<Vec<u8>, StoreError> {
    let body = if rows.len() < PACKED_ROWS { plain(rows) } else { packed(rows)? };
    let mut bytes = Vec::with_capacity(5 + body.len());
    bytes.push(CHECKED);
    bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

pub fn decode(bytes: &[u8]) -> Result<Vec<Point>, StoreError> {
    match bytes.split_first() {
        Some((&CHECKED, rest)) => {
            let (sum, body) = rest.split_first_chunk().ok_or_else(|| damaged("a chunk is cut short"))?;
            if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
                return Err(damaged("the bytes of a chunk have changed"));
            }
            unchecked(body)
        }
        // From before there were sums.
        _ => unchecked(bytes),
    }
}

fn unchecked(bytes: &[u8]) -> Result<Vec<Point>, StoreError> {
    match bytes.split_first() {
        Some((&PACKED, rest)) => unpack(rest),
        Some((&PLAIN, rest)) => read_plain(rest),
        Some(_) => Err(damaged("a chunk has an unknown format")),
        None => Err(damaged("a chunk is cut short")),
    }
}

fn plain(rows: &[Point]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(16 + 11 * rows.len());
    bytes.push(PLAIN);
    codec::put(&mut bytes, rows.len() as u64);
    let (mut last_us, mut last_step) = (0i64, 0i64);
    for row in rows {
        let step = row.ts_us.wrapping_sub(last_us);
        codec::put_signed(&mut bytes, step.wrapping_sub(last_step));
        (last_us, last_step) = (row.ts_us, step);
    }
    for row in rows {
        bytes.extend_from_slice(&row.value.to_le_bytes());
    }
    bytes
}

fn read_plain(bytes: &[u8]) -> Result<Vec<Point>, StoreError> {
    let mut input = Input::new(bytes);
    let count = usize::try_from(input.number()?).map_err(|_| damaged("a chunk is cut short"))?;
    if count > bytes.len() {
        return Err(damaged("a chunk is cut short"));
    }
    let mut rows = Vec::with_capacity(count);
    let (mut last_us, mut last_step) = (0i64, 0i64);
    for _ in 0..count {
        last_step = last_step.wrapping_add(input.signed()?);
        last_us = last_us.wrapping_add(last_step);
        rows.push(Point { ts_us: last_us, value: 0.0 });
    }
    for row in &mut rows {
        row.value = input.double()?;
    }
    Ok(rows)
}

fn packed(rows: &[Point]) -> Result<Vec<u8>, StoreError> {
    let config = config();
    let times: Vec<i64> = rows.iter().map(|row| row.ts_us).collect();
    let values: Vec<f64> = rows.iter().map(|row| row.value).collect();
    let times = pco::standalone::simple_compress(&times, &config).map_err(|e| unpacked(&e))?;
    let values = pco::standalone::simple_compress(&values, &config).map_err(|e| unpacked(&e))?;
    let mut bytes = Vec::with_capacity(5 + times.len() + values.len());
    bytes.push(PACKED);
    bytes.extend_from_slice(&(times.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&times);
    bytes.extend_from_slice(&values);
    Ok(bytes)
}

fn unpack(bytes: &[u8]) -> Result<Vec<Point>, StoreError> {
    let (length, rest) = bytes.split_first_chunk().ok_or_else(|| damaged("a chunk is cut short"))?;
    let length = u32::from_le_bytes(*length) as usize;
    let (times, values) = rest.split_at_checked(length).ok_or_else(|| damaged("a chunk is cut short"))?;
    let times = pco::standalone::simple_decompress::<i64>(times).map_err(|e| unpacked(&e))?;
    let values = pco::standalone::simple_decompress::<f64>(values).map_err(|e| unpacked(&e))?;
    Ok(times.into_iter().zip(values).map(|(ts_us, value)| Point { ts_us, value }).collect())
}

fn unpacked(error: &PcoError) -> StoreError {
    StoreError::Corrupt(format!("a chunk cannot be packed or unpacked: {error}"))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Corrupt(what.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_of_any_length_come_back_as_they_were(steps in prop::collection::vec((1i64..1 << 40, any::<f64>()), 1..300), start in -(1i64 << 60)..1 << 60) {
            let mut ts_us = start;
            let rows: Vec<Point> = steps.into_iter().map(|(step, value)| { ts_us += step; Point { ts_us, value } }).collect();
            let bits = |rows: &[Point]| rows.iter().map(|row| (row.ts_us, row.value.to_bits())).collect::<Vec<_>>();
            let bytes = encode(&rows).unwrap();
            prop_assert_eq!(bits(&decode(&bytes).unwrap()), bits(&rows));
            for end in 0..bytes.len() {
                prop_assert!(decode(&bytes[..end]).is_err());
            }
            let mut changed = bytes;
            let at = rows.len() % changed.len();
            changed[at] ^= 0x10;
            prop_assert!(decode(&changed).is_err(), "a changed bit at {}", at);
        }
    }

    #[test]
    fn runs_from_before_there_were_sums_are_read() {
        let rows: Vec<Point> =
            (0..50).map(|at| Point { ts_us: at * 1_000, value: at as f64 / 2.0 }).collect();
        assert_eq!(decode(&packed(&rows).unwrap()).unwrap(), rows);
        assert_eq!(decode(&plain(&rows)).unwrap(), rows);
        assert!(decode(&[9, 1, 2, 3]).is_err() && decode(&[]).is_err());
        assert!(decode(&[PLAIN, 0xff, 0xff, 0xff, 0xff, 0x0f]).is_err());
    }
}

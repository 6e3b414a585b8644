//! Randomness as a function of (seed, time): the same instant gives the same value, in any order of asking. That is
//! what lets a generated history and the live device that continues it join without a step.

/// Uniform in [0, 1) from a seed and a position.
pub fn uniform(seed: u64, position: i64) -> f64 {
    // The finaliser of SplitMix64 over both.
    let mut z = seed ^ position.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// About normal with standard deviation 1, within ±3.
pub fn normal(seed: u64, position: i64) -> f64 {
    let sum: f64 = (1..=4).map(|part| uniform(seed.wrapping_add(part), position)).sum();
    (sum - 2.0) * 1.732
}

/// A value that wanders over `period_s`, within about ±1.
pub fn wander(seed: u64, at_s: f64, period_s: f64) -> f64 {
    let position = at_s / period_s;
    let step = position.floor();
    let part = position - step;
    let smooth = part * part * (3.0 - 2.0 * part);
    let at = |index: f64| uniform(seed, index as i64) * 2.0 - 1.0;
    at(step) * (1.0 - smooth) + at(step + 1.0) * smooth
}

/// A seed of its own for each word under one seed.
pub fn seed_of(seed: u64, word: &str) -> u64 {
    word.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_stated_spread_and_repeat() {
        let values: Vec<f64> = (0..10_000).map(|position| normal(7, position)).collect();
        let mean = values.iter().sum::<f64>() / 1e4;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 1e4).sqrt();
        assert!(mean.abs() < 0.05 && (deviation - 1.0).abs() < 0.05, "{mean} {deviation}");
        assert_eq!(values[17].to_bits(), normal(7, 17).to_bits());
    }

    #[test]
    fn wandering_has_no_steps() {
        let largest_step = (0..20_000)
            .map(|s| (wander(3, f64::from(s + 1), 600.0) - wander(3, f64::from(s), 600.0)).abs())
            .fold(0.0, f64::max);
        assert!(largest_step < 0.01, "{largest_step}");
    }
}

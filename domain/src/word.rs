//! Words of a closed vocabulary: what is stored, sent and shown under one name.

/// A text that is none of the words of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known word")]
pub struct UnknownWord;

#[cfg(test)]
mod tests;

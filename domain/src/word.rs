//! Words of a closed vocabulary: what is stored, sent and shown under one name.

/// A text that is none of the words of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known word")]
pub struct UnknownWord;

/// Gives enumerations of words all their members in order, each its word, and the member of a word. They derive `EnumCount`, `IntoStaticStr`
/// and `VariantArray` of strum.
macro_rules! words {
    ($($kind:ty),+ $(,)?) => {$(
        impl $kind {
            pub const ALL: [Self; <Self as EnumCount>::COUNT] =
                $crate::word::all(<Self as VariantArray>::VARIANTS);

            pub fn as_str(self) -> &'static str {
                self.into()
            }
        }

        impl std::str::FromStr for $kind {
            type Err = $crate::word::UnknownWord;
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Self::ALL.into_iter().find(|one| one.as_str() == word).ok_or($crate::word::UnknownWord)
            }
        }
    )+};
}
pub(crate) use words;

pub(crate) const fn all<T: Copy, const N: usize>(members: &[T]) -> [T; N] {
    *members.first_chunk().expect("invariant: there are as many members as are counted")
}

#[cfg(test)]
mod tests;

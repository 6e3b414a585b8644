//! What one table promises usually involves another.

#[cfg(test)]
pub(in crate::records) mod fixture;
#[cfg(test)]
pub(in crate::records) mod fleet;
#[cfg(test)]
pub(in crate::records) mod orders;
#[cfg(test)]
pub(in crate::records) use crate::place;
#[cfg(test)]
mod postgres;
#[cfg(test)]
pub(in crate::records) mod service;
#[cfg(test)]
pub(in crate::records) mod two_writers;

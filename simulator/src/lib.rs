//! Outside the plant: fleets with known faults, replay of recorded data, load. It publishes through MQTT like any
//! device and knows no room of the house, so it works against any broker, in the words of the ThingsBoard device API or others. Only
//! [`records`], which fills a data folder before a product opens it, writes through the store.

pub mod delivery;
pub mod demo;
#[cfg(feature = "tools")]
pub mod evaluate;
pub mod fleet;
pub mod history;
pub mod kind;
#[cfg(feature = "tools")]
pub mod load;
pub mod machine;
pub mod noise;
pub mod payload;
#[cfg(feature = "tools")]
pub mod pdm;
#[cfg(feature = "tools")]
pub mod plant;
#[cfg(feature = "tools")]
pub mod records;
#[cfg(feature = "tools")]
pub mod replay;
#[cfg(feature = "tools")]
pub mod scenario;
#[cfg(feature = "tools")]
pub mod table;
pub mod voice;

//! Outside the plant: fleets with known faults, replay of recorded data, load. It publishes through MQTT like any
//! device and knows no room of the house, so it works against any broker that speaks the ThingsBoard device API. Only
//! [`records`], which fills a data folder before a product opens it, writes through the store.

pub mod delivery;
pub mod evaluate;
pub mod fleet;
pub mod history;
pub mod kind;
pub mod load;
pub mod machine;
pub mod noise;
pub mod payload;
pub mod pdm;
pub mod plant;
pub mod records;
pub mod replay;
pub mod table;

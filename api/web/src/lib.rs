//! The kit that every page and endpoint is made of: routes with their access, sessions, languages, layout, forms,
//! lists, charts, live streams, problems. It knows no capability.

pub mod actions;
pub mod assets;
pub mod chart;
pub mod chooser;
pub mod csv;
pub mod deps;
pub mod documented;
pub mod download;
pub mod error_page;
pub mod form;
pub mod heavy;
pub mod i18n;
pub mod icon;
pub mod inputs;
pub mod json;
pub mod layout;
pub mod limiter;
pub mod list;
pub mod listing;
pub mod live;
pub mod offers;
pub mod operation;
pub mod panics;
pub mod problem;
pub mod proxies;
pub mod request;
pub mod response;
pub mod routes;
pub mod security;
pub mod session;
pub mod shell;
pub mod shown_once;
pub mod table;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod time;
pub mod words;

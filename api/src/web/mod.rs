//! The shell that every page and endpoint stands in: routes with their access, sessions, languages, layout, forms,
//! lists, live streams.

pub mod assets;
pub mod chart;
pub mod chooser;
pub mod csv;
pub mod documented;
pub mod error_page;
pub mod form;
pub mod heavy;
pub mod i18n;
pub mod icon;
pub mod json;
pub mod kept;
pub mod layout;
pub mod limiter;
pub mod list;
pub mod live;
pub mod panics;
pub mod proxies;
pub mod request;
pub mod response;
pub mod routes;
pub mod security;
pub mod session;
pub mod shell;
pub mod table;
pub mod time;

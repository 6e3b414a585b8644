//! What the screens that cross areas do. They may use every word, and no word uses them.

pub mod connect;
pub mod dispatch;
pub mod first_run;

//! Who may come in: accounts of people, tokens of programs, signing in and out.

pub mod commands;
pub mod password;
pub mod queries;
pub mod secrets;

//! Ingest as its callers meet it: messages in, facts and refusals out.

mod dialects;
mod source;
mod submissions;
mod thingsboard;

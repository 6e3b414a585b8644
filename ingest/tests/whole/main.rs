//! Ingest as its callers meet it: messages in, facts and refusals out.

mod dialects;
mod submissions;
mod thingsboard;

//! What was made is remembered outside, so that it can be taken away again.

use anyhow::Result;
use futures::future::BoxFuture;

/// Something that the demo made and that goes with nothing else of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub kind: &'static str,
    pub id: String,
}

/// Where it is remembered: beside the records of the product, or in a file.
pub trait Memory: Send + Sync {
    fn remember(&self, made: Made) -> BoxFuture<'_, Result<()>>;
}

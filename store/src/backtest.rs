//! The contract by which people try a rule on what is stored: use cases ask, analytics answers.

use crate::StoreError;
use domain::{
    condition::{backtest::Tested, reliability::Period, rule::RuleSettings},
    people::account::Scope,
};
use futures::future::BoxFuture;

pub trait Backtest: Send + Sync + 'static {
    /// What `rule` would have done in `period` on those assets of its scope that are seen within `seen`, of which it
    /// looks at a bounded number. The rule is one that looks at what devices say.
    fn run<'a>(
        &'a self,
        seen: Scope,
        rule: &'a RuleSettings,
        period: Period,
    ) -> BoxFuture<'a, Result<Tested, StoreError>>;
}

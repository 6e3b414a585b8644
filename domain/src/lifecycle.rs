//! What every lifecycle says when a transition is not possible.

/// A command met a thing in a state that does not allow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{thing} cannot {transition} while {state}")]
pub struct InvalidTransition {
    /// Glossary word, such as `work_order`.
    pub thing: &'static str,
    pub transition: &'static str,
    pub state: &'static str,
}

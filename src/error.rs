//! What can go wrong.
use serde::Serialize;

/// One thing wrong with what a client sent, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON Pointer (RFC 6901) in URI fragment form, such as `#/body/blocks/3/level`.
    pub pointer: String,
    /// Stable, machine-readable name of the rule that is broken.
    pub code: &'static str,
    /// What is wrong and what to send instead.
    pub detail: String,
}

//! How a client stands with a limit, as headers (draft-ietf-httpapi-
//! ratelimit-headers-11). They belong on answers that nobody keeps.

use actix_web::http::header::HeaderName;

use crate::error::Problem;

/// What is allowed.
pub const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What is left of it.
pub const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How a client stands with a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The limit's name.
    pub policy: &'static str,
    /// How much is allowed in a window.
    pub quota: u32,
    /// The window, in seconds.
    pub window: u64,
    /// How much is left.
    pub remaining: u32,
    /// Seconds until there is more, or all of it.
    pub reset: u64,
}

impl Standing {
    /// `RateLimit-Policy`.
    pub fn policy(&self) -> String {
        format!("\"{}\";q={};w={}", self.policy, self.quota, self.window)
    }

    /// `RateLimit`.
    pub fn limit(&self) -> String {
        format!("\"{}\";r={};t={}", self.policy, self.remaining, self.reset)
    }

    /// Adds both to a problem, and its name.
    pub fn on(&self, problem: Problem) -> Problem {
        problem
            .with("violated_policies", vec![self.policy])
            .header("RateLimit-Policy", self.policy())
            .header("RateLimit", self.limit())
    }
}

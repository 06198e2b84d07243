//! How often an actor may write.
//!
//! `WRITES_PER_MINUTE` writes at once, and as many a minute in the long run; each
//! actor has its own, on each node. What is left stands in `RateLimit` and
//! `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11) of every answer to
//! a write: none of them is ever cached.

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::db::Id;
use crate::error::{Problem, Result, TOO_MANY_REQUESTS};
use crate::http::limited::{LIMIT, POLICY, Standing};

const MINUTE: Duration = Duration::from_secs(60);

type Limiter =
    RateLimiter<Id, DefaultKeyedStateStore<Id>, DefaultClock, StateInformationMiddleware>;

/// Counts writes; one a process.
pub struct Limits(Option<(u32, Limiter)>);

impl Limits {
    /// So many writes a minute for each actor; 0 is no limit.
    pub fn new(writes_per_minute: u32) -> Self {
        let limiter = NonZeroU32::new(writes_per_minute).map(|writes| {
            let limiter = RateLimiter::keyed(Quota::per_minute(writes));
            (writes_per_minute, limiter.with_middleware())
        });
        Limits(limiter)
    }

    /// Counts a write, and says what is left; a 429 if nothing is.
    pub fn count(&self, actor: Id) -> Result<Option<Standing>> {
        let Some((quota, limiter)) = &self.0 else {
            return Ok(None);
        };
        let standing = |remaining: u32, reset: u64| Standing {
            policy: "writes",
            quota: *quota,
            window: MINUTE.as_secs(),
            remaining,
            reset,
        };
        match limiter.check_key(&actor) {
            Ok(snapshot) => {
                let remaining = snapshot.remaining_burst_capacity();
                let used = u64::from(quota.saturating_sub(remaining));
                let reset = (used * MINUTE.as_secs()).div_ceil(u64::from(*quota));
                Ok(Some(standing(remaining, reset)))
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
                let detail = format!(
                    "You may write {quota} times a minute, and have. Go on in {seconds} seconds; POST /v1/editor/bulk takes many articles in one request."
                );
                let problem = Problem::new(&TOO_MANY_REQUESTS, detail)
                    .header("Retry-After", seconds.to_string());
                Err(standing(0, seconds).on(problem).into())
            }
        }
    }

    /// Forgets actors who have not written for a while.
    pub fn forget(&self) {
        if let Some((_, limiter)) = &self.0 {
            limiter.retain_recent();
        }
    }
}

/// Middleware that tells whoever writes how they stand.
pub async fn tell(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let standing = response.request().extensions().get::<Standing>().copied();
    if let Some(standing) = standing {
        let headers = response.headers_mut();
        for (name, value) in [(POLICY, standing.policy()), (LIMIT, standing.limit())] {
            if let Ok(value) = value.parse() {
                headers.insert(name, value);
            }
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_actor_has_a_quota_of_its_own_and_none_is_none() {
        let limits = Limits::new(3);
        let (anna, bert) = (Id::new(), Id::new());
        for remaining in [2, 1, 0] {
            let standing = limits.count(anna).unwrap().unwrap();
            assert_eq!(standing.remaining, remaining);
        }
        let refused = limits.count(anna).unwrap_err();
        let headers = &refused.to_problem().headers;
        assert!(
            headers.contains(&("Retry-After", "20".to_owned())),
            "{headers:?}"
        );
        assert!(limits.count(bert).is_ok());
        let unlimited = Limits::new(0);
        assert!((0..1_000).all(|_| matches!(unlimited.count(anna), Ok(None))));
    }
}

//! How often one address may search.
//!
//! `SEARCHES_PER_MINUTE` searches at once, and as many a minute in the long run, on
//! each node. Answers that are in the cache cost nothing and don't count. What is
//! left is said in the refusal alone: other answers are kept by caches, which would
//! tell everybody how one of them stands.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::error::{Problem, Result, TOO_MANY_REQUESTS};
use crate::http::limited::Standing;

const MINUTE: Duration = Duration::from_secs(60);
/// How many addresses are remembered before those that are quiet are forgotten.
const REMEMBERED: usize = 50_000;

/// Counts searches; one a process.
pub struct SearchLimits(Option<(u32, DefaultKeyedRateLimiter<IpAddr>)>);

impl SearchLimits {
    /// So many searches a minute for each address; 0 is no limit.
    pub fn new(searches_per_minute: u32) -> Self {
        let limiter = NonZeroU32::new(searches_per_minute).map(|searches| {
            (
                searches_per_minute,
                RateLimiter::keyed(Quota::per_minute(searches)),
            )
        });
        SearchLimits(limiter)
    }

    /// Counts a search; a 429 if there were too many.
    pub fn count(&self, address: IpAddr) -> Result<()> {
        let Some((quota, limiter)) = &self.0 else {
            return Ok(());
        };
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        let Err(until) = limiter.check_key(&network(address)) else {
            return Ok(());
        };
        let wait = until.wait_time_from(DefaultClock::default().now());
        let seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
        let detail = format!(
            "This address may search {quota} times a minute, and has. Go on in {seconds} seconds; a frontend that searches for its readers needs a larger SEARCHES_PER_MINUTE, or its address in TRUSTED_PROXIES."
        );
        let standing = Standing {
            policy: "searches",
            quota: *quota,
            window: MINUTE.as_secs(),
            remaining: 0,
            reset: seconds,
        };
        let problem = Problem::new(&TOO_MANY_REQUESTS, detail);
        Err(standing
            .on(problem.header("Retry-After", seconds.to_string()))
            .into())
    }
}

/// One household has 2^64 addresses of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from(u128::from(v6) >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_household_has_a_quota_of_its_own_and_none_is_none() {
        let limits = SearchLimits::new(2);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(limits.count(address("2001:db8::1")).is_ok());
        assert!(limits.count(address("2001:db8::2")).is_ok());
        let refused = limits.count(address("2001:db8::3")).unwrap_err();
        let headers = &refused.to_problem().headers;
        assert!(
            headers.contains(&("Retry-After", "30".to_owned())),
            "{headers:?}"
        );
        assert!(limits.count(address("2001:db8:0:1::1")).is_ok());
        let unlimited = SearchLimits::new(0);
        assert!((0..1_000).all(|_| unlimited.count(address("192.0.2.1")).is_ok()));
    }
}

//! How often somebody may guess a password.
//!
//! Only failures count, and each is counted twice: for the address it came from
//! (`WRONG_PASSWORDS`, by default 20 at once, then one every 6 seconds), and for the account as guessed at
//! from that address (the fifth failure in a row costs a second, each further
//! one twice as long, up to a minute). Somebody who guesses at an account from
//! elsewhere therefore never locks out its owner. What is remembered has a
//! fixed size.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::db::Time;
use crate::error::{Problem, Result, TOO_MANY_REQUESTS};
use crate::http::limited::Standing;

/// Seconds until one of them is forgiven.
const FORGIVEN_AFTER: f64 = 6.0;
/// Failures in a row at one account that cost nothing.
const FREE: u32 = 4;
/// The longest wait, in seconds.
const LONGEST: i64 = 60;
/// Seconds after which failures at an account are forgotten.
const FORGOTTEN_AFTER: i64 = 900;
/// How many addresses, and how many accounts, are remembered.
const REMEMBERED: usize = 10_000;

/// What the limit is called in `RateLimit`.
const POLICY: &str = "wrong-passwords";

/// Who failed how often.
pub struct Limits {
    /// Failures from one address at once; 0 is no limit at all.
    burst: u32,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    addresses: HashMap<IpAddr, Bucket>,
    accounts: HashMap<u64, Streak>,
}

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Time,
}

impl Bucket {
    fn now(self, now: Time) -> f64 {
        let drained = now.seconds_since(self.at) as f64 / FORGIVEN_AFTER;
        (self.level - drained.max(0.0)).max(0.0)
    }
}

#[derive(Clone, Copy)]
struct Streak {
    failures: u32,
    at: Time,
}

impl Streak {
    /// Until when nobody may try again.
    fn until(self) -> Time {
        let delay = match self.failures.checked_sub(FREE + 1) {
            None => 0,
            Some(over) => 1_i64
                .checked_shl(over)
                .filter(|delay| *delay < LONGEST)
                .unwrap_or(LONGEST),
        };
        self.at.plus_seconds(delay)
    }

    fn is_forgotten(self, now: Time) -> bool {
        now.seconds_since(self.at) >= FORGOTTEN_AFTER
    }
}

/// An attempt that is under way. It counts for its address from the beginning,
/// so that many at once don't get past the limit, and stops to do so if it
/// wasn't a wrong guess.
pub struct Attempt<'a> {
    limits: &'a Limits,
    address: IpAddr,
    account: u64,
    failed: bool,
}

impl Limits {
    /// So many failures from one address at once; 0 is no limit.
    pub fn new(burst: u32) -> Self {
        Limits {
            burst,
            failures: Mutex::default(),
        }
    }

    /// Begins an attempt, or says how long to wait.
    pub fn begin(&self, address: IpAddr, account: &str, now: Time) -> Result<Attempt<'_>> {
        let address = network(address);
        let account = pair(account, address);
        let mut failures = self.lock();
        if let Some(streak) = failures.accounts.get(&account) {
            let until = streak.until();
            if self.burst > 0 && until > now && !streak.is_forgotten(now) {
                let seconds = (until.0 - now.0 + 999_999) / 1_000_000;
                return Err(wait("at this account", seconds, None));
            }
        }
        let level = failures
            .addresses
            .get(&address)
            .map_or(0.0, |bucket| bucket.now(now));
        let burst = f64::from(self.burst);
        if self.burst > 0 && level + 1.0 > burst {
            let seconds = ((level + 1.0 - burst) * FORGIVEN_AFTER).ceil() as i64;
            return Err(wait("from this address", seconds, Some(self.burst)));
        }
        make_room(&mut failures.addresses, address, |bucket| {
            (bucket.now(now) <= 0.0, bucket.at)
        });
        failures.addresses.insert(
            address,
            Bucket {
                level: level + 1.0,
                at: now,
            },
        );
        Ok(Attempt {
            limits: self,
            address,
            account,
            failed: false,
        })
    }

    /// How an address stands; `None` without a limit.
    pub fn standing(&self, address: IpAddr, now: Time) -> Option<Standing> {
        if self.burst == 0 {
            return None;
        }
        let buckets = &self.lock().addresses;
        let bucket = buckets.get(&network(address));
        let level = bucket.map_or(0.0, |bucket| bucket.now(now));
        Some(Standing {
            policy: POLICY,
            quota: self.burst,
            window: (f64::from(self.burst) * FORGIVEN_AFTER) as u64,
            remaining: (f64::from(self.burst) - level).max(0.0) as u32,
            reset: (level * FORGIVEN_AFTER).ceil() as u64,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Attempt<'_> {
    /// It was a wrong guess.
    pub fn failed(mut self, now: Time) {
        self.failed = true;
        let mut failures = self.limits.lock();
        let before = failures
            .accounts
            .get(&self.account)
            .filter(|streak| !streak.is_forgotten(now));
        let count = before.map_or(0, |streak| streak.failures).saturating_add(1);
        make_room(&mut failures.accounts, self.account, |streak| {
            (streak.is_forgotten(now), streak.at)
        });
        failures.accounts.insert(
            self.account,
            Streak {
                failures: count,
                at: now,
            },
        );
    }

    /// It was the right password: what failed before was its owner.
    pub fn succeeded(self) {
        self.limits.lock().accounts.remove(&self.account);
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if !self.failed
            && let Some(bucket) = self.limits.lock().addresses.get_mut(&self.address)
        {
            bucket.level = (bucket.level - 1.0).max(0.0);
        }
    }
}

/// Before a new entry: forgets what no longer matters when there are too many,
/// and the oldest if all of it does.
fn make_room<K: Hash + Eq + Copy, V>(
    map: &mut HashMap<K, V>,
    new: K,
    judge: impl Fn(&V) -> (bool, Time),
) {
    if map.len() < REMEMBERED || map.contains_key(&new) {
        return;
    }
    map.retain(|_, value| !judge(value).0);
    if map.len() >= REMEMBERED
        && let Some(oldest) = map
            .iter()
            .min_by_key(|(_, value)| judge(value).1)
            .map(|(key, _)| *key)
    {
        map.remove(&oldest);
    }
}

/// One household has 2^64 addresses of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
    }
}

fn pair(account: &str, address: IpAddr) -> u64 {
    xxhash_rust::xxh3::xxh3_64(format!("{address} {account}").as_bytes())
}

fn wait(of_what: &str, seconds: i64, burst: Option<u32>) -> crate::error::Error {
    let seconds = seconds.max(1);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let detail = format!(
        "Too many wrong passwords {of_what}. Try again in {seconds} {unit}; elsewhere, and with a key, nothing is held up."
    );
    let problem =
        Problem::new(&TOO_MANY_REQUESTS, detail).header("Retry-After", seconds.to_string());
    let Some(quota) = burst else {
        return problem.into();
    };
    let standing = Standing {
        policy: POLICY,
        quota,
        window: (f64::from(quota) * FORGIVEN_AFTER) as u64,
        remaining: 0,
        reset: seconds.unsigned_abs(),
    };
    standing.on(problem).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const AWAY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 7));

    fn guess(limits: &Limits, address: IpAddr, account: &str, now: Time) -> bool {
        match limits.begin(address, account, now) {
            Ok(attempt) => {
                attempt.failed(now);
                true
            }
            Err(_) => false,
        }
    }

    #[test]
    fn waits_grow_to_a_minute_and_hold_up_nobody_elsewhere() {
        let limits = Limits::new(20);
        let mut now = Time(0);
        for _ in 0..5 {
            assert!(guess(&limits, AWAY, "anna", now));
        }
        assert!(!guess(&limits, AWAY, "anna", now));
        assert!(limits.begin(AWAY, "bert", now).is_ok());
        assert!(limits.begin(HOME, "anna", now).is_ok());
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            now = now.plus_seconds(wait - 1);
            assert!(!guess(&limits, AWAY, "anna", now), "before {wait}");
            now = now.plus_seconds(1);
            assert!(guess(&limits, AWAY, "anna", now), "after {wait}");
        }
        now = now.plus_seconds(60);
        limits.begin(AWAY, "anna", now).unwrap().succeeded();
        assert!(guess(&limits, AWAY, "anna", now) && guess(&limits, AWAY, "anna", now));
    }

    #[test]
    fn an_address_has_twenty_guesses_whatever_the_accounts() {
        let limits = Limits::new(20);
        let now = Time(0);
        let under_way: Vec<_> = (0..20)
            .map(|n| limits.begin(AWAY, &n.to_string(), now).unwrap())
            .collect();
        assert!(limits.begin(AWAY, "x", now).is_err());
        drop(under_way);
        for n in 0..20 {
            assert!(guess(&limits, AWAY, &n.to_string(), now));
        }
        assert!(!guess(&limits, AWAY, "x", now.plus_seconds(5)));
        assert!(guess(&limits, AWAY, "x", now.plus_seconds(6)));
        let (a, b) = (
            "2001:db8::1".parse().unwrap(),
            "2001:db8::2".parse().unwrap(),
        );
        for n in 0..20 {
            assert!(guess(&limits, a, &n.to_string(), now));
        }
        assert!(!guess(&limits, b, "x", now));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let limits = Limits::new(20);
        for n in 0..(REMEMBERED as u32 + 500) {
            assert!(guess(
                &limits,
                IpAddr::V4(n.into()),
                "anna",
                Time(i64::from(n))
            ));
        }
        let failures = limits.lock();
        assert_eq!(failures.addresses.len(), REMEMBERED);
        assert_eq!(failures.accounts.len(), REMEMBERED);
    }
}

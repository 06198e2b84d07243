//! Answers kept in memory, tagged with what they are made of.
//!
//! An answer is valid as long as none of its tags was evicted after the reading
//! that made it began. That is checked when the answer is asked for, not when
//! it is put in, so there is no gap between reading and putting in which a
//! change could be missed: whoever reads takes a [`Stamp`] first, and an
//! eviction that comes later, before the put or after it, makes the answer
//! invalid.
//!
//! The check is cheap: each answer remembers up to which eviction it was found
//! valid, and is looked at again only when there were new ones.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache as Store;

use crate::changes::Tag;
use crate::db::Time;

/// How many evicted tags are remembered one by one. Beyond that the whole
/// cache is invalid once, and counting starts anew.
const REMEMBERED: usize = 100_000;

/// How often a request waits for an answer that is evicted before it gets there.
const PATIENCE: usize = 3;

/// A moment in the order of evictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(u64);

/// Something that can be kept: the cache asks for its size in bytes.
pub trait Footprint {
    /// Bytes that it holds in memory, with what it may still grow by.
    fn size(&self) -> u64;
}

struct Held<T> {
    value: T,
    tags: Box<[Tag]>,
    /// When the reading began that made it.
    made: u64,
    /// Up to which eviction it was found valid.
    checked: AtomicU64,
    /// The instant at which what it shows may change by itself.
    until: Option<Time>,
}

#[derive(Clone)]
struct Weigh;

impl<T: Footprint> Weighter<String, Arc<Held<T>>> for Weigh {
    fn weight(&self, key: &String, held: &Arc<Held<T>>) -> u64 {
        key.len() as u64 + held.tags.len() as u64 * 8 + held.value.size() + 160
    }
}

/// The cache. `T` is cheap to clone.
pub struct Cache<T> {
    store: Option<Store<String, Arc<Held<T>>, Weigh>>,
    evictions: RwLock<Evictions>,
    newest: AtomicU64,
}

#[derive(Default)]
struct Evictions {
    last: HashMap<Tag, u64>,
    /// Everything made before this one is invalid.
    floor: u64,
}

impl Evictions {
    /// Whether what was read at this stamp and is made of these is still right.
    fn spare(&self, made: u64, tags: &[Tag]) -> bool {
        made >= self.floor
            && tags
                .iter()
                .all(|tag| self.last.get(tag).is_none_or(|last| *last <= made))
    }
}

impl<T: Footprint + Clone + Send + Sync + 'static> Cache<T> {
    /// A cache of so many bytes; 0 keeps nothing.
    pub fn new(bytes: u64) -> Self {
        let store = (bytes > 0).then(|| Store::with_weighter(bytes as usize / 4_096, bytes, Weigh));
        Cache {
            store,
            evictions: RwLock::default(),
            newest: AtomicU64::new(0),
        }
    }

    /// To be taken before the first read of what will be put.
    pub fn stamp(&self) -> Stamp {
        Stamp(self.newest.load(Ordering::Acquire))
    }

    /// The answer under this key, if there is a valid one.
    pub fn get(&self, key: &str, now: Time) -> Option<T> {
        let held = self.store.as_ref()?.get(key)?;
        self.is_valid(&held, now).then(|| held.value.clone())
    }

    /// The answer under this key; made by `make` if there is no valid one.
    /// However many ask at once, one makes it and the others wait. `make`
    /// returns the answer, its tags and the instant at which it may change by
    /// itself; an error is not kept.
    pub async fn get_or_make<E>(
        &self,
        key: &str,
        now: impl Fn() -> Time,
        make: impl AsyncFnOnce() -> Result<(T, Vec<Tag>, Option<Time>), E>,
    ) -> Result<T, E> {
        let Some(store) = &self.store else {
            return make().await.map(|(value, ..)| value);
        };
        if let Some(value) = self.get(key, now()) {
            return Ok(value);
        }
        for _ in 0..PATIENCE {
            // An invalid answer stands in the way of the guard: take it out,
            // unless somebody has put a valid one in its place meanwhile.
            store.remove_if(key, |held| !self.is_valid(held, now()));
            match store.get_value_or_guard_async(key).await {
                Ok(held) if self.is_valid(&held, now()) => return Ok(held.value.clone()),
                // Made while this one waited, and invalid again already: one of
                // those who waited makes it anew, not each of them.
                Ok(_) => {}
                Err(guard) => {
                    let stamp = self.stamp();
                    let (value, tags, until) = make().await?;
                    let held = Held {
                        value: value.clone(),
                        tags: tags.into_boxed_slice(),
                        made: stamp.0,
                        checked: AtomicU64::new(stamp.0),
                        until,
                    };
                    let _ = guard.insert(Arc::new(held));
                    return Ok(value);
                }
            }
        }
        // Evicted again and again; this one need not wait any longer.
        make().await.map(|(value, ..)| value)
    }

    /// Makes every answer with one of these tags invalid. Never fails.
    pub fn evict(&self, tags: &[Tag]) {
        if tags.is_empty() {
            return;
        }
        let mut evictions = self
            .evictions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let stamp = self.newest.load(Ordering::Acquire) + 1;
        if evictions.last.len() + tags.len() > REMEMBERED {
            evictions.last = HashMap::new();
            evictions.floor = stamp;
        }
        evictions.last.extend(tags.iter().map(|tag| (*tag, stamp)));
        self.newest.store(stamp, Ordering::Release);
    }

    /// Makes everything invalid.
    pub fn evict_all(&self) {
        let mut evictions = self
            .evictions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let stamp = self.newest.load(Ordering::Acquire) + 1;
        evictions.last.clear();
        evictions.floor = stamp;
        self.newest.store(stamp, Ordering::Release);
    }

    /// Whether none of these tags was evicted since: what was read then and is
    /// made of them is still right.
    pub fn is_current(&self, since: Stamp, tags: &[Tag]) -> bool {
        since == self.stamp()
            || self
                .evictions
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .spare(since.0, tags)
    }

    /// Bytes held and answers held.
    pub fn usage(&self) -> (u64, usize) {
        self.store
            .as_ref()
            .map_or((0, 0), |store| (store.weight(), store.len()))
    }

    fn is_valid(&self, held: &Held<T>, now: Time) -> bool {
        if held.until.is_some_and(|until| now >= until) {
            return false;
        }
        let newest = self.newest.load(Ordering::Acquire);
        if held.checked.load(Ordering::Relaxed) >= newest {
            return true;
        }
        let valid = self
            .evictions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .spare(held.made, &held.tags);
        if valid {
            held.checked.fetch_max(newest, Ordering::Relaxed);
        }
        valid
    }
}

/// Addresses as clients write them, and where the answer to each is kept: one that was
/// answered before need not be routed and read once more. It says nothing about
/// whether the answer still holds; the cache does.
pub struct Addresses(Option<Store<String, Known, WeighAddress>>);

/// Where the answer to an address is kept.
#[derive(Clone)]
pub struct Known {
    /// Under which key.
    pub key: Arc<str>,
    /// The route's pattern.
    pub route: &'static str,
}

#[derive(Clone)]
struct WeighAddress;

impl Weighter<String, Known> for WeighAddress {
    fn weight(&self, address: &String, known: &Known) -> u64 {
        (address.len() + known.key.len()) as u64 + 160
    }
}

impl Addresses {
    /// The longest address that is remembered, in bytes: nobody fills this with a few.
    const LONGEST: usize = 512;

    /// So many bytes of addresses; 0 remembers none.
    pub fn new(bytes: u64) -> Self {
        Addresses(
            (bytes > 0).then(|| Store::with_weighter(bytes as usize / 256, bytes, WeighAddress)),
        )
    }

    /// Where the answer to an address is kept, if one was asked for before.
    pub fn find(&self, address: &str) -> Option<Known> {
        self.0.as_ref()?.get(address)
    }

    /// Remembers where the answer to an address is kept.
    pub fn note(&self, address: &str, known: Known) {
        if let Some(store) = self.0.as_ref().filter(|_| address.len() <= Self::LONGEST) {
            store.insert(address.to_owned(), known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Id;

    impl Footprint for u32 {
        fn size(&self) -> u64 {
            4
        }
    }

    async fn fill(cache: &Cache<u32>, value: u32, tag: Tag) -> u32 {
        let made = async || Ok::<_, ()>((value, vec![tag], None));
        cache.get_or_make("key", Time::now, made).await.unwrap()
    }

    #[actix_web::test]
    async fn an_answer_lives_until_one_of_its_tags_is_evicted() {
        let cache = Cache::new(1 << 20);
        let (tag, other) = (Tag::article(Id::new()), Tag::article(Id::new()));
        assert_eq!(fill(&cache, 1, tag).await, 1);
        cache.evict(&[other]);
        assert_eq!(fill(&cache, 2, tag).await, 1);
        cache.evict(&[tag]);
        assert_eq!(fill(&cache, 3, tag).await, 3);
    }

    #[actix_web::test]
    async fn an_eviction_while_an_answer_is_made_makes_it_invalid() {
        let cache = Cache::new(1 << 20);
        let tag = Tag::site();
        let value = cache
            .get_or_make("key", Time::now, async || {
                cache.evict(&[tag]);
                Ok::<_, ()>((1, vec![tag], None))
            })
            .await;
        assert_eq!(value, Ok(1));
        assert_eq!(cache.get("key", Time::now()), None);
    }

    /// Twenty wait for an answer that is evicted while it is made: it is made
    /// once more, not twenty times.
    #[actix_web::test]
    async fn an_eviction_under_those_who_wait_makes_no_stampede() {
        let cache = Cache::new(1 << 20);
        let (tag, made) = (Tag::site(), std::cell::Cell::new(0));
        let ask = async || {
            let making = async || {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                made.set(made.get() + 1);
                if made.get() == 1 {
                    cache.evict(&[tag]);
                }
                Ok::<_, ()>((made.get(), vec![tag], None))
            };
            cache.get_or_make("key", Time::now, making).await
        };
        let answers = futures_util::future::join_all((0..20).map(|_| ask())).await;
        assert_eq!(made.get(), 2);
        assert_eq!(
            answers.iter().filter(|answer| **answer == Ok(2)).count(),
            19
        );
    }

    #[actix_web::test]
    async fn more_tags_than_are_remembered_make_everything_invalid() {
        let cache = Cache::new(1 << 20);
        fill(&cache, 1, Tag::site()).await;
        for _ in 0..2 {
            let tags: Vec<_> = (0..REMEMBERED / 2 + 1)
                .map(|_| Tag::article(Id::new()))
                .collect();
            cache.evict(&tags);
        }
        assert_eq!(cache.get("key", Time::now()), None);
    }
}

//! How the archive is divided into sitemaps.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{Datelike, NaiveDate, NaiveTime};

use crate::articles::model::{ListFilter, Range};
use crate::cache::Stamp;
use crate::changes::Tag;
use crate::db::{Conn, Id, Time};
use crate::error::Result;
use crate::http::cursor::Position;
use crate::state::State;

/// How many addresses a sitemap holds at most. The protocol allows 50,000; fewer are
/// less to make anew when one of them changes.
pub const ADDRESSES: i64 = 10_000;

/// A calendar month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    /// The month that an instant lies in.
    pub fn of(at: Time) -> Self {
        let date = at.to_datetime();
        Month {
            year: date.year(),
            month: date.month(),
        }
    }

    /// The instant at which it begins.
    pub fn start(self) -> Time {
        let date = NaiveDate::from_ymd_opt(self.year, self.month, 1);
        let start = date.map(|date| date.and_time(NaiveTime::MIN).and_utc());
        Time(start.map_or(0, |start| start.timestamp_micros()))
    }

    /// The instant at which the next one begins.
    pub fn end(self) -> Time {
        let (year, month) = match self.month {
            12 => (self.year + 1, 1),
            month => (self.year, month + 1),
        };
        Month { year, month }.start()
    }

    /// The tag of what was published in it.
    pub fn tag(self) -> Tag {
        Tag::month_of(self.start())
    }

    fn range(self) -> Range {
        Range {
            from: first_at(self.start()),
            until: first_at(self.end()),
        }
    }
}

/// The position before everything that is published at an instant.
fn first_at(at: Time) -> Position {
    Position {
        at,
        id: Id(uuid::Uuid::nil()),
    }
}

/// `2026-11`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl FromStr for Month {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (year, month) = text.split_once('-').ok_or(())?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (year_there, month_there) = (
            year.len() == 4 && digits(year),
            month.len() == 2 && digits(month),
        );
        let month = Month {
            year: year.parse().map_err(|_| ())?,
            month: month.parse().map_err(|_| ())?,
        };
        let fits = year_there && month_there && month.year > 0 && (1..=12).contains(&month.month);
        fits.then_some(month).ok_or(())
    }
}

/// A sitemap's name: its month, and its number within that if it isn't the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The month.
    pub month: Month,
    /// From 0.
    pub number: usize,
}

/// `2026-11`, `2026-11-2`, `2026-11-3`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            0 => self.month.fmt(f),
            number => write!(f, "{}-{}", self.month, number + 1),
        }
    }
}

impl FromStr for Name {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let month = text.get(..7).ok_or(())?.parse()?;
        let number = match text.get(7..) {
            Some("") => 0,
            Some(rest) => {
                let number: usize = rest.strip_prefix('-').ok_or(())?.parse().map_err(|_| ())?;
                number
                    .checked_sub(1)
                    .filter(|number| *number > 0)
                    .ok_or(())?
            }
            None => return Err(()),
        };
        let name = Name { month, number };
        // One sitemap has one address.
        (name.to_string() == text).then_some(name).ok_or(())
    }
}

/// A sitemap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which articles it lists.
    pub range: Range,
    /// When the last of them changed.
    pub updated_at: Time,
}

/// Keeps how months are divided.
#[derive(Default)]
pub struct Months(RwLock<HashMap<Month, Kept>>);

#[derive(Clone)]
struct Kept {
    made: Stamp,
    /// The next instant at which time alone changes it.
    until: Option<Time>,
    parts: Arc<[Part]>,
}

impl Months {
    /// The sitemaps of a month, the oldest articles first.
    pub fn parts(
        &self,
        conn: &mut Conn<'_>,
        state: &State,
        now: Time,
        month: Month,
    ) -> Result<Arc<[Part]>> {
        // Before anything is read, so that a change meanwhile makes it invalid.
        let made = state.cache.stamp();
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = known.get(&month)
            && state.staleness(state.now()) == 0
            && kept.until.is_none_or(|until| now < until)
            && state.cache.is_current(kept.made, &[month.tag()])
        {
            return Ok(Arc::clone(&kept.parts));
        }
        drop(known);
        let until = match now < month.end() {
            true => crate::store!(*conn, lists::next_appearance(&ListFilter::default(), now))?,
            false => None,
        };
        let parts: Arc<[Part]> = divide(conn, now, month.range())?.into();
        let kept = Kept {
            made,
            until,
            parts: Arc::clone(&parts),
        };
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let older = known.get(&month).is_none_or(|there| there.made <= made);
        if older && !parts.is_empty() {
            known.insert(month, kept);
        }
        Ok(parts)
    }

    /// The months in which something was published, the newest first, with their
    /// sitemaps: `most` of these at most.
    pub fn all(
        &self,
        conn: &mut Conn<'_>,
        state: &State,
        now: Time,
        most: usize,
    ) -> Result<Vec<(Name, Part)>> {
        let mut all = Vec::new();
        let mut before = Time(now.0.saturating_add(1));
        while let Some(at) = crate::store!(*conn, sitemaps::newest_before(before, now))? {
            let month = Month::of(at);
            let parts = self.parts(conn, state, now, month)?;
            let named = parts.iter().enumerate().rev();
            all.extend(named.map(|(number, part)| (Name { month, number }, *part)));
            if all.len() >= most {
                break;
            }
            before = month.start();
        }
        all.truncate(most);
        Ok(all)
    }
}

/// Divides a range into sitemaps.
fn divide(conn: &mut Conn<'_>, now: Time, whole: Range) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = whole;
    let (mut count, mut updated_at) = crate::store!(*conn, sitemaps::extent(rest, now))?;
    while count > ADDRESSES {
        let next = crate::store!(*conn, sitemaps::after_so_many(rest, now, ADDRESSES))?;
        let Some(next) = next else { break };
        let part = Range {
            until: next,
            ..rest
        };
        let (_, of_part) = crate::store!(*conn, sitemaps::extent(part, now))?;
        parts.push(Part {
            range: part,
            updated_at: of_part.unwrap_or_default(),
        });
        rest.from = next;
        (count, updated_at) = crate::store!(*conn, sitemaps::extent(rest, now))?;
    }
    if count > 0 {
        parts.push(Part {
            range: rest,
            updated_at: updated_at.unwrap_or_default(),
        });
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitemap_has_one_name() {
        for name in ["2026-11", "2026-11-2", "1999-12-140"] {
            assert_eq!(name.parse::<Name>().unwrap().to_string(), name);
        }
        for wrong in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "0000-01",
            "2026-1",
            "+026-11",
            "2026-11-",
            "2026-11-0",
            "2026-11-1",
            "2026-11-02",
            "2026-11-2-3",
            "2026-11x",
            "2026-1ä",
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong}");
        }
        let month: Month = "2026-12".parse().unwrap();
        assert_eq!(month.start().to_string(), "2026-12-01T00:00:00Z");
        assert_eq!(month.end().to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(Month::of(Time(month.end().0 - 1)), month);
    }
}

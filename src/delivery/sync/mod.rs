//! Delta sync: everything live, and then what has changed.
//!
//! A client that keeps articles asks `/v1/changes` without a cursor and gets, page by
//! page, all that readers see; the last page's cursor gets what has changed since, and
//! so on for ever. The place in the change log was noted before the first page was
//! read, and what is read is at least as new as the place that is handed out: a thing
//! may come twice, never not at all.
//!
//! Of what has changed only the state as it is now is sent, once. What readers no
//! longer see, or what no longer fits the filter, comes as a deletion. What is seen is
//! decided at the instant of reading, not by the log: an article whose hour has come
//! is there although nobody has announced it yet.
//!
//! Names and cards inside articles are copies; clients replace them when what they
//! name comes. Articles that show a link come again when its target comes or goes.
//! Lists that fill themselves come again after any article has changed.
//!
//! - [`cursor`]: where a client stands
//! - [`scope`]: what it follows
//! - [`plan`]: which things are next
//! - [`items`]: what readers see of them
//! - [`change`]: how that is told
//! - [`routes`]: the addresses

pub mod change;
pub mod cursor;
pub mod items;
pub mod plan;
pub mod prune;
pub mod routes;
pub mod scope;

use crate::db::{Conn, Time};
use crate::error::Result;
use cursor::Mark;

/// The most that another node's clock is believed to be ahead, in seconds.
const AHEAD: i64 = 60;

/// The end of the log.
pub fn newest(conn: &mut Conn<'_>) -> Result<Mark> {
    let newest = crate::store!(*conn, changes::newest())?;
    Ok(newest.map_or(Mark::START, |(seq, at)| Mark { seq, at }))
}

/// The instant at which to decide what readers see, so that what another node has
/// logged as visible is, even if its clock is ahead of this one's.
pub fn instant(now: Time, newest: Mark) -> Time {
    now.max(newest.at.min(now.plus_seconds(AHEAD)))
}

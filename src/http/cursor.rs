//! Opaque places in a list.
//!
//! A cursor is a position (an instant and an id) and a fingerprint of the
//! request it belongs to, so that it can't be used with other filters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::db::{Id, Time};
use crate::error::{BAD_CURSOR, Error, Problem, Result};

const VERSION: u8 = 1;
const VERSION_NAME: u8 = 2;
const VERSION_HIT: u8 = 3;

/// The place after an item of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The instant the list is sorted by.
    pub at: Time,
    /// Breaks ties.
    pub id: Id,
}

/// Writes a cursor for a request with these filters.
pub fn write(position: Position, filters: &str) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(position.at.0.to_be_bytes());
    bytes.extend(position.id.0.as_bytes());
    bytes.extend(fingerprint(filters).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor; an error if it was made for other filters or made up.
pub fn read(cursor: &str, filters: &str) -> Result<Position> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .filter(|bytes| bytes.len() == 29 && bytes[0] == VERSION)
        .ok_or_else(unreadable)?;
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    if number(25..29) != u64::from(fingerprint(filters)) {
        return Err(foreign());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[9..25]);
    Ok(Position {
        at: Time(number(1..9) as i64),
        id: Id(uuid::Uuid::from_bytes(id)),
    })
}

/// Writes a cursor for a list that is sorted by name.
pub fn write_name(sort_key: &str, id: Id, filters: &str) -> String {
    let mut bytes = vec![VERSION_NAME];
    bytes.extend(id.0.as_bytes());
    bytes.extend(fingerprint(filters).to_be_bytes());
    bytes.extend(sort_key.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of [`write_name`].
pub fn read_name(cursor: &str, filters: &str) -> Result<(String, Id)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    let (Some(&VERSION_NAME), Some(id), Some(print), Some(key)) = (
        bytes.first(),
        bytes.get(1..17),
        bytes.get(17..21),
        bytes.get(21..),
    ) else {
        return Err(unreadable());
    };
    if print != fingerprint(filters).to_be_bytes() {
        return Err(foreign());
    }
    match (uuid::Uuid::from_slice(id), std::str::from_utf8(key)) {
        (Ok(id), Ok(key)) => Ok((key.to_owned(), Id(id))),
        _ => Err(unreadable()),
    }
}

/// Writes a cursor for hits of a search: a score, an instant and an id, and the
/// instant from which age counts.
pub fn write_hit(score: u32, position: Position, now: Time, filters: &str) -> String {
    let mut bytes = vec![VERSION_HIT];
    bytes.extend(score.to_be_bytes());
    bytes.extend(position.at.0.to_be_bytes());
    bytes.extend(position.id.0.as_bytes());
    bytes.extend(now.0.to_be_bytes());
    bytes.extend(fingerprint(filters).to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of [`write_hit`].
pub fn read_hit(cursor: &str, filters: &str) -> Result<(u32, Position, Time)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    let bytes: [u8; 41] = bytes.try_into().map_err(|_| unreadable())?;
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    if bytes[0] != VERSION_HIT {
        return Err(unreadable());
    }
    if number(37..41) != u64::from(fingerprint(filters)) {
        return Err(foreign());
    }
    let id = u128::from(number(13..21)) << 64 | u128::from(number(21..29));
    let position = Position {
        at: Time(number(5..13) as i64),
        id: Id(uuid::Uuid::from_u128(id)),
    };
    Ok((number(1..5) as u32, position, Time(number(29..37) as i64)))
}

fn unreadable() -> Error {
    Problem::new(
        &BAD_CURSOR,
        "This is not a cursor of this API. Leave `cursor` out to start at the beginning.",
    )
    .into()
}

fn foreign() -> Error {
    Problem::new(
        &BAD_CURSOR,
        "This cursor belongs to other filters or another order. Keep all other parameters as they were, or leave `cursor` out.",
    )
    .into()
}

fn fingerprint(filters: &str) -> u32 {
    xxhash_rust::xxh3::xxh3_64(filters.as_bytes()) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_with_its_own_filters_only() {
        let position = Position {
            at: Time(-5),
            id: Id::new(),
        };
        let cursor = write(position, "section=politik");
        assert_eq!(read(&cursor, "section=politik").ok(), Some(position));
        assert!(read(&cursor, "section=kultur").is_err());
        assert!(read("AAAA", "").is_err());

        let (score, now) = (u32::MAX, Time(1));
        let cursor = write_hit(score, position, now, "q=bus");
        let read = read_hit(&cursor, "q=bus").ok();
        assert_eq!(read, Some((score, position, now)));
        assert!(read_hit(&cursor, "q=bahn").is_err());
        assert!(read_hit("AAAA", "").is_err());

        let (key, id) = ("oeffentlicher-nahverkehr", Id::new());
        let cursor = write_name(key, id, "q=oe");
        assert_eq!(read_name(&cursor, "q=oe").ok(), Some((key.to_owned(), id)));
        assert!(read_name(&cursor, "q=o").is_err());
        for cut in 0..cursor.len() {
            assert!(cut > 27 || read_name(&cursor[..cut], "q=oe").is_err());
        }
    }
}

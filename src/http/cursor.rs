//! Opaque places in a list.
//!
//! A cursor is a position (an instant and an id) and a fingerprint of the
//! request it belongs to, so that it can't be used with other filters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::db::{Id, Time};
use crate::error::{BAD_CURSOR, Problem, Result};

const VERSION: u8 = 1;

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
    let bad = |detail: &str| Problem::new(&BAD_CURSOR, detail);
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .ok()
        .filter(|bytes| bytes.len() == 29 && bytes[0] == VERSION)
        .ok_or_else(|| {
            bad("This is not a cursor of this API. Leave `cursor` out to start at the beginning.")
        })?;
    let number = |range: std::ops::Range<usize>| {
        bytes[range]
            .iter()
            .fold(0u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    if number(25..29) != u64::from(fingerprint(filters)) {
        return Err(bad(
            "This cursor belongs to other filters or another order. Keep all other parameters as they were, or leave `cursor` out.",
        )
        .into());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[9..25]);
    Ok(Position {
        at: Time(number(1..9) as i64),
        id: Id(uuid::Uuid::from_bytes(id)),
    })
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
    }
}

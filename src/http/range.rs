//! `Range` and `If-Range` (RFC 9110, section 14 and 13.1.5): one range of bytes.
//! More than one, other units and what can't be read are ignored, as the RFC
//! allows: the answer is then the whole.

use std::ops::Range;

use actix_web::http::header::{self, HeaderMap};

/// What part of a body is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Bytes that it doesn't have.
    Nothing,
}

/// Reads what part of a body of `size` bytes with this strong ETag is asked for.
pub fn wanted(headers: &HeaderMap, etag: &str, size: u64) -> Wanted {
    let mut values = headers.get_all(header::RANGE);
    let (Some(range), None) = (values.next(), values.next()) else {
        return Wanted::Whole;
    };
    // Only if it is still the same; a date never says that for certain.
    let same = |value: &header::HeaderValue| value.as_bytes() == etag.as_bytes();
    if headers
        .get(header::IF_RANGE)
        .is_some_and(|value| !same(value))
    {
        return Wanted::Whole;
    }
    let text = range.to_str().unwrap_or_default().trim();
    let Some((unit, set)) = text.split_once('=') else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    read(set.trim(), size).unwrap_or(Wanted::Whole)
}

/// `0-499`, `500-` or `-200`; `None` for anything else.
fn read(set: &str, size: u64) -> Option<Wanted> {
    let (first, last) = set.split_once('-')?;
    let number = |text: &str| {
        let text = text.trim();
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // What has too many digits lies behind every end.
        digits.then(|| text.parse().unwrap_or(u64::MAX))
    };
    let range = match (first.trim(), last.trim()) {
        ("", last) => size.saturating_sub(number(last)?)..size,
        (first, "") => number(first)?..size,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..size.min(last.saturating_add(1))
        }
    };
    Some(match range.start < range.end {
        true => Wanted::Part(range),
        false => Wanted::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_read_and_the_rest_is_ignored() {
        for (set, found) in [
            ("0-4", Wanted::Part(0..5)),
            ("5-", Wanted::Part(5..10)),
            ("-3", Wanted::Part(7..10)),
            ("-30", Wanted::Part(0..10)),
            ("8-99999999999999999999999", Wanted::Part(8..10)),
            ("10-", Wanted::Nothing),
            ("99999999999999999999999-", Wanted::Nothing),
            ("-0", Wanted::Nothing),
            ("4-2", Wanted::Whole),
            ("0-1,3-4", Wanted::Whole),
            ("a-b", Wanted::Whole),
            ("-", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(read(set, 10).unwrap_or(Wanted::Whole), found, "{set}");
        }
    }
}

//! Keys, refresh tokens and preview tokens: opaque strings that carry their own checksum.
//!
//! As GitHub's: a prefix that names the kind (so that secret scanners and people
//! recognise one), 30 random characters (178 bits) and a CRC-32 in 6 more. The
//! checksum keeps no attacker out; it tells a mistyped key from an unknown one
//! before the database is asked.

use aws_lc_rs::{digest, rand};

use crate::error::{Result, internal};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 30;
const CHECKSUM: usize = 6;

/// What an opaque string is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key of the API.
    Key,
    /// A refresh token.
    Refresh,
    /// A token that opens the working copy of one article.
    Preview,
}

/// Why a string is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It doesn't begin as one.
    Prefix,
    /// It has another length than it should.
    Length {
        /// The length it should have.
        expected: usize,
    },
    /// A character is wrong.
    Checksum,
}

impl Kind {
    /// How all of this kind begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Kind::Key => "psp_live_",
            Kind::Refresh => "psp_refresh_",
            Kind::Preview => "psp_preview_",
        }
    }

    /// A new one.
    pub fn generate(self) -> Result<String> {
        let mut text = self.prefix().to_owned();
        let end = text.len() + RANDOM;
        while text.len() < end {
            let mut bytes = [0; 48];
            rand::fill(&mut bytes).map_err(|_| internal("no random numbers"))?;
            // 248 is the largest multiple of 62 in a byte: the rest would make
            // the first characters of the alphabet more likely.
            let usable = bytes.iter().filter(|byte| **byte < 248);
            let missing = end - text.len();
            text.extend(
                usable
                    .take(missing)
                    .map(|byte| char::from(ALPHABET[usize::from(byte % 62)])),
            );
        }
        text.push_str(&checksum(&text));
        Ok(text)
    }

    /// Whether a string is one of these, as far as it tells by itself.
    pub fn check(self, text: &str) -> Result<(), Flaw> {
        let Some(rest) = text.strip_prefix(self.prefix()) else {
            return Err(Flaw::Prefix);
        };
        if rest.len() != RANDOM + CHECKSUM {
            let expected = self.prefix().len() + RANDOM + CHECKSUM;
            return Err(Flaw::Length { expected });
        }
        match text.split_at_checked(text.len() - CHECKSUM) {
            Some((body, sum)) if checksum(body) == sum => Ok(()),
            _ => Err(Flaw::Checksum),
        }
    }
}

/// As much of a key as may be shown: enough to tell it from others.
pub fn shown(key: &str) -> String {
    key.chars().take(Kind::Key.prefix().len() + 4).collect()
}

/// What is kept of an opaque string: SHA-256 in hexadecimal digits. They have
/// 178 bits, so nothing slower is needed.
pub fn digest(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn checksum(text: &str) -> String {
    let mut number = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[number % 62];
        number /= 62;
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_knows_when_it_was_mistyped() {
        let key = Kind::Key.generate().unwrap();
        assert_eq!(key.len(), 45);
        assert_eq!(Kind::Key.check(&key), Ok(()));
        assert_eq!(Kind::Refresh.check(&key), Err(Flaw::Prefix));
        assert_eq!(
            Kind::Key.check(&key[..44]),
            Err(Flaw::Length { expected: 45 })
        );
        for at in 9..45 {
            let mut other = key.clone().into_bytes();
            other[at] = if other[at] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(Kind::Key.check(&other), Err(Flaw::Checksum), "{other}");
        }
        assert_eq!(
            Kind::Key.check(&format!("psp_live_{}", "ü".repeat(18))),
            Err(Flaw::Checksum)
        );
        assert_ne!(key, Kind::Key.generate().unwrap());
    }
}

//! Where a client stands: a place in the change log and, while it reads everything
//! for the first time, a place in that.
//!
//! The place in the log is an entry's number and its instant. If there is no such
//! entry any more, or another under its number, what came after it is not known: the
//! cursor has expired.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::scope::Scope;
use crate::changes::Entity;
use crate::config::Config;
use crate::db::{Conn, Id, Time};
use crate::error::{CURSOR_EXPIRED, Error, Problem, Result};
use crate::http::cursor::{Position, foreign, unreadable};

const VERSION: u8 = 3;

/// The kinds of things, in the order in which everything is read for the first time.
/// Pictures come with the articles that show them.
pub const KINDS: [Entity; 6] = [
    Entity::Site,
    Entity::Section,
    Entity::List,
    Entity::Article,
    Entity::Topic,
    Entity::Author,
];

/// An entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number; 0 is the place before the first.
    pub seq: i64,
    /// When it was written.
    pub at: Time,
}

impl Mark {
    /// The place before the first entry.
    pub const START: Mark = Mark {
        seq: 0,
        at: Time(0),
    };
}

/// A place among things of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// After an article in the order of publication, or after an id.
    Position(Position),
    /// After a name.
    Name(String, Id),
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Things of a kind, as they are read for the first time.
    First(Entity, Option<After>),
    /// What has changed.
    Since,
    /// What has changed, and then the lists that fill themselves, after one.
    Lists(Option<Id>),
}

/// Where a client stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Up to which entry it knows the log.
    pub mark: Mark,
    /// What comes next.
    pub stage: Stage,
}

impl Place {
    /// Writes a cursor for whoever follows this.
    pub fn write(&self, scope: &Scope) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(scope.said.to_be_bytes());
        bytes.extend(scope.meant.to_be_bytes());
        bytes.extend(self.mark.seq.to_be_bytes());
        bytes.extend(self.mark.at.0.to_be_bytes());
        match &self.stage {
            Stage::Since => bytes.push(0),
            Stage::Lists(None) => bytes.push(1),
            Stage::Lists(Some(after)) => {
                bytes.push(2);
                bytes.extend(after.0.as_bytes());
            }
            Stage::First(kind, after) => {
                let kind = KINDS.iter().position(|known| known == kind);
                let kind = kind.unwrap_or_default() as u8;
                match after {
                    None => bytes.push(0x10 + kind),
                    Some(After::Position(Position { at, id })) => {
                        bytes.push(0x20 + kind);
                        bytes.extend(id.0.as_bytes());
                        bytes.extend(at.0.to_be_bytes());
                    }
                    Some(After::Name(name, id)) => {
                        bytes.push(0x30 + kind);
                        bytes.extend(id.0.as_bytes());
                        bytes.extend(name.as_bytes());
                    }
                }
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor: 400 if it isn't one or belongs to another filter, 410 if the
    /// filter means something else by now.
    pub fn read(cursor: &str, scope: &Scope) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
        let mut rest = Bytes(&bytes);
        if rest.take() != Some([VERSION]) {
            return Err(unreadable());
        }
        let place = rest.place().ok_or_else(unreadable)?;
        let (said, meant, place) = place;
        if said != scope.said {
            return Err(foreign());
        }
        if meant != scope.meant {
            return Err(expired());
        }
        Ok(place)
    }

    /// 410 if the log no longer knows this place.
    pub fn check(&self, conn: &mut Conn<'_>, now: Time, config: &Config) -> Result<()> {
        let known = match self.mark {
            // Nothing had happened; if nothing was forgotten since, all is known.
            Mark { seq: 0, .. } => {
                let days = i64::from(config.changes_keep);
                let kept_from = now.plus_seconds(-days * 86_400);
                let oldest = crate::store!(*conn, changes::oldest(1))?;
                days == 0 || oldest.iter().all(|(_, at)| *at >= kept_from)
            }
            Mark { seq, at } => crate::store!(*conn, changes::instant(seq))? == Some(at),
        };
        match known {
            true => Ok(()),
            false => Err(expired()),
        }
    }
}

/// Bytes of a cursor that are still to be read.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn id(&mut self) -> Option<Id> {
        Some(Id(uuid::Uuid::from_bytes(self.take()?)))
    }

    fn number(&mut self) -> Option<i64> {
        Some(i64::from_be_bytes(self.take()?))
    }

    fn place(&mut self) -> Option<(u32, u32, Place)> {
        let said = u32::from_be_bytes(self.take()?);
        let meant = u32::from_be_bytes(self.take()?);
        let mark = Mark {
            seq: self.number().filter(|seq| *seq >= 0)?,
            at: Time(self.number()?),
        };
        let [stage] = self.take()?;
        let kind = || KINDS.get(usize::from(stage & 0x0f)).copied();
        let stage = match stage {
            0 => Stage::Since,
            1 => Stage::Lists(None),
            2 => Stage::Lists(Some(self.id()?)),
            0x10..0x20 => Stage::First(kind()?, None),
            0x20..0x30 => {
                let id = self.id()?;
                let at = Time(self.number()?);
                Stage::First(kind()?, Some(After::Position(Position { at, id })))
            }
            0x30..0x40 => {
                let id = self.id()?;
                let name = std::str::from_utf8(std::mem::take(&mut self.0)).ok()?;
                Stage::First(kind()?, Some(After::Name(name.to_owned(), id)))
            }
            _ => return None,
        };
        self.0
            .is_empty()
            .then_some((said, meant, Place { mark, stage }))
    }
}

/// A 410 for a cursor of which nobody knows what has changed since.
pub fn expired() -> Error {
    Problem::new(
        &CURSOR_EXPIRED,
        "What has changed since this cursor is no longer known. Forget what you have, leave `cursor` out and sync from the start.",
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_says_what_was_written_and_nothing_else_is_one() {
        let scope = Scope::everything();
        let mark = Mark {
            seq: 1_312,
            at: Time(1_790_000_000_000_000),
        };
        let (at, id) = (Time(-5), Id::new());
        let name = || Some(After::Name("öpnv".to_owned(), id));
        for stage in [
            Stage::Since,
            Stage::Lists(None),
            Stage::Lists(Some(id)),
            Stage::First(Entity::Site, None),
            Stage::First(Entity::Author, name()),
            Stage::First(Entity::Article, Some(After::Position(Position { at, id }))),
        ] {
            let place = Place { mark, stage };
            let cursor = place.write(&scope);
            assert_eq!(Place::read(&cursor, &scope).ok(), Some(place));
            for cut in 0..cursor.len() {
                let cut = &cursor[..cut];
                // A name may end anywhere.
                let read = Place::read(cut, &scope).ok().map(|place| place.stage);
                assert!(
                    matches!(read, None | Some(Stage::First(_, Some(After::Name(..))))),
                    "{cut}: {read:?}"
                );
            }
        }
        let other = Scope {
            said: 1,
            ..Scope::everything()
        };
        let place = Place {
            mark,
            stage: Stage::Since,
        };
        let status = |scope: &Scope| {
            let error = Place::read(&place.write(scope), &Scope::everything()).err();
            error.map(|error| error.to_problem().kind.status)
        };
        assert_eq!(status(&other), Some(400));
        let moved = Scope {
            meant: 1,
            ..Scope::everything()
        };
        assert_eq!(status(&moved), Some(410));
    }
}

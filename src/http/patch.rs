//! The three things a member of a JSON merge patch (RFC 7396) can be.

use serde::{Deserialize, Deserializer};

/// A member that a client may send back as it got it, and that a write can't
/// change: whatever it says is ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Ignored)
    }
}

/// A member of a merge patch: left out, removed, or set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not named: stays as it is.
    #[default]
    Absent,
    /// `null`: is removed.
    Null,
    /// Replaced by this.
    Value(T),
}

impl<T> Patch<T> {
    /// Changes an optional value as the patch says.
    pub fn apply(self, target: &mut Option<T>) {
        match self {
            Patch::Absent => {}
            Patch::Null => *target = None,
            Patch::Value(value) => *target = Some(value),
        }
    }

    /// The value that is then there: `current` if nothing is said, the type's
    /// default if it is removed.
    pub fn or(self, current: T) -> T
    where
        T: Default,
    {
        self.or_else(current, T::default())
    }

    /// The value that is then there: `current` if nothing is said, `default` if
    /// it is removed.
    pub fn or_else(self, current: T, default: T) -> T {
        match self {
            Patch::Absent => current,
            Patch::Null => default,
            Patch::Value(value) => value,
        }
    }

    /// What is said: the type's default if it is removed, `None` if nothing is.
    pub fn said(self) -> Option<T>
    where
        T: Default,
    {
        match self {
            Patch::Absent => None,
            Patch::Null => Some(T::default()),
            Patch::Value(value) => Some(value),
        }
    }

    /// Whether the member was left out.
    pub fn is_absent(&self) -> bool {
        matches!(self, Patch::Absent)
    }
}

/// With `#[serde(default)]` on the field, a missing member never gets here.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            None => Patch::Null,
            Some(value) => Patch::Value(value),
        })
    }
}

//! What lists show of a revision.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use super::{Access, Kind, LiveRevision, Priority, RevisionRow};
use crate::db::Id;
use crate::db::schema::revisions;
use crate::error::{Result, internal};

/// What lists read of a revision. That of the live one stands with its article as
/// well, as JSON, so that a card is read from one row: see [`LiveHead`].
#[derive(Queryable, Selectable, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = revisions)]
#[allow(missing_docs)]
pub struct RevisionHead {
    pub number: i32,
    pub kind: Kind,
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kicker: Option<String>,
    pub headline: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teaser: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_id: Option<Id>,
    /// Ids, as JSON.
    #[serde(with = "json")]
    pub topics: String,
    /// Ids, as JSON.
    #[serde(with = "json")]
    pub authors: String,
    /// As JSON.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "json_or_none"
    )]
    pub image: Option<String>,
    pub priority: Priority,
    pub access: Access,
    pub word_count: i32,
}

impl RevisionHead {
    /// As it stands in the row of the article that shows it.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(internal)
    }
}

macro_rules! head_of {
    ($row:ident) => {
        RevisionHead {
            number: $row.number,
            kind: $row.kind,
            language: $row.language.clone(),
            kicker: $row.kicker.clone(),
            headline: $row.headline.clone(),
            teaser: $row.teaser.clone(),
            section_id: $row.section_id,
            topics: $row.topics.clone(),
            authors: $row.authors.clone(),
            image: $row.image.clone(),
            priority: $row.priority,
            access: $row.access,
            word_count: $row.word_count,
        }
    };
}

impl From<&LiveRevision> for RevisionHead {
    fn from(row: &LiveRevision) -> Self {
        head_of!(row)
    }
}

impl From<&RevisionRow> for RevisionHead {
    fn from(row: &RevisionRow) -> Self {
        head_of!(row)
    }
}

/// The head of the live revision, as it is read from the row of its article.
#[derive(FromSqlRow, Clone, Debug)]
pub struct LiveHead(pub RevisionHead);

impl<DB: Backend> FromSql<Text, DB> for LiveHead
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(value)?;
        Ok(LiveHead(serde_json::from_str(&text)?))
    }
}

/// JSON inside of JSON, as it is rather than as a string.
mod json {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
    use serde_json::value::RawValue;

    pub fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(text).map_err(ser::Error::custom)?;
        raw.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| raw.get().to_owned())
    }
}

/// [`json`], if there is any.
mod json_or_none {
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(
        text: &Option<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match text {
            Some(text) => super::json::serialize(text, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        super::json::deserialize(deserializer).map(Some)
    }
}

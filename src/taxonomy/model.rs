//! Other names as they are stored, and what clients send and get of them.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Id;
use crate::db::schema::other_names;

/// The longest name or alias, in characters.
pub const NAME_MAX: usize = 120;
/// The most aliases that one may be given.
pub const ALIASES_MAX: usize = 100;

crate::text_enum! {
    /// What a name is the name of.
    pub enum Kind {
        /// A section.
        Section = "section",
        /// A topic.
        Topic = "topic",
        /// An author.
        Author = "author",
    }
}

crate::text_enum! {
    /// Why another name leads to something.
    pub enum Way {
        /// It is the id of what was merged into it.
        Id = "id",
        /// It was its slug, or the slug of what was merged into it.
        Slug = "slug",
        /// It is also called that.
        Alias = "alias",
    }
}

/// A name that leads to a section, topic or author and isn't its present one.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = other_names)]
pub struct OtherName {
    /// Why it leads there.
    pub way: Way,
    /// In the form in which two are the same.
    pub name_key: String,
    /// What it leads to.
    pub kind: Kind,
    /// The id of what it leads to, which is there: there are no chains.
    pub target_id: Id,
    /// As it is written.
    pub name: String,
    /// Its place among the names of its target.
    pub position: i32,
}

/// The other names of a section, topic or author, as editors see them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// What else it is called, in the order that an editor chose.
    pub aliases: Vec<String>,
    /// The slugs that still lead to it, the oldest first.
    pub former_slugs: Vec<String>,
}

impl Others {
    /// Those of one target among rows in their order.
    pub fn of(target: Id, rows: &[OtherName]) -> Self {
        let names = |way| {
            let own = rows
                .iter()
                .filter(move |row| row.target_id == target && row.way == way);
            own.map(|row| row.name.clone()).collect()
        };
        Others {
            aliases: names(Way::Alias),
            former_slugs: names(Way::Slug),
        }
    }
}

/// A section, topic or author with its other names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<T> {
    /// The row.
    pub item: T,
    /// Its other names.
    pub others: Others,
}

/// What to merge something into.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"into": "verkehr"}))]
pub struct MergeIn {
    /// What stays: its slug, id, exact name or alias.
    #[schema(min_length = 1, example = "verkehr")]
    pub into: String,
}

/// What a merge leaves behind.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Merged<T> {
    /// How many articles named what is gone, drafts included: in their newest
    /// revision or in the one that readers see.
    #[schema(example = 12)]
    pub articles: i64,
    /// What stays, as it is now.
    #[serde(flatten)]
    pub item: T,
}

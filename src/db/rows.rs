//! Whole rows of every table that holds the newsroom, for copying it from one
//! database to another: the columns as they are, whatever they mean.
//!
//! `secrets` is not among them: a backup that held the signing secret would let
//! whoever reads it sign in as anybody.
#![allow(missing_docs)]

use diesel::prelude::*;

use super::schema::*;
use super::types::{Id, Time};

macro_rules! rows {
    ($($table:ident $row:ident { $($column:ident: $type:ty),+ $(,)? })+) => {
        $(
            #[derive(Queryable, Selectable, Insertable, Clone)]
            #[diesel(table_name = $table, treat_none_as_default_value = false)]
            pub struct $row { $(pub $column: $type),+ }
        )+

        /// The tables. A row refers to tables before its own only, sections to
        /// each other as well.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Table { $($row),+ }

        impl Table {
            /// All of them, in the order in which they can be filled.
            pub const ALL: &[Table] = &[$(Table::$row),+];

            pub fn name(self) -> &'static str {
                match self { $(Table::$row => stringify!($table)),+ }
            }

            pub fn columns(self) -> &'static [&'static str] {
                match self { $(Table::$row => &[$(stringify!($column)),+]),+ }
            }
        }

        /// Some rows of a table.
        pub enum Chunk { $($row(Vec<$row>)),+ }

        impl Chunk {
            pub fn len(&self) -> usize {
                match self { $(Chunk::$row(rows) => rows.len()),+ }
            }

            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    };
}

/// Calls a macro with every table and its row.
#[macro_export]
macro_rules! for_each_table {
    ($callback:ident) => {
        $callback! {
            site SiteRow, users UserRow, api_keys KeyRow, refresh_tokens RefreshTokenRow,
            sections SectionRow, topics TopicRow, authors AuthorRow, articles ArticleRow,
            revisions RevisionRow, links LinkRow, listings ListingRow,
            former_slugs FormerSlugRow, other_names OtherNameRow, preview_links PreviewLinkRow, redirects RedirectRow, lists ListRow, list_entries ListEntryRow,
            media MediaRow, media_uses MediaUseRow, media_leftovers MediaLeftoverRow, changes ChangeRow,
            idempotency_keys IdempotencyKeyRow, audit AuditRow
        }
    };
}

rows! {
    site SiteRow { id: i32, settings: String, version: i64, updated_at: Time }
    users UserRow {
        id: Id, name: String, role: String, password_hash: Option<String>, disabled_at: Option<Time>,
        version: i64, created_at: Time,
    }
    api_keys KeyRow {
        id: Id, user_id: Id, name: String, prefix: String, digest: String, scopes: String, created_at: Time,
        expires_at: Option<Time>, last_used_at: Option<Time>, revoked_at: Option<Time>,
    }
    refresh_tokens RefreshTokenRow {
        id: Id, family_id: Id, user_id: Id, digest: String, created_at: Time, expires_at: Time,
        used_at: Option<Time>, revoked_at: Option<Time>,
    }
    sections SectionRow {
        id: Id, parent_id: Option<Id>, slug: String, name: String, description: Option<String>, position: i32,
        version: i64, created_at: Time, updated_at: Time,
    }
    topics TopicRow {
        id: Id, slug: String, name: String, name_key: String, sort_key: String, description: Option<String>,
        version: i64, created_at: Time, updated_at: Time,
    }
    authors AuthorRow {
        id: Id, slug: String, name: String, name_key: String, sort_key: String, role: Option<String>,
        bio: Option<String>, email: Option<String>, url: Option<String>, version: i64, created_at: Time,
        updated_at: Time,
    }
    articles ArticleRow {
        id: Id, slug: String, external_id: Option<String>, version: i64, revision: i32,
        live_revision: Option<i32>, published_at: Option<Time>, first_published_at: Option<Time>,
        updated_at: Option<Time>, corrections: Option<String>, expires_at: Option<Time>,
        announce_at: Option<Time>, kind: String,
        language: String, submitted_at: Option<Time>, sent_back_at: Option<Time>, sent_back_by: Option<Id>,
        sent_back_remark: Option<String>, withdrawn_at: Option<Time>,
        withdrawn_reason: Option<String>, trashed_at: Option<Time>, created_at: Time, created_by: Id,
        edited_at: Time, edited_by: Id, live_head: Option<String>,
    }
    revisions RevisionRow {
        article_id: Id, number: i32, created_at: Time, created_by: Id, revision_note: Option<String>,
        restored_from: Option<i32>, kind: String, language: String,
        kicker: Option<String>, headline: String, subheadline: Option<String>, teaser: Option<String>,
        section_id: Option<Id>, topics: String, authors: String, image: Option<String>, priority: String,
        access: String, source: Option<String>, seo: Option<String>, note: Option<String>,
        embargo_until: Option<Time>, expires_at: Option<Time>, word_count: i32, search_text: String,
        body: String,
    }
    links LinkRow {
        article_id: Id, revision: i32, position: i32, placement: String, relation: String,
        headline: Option<String>, slug: Option<String>, target_id: Option<Id>, url: Option<String>,
    }
    listings ListingRow { list_id: Id, published_at: Time, article_id: Id, updated_at: Time, expires_at: Option<Time> }
    preview_links PreviewLinkRow {
        id: Id, article_id: Id, digest: String, note: Option<String>, created_at: Time, created_by: Id,
        expires_at: Time,
    }
    media MediaRow {
        id: Id, sha256: String, format: String, bytes: i64, width: i32, height: i32, orientation: i32,
        alt: Option<String>, decorative: bool, caption: Option<String>, credit: Option<String>,
        copyright: Option<String>, focal_x: Option<f64>, focal_y: Option<f64>, search_text: String,
        thumbhash: Option<String>, renditions: String, rendered_at: Option<Time>, failure: Option<String>,
        attempts: i32, claimed_until: Option<Time>, version: i64, edited_version: i64, created_at: Time,
        created_by: Id, updated_at: Time,
    }
    media_uses MediaUseRow { media_id: Id, article_id: Id, revision: i32 }
    media_leftovers MediaLeftoverRow { media_id: Id, due_at: Time }
    former_slugs FormerSlugRow { slug: String, article_id: Id, retired_at: Time }
    redirects RedirectRow {
        id: Id, source: String, literals: Option<i32>, status: i32, article_id: Option<Id>, target: Option<String>,
        search_text: String, version: i64, created_at: Time, updated_at: Time,
    }
    lists ListRow {
        id: Id, slug: String, name: String, sort_key: String, description: Option<String>, kind: String,
        filter: String, size: i32, version: i64, created_at: Time, updated_at: Time,
    }
    list_entries ListEntryRow { list_id: Id, position: i32, article_id: Id }
    other_names OtherNameRow {
        way: String, name_key: String, kind: String, target_id: Id, name: String, position: i32,
    }
    changes ChangeRow { seq: i64, at: Time, entity: String, entity_id: Id, action: String, keys: String }
    idempotency_keys IdempotencyKeyRow {
        scope: String, fingerprint: String, status: i32, headers: String, body: Option<String>, expires_at: Time,
    }
    audit AuditRow {
        id: Id, at: Time, actor_id: Id, way: String, key_id: Option<Id>, action: String, outcome: String,
        subject: Option<String>, subject_id: Option<Id>, revision: Option<i64>, operation: Option<String>,
        address: Option<String>, request_id: Option<String>,
    }
}

impl Table {
    /// Rows that are held in memory at once: fewer where they carry a text.
    pub fn chunk(self) -> usize {
        match self {
            Table::RevisionRow => 50,
            _ => 500,
        }
    }
}

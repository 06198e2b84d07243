//! What a topic or an author says about itself; the writes to both are in
//! [`terms`](super::terms).

use super::{Kept, Kind};
use crate::db::{Conn, Id, Time};
use crate::error::{FieldError, Result};
use crate::http::page::ByName;

/// A topic or an author: something with a name and no place in a tree.
pub trait Term: Clone + PartialEq + Sized {
    /// What it is.
    const KIND: Kind;
    /// Whether no two have one name.
    const ONE_OF_A_NAME: bool;
    /// As a client sends it.
    type In;
    /// As a client changes it.
    type Patch;

    /// One of which nothing is known but its name.
    fn plain(name: String, slug: String, now: Time) -> Self;
    /// What would be stored, and the aliases that were sent; everything that is
    /// wrong is collected. Equal to `old` if the client wants what is there.
    fn read(
        old: Option<&Self>,
        input: Self::In,
        now: Time,
        errors: &mut Vec<FieldError>,
    ) -> (Self, Option<Vec<String>>);
    /// What a client would have sent to get the patch's effect.
    fn patched(old: &Kept<Self>, patch: Self::Patch) -> Self::In;
    /// The slug that was sent.
    fn sent_slug(input: &mut Self::In) -> &mut Option<String>;

    // What follows has the same text for each: see `term_rows`.

    /// Its id.
    fn id(&self) -> Id;
    /// Its slug.
    fn slug(&self) -> &str;
    /// Its name.
    fn name(&self) -> &str;
    /// The name in the form in which two names are the same.
    fn name_key(&self) -> &str;
    /// The name in the form that lists are sorted by.
    fn sort_key(&self) -> &str;
    /// Counts the writes to it, and when the last one was.
    fn standing(&self) -> (i64, Time);
    /// Notes a write.
    fn touch(&mut self, version: i64, now: Time);

    /// The one with this id.
    fn find(conn: &mut Conn<'_>, id: Id) -> Result<Option<Self>>;
    /// The one with this slug.
    fn find_by_slug(conn: &mut Conn<'_>, slug: &str) -> Result<Option<Self>>;
    /// One with this name.
    fn find_by_name_key(conn: &mut Conn<'_>, key: &str) -> Result<Option<Self>>;
    /// Those with any of these ids, slugs or names.
    fn matching(
        conn: &mut Conn<'_>,
        ids: &[Id],
        slugs: &[&str],
        keys: &[String],
    ) -> Result<Vec<Self>>;
    /// Names to guess from.
    fn names(conn: &mut Conn<'_>) -> Result<Vec<String>>;
    /// Those of a page.
    fn page(conn: &mut Conn<'_>, wanted: &ByName) -> Result<Vec<Self>>;
    /// Adds it, unless its slug or name is taken. Whether it was added.
    fn insert(&self, conn: &mut Conn<'_>) -> Result<bool>;
    /// Replaces it if it still has this version. Whether it had.
    fn update(&self, conn: &mut Conn<'_>, version: i64) -> Result<bool>;
    /// Removes it if it still has its version. Whether it had.
    fn delete(&self, conn: &mut Conn<'_>) -> Result<bool>;
}

/// Writes what every [`Term`] has in the same text; the name is that of its
/// queries.
#[macro_export]
macro_rules! term_rows {
    ($module:ident) => {
        fn id(&self) -> $crate::db::Id {
            self.id
        }
        fn slug(&self) -> &str {
            &self.slug
        }
        fn name(&self) -> &str {
            &self.name
        }
        fn name_key(&self) -> &str {
            &self.name_key
        }
        fn sort_key(&self) -> &str {
            &self.sort_key
        }
        fn standing(&self) -> (i64, $crate::db::Time) {
            (self.version, self.updated_at)
        }
        fn touch(&mut self, version: i64, now: $crate::db::Time) {
            self.version = version;
            self.updated_at = now;
        }
        fn find(
            conn: &mut $crate::db::Conn<'_>,
            id: $crate::db::Id,
        ) -> $crate::error::Result<Option<Self>> {
            Ok($crate::store!(*conn, $module::find(id))?)
        }
        fn find_by_slug(
            conn: &mut $crate::db::Conn<'_>,
            slug: &str,
        ) -> $crate::error::Result<Option<Self>> {
            Ok($crate::store!(*conn, $module::find_by_slug(slug))?)
        }
        fn find_by_name_key(
            conn: &mut $crate::db::Conn<'_>,
            key: &str,
        ) -> $crate::error::Result<Option<Self>> {
            Ok($crate::store!(*conn, $module::find_by_name_key(key))?)
        }
        fn matching(
            conn: &mut $crate::db::Conn<'_>,
            ids: &[$crate::db::Id],
            slugs: &[&str],
            keys: &[String],
        ) -> $crate::error::Result<Vec<Self>> {
            Ok($crate::store!(*conn, $module::matching(ids, slugs, keys))?)
        }
        fn names(conn: &mut $crate::db::Conn<'_>) -> $crate::error::Result<Vec<String>> {
            Ok($crate::store!(*conn, $module::names())?)
        }
        fn page(
            conn: &mut $crate::db::Conn<'_>,
            wanted: &$crate::http::page::ByName,
        ) -> $crate::error::Result<Vec<Self>> {
            Ok($crate::store!(*conn, $module::page(wanted))?)
        }
        fn insert(&self, conn: &mut $crate::db::Conn<'_>) -> $crate::error::Result<bool> {
            Ok($crate::store!(*conn, $module::insert(self))?)
        }
        fn update(
            &self,
            conn: &mut $crate::db::Conn<'_>,
            version: i64,
        ) -> $crate::error::Result<bool> {
            Ok($crate::store!(*conn, $module::update(self, version))?)
        }
        fn delete(&self, conn: &mut $crate::db::Conn<'_>) -> $crate::error::Result<bool> {
            Ok($crate::store!(
                *conn,
                $module::delete(self.id, self.version)
            )?)
        }
    };
}

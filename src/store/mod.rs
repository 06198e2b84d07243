//! Every query, a file a feature: `(&mut Conn, …) -> QueryResult`.
//!
//! This file is mounted twice, below `db::lite` and below `db::pg`; `super`
//! is therefore either of them, and `super::super::{Conn, Db}` in the files
//! below are that database's own types. A query knows no actor, no HTTP and no
//! clock. What has to differ stands behind `db::Dialect`.

#[macro_use]
mod terms;

pub mod articles;
pub mod audit;
pub mod authors;
pub mod changes;
pub mod copy;
pub mod curated;
pub mod idempotency;
pub mod keys;
pub mod links;
pub mod lists;
pub mod media;
pub mod previews;
pub mod redirects;
pub mod secrets;
pub mod sections;
pub mod sessions;
pub mod site;
pub mod taxonomy;
pub mod topics;
pub mod users;

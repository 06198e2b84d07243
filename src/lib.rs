//! Perspektive, a headless content API for newsrooms.
//!
//! # The rooms
//!
//! Imports point one way only: a room may use what stands to its left.
//!
//! `config · error ← db · store · storage · cache · http · content ← changes ← state ←
//! auth ← editing · audit ← taxonomy ← features ← previews · lists · redirects · search ← delivery ← demo · backup ← background ← app ← check ← cli ← main`
//!
//! - [`config`]: every setting, typed, checked whole at start
//! - [`error`]: the one error type and the one table of problem types
//! - [`telemetry`]: log lines and metrics
//! - [`db`]: connections to both databases, the schema, migrations
//! - `store`: every query, written once, compiled for both (see [`db`])
//! - [`storage`]: the bytes of media, in a folder or in S3
//! - [`cache`]: public answers in memory, tagged with what they are made of
//! - [`http`]: plumbing that knows HTTP and no resource
//! - [`content`]: the block tree; Markdown and HTML in, blocks, HTML, Markdown, text out
//! - [`changes`]: the change log, and the running write that appends to it
//! - [`state`]: `read` and `write`, the only ways to the database
//! - [`auth`]: who acts, and what they may do
//! - [`editing`]: the way every editor's write goes: dry runs, idempotency
//!   keys, limits
//! - [`audit`]: who did what, and what was refused
//! - [`taxonomy`]: the other names of sections, topics and authors; merging
//! - [`users`], [`keys`], [`site`], [`sections`], [`topics`], [`authors`], [`media`], [`articles`]:
//!   the features, each with `model`, `ops` and `routes`
//! - [`previews`]: links that open one article's working copy
//! - [`lists`]: what the newsroom puts together: the front page, more news
//! - [`redirects`]: where old addresses lead, one by one and by patterns
//! - [`search`]: finding articles by their words; the indexes and what keeps them up
//!   to date
//! - [`delivery`]: what anyone may read
//! - [`demo`]: a small newsroom to look at
//! - [`backup`]: the whole newsroom in one file, and back
//! - [`background`]: what runs beside the requests: following the log, announcing
//!   what time has changed
//! - [`app`]: everything put together; used by the binary and by the tests
//! - [`check`]: whether everything is set up as it should be
//! - [`cli`]: the commands
//!
//! # A write
//!
//! `PUT /v1/editor/articles/{slug}` lands in `articles::routes`: `Edit` resolves
//! the actor, then the body is read and parsed. `edit.write` answers what was
//! asked before under the same key, or opens a transaction (`state.write`) and
//! calls `articles::ops`, which applies the rules, calls `store`, and records in
//! the change log what readers will notice. The log's entries are appended last,
//! the transaction commits, and the tags of the entries are evicted from the
//! cache. Then the client gets a receipt.
//!
//! # A public read
//!
//! `GET /v1/articles/{slug}` lands in `delivery::routes`. If the cache has a
//! valid answer, its bytes go out. If not, one request (the others wait) notes
//! where evictions stand, reads through `delivery::projection`, which alone
//! turns rows into public types, and puts the bytes into the cache with the
//! tags of all they are made of.

pub mod app;
pub mod articles;
pub mod audit;
pub mod auth;
pub mod authors;
pub mod background;
pub mod backup;
pub mod cache;
pub mod changes;
pub mod check;
pub mod cli;
pub mod config;
pub mod content;
pub mod db;
pub mod delivery;
pub mod demo;
pub mod editing;
pub mod error;
pub mod http;
pub mod keys;
pub mod lists;
pub mod media;
pub mod previews;
pub mod redirects;
pub mod search;
pub mod sections;
pub mod site;
pub mod state;
pub mod storage;
pub mod taxonomy;
pub mod telemetry;
pub mod topics;
pub mod users;

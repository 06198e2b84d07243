//! Articles.
//!
//! An article is an address (`slug`), a state and a chain of revisions. A
//! revision is the whole content at one moment and is never changed. Two
//! pointers lead into the chain: `revision` to the newest one, the working
//! copy, and `live_revision` to the one that readers see. Editing adds a
//! revision and moves the first; publishing moves the second, and copies what
//! cards show of that revision beside it (`live_head`): lists, search and the
//! links of articles find all they need in the article's row.
//!
//! # States
//!
//! A state is never stored; [`model::ArticleRow::state`] derives it from the
//! columns and the present instant:
//!
//! - *draft*: no live revision, or one that has expired
//! - *in review*: a draft that somebody submitted
//! - *scheduled*: a live revision whose `published_at` lies ahead
//! - *live*: a live revision, `published_at` reached, `expires_at` not
//! - *withdrawn*: taken down; readers get 410
//! - *trashed*: out of sight, can be restored
//!
//! So an article becomes visible, and stops being so, by time alone. What runs
//! in the background only announces it ([`ops::announce`]).
//!
//! # Embargo
//!
//! An embargo belongs to the content: no verb makes a revision visible before
//! its `embargo_until`. Publishing a draft under an embargo makes it scheduled.
//! Publishing such a revision over a live article is refused, because there is
//! one live pointer: readers would have neither the old text nor the new one
//! until the embargo ends.
//!
//! # Links
//!
//! Each reference of a revision, in its body or at its end, is a row of
//! `links`. A reference that can be resolved when it is written is stored by
//! id. One that can't keeps its slug, and is bound to the first article that
//! gets this slug, for good; that is settled when the write ends
//! ([`crate::changes::Tx::finish`]), so that a link and a slug that come at the
//! same instant find each other.
//!
//! # Lists
//!
//! Every live or scheduled article has a row in `listings` for each section
//! above it, each of its topics and each of its authors. The rows are written
//! when the live pointer moves, so that a public list is one range of an index.

pub mod bulk;
mod diff;
pub mod find;
pub mod form;
pub mod history;
pub mod input;
pub mod model;
pub mod ops;
pub mod routes;
pub mod view;

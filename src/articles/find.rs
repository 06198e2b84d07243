//! Finding working copies by their words: what editors search with. Who can is in
//! a room that stands on this one.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::model::EditorFilter;
use crate::db::{Id, Time};
use crate::error::Result;
use crate::state::State;

/// A turn to search, when it comes.
pub type Turn<'a> = Pin<Box<dyn Future<Output = Result<OwnedSemaphorePermit>> + Send + 'a>>;

/// What is looked for among working copies.
pub struct Words<'a> {
    /// What was typed.
    pub text: &'a str,
    /// What else must fit, in so far as that can be told without the database.
    pub filter: &'a EditorFilter,
    /// The topic that must fit, and what was merged into it.
    pub topics: Vec<Id>,
    /// The author that must fit, and what was merged into it.
    pub authors: Vec<Id>,
    /// When it is.
    pub now: Time,
}

/// What was found.
#[derive(Default)]
pub struct FoundDrafts {
    /// The articles that fit, the best first.
    pub ids: Vec<Id>,
    /// Words that were not looked for.
    pub left_out: Vec<String>,
}

/// Finds working copies by their words.
pub trait FindDrafts: Send + Sync {
    /// Waits until what was written before can be found, and for a turn.
    fn turn<'a>(&'a self, state: &'a Arc<State>) -> Turn<'a>;

    /// The articles that fit; nothing if nobody can tell at present. On a thread that
    /// may block.
    fn find(&self, words: &Words<'_>) -> Option<FoundDrafts>;
}

//! Finding working copies, for editors.

use std::sync::Arc;

use super::find::{Order, Scope, Wanted};
use super::follower::Follower;
use super::index::Standing;
use super::piece::mark;
use super::query::Query;
use crate::articles::find::{FindDrafts, FoundDrafts, Turn, Words};
use crate::articles::model::State as Stands;
use crate::state::State;

/// How many of the best are filtered further.
const BEST: usize = 1_000;

/// The index of working copies. Delivery doesn't know it.
#[derive(Clone)]
pub struct Drafts(pub(super) Arc<Follower>);

impl Drafts {
    /// How it stands.
    pub fn standing(&self) -> Standing {
        self.0.drafts_index().standing()
    }
}

impl FindDrafts for Drafts {
    fn turn<'a>(&'a self, state: &'a Arc<State>) -> Turn<'a> {
        Box::pin(async {
            self.0.freshen(state).await;
            self.0.drafts_index().turn().await
        })
    }

    fn find(&self, words: &Words<'_>) -> Option<FoundDrafts> {
        let Words { filter, .. } = words;
        let mut marks: Vec<Vec<String>> = Vec::new();
        let mut only = |found: Vec<String>| {
            if !found.is_empty() {
                marks.push(found);
            }
        };
        only(
            filter
                .sections
                .iter()
                .map(|id| mark::section(*id))
                .collect(),
        );
        only(words.topics.iter().map(|id| mark::topic(*id)).collect());
        only(words.authors.iter().map(|id| mark::author(*id)).collect());
        only(filter.kind.iter().map(|kind| mark::kind(*kind)).collect());
        only(
            filter
                .language
                .iter()
                .map(|tag| mark::language(tag))
                .collect(),
        );
        only(
            filter
                .created_by
                .iter()
                .map(|id| mark::made_by(*id))
                .collect(),
        );
        only(
            filter
                .external_id
                .iter()
                .map(|id| mark::external(id))
                .collect(),
        );
        let mut without = Vec::new();
        match filter.state {
            Some(Stands::Trashed) => only(vec![mark::TRASHED.to_owned()]),
            _ => without.push(mark::TRASHED.to_owned()),
        }
        let wanted = Wanted {
            query: Query::parse(words.text),
            language: None,
            scope: Scope::Everything,
            order: Order::BestFirst,
            marks,
            without,
            from: None,
            before: None,
            after: None,
            limit: BEST,
            now: words.now,
        };
        let index = self.0.drafts_index();
        index.view()?;
        let found = index.with(|view| super::find::find(view, &wanted)).ok()?;
        Some(FoundDrafts {
            ids: found.hits.iter().map(|hit| hit.id).collect(),
            left_out: found.left_out,
        })
    }
}

//! Articles that are about the same.
//!
//! The words that tell most about an article are those that few others have. They
//! are looked up until so many places in the index are read as a page may cost, the
//! most telling first, so that the cost doesn't grow with the archive. Those that
//! share most of them are ranked; a topic in common, and being close in time, count
//! too.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::analyser::{Analyser, is_common};
use super::index::View;
use super::piece::{mark, words_of};
use crate::articles::model::RevisionRow;
use crate::db::{Id, Time};

/// Words that are looked up at most.
const WORDS: usize = 40;
/// Places in the index that are read at most.
const PLACES: u64 = 6_000;
/// The shortest word that tells anything.
const SHORTEST: usize = 3;
/// Words of the text that are looked at.
const TEXT: usize = 3_000;
/// How many of the best are looked at closely.
const CLOSELY: usize = 60;
/// What a topic in common adds.
const TOPIC: f32 = 0.35;
/// What an article far away in time keeps.
const FAR: f32 = 0.85;

/// An article whose like is looked for.
pub struct Like<'a> {
    /// The article.
    pub id: Id,
    /// Its words.
    pub revision: &'a RevisionRow,
    /// Its topics as they are now, and what was merged into them.
    pub topics: &'a [Id],
    /// Its instant.
    pub at: Time,
    /// How many to find.
    pub limit: usize,
}

/// The best, the most alike first.
pub(super) fn find(view: &Arc<View>, like: &Like<'_>) -> tantivy::Result<Vec<Id>> {
    let mut sums: HashMap<(u32, DocId), (f32, u32)> = HashMap::new();
    for (word, weight) in telling(view, like)? {
        let term = Term::from_field_text(view.fields.all, &word);
        for (number, segment) in view.segments.iter().enumerate() {
            let terms = segment.terms(view.fields.all)?;
            let list = terms.read_postings(&term, IndexRecordOption::WithFreqs)?;
            let Some(mut list) = list else { continue };
            while list.doc() != TERMINATED {
                let doc = list.doc();
                if segment.is_alive(doc) {
                    let often = list.term_freq() as f32;
                    let sum = sums.entry((number as u32, doc)).or_default();
                    sum.0 += weight * often / (often + 1.0);
                    sum.1 += 1;
                }
                list.advance();
            }
        }
    }
    let own = like.id.0.as_u128();
    let mut found = Vec::with_capacity(sums.len());
    for ((number, doc), (sum, words)) in sums {
        let segment = &view.segments[number as usize];
        // One word may be in common by chance.
        if words > 1 {
            found.push((sum, segment.at.get_val(doc), segment.id(doc), number, doc));
        }
    }
    found.retain(|(_, _, id, ..)| *id != own);
    let best_first = |a: &(f32, i64, u128, u32, DocId), b: &(f32, i64, u128, u32, DocId)| {
        b.0.total_cmp(&a.0).then((b.1, b.2).cmp(&(a.1, a.2)))
    };
    found.sort_unstable_by(best_first);
    found.truncate(CLOSELY);
    share_topics(view, like, &mut found)?;
    for (score, at, ..) in &mut found {
        let days = (like.at.0 - *at).unsigned_abs() as f32 / 86_400_000_000.0;
        *score *= FAR + (1.0 - FAR) * 365.0 / (365.0 + days);
    }
    found.sort_unstable_by(best_first);
    found.truncate(like.limit);
    let ids = found.into_iter();
    Ok(ids
        .map(|(_, _, id, ..)| Id(uuid::Uuid::from_u128(id)))
        .collect())
}

/// The words that tell most about an article, and how much.
fn telling(view: &View, like: &Like<'_>) -> tantivy::Result<Vec<(Arc<str>, f32)>> {
    let revision = like.revision;
    let mut analyser = Analyser::new(&revision.language);
    let mut counts: HashMap<Arc<str>, f32> = HashMap::new();
    let body = words_of(&revision.body);
    let texts = [
        (Some(&revision.headline), 3.0),
        (revision.kicker.as_ref(), 2.0),
        (revision.subheadline.as_ref(), 2.0),
        (revision.teaser.as_ref(), 2.0),
        (Some(&body), 1.0),
    ];
    let mut words = Vec::new();
    for (text, weight) in texts {
        words.clear();
        analyser.words(text.map_or("", String::as_str), 0, &mut words);
        for word in words.iter().take(TEXT) {
            let exact = &word.terms.exact;
            if exact.chars().count() >= SHORTEST && !is_common(exact) {
                *counts.entry(Arc::clone(&word.terms.stem)).or_default() += weight;
            }
        }
    }
    let all = view.articles as f32;
    let mut telling = Vec::with_capacity(counts.len());
    for (stem, count) in counts {
        let frequency = view.frequency(view.fields.all, &stem)?;
        // What nothing else has leads nowhere.
        if frequency > 1 && frequency <= PLACES {
            let rare = (all / frequency as f32).ln().max(0.05);
            telling.push((
                rare * rare * (1.0 + count.min(6.0).ln_1p()),
                stem,
                frequency,
            ));
        }
    }
    telling.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut left = PLACES;
    let mut taken = Vec::new();
    for (weight, stem, frequency) in telling {
        if taken.len() == WORDS {
            break;
        }
        if frequency <= left {
            left -= frequency;
            taken.push((stem, weight));
        }
    }
    Ok(taken)
}

/// Adds what topics in common count.
fn share_topics(
    view: &View,
    like: &Like<'_>,
    found: &mut [(f32, i64, u128, u32, DocId)],
) -> tantivy::Result<()> {
    let mut shared = vec![0_u32; found.len()];
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_unstable_by_key(|at| (found[*at].3, found[*at].4));
    for topic in like.topics {
        let term = Term::from_field_text(view.fields.marks, &mark::topic(*topic));
        for (number, segment) in view.segments.iter().enumerate() {
            let terms = segment.terms(view.fields.marks)?;
            let Some(mut list) = terms.read_postings(&term, IndexRecordOption::Basic)? else {
                continue;
            };
            for at in order.iter().filter(|at| found[**at].3 == number as u32) {
                let doc = found[*at].4;
                if list.doc() < doc {
                    list.seek(doc);
                }
                shared[*at] += u32::from(list.doc() == doc);
            }
        }
    }
    for (entry, shared) in found.iter_mut().zip(shared) {
        entry.0 *= 1.0 + TOPIC * shared.min(3) as f32;
    }
    Ok(())
}

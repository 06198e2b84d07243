//! Articles that are about the same.
//!
//! The words that tell most about an article are those that few others have. They
//! are looked up until so many places in the index are read as a page may cost, the
//! most telling first, so that the cost doesn't grow with the archive. Those that
//! share most of them are ranked; a topic in common, and being close in time, count
//! too. One word in common may be chance.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::analyser::{Analyser, is_common};
use super::index::View;
use super::piece::{mark, words_of};
use super::postings::to;
use crate::articles::model::LiveRevision;
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
    pub revision: &'a LiveRevision,
    /// Its topics as they are now, and what was merged into them.
    pub topics: &'a [Id],
    /// Its instant.
    pub at: Time,
    /// How many to find.
    pub limit: usize,
}

/// An article that has some of the words.
struct Sharing {
    segment: u32,
    doc: DocId,
    /// What they count together.
    score: f32,
    /// How many it has.
    words: u32,
}

/// An article that is looked at closely.
struct Alike {
    score: f32,
    at: i64,
    id: u128,
}

impl Alike {
    fn best_first(&self, other: &Self) -> Ordering {
        let newest_first = || (other.at, other.id).cmp(&(self.at, self.id));
        other.score.total_cmp(&self.score).then_with(newest_first)
    }
}

/// The best, the most alike first.
pub(super) fn find(view: &Arc<View>, like: &Like<'_>) -> tantivy::Result<Vec<Id>> {
    let telling = telling(view, like)?;
    let mut sharing = sharing(view, &telling)?;
    sharing.retain(|sharing| sharing.words > 1);
    let found = ranked(view, like, best(view, like, sharing))?;
    let ids = found.into_iter().take(like.limit);
    Ok(ids
        .map(|alike| Id(uuid::Uuid::from_u128(alike.id)))
        .collect())
}

/// The articles that have any of these words, in the order of the index.
fn sharing(view: &View, telling: &[(Arc<str>, f32)]) -> tantivy::Result<Vec<Sharing>> {
    let mut found: Vec<Sharing> = Vec::with_capacity(PLACES as usize);
    for (text, weight) in telling {
        let term = Term::from_field_text(view.fields.all, text);
        for (number, segment) in (0..).zip(&view.segments) {
            let terms = segment.terms(view.fields.all)?;
            let list = terms.read_postings(&term, IndexRecordOption::WithFreqs)?;
            let Some(mut list) = list else { continue };
            while list.doc() != TERMINATED {
                let doc = list.doc();
                if segment.is_alive(doc) {
                    let often = list.term_freq() as f32;
                    found.push(Sharing {
                        segment: number,
                        doc,
                        score: weight * often / (often + 1.0),
                        words: 1,
                    });
                }
                list.advance();
            }
        }
    }
    // Words of an article stay in their order, so that their sum is always the same.
    found.sort_by_key(|sharing| (sharing.segment, sharing.doc));
    found.dedup_by(|next, first| {
        let same = (next.segment, next.doc) == (first.segment, first.doc);
        if same {
            first.score += next.score;
            first.words += 1;
        }
        same
    });
    Ok(found)
}

/// The best by their words alone.
fn best(view: &View, like: &Like<'_>, mut found: Vec<Sharing>) -> Vec<Sharing> {
    // One of them is the article itself. Of most only the score need be known.
    if found.len() > CLOSELY {
        let best_first = |a: &Sharing, b: &Sharing| b.score.total_cmp(&a.score);
        let (_, last, _) = found.select_nth_unstable_by(CLOSELY, best_first);
        let least = last.score;
        found.retain(|sharing| sharing.score >= least);
    }
    let mut found: Vec<(Alike, Sharing)> = found
        .into_iter()
        .map(|sharing| (sharing.alike(view), sharing))
        .filter(|(alike, _)| alike.id != like.id.0.as_u128())
        .collect();
    found.sort_unstable_by(|(a, _), (b, _)| a.best_first(b));
    found.truncate(CLOSELY);
    found.into_iter().map(|(_, sharing)| sharing).collect()
}

/// Articles by words, topics in common and time, the most alike first.
fn ranked(view: &View, like: &Like<'_>, mut found: Vec<Sharing>) -> tantivy::Result<Vec<Alike>> {
    found.sort_unstable_by_key(|sharing| (sharing.segment, sharing.doc));
    let topics = topics_in_common(view, like, &found)?;
    let mut ranked: Vec<Alike> = Vec::with_capacity(found.len());
    for (sharing, topics) in found.iter().zip(topics) {
        let mut alike = sharing.alike(view);
        let days = (like.at.0 - alike.at).unsigned_abs() as f32 / 86_400_000_000.0;
        alike.score *= 1.0 + TOPIC * topics.min(3) as f32;
        alike.score *= FAR + (1.0 - FAR) * 365.0 / (365.0 + days);
        ranked.push(alike);
    }
    ranked.sort_unstable_by(Alike::best_first);
    Ok(ranked)
}

impl Sharing {
    fn alike(&self, view: &View) -> Alike {
        let segment = &view.segments[self.segment as usize];
        Alike {
            score: self.score,
            at: segment.at.get_val(self.doc),
            id: segment.id(self.doc),
        }
    }
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
            let terms = analyser.terms_of(*word);
            if terms.exact.chars().count() >= SHORTEST && !is_common(&terms.exact) {
                *counts.entry(Arc::clone(&terms.stem)).or_default() += weight;
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

/// How many topics these have in common with the article; they are in the order of
/// the index.
fn topics_in_common(view: &View, like: &Like<'_>, found: &[Sharing]) -> tantivy::Result<Vec<u32>> {
    let mut counts = vec![0_u32; found.len()];
    for topic in like.topics {
        let term = Term::from_field_text(view.fields.marks, &mark::topic(*topic));
        let mut first = 0;
        for of_segment in found.chunk_by(|a, b| a.segment == b.segment) {
            let segment = &view.segments[of_segment[0].segment as usize];
            let terms = segment.terms(view.fields.marks)?;
            let list = terms.read_postings(&term, IndexRecordOption::Basic)?;
            if let Some(mut list) = list {
                for (sharing, count) in of_segment.iter().zip(&mut counts[first..]) {
                    *count += u32::from(to(&mut list, sharing.doc) == sharing.doc);
                }
            }
            first += of_segment.len();
        }
    }
    Ok(counts)
}

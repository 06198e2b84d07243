//! Finding what fits a query best.
//!
//! Every article that has all of the words (or words with their stems) is scored: a
//! word counts by how rare it is, and more in the headline than in the lead than in
//! the text, more as it was typed than inflected, least as the beginning of another
//! word. What is older counts a little less. If nothing has all of the words, those
//! that nothing has are left out, then the least telling of them.
//!
//! Articles are gone through in the order of the index, each word's list jumping to
//! where the others are. Once there are enough hits that the text alone can't beat,
//! only headlines and leads are looked at, so a word that stands everywhere costs
//! little more than a rare one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, DocSet, TERMINATED, Term};

use super::analyser::Analyser;
use super::index::{Segment, View};
use super::plan::{Plan, fewer};
use super::postings::{Bits, Phrase, all_at, at_least, lists, to};
use super::query::{Query, Unit};
use crate::db::{Id, Time};

/// What a word counts by where it stands, times how rare it is.
mod weight {
    /// In the text: at most, if it is repeated.
    pub const TEXT: f32 = 1.0;
    /// Spelt as it was typed.
    pub const EXACT: f32 = 0.4;
    /// In kicker, teaser, line below the headline, topics, authors.
    pub const LEAD: f32 = 1.0;
    /// In the headline.
    pub const HEAD: f32 = 2.5;
    /// In the headline, spelt as it was typed.
    pub const TITLE: f32 = 0.8;
    /// Only the beginning of a word.
    pub const BEGINNING: f32 = 0.2;
    /// The beginning of a word in the lead.
    pub const BEGINNING_LEAD: f32 = 0.3;
    /// The beginning of a word in the headline.
    pub const BEGINNING_HEAD: f32 = 0.6;
    /// If every word stands in the headline: times the part of it that they are.
    pub const WHOLE: f32 = 2.0;
    /// What the oldest article keeps.
    pub const OLD: f32 = 0.75;
    /// Days after which half of what age takes is gone.
    pub const HALF: f32 = 120.0;
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everywhere.
    Everything,
    /// In headlines.
    Headlines,
}

/// How hits are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The best first.
    BestFirst,
    /// The newest first.
    NewestFirst,
}

/// The place of a hit among the others; the greatest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// How well it fits; 0 where that doesn't matter.
    pub score: u32,
    /// Its instant.
    pub at: i64,
    /// Its id.
    pub id: u128,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// What was typed.
    pub query: Query,
    /// The language of what was typed, if that is known.
    pub language: Option<String>,
    /// Where it is looked for; phrases only everywhere.
    pub scope: Scope,
    /// The order of hits.
    pub order: Order,
    /// All of these must fit, one mark of each.
    pub marks: Vec<Vec<String>>,
    /// None of these marks.
    pub without: Vec<String>,
    /// From this instant on.
    pub from: Option<Time>,
    /// Before this instant.
    pub before: Option<Time>,
    /// The hits after this place.
    pub after: Option<Place>,
    /// How many hits.
    pub limit: usize,
    /// When it is; age counts from here.
    pub now: Time,
}

/// An article that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its place.
    pub place: Place,
    /// Its id.
    pub id: Id,
    /// The revision that was searched.
    pub revision: i32,
    address: DocAddress,
}

/// What was found.
pub struct Hits {
    /// The hits, in order.
    pub hits: Vec<Hit>,
    /// Whether there are more after them.
    pub more: bool,
    /// Words that were not looked for.
    pub left_out: Vec<String>,
    /// What was looked for.
    pub units: Vec<Unit>,
    /// The languages in which it was.
    pub languages: Vec<String>,
    view: Option<Arc<View>>,
}

impl Hits {
    fn none(left_out: Vec<String>) -> Self {
        Hits {
            hits: Vec::new(),
            more: false,
            left_out,
            units: Vec::new(),
            languages: Vec::new(),
            view: None,
        }
    }

    /// The text of a hit, if what was searched is this revision.
    pub fn text(&self, hit: &Hit, revision: i32) -> Option<String> {
        if hit.revision != revision {
            return None;
        }
        self.view.as_ref()?.text(hit.address)
    }
}

/// Looks for what is wanted.
pub(super) fn find(view: &Arc<View>, wanted: &Wanted) -> tantivy::Result<Hits> {
    let languages = match &wanted.language {
        Some(language) => vec![language.clone()],
        None if view.languages.is_empty() => vec!["de".to_owned()],
        None => view.languages.clone(),
    };
    let mut analysers: Vec<Analyser> = languages
        .iter()
        .map(|language| Analyser::new(language))
        .collect();
    let mut plan = |units: &[Unit]| {
        units
            .iter()
            .map(|unit| Plan::new(view, unit, wanted.scope, &mut analysers))
            .collect::<tantivy::Result<Vec<Plan>>>()
    };
    let mut plans = plan(&wanted.query.wanted)?;
    let unwanted = plan(&wanted.query.unwanted)?;
    // Words that every text has say nothing, unless there are no others.
    if plans.iter().any(|plan| !plan.common) {
        plans.retain(|plan| !plan.common);
    }
    let mut left_out = wanted.query.left_out.clone();
    let mut hits = Search {
        view,
        wanted,
        plans: plans.iter().collect(),
        unwanted: &unwanted,
    }
    .run()?;
    if !hits.matched && plans.len() > 1 {
        for kept in fewer(&plans) {
            let tried = Search {
                view,
                wanted,
                plans: kept.iter().map(|at| &plans[*at]).collect(),
                unwanted: &unwanted,
            }
            .run()?;
            if tried.matched {
                let dropped = (0..plans.len()).filter(|at| !kept.contains(at));
                left_out.extend(dropped.map(|at| plans[at].unit.text()));
                plans = kept.iter().map(|at| plans[*at].clone()).collect();
                hits = tried;
                break;
            }
        }
    }
    let mut found = Hits::none(left_out);
    found.more = hits.places.len() > wanted.limit;
    found.hits = hits
        .places
        .into_iter()
        .take(wanted.limit)
        .map(|(place, segment, doc)| Hit {
            place,
            id: Id(uuid::Uuid::from_u128(place.id)),
            revision: view.segments[segment as usize].revision.get_val(doc) as i32,
            address: DocAddress::new(segment, doc),
        })
        .collect();
    found.units = plans.into_iter().map(|plan| plan.unit).collect();
    found.languages = languages;
    found.view = Some(Arc::clone(view));
    Ok(found)
}

/// One run over the index.
struct Search<'a> {
    view: &'a View,
    wanted: &'a Wanted,
    plans: Vec<&'a Plan>,
    unwanted: &'a [Plan],
}

/// What a run found.
struct Found {
    /// Whether anything fits, on this page or on one before.
    matched: bool,
    /// The places of this page and one more, in order.
    places: Vec<(Place, u32, DocId)>,
}

impl Search<'_> {
    fn run(&self) -> tantivy::Result<Found> {
        let mut best = Best {
            most: self.wanted.limit + 1,
            heap: BinaryHeap::new(),
        };
        let mut matched = false;
        if self.plans.is_empty() {
            return Ok(Found {
                matched,
                places: Vec::new(),
            });
        }
        for (number, segment) in self.view.segments.iter().enumerate() {
            matched |= self.run_segment(number as u32, segment, &mut best)?;
        }
        let mut places: Vec<_> = best.heap.into_iter().map(|Reverse(found)| found).collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Found { matched, places })
    }

    fn run_segment(
        &self,
        number: u32,
        segment: &Segment,
        best: &mut Best,
    ) -> tantivy::Result<bool> {
        let ranked = self.wanted.order == Order::BestFirst;
        let mut parts = Vec::with_capacity(self.plans.len());
        for plan in &self.plans {
            let part = Part::open(segment, plan, ranked)?;
            if part.is_empty() {
                return Ok(false);
            }
            parts.push(part);
        }
        let mut unwanted = Vec::with_capacity(self.unwanted.len());
        for plan in self.unwanted {
            unwanted.push(Part::open(segment, plan, false)?);
        }
        let allowed = self.allowed(segment)?;
        // The rarest leads; sums are made in the order of the query.
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|at| (self.plans[*at].frequency, *at));
        // What no article scores that has none of the words in headline or lead, and
        // none that has none of them in the headline.
        let weights: f32 = self.plans.iter().map(|plan| plan.weight).sum();
        let most = |counts: f32| points(weights * counts).saturating_add(1);
        let text_alone = most(weight::TEXT + weight::EXACT);
        let no_headline = most(weight::TEXT + weight::EXACT + weight::LEAD);
        let range = (
            self.wanted.from.map_or(i64::MIN, |at| at.0),
            self.wanted.before.map_or(i64::MAX, |at| at.0),
        );

        let mut matched = false;
        let mut doc = 0;
        loop {
            if ranked && let Some(Place { score: least, .. }) = best.least() {
                let mut next = |next: fn(&mut Part, DocId) -> DocId| {
                    let next = parts.iter_mut().map(|part| next(part, doc)).min();
                    next.unwrap_or(TERMINATED)
                };
                if no_headline < least {
                    doc = next(Part::next_headline);
                } else if text_alone < least {
                    doc = next(Part::next_prominent);
                }
            }
            doc = self.next(&mut parts, &order, allowed.as_ref(), doc);
            if doc == TERMINATED {
                return Ok(matched);
            }
            let at = segment.at.get_val(doc);
            if segment.is_alive(doc)
                && at >= range.0
                && at < range.1
                && !unwanted.iter_mut().any(|part| part.next(doc) == doc)
            {
                matched = true;
                let score = match ranked {
                    true => self.score(&mut parts, segment, doc, at),
                    false => 0,
                };
                best.offer(score, at, self.wanted.after, (number, doc), || {
                    segment.id(doc)
                });
            }
            doc += 1;
        }
    }

    /// The next article from here on that has everything.
    fn next(
        &self,
        parts: &mut [Part],
        order: &[usize],
        allowed: Option<&Bits>,
        from: DocId,
    ) -> DocId {
        let mut doc = from;
        'next: loop {
            if let Some(allowed) = allowed {
                doc = allowed.next(doc);
            }
            if doc >= TERMINATED {
                return TERMINATED;
            }
            for at in order {
                let next = parts[*at].next(doc);
                if next != doc {
                    doc = next;
                    continue 'next;
                }
            }
            return doc;
        }
    }

    /// The articles that the filters allow; `None` for all.
    fn allowed(&self, segment: &Segment) -> tantivy::Result<Option<Bits>> {
        let field = self.view.fields.marks;
        let terms = segment.terms(field)?;
        let read = |mark: &String| {
            let term = Term::from_field_text(field, mark);
            terms.read_postings(&term, IndexRecordOption::Basic)
        };
        let mut allowed: Option<Bits> = None;
        for alternatives in &self.wanted.marks {
            let mut bits = Bits::new(segment.reader.max_doc());
            for mark in alternatives {
                if let Some(postings) = read(mark)? {
                    bits.add(postings);
                }
            }
            allowed = Some(match allowed {
                None => bits,
                Some(others) => others.and(&bits),
            });
        }
        for mark in &self.wanted.without {
            if let Some(mut postings) = read(mark)? {
                let bits = allowed.get_or_insert_with(|| Bits::full(segment.reader.max_doc()));
                while postings.doc() != TERMINATED {
                    bits.clear(postings.doc());
                    postings.advance();
                }
            }
        }
        Ok(allowed)
    }

    fn score(&self, parts: &mut [Part], segment: &Segment, doc: DocId, at: i64) -> u32 {
        let (mut sum, mut weights) = (0.0_f32, 0.0_f32);
        let (mut whole, mut words) = (true, 0);
        for (plan, part) in self.plans.iter().zip(parts) {
            let often = part.often(doc) as f32;
            let mut counts = match often > 0.0 {
                true => weight::TEXT * often / (often + 1.0),
                false => weight::BEGINNING,
            };
            if all_at(&mut part.exact, doc) {
                counts += weight::EXACT;
            }
            let in_head = at_least(&mut part.head, doc, plan.need);
            if in_head {
                counts += weight::HEAD;
                if all_at(&mut part.title, doc) {
                    counts += weight::TITLE;
                }
            }
            if !in_head && has(&part.beginnings_head, doc) {
                counts += weight::BEGINNING_HEAD;
            }
            if at_least(&mut part.lead, doc, plan.need) {
                counts += weight::LEAD;
            } else if has(&part.beginnings_lead, doc) {
                counts += weight::BEGINNING_LEAD;
            }
            whole &= in_head;
            words += plan.unit.words.len();
            weights += plan.weight;
            sum += plan.weight * counts;
        }
        if whole {
            let length = segment.length.get_val(doc).max(1) as f32;
            sum += weights * weight::WHOLE * (words as f32 / length).min(1.0);
        }
        let days = (self.wanted.now.0 - at).max(0) as f32 / 86_400_000_000.0;
        let fresh = weight::OLD + (1.0 - weight::OLD) * weight::HALF / (weight::HALF + days);
        points(sum * fresh)
    }
}

/// Whether an article is in a set.
fn has(bits: &Option<Bits>, doc: DocId) -> bool {
    bits.as_ref().is_some_and(|bits| bits.next(doc) == doc)
}

/// A score as a number without fractions.
fn points(score: f32) -> u32 {
    (score * 1_000.0) as u32
}

/// The best places so far.
struct Best {
    most: usize,
    heap: BinaryHeap<Reverse<(Place, u32, DocId)>>,
}

impl Best {
    /// The place that a further hit must beat.
    fn least(&self) -> Option<Place> {
        let full = self.heap.len() >= self.most;
        full.then(|| self.heap.peek().map(|Reverse((place, ..))| *place))
            .flatten()
    }

    fn offer(
        &mut self,
        score: u32,
        at: i64,
        after: Option<Place>,
        (segment, doc): (u32, DocId),
        id: impl FnOnce() -> u128,
    ) {
        let least = self.least();
        if least.is_some_and(|least| (score, at) < (least.score, least.at))
            || after.is_some_and(|after| (score, at) > (after.score, after.at))
        {
            return;
        }
        let place = Place {
            score,
            at,
            id: id(),
        };
        if least.is_some_and(|least| place < least) || after.is_some_and(|after| place >= after) {
            return;
        }
        if least.is_some() {
            self.heap.pop();
        }
        self.heap.push(Reverse((place, segment, doc)));
    }
}

/// The lists of a unit's terms in a segment.
struct Part {
    any: Vec<SegmentPostings>,
    phrase: Option<Phrase>,
    beginnings: Option<Bits>,
    beginnings_head: Option<Bits>,
    beginnings_lead: Option<Bits>,
    exact: Vec<SegmentPostings>,
    title: Vec<SegmentPostings>,
    head: Vec<SegmentPostings>,
    lead: Vec<SegmentPostings>,
}

impl Part {
    fn open(segment: &Segment, plan: &Plan, ranked: bool) -> tantivy::Result<Self> {
        let lists = |terms: &[Term], option| lists(segment, terms, option);
        let every = |terms: &[Term], option| {
            let found = lists(terms, option)?;
            Ok::<_, tantivy::TantivyError>(if found.len() == terms.len() {
                found
            } else {
                Vec::new()
            })
        };
        let basic = IndexRecordOption::Basic;
        let mut part = Part {
            any: lists(&plan.any, IndexRecordOption::WithFreqs)?,
            phrase: None,
            beginnings: None,
            beginnings_head: None,
            beginnings_lead: None,
            exact: Vec::new(),
            title: Vec::new(),
            head: Vec::new(),
            lead: Vec::new(),
        };
        let phrase = every(&plan.phrase, IndexRecordOption::WithFreqsAndPositions)?;
        if !phrase.is_empty() {
            part.phrase = Some(Phrase::new(phrase));
        }
        let any = |terms: &[Term]| {
            let mut bits = Bits::new(segment.reader.max_doc());
            for postings in lists(terms, basic)? {
                bits.add(postings);
            }
            Ok::<_, tantivy::TantivyError>(Some(bits))
        };
        if !plan.beginnings.is_empty() {
            part.beginnings = any(&plan.beginnings)?;
            if ranked {
                part.beginnings_head = any(&plan.beginnings_head)?;
                part.beginnings_lead = any(&plan.beginnings_lead)?;
            }
        }
        if ranked {
            part.exact = every(&plan.exact, basic)?;
            part.title = every(&plan.title, basic)?;
            part.head = lists(&plan.head, basic)?;
            part.lead = lists(&plan.lead, basic)?;
        }
        Ok(part)
    }

    /// Whether nothing in the segment can have it.
    fn is_empty(&self) -> bool {
        self.any.is_empty() && self.phrase.is_none() && self.beginnings.is_none()
    }

    /// The next article from here on that has it.
    fn next(&mut self, from: DocId) -> DocId {
        let mut next = TERMINATED;
        for postings in &mut self.any {
            next = next.min(to(postings, from));
        }
        if let Some(phrase) = &mut self.phrase {
            next = next.min(phrase.next(from));
        }
        if let Some(bits) = &self.beginnings {
            next = next.min(bits.next(from));
        }
        next
    }

    /// The next article from here on that may have it in the headline.
    fn next_headline(&mut self, from: DocId) -> DocId {
        let whole = self.head.iter_mut().map(|postings| to(postings, from));
        let begun = self.beginnings_head.iter().map(|bits| bits.next(from));
        whole.chain(begun).min().unwrap_or(TERMINATED)
    }

    /// The next article from here on that may have it in headline or lead.
    fn next_prominent(&mut self, from: DocId) -> DocId {
        let whole = self.lead.iter_mut().map(|postings| to(postings, from));
        let begun = self.beginnings_lead.iter().map(|bits| bits.next(from));
        let in_lead = whole.chain(begun).min().unwrap_or(TERMINATED);
        in_lead.min(self.next_headline(from))
    }

    /// How often an article has it.
    fn often(&mut self, doc: DocId) -> u32 {
        let mut often = 0;
        for postings in &mut self.any {
            if to(postings, doc) == doc {
                often += postings.term_freq();
            }
        }
        if let Some(phrase) = &mut self.phrase
            && phrase.next(doc) == doc
        {
            often += phrase.often;
        }
        often
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_are_the_best_of_a_page() {
        let mut best = Best {
            most: 3,
            heap: BinaryHeap::new(),
        };
        let after = Some(Place {
            score: 9,
            at: 0,
            id: 5,
        });
        for (score, id) in [
            (9, 9),
            (9, 5),
            (9, 4),
            (1, 1),
            (7, 2),
            (7, 3),
            (2, 6),
            (8, 1),
        ] {
            best.offer(score, 0, after, (0, id), || u128::from(id));
        }
        let mut places: Vec<_> = best
            .heap
            .into_iter()
            .map(|Reverse((place, ..))| place)
            .collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        let found: Vec<_> = places.iter().map(|place| (place.score, place.id)).collect();
        assert_eq!(found, [(9, 4), (8, 1), (7, 3)]);
    }
}

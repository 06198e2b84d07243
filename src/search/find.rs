//! Finding what fits a query best.
//!
//! Every article that has all of the words (or words with their stems) is scored: a
//! word counts by how rare it is, and more in the headline than in the lead than in
//! the text, more as it was typed than inflected, least as the beginning of another
//! word. What is older counts a little less. If nothing has all of the words, those
//! that nothing has are left out, then the least telling of them.
//!
//! Articles are gone through in the order of the index, each word's list jumping to
//! where the others are; of a long list its end comes first, where the newest are.
//! Once there are enough hits, whole blocks of articles are passed over that are too
//! old to beat them or have the words too seldom, and those that have them in neither
//! headline nor lead, so a word that stands everywhere costs little more than a rare
//! one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;

use tantivy::columnar::ColumnValues;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocId, DocSet, TERMINATED, Term};

use super::analyser::Analyser;
use super::index::{Segment, View};
use super::part::Part;
use super::plan::{MANY, Plan, fewer};
use super::postings::Bits;
use super::query::{Query, Unit};
use super::weight;
use crate::db::{Id, Time};

/// Points of a score of 1.
const POINTS: f32 = 1_000.0;
/// Points by which rounding may raise a score above what it can be at most.
const ROUNDED: u32 = 8;

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
    let mut hits = Search::new(view, wanted, plans.iter().collect(), &unwanted).run()?;
    if !hits.matched && plans.len() > 1 {
        for kept in fewer(&plans) {
            let fewer = kept.iter().map(|at| &plans[*at]).collect();
            let tried = Search::new(view, wanted, fewer, &unwanted).run()?;
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
    /// Whether the order is by how well they fit.
    ranked: bool,
    /// What all units weigh.
    weights: f32,
    /// How many words they have.
    words: usize,
    /// The order in which lists are moved: the rarest leads.
    order: Vec<usize>,
}

/// What a run found.
struct Found {
    /// Whether anything fits, on this page or on one before.
    matched: bool,
    /// The places of this page and one more, in order.
    places: Vec<(Place, u32, DocId)>,
}

/// The lists of a segment that are walked together.
#[derive(Clone, Default)]
struct Lists {
    wanted: Vec<Part>,
    unwanted: Vec<Part>,
}

impl<'a> Search<'a> {
    fn new(view: &'a View, wanted: &'a Wanted, plans: Vec<&'a Plan>, unwanted: &'a [Plan]) -> Self {
        let mut order: Vec<usize> = (0..plans.len()).collect();
        order.sort_by_key(|at| (plans[*at].frequency, *at));
        Search {
            view,
            wanted,
            ranked: wanted.order == Order::BestFirst,
            weights: plans.iter().map(|plan| plan.weight).sum(),
            words: plans.iter().map(|plan| plan.unit.words.len()).sum(),
            order,
            plans,
            unwanted,
        }
    }

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
        let mut segments: Vec<(u32, &Segment)> = (0..).zip(&self.view.segments).collect();
        segments.sort_by_cached_key(|(_, segment)| Reverse(segment.newest()));
        for (number, segment) in segments {
            matched |= self.run_segment(number, segment, &mut best)?;
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
        let mut lists = Lists {
            wanted: Vec::with_capacity(self.plans.len()),
            unwanted: Vec::with_capacity(self.unwanted.len()),
        };
        for plan in &self.plans {
            let part = Part::open(segment, plan, self.ranked)?;
            if part.is_empty() {
                return Ok(false);
            }
            lists.wanted.push(part);
        }
        for plan in self.unwanted {
            lists.unwanted.push(Part::open(segment, plan, false)?);
        }
        let allowed = self.allowed(segment)?;
        let range = (
            self.wanted.from.map_or(i64::MIN, |at| at.0),
            self.wanted.before.map_or(i64::MAX, |at| at.0),
        );

        let mut matched = false;
        let mut stretches = self.stretches(segment).into_iter().peekable();
        while let Some(stretch) = stretches.next() {
            // Lists go forwards only, so each stretch but the last walks a copy.
            let Lists {
                wanted: mut parts,
                mut unwanted,
            } = match stretches.peek() {
                Some(_) => lists.clone(),
                None => std::mem::take(&mut lists),
            };
            let mut doc = stretch.start;
            let mut bar = Bar::default();
            loop {
                bar.set(best.least());
                doc = self.next(
                    &mut parts,
                    segment,
                    allowed.as_ref(),
                    &mut bar,
                    doc..stretch.end,
                );
                if doc >= stretch.end {
                    break;
                }
                let at = segment.at.get_val(doc);
                if segment.is_alive(doc)
                    && at >= range.0
                    && at < range.1
                    && !unwanted.iter_mut().any(|part| part.next(doc) == doc)
                {
                    matched = true;
                    let score = match self.ranked {
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
        Ok(matched)
    }

    /// The stretches in which a segment is gone through. Most articles go into the
    /// index as they are published: those at its end are the newest, after which few
    /// of the others are hopeful.
    fn stretches(&self, segment: &Segment) -> Vec<Range<DocId>> {
        let end = segment.reader.max_doc();
        let rarest = self.order.first().map(|at| self.plans[*at]);
        if u64::from(end) < MANY || rarest.is_none_or(|plan| !plan.is_frequent()) {
            return std::iter::once(0..end).collect();
        }
        let mut before = end;
        let begins = [end - end / 64, end - end / 16, end - end / 4, 0];
        let stretches = begins.into_iter().map(|begin| {
            let stretch = begin..before;
            before = begin;
            stretch
        });
        stretches.collect()
    }

    /// The next article of a stretch that has everything, and can beat the least of
    /// the best.
    fn next(
        &self,
        parts: &mut [Part],
        segment: &Segment,
        allowed: Option<&Bits>,
        bar: &mut Bar,
        stretch: Range<DocId>,
    ) -> DocId {
        let mut doc = stretch.start;
        loop {
            let fitting = self.fitting(parts, allowed, doc);
            if bar.least.is_none() || fitting >= stretch.end {
                return fitting;
            }
            doc = self.hopeful(parts, segment, bar, fitting..stretch.end);
            if doc == fitting || doc >= stretch.end {
                return doc;
            }
        }
    }

    /// The first article of a stretch if it can beat the least of the best, by its age,
    /// by how often it has the words and by which it has in headline and lead;
    /// otherwise the next that may. The first has everything; others need not.
    fn hopeful(
        &self,
        parts: &mut [Part],
        segment: &Segment,
        bar: &mut Bar,
        stretch: Range<DocId>,
    ) -> DocId {
        let headline = weight::HEAD + weight::TITLE;
        let first = stretch.start;
        let mut doc = first;
        while doc < stretch.end {
            if doc >= bar.until {
                self.raise(bar, parts, segment, doc);
            }
            let hopeless = |more: f32| bar.text + more < bar.height;
            let lead = self.weights * weight::LEAD;
            if hopeless(lead + self.weights * headline + bar.whole) {
                doc = bar.until;
                continue;
            }
            if doc == first {
                if self.is_hopeful(parts, segment, bar, doc) {
                    return doc;
                }
                doc += 1;
                continue;
            }
            // Those of the block that can't be among the best by their text alone.
            if hopeless(lead) {
                doc = parts
                    .iter_mut()
                    .map(|part| part.next_headline(doc))
                    .fold(bar.until, DocId::min);
            } else if hopeless(0.0) {
                doc = parts
                    .iter_mut()
                    .map(|part| part.next_headline(doc).min(part.next_lead(doc)))
                    .fold(bar.until, DocId::min);
            }
            if doc < bar.until {
                return doc;
            }
        }
        TERMINATED
    }

    /// Puts the bar where it is for the block of this article.
    fn raise(&self, bar: &mut Bar, parts: &[Part], segment: &Segment, doc: DocId) {
        let (block, after) = segment.block(doc);
        bar.until = after;
        bar.whole = self.whole(block.shortest);
        bar.text = 0.0;
        for (at, part) in parts.iter().enumerate() {
            bar.text += self.plans[at].weight * part.text_most(doc);
        }
        bar.height = match bar.least {
            None => 0.0,
            Some(least) if self.ranked => {
                let score = least.score.saturating_sub(ROUNDED) as f32;
                score / POINTS / self.fresh(block.newest)
            }
            Some(least) if block.newest >= least.at => 0.0,
            Some(_) => f32::INFINITY,
        };
    }

    /// Whether an article that has everything can beat the least of the best.
    fn is_hopeful(&self, parts: &mut [Part], segment: &Segment, bar: &Bar, doc: DocId) -> bool {
        let (mut most, mut whole) = (0.0, true);
        for (at, part) in parts.iter_mut().enumerate() {
            let mut counts = part.text(doc) + weight::EXACT;
            if part.next_headline(doc) == doc {
                counts += weight::HEAD + weight::TITLE;
            } else {
                whole = false;
            }
            if part.next_lead(doc) == doc {
                counts += weight::LEAD;
            }
            most += self.plans[at].weight * counts;
        }
        if whole {
            most += self.whole(segment.length.get_val(doc));
        }
        most >= bar.height
            && bar
                .least
                .is_none_or(|least| self.beats(most, segment.at.get_val(doc), least))
    }

    /// What it counts that every word stands in a headline of so many words.
    fn whole(&self, length: u64) -> f32 {
        let part = self.words as f32 / length.max(1) as f32;
        self.weights * weight::WHOLE * part.min(1.0)
    }

    /// Whether an article of this instant that has so many points at most, before
    /// they age, can come before the least of the best.
    fn beats(&self, most: f32, at: i64, least: Place) -> bool {
        match self.ranked {
            true => points(most * self.fresh(at)).saturating_add(ROUNDED) >= least.score,
            false => at >= least.at,
        }
    }

    /// What is left of the points of an article of this instant.
    fn fresh(&self, at: i64) -> f32 {
        let days = (self.wanted.now.0 - at).max(0) as f32 / 86_400_000_000.0;
        weight::OLD + (1.0 - weight::OLD) * weight::HALF / (weight::HALF + days)
    }

    /// The next article from here on that has everything.
    fn fitting(&self, parts: &mut [Part], allowed: Option<&Bits>, from: DocId) -> DocId {
        let mut doc = from;
        'next: loop {
            if let Some(allowed) = allowed {
                doc = allowed.next(doc);
            }
            if doc >= TERMINATED {
                return TERMINATED;
            }
            for at in &self.order {
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
        let (mut sum, mut whole) = (0.0, true);
        for (plan, part) in self.plans.iter().zip(parts) {
            let (counts, in_head) = part.counts(doc, plan.need);
            sum += plan.weight * counts;
            whole &= in_head;
        }
        if whole {
            sum += self.whole(segment.length.get_val(doc));
        }
        points(sum * self.fresh(at))
    }
}

/// A score as a number without fractions.
fn points(score: f32) -> u32 {
    (score * POINTS) as u32
}

/// What an article of a block must count to be among the best.
#[derive(Default)]
struct Bar {
    /// What it has to beat; nothing while the best are too few.
    least: Option<Place>,
    /// Where the block ends.
    until: DocId,
    /// What an article must count if it is as new as the newest of the block.
    height: f32,
    /// What one of them counts by its text at most,
    text: f32,
    /// and by having every word in the headline.
    whole: f32,
}

impl Bar {
    fn set(&mut self, least: Option<Place>) {
        if self.least != least {
            *self = Bar {
                least,
                ..Bar::default()
            };
        }
    }
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

#[cfg(test)]
mod tests {
    use super::super::index::{Index, Note};
    use super::super::keep::Keeper;
    use super::super::piece::Piece;
    use super::*;

    /// An index of so many articles, most of them in the order of their instants.
    fn view(folder: &std::path::Path, articles: usize) -> Arc<View> {
        const WORDS: [&str; 7] = ["rat", "fluss", "chor", "deich", "wolf", "kran", "ratgeber"];
        let turns = Arc::new(tokio::sync::Semaphore::new(1));
        let index = Index::new(folder.join("index"), &turns);
        let mut keeper = Keeper::open(&index, false).unwrap();
        let mut dice = 7_u64;
        let mut below = |most: usize| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) as usize % most
        };
        let mut ids = Vec::new();
        for number in 0..articles {
            let mut words = |most: usize| {
                let words: Vec<&str> = (0..below(most)).map(|_| WORDS[below(7)]).collect();
                words.join(" ")
            };
            let (headline, lead, body) = (words(3), words(4), words(12));
            let days = if below(20) == 0 { below(900) } else { number };
            let piece = Piece {
                id: Id(uuid::Uuid::from_u128(below(1 << 30) as u128)),
                at: Time(days as i64 * 86_400_000_000),
                language: "de".to_owned(),
                headline,
                lead: vec![lead],
                body,
                marks: vec!["p:de".to_owned()],
                ..Piece::default()
            };
            ids.push(piece.id);
            keeper.add(&piece).unwrap();
            if number % 2_999 == 2_998 {
                keeper.commit(Note::new(0, String::new())).unwrap();
            }
        }
        for id in ids.iter().step_by(11) {
            keeper.remove(*id).unwrap();
        }
        keeper.commit(Note::new(0, String::new())).unwrap();
        keeper.show().unwrap();
        index.view().unwrap()
    }

    /// However much is passed over: the best of few are the first of all.
    #[test]
    fn none_of_the_best_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let view = view(folder.path(), 7_000);
        let queries = [
            "rat",
            "rat ",
            "fluss chor ",
            "wolf -rat ",
            "\"chor deich\"",
            "flu",
        ];
        for query in queries {
            for order in [Order::BestFirst, Order::NewestFirst] {
                let found = |limit, after| {
                    let wanted = Wanted {
                        query: Query::parse(query),
                        language: None,
                        scope: Scope::Everything,
                        order,
                        marks: Vec::new(),
                        without: Vec::new(),
                        from: None,
                        before: None,
                        after,
                        limit,
                        now: Time(7_000 * 86_400_000_000),
                    };
                    find(&view, &wanted).unwrap().hits
                };
                let all = found(10_000, None);
                assert!(all.len() > 200, "{query}: {}", all.len());
                for limit in [1, 20, 150] {
                    assert_eq!(found(limit, None), all[..limit], "{query}");
                }
                assert_eq!(found(20, Some(all[99].place)), all[100..120], "{query}");
            }
        }
    }

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

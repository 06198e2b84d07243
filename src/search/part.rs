//! What a segment has of one unit of a query.

use std::sync::Arc;

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, TERMINATED, Term};

use super::index::{BLOCK, Segment};
use super::plan::Plan;
use super::postings::{Bits, Phrase, Steps, all_at, at_least, lists, to};
use super::weight;

/// The lists of a unit's terms in a segment.
#[derive(Clone)]
pub(super) struct Part {
    any: Vec<SegmentPostings>,
    /// How often an article of each block has each of these words at most, where it is
    /// known of all.
    often_most: Vec<Arc<[u8]>>,
    phrase: Option<Phrase>,
    beginnings: Option<Steps>,
    beginnings_head: Option<Steps>,
    beginnings_lead: Option<Steps>,
    exact: Vec<SegmentPostings>,
    title: Vec<SegmentPostings>,
    head: Vec<SegmentPostings>,
    lead: Vec<SegmentPostings>,
}

impl Part {
    /// Opens the lists of a segment; those that only a score needs if there is one.
    pub(super) fn open(segment: &Segment, plan: &Plan, ranked: bool) -> tantivy::Result<Self> {
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
            often_most: Vec::new(),
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
            Ok::<_, tantivy::TantivyError>(Some(Steps::new(bits)))
        };
        if !plan.beginnings.is_empty() {
            part.beginnings = any(&plan.beginnings)?;
            if ranked {
                part.beginnings_head = any(&plan.beginnings_head)?;
                part.beginnings_lead = any(&plan.beginnings_lead)?;
            }
        }
        if ranked && plan.phrase.is_empty() && plan.is_frequent() {
            for term in &plan.any {
                part.often_most.push(segment.often_most(term)?);
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
    pub(super) fn is_empty(&self) -> bool {
        self.any.is_empty() && self.phrase.is_none() && self.beginnings.is_none()
    }

    /// The next article from here on that has it.
    #[inline]
    pub(super) fn next(&mut self, from: DocId) -> DocId {
        let mut next = TERMINATED;
        for postings in &mut self.any {
            next = next.min(to(postings, from));
        }
        if let Some(phrase) = &mut self.phrase {
            next = next.min(phrase.next(from));
        }
        if let Some(steps) = &mut self.beginnings {
            next = next.min(steps.next(from));
        }
        next
    }

    /// The next article from here on that may have it in the headline.
    #[inline]
    pub(super) fn next_headline(&mut self, from: DocId) -> DocId {
        either(&mut self.head, &mut self.beginnings_head, from)
    }

    /// The next article from here on that may have it in the lead.
    #[inline]
    pub(super) fn next_lead(&mut self, from: DocId) -> DocId {
        either(&mut self.lead, &mut self.beginnings_lead, from)
    }

    /// What it counts at most in the text of an article in the block of this one.
    #[inline]
    pub(super) fn text_most(&self, doc: DocId) -> f32 {
        let block = doc as usize / BLOCK;
        let often = self.often_most.iter().map(|most| match most.get(block) {
            Some(&most) if most < u8::MAX => Some(u32::from(most)),
            _ => None,
        });
        let often: Option<u32> = often.sum();
        let counts = match often.filter(|_| !self.often_most.is_empty()) {
            None => weight::TEXT,
            Some(often) => weight::of_text(often).max(weight::BEGINNING),
        };
        counts + weight::EXACT
    }

    /// What it counts in an article, and whether it stands in the headline, which
    /// takes so many of its words.
    pub(super) fn counts(&mut self, doc: DocId, need: usize) -> (f32, bool) {
        let mut counts = self.text(doc);
        if all_at(&mut self.exact, doc) {
            counts += weight::EXACT;
        }
        let in_head = at_least(&mut self.head, doc, need);
        if in_head {
            counts += weight::HEAD;
            if all_at(&mut self.title, doc) {
                counts += weight::TITLE;
            }
        } else if has(&mut self.beginnings_head, doc) {
            counts += weight::BEGINNING_HEAD;
        }
        if at_least(&mut self.lead, doc, need) {
            counts += weight::LEAD;
        } else if has(&mut self.beginnings_lead, doc) {
            counts += weight::BEGINNING_LEAD;
        }
        (counts, in_head)
    }

    /// What it counts in the text of an article, however it is spelt there.
    pub(super) fn text(&mut self, doc: DocId) -> f32 {
        match self.often(doc) {
            0 => weight::BEGINNING,
            often => weight::of_text(often),
        }
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

/// The next article from here on that is in one of the lists or in the set.
#[inline]
fn either(lists: &mut [SegmentPostings], steps: &mut Option<Steps>, from: DocId) -> DocId {
    let whole = lists.iter_mut().map(|postings| to(postings, from));
    let begun = steps.iter_mut().map(|steps| steps.next(from));
    whole.chain(begun).min().unwrap_or(TERMINATED)
}

/// Whether an article is in a set.
fn has(steps: &mut Option<Steps>, doc: DocId) -> bool {
    steps.as_mut().is_some_and(|steps| steps.next(doc) == doc)
}

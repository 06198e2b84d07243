//! Walking the lists of articles that terms have, forwards only.

use std::sync::Arc;

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED, Term};

use super::index::Segment;

/// The lists of those of these terms that the segment has.
pub(super) fn lists(
    segment: &Segment,
    terms: &[Term],
    option: IndexRecordOption,
) -> tantivy::Result<Vec<SegmentPostings>> {
    let mut found = Vec::with_capacity(terms.len());
    for term in terms {
        let list = segment.terms(term.field())?.read_postings(term, option)?;
        found.extend(list);
    }
    Ok(found)
}

/// Moves a list to the first article from here on.
#[inline]
pub(super) fn to(postings: &mut SegmentPostings, from: DocId) -> DocId {
    let doc = postings.doc();
    if doc >= from {
        doc
    } else if doc + 1 == from {
        postings.advance()
    } else {
        postings.seek(from)
    }
}

/// Whether an article is in every list, and there are any.
#[inline]
pub(super) fn all_at(lists: &mut [SegmentPostings], doc: DocId) -> bool {
    !lists.is_empty() && lists.iter_mut().all(|postings| to(postings, doc) == doc)
}

/// Whether an article is in so many of the lists.
#[inline]
pub(super) fn at_least(lists: &mut [SegmentPostings], doc: DocId, need: usize) -> bool {
    let mut found = 0;
    for postings in lists {
        found += usize::from(to(postings, doc) == doc);
    }
    found >= need
}

/// Words next to each other.
#[derive(Clone)]
pub(super) struct Phrase {
    lists: Vec<SegmentPostings>,
    /// Where it stands, and how often; nowhere yet if `often` is 0.
    doc: DocId,
    pub often: u32,
    places: Vec<u32>,
    others: Vec<u32>,
}

impl Phrase {
    /// Words by their lists, in their order.
    pub fn new(lists: Vec<SegmentPostings>) -> Self {
        Phrase {
            lists,
            doc: 0,
            often: 0,
            places: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The next article from here on that has them.
    pub fn next(&mut self, from: DocId) -> DocId {
        if self.doc == TERMINATED || (self.often > 0 && self.doc >= from) {
            return self.doc;
        }
        let mut doc = from;
        'next: while doc < TERMINATED {
            for list in &mut self.lists {
                let next = to(list, doc);
                if next != doc {
                    doc = next;
                    continue 'next;
                }
            }
            self.often = self.count();
            if self.often > 0 {
                self.doc = doc;
                return doc;
            }
            doc += 1;
        }
        self.doc = TERMINATED;
        TERMINATED
    }

    /// How often the words stand next to each other where the lists are now.
    fn count(&mut self) -> u32 {
        let Some((first, rest)) = self.lists.split_first_mut() else {
            return 0;
        };
        first.positions(&mut self.places);
        for (distance, list) in rest.iter_mut().enumerate() {
            list.positions(&mut self.others);
            let others = &self.others;
            let distance = distance as u32 + 1;
            self.places
                .retain(|place| others.binary_search(&(place + distance)).is_ok());
            if self.places.is_empty() {
                return 0;
            }
        }
        self.places.len() as u32
    }
}

/// A set of articles of a segment.
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// None of so many.
    pub fn new(articles: DocId) -> Self {
        Bits(vec![0; (articles as usize).div_ceil(64)])
    }

    /// All of them, and some places after the last that nothing is at.
    pub fn full(articles: DocId) -> Self {
        Bits(vec![u64::MAX; (articles as usize).div_ceil(64)])
    }

    /// Puts those of a list in.
    pub fn add(&mut self, mut postings: SegmentPostings) {
        while postings.doc() != TERMINATED {
            let doc = postings.doc() as usize;
            if let Some(word) = self.0.get_mut(doc / 64) {
                *word |= 1 << (doc % 64);
            }
            postings.advance();
        }
    }

    /// Takes one out.
    pub fn clear(&mut self, doc: DocId) {
        if let Some(word) = self.0.get_mut(doc as usize / 64) {
            *word &= !(1 << (doc % 64));
        }
    }

    /// Those that are in the other too.
    pub fn and(mut self, other: &Bits) -> Self {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
        self
    }

    /// The next from here on.
    pub fn next(&self, from: DocId) -> DocId {
        let (mut at, bit) = (from as usize / 64, from % 64);
        let Some(word) = self.0.get(at) else {
            return TERMINATED;
        };
        let mut word = word & (u64::MAX << bit);
        loop {
            if word != 0 {
                return at as DocId * 64 + word.trailing_zeros();
            }
            at += 1;
            match self.0.get(at) {
                Some(next) => word = *next,
                None => return TERMINATED,
            }
        }
    }
}

/// A set that is walked, and remembers where: to the next of few it is a long way.
#[derive(Clone)]
pub(super) struct Steps {
    bits: Arc<Bits>,
    at: DocId,
}

impl Steps {
    /// From the first of a set on.
    pub fn new(bits: Bits) -> Self {
        Steps {
            at: bits.next(0),
            bits: Arc::new(bits),
        }
    }

    /// The next from here on.
    #[inline]
    pub fn next(&mut self, from: DocId) -> DocId {
        if self.at < from {
            self.at = self.bits.next(from);
        }
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_walked_in_order() {
        let mut bits = Bits::new(200);
        for doc in [0_usize, 63, 64, 199] {
            bits.0[doc / 64] |= 1 << (doc % 64);
        }
        assert_eq!(bits.next(5_000), TERMINATED);
        let mut found = Vec::new();
        let mut steps = Steps::new(bits);
        let mut doc = steps.next(0);
        while doc != TERMINATED {
            found.push(doc);
            assert_eq!(steps.next(doc), doc);
            doc = steps.next(doc + 1);
        }
        assert_eq!(found, [0, 63, 64, 199]);
    }
}

//! What a query asks of the index: the terms of each of its words, and which words to
//! do without if nothing has them all.

use std::cmp::Reverse;

use tantivy::Term;
use tantivy::schema::Field;

use super::analyser::{Analyser, is_common};
use super::find::Scope;
use super::index::View;
use super::query::Unit;

/// A word that goes on is looked for in so many ways at most,
const BEGINNINGS: usize = 32;
/// found among so many,
const BEGINNINGS_READ: usize = 300;
/// which stand in so many articles together.
const BEGINNINGS_ARTICLES: u64 = 150_000;
/// The shortest beginning that is looked for everywhere; in headlines any is.
const BEGINNING_MIN: usize = 3;
/// Words that so many articles have are looked for in the newest first.
pub(super) const MANY: u64 = 2_000;
/// How often a query is tried with fewer words.
const TRIES: usize = 8;

/// A unit of a query, as terms.
#[derive(Clone)]
pub(super) struct Plan {
    /// As it was typed.
    pub unit: Unit,
    /// Any of these,
    pub any: Vec<Term>,
    /// or all of these next to each other,
    pub phrase: Vec<Term>,
    /// or any of these, which only begin with it;
    pub beginnings: Vec<Term>,
    /// these have such a word in the headline,
    pub beginnings_head: Vec<Term>,
    /// and these in the lead.
    pub beginnings_lead: Vec<Term>,
    /// All of these have it spelt as it was typed,
    pub exact: Vec<Term>,
    /// in the headline.
    pub title: Vec<Term>,
    /// These have it in the headline,
    pub head: Vec<Term>,
    /// and these in the lead.
    pub lead: Vec<Term>,
    /// How many of `head` or `lead` must be there.
    pub need: usize,
    /// How many articles have it.
    pub frequency: u64,
    /// What it counts.
    pub weight: f32,
    /// Whether it says nothing of what a text is about.
    pub common: bool,
}

impl Plan {
    /// Whether so many articles have it that it pays to begin with the newest.
    pub fn is_frequent(&self) -> bool {
        self.frequency >= MANY
    }

    /// The terms that this unit is found by.
    pub fn new(
        view: &View,
        unit: &Unit,
        scope: Scope,
        analysers: &mut [Analyser],
    ) -> tantivy::Result<Self> {
        let fields = view.fields;
        let (field, words) = match scope {
            Scope::Everything => (fields.all, fields.exact),
            Scope::Headlines => (fields.head, fields.title),
        };
        let text = |field: Field, text: &str| Term::from_field_text(field, text);
        let terms: Vec<_> = unit
            .words
            .iter()
            .map(|word| analysers[0].terms(word).clone())
            .collect();
        let mut plan = Plan {
            unit: unit.clone(),
            any: Vec::new(),
            phrase: Vec::new(),
            beginnings: Vec::new(),
            beginnings_head: Vec::new(),
            beginnings_lead: Vec::new(),
            exact: Vec::new(),
            title: Vec::new(),
            head: Vec::new(),
            lead: Vec::new(),
            need: unit.words.len(),
            frequency: 0,
            weight: 0.0,
            common: terms.len() == 1 && is_common(&terms[0].exact),
        };
        for terms in &terms {
            plan.exact.push(text(fields.exact, &terms.exact));
            plan.title.push(text(fields.title, &terms.exact));
        }
        let mut frequencies = Vec::new();
        if let [only] = terms.as_slice() {
            // A word has a stem in each language that it may be of.
            let mut stems = vec![only.stem.clone()];
            for analyser in &mut analysers[1..] {
                let stem = analyser.terms(&unit.words[0]).stem.clone();
                if !stems.contains(&stem) {
                    stems.push(stem);
                }
            }
            for stem in &stems {
                let count = view.frequency(field, stem)?;
                if count > 0 {
                    frequencies.push(count);
                    plan.any.push(text(field, stem));
                    plan.head.push(text(fields.head, stem));
                    plan.lead.push(text(fields.lead, stem));
                }
            }
            // Without its accents, a word may have another stem than with them.
            if analysers.len() > 1 || !analysers[0].is_blind_to_accents() {
                let count = view.frequency(words, &only.exact)?;
                if count > 0 {
                    frequencies.push(count);
                    plan.any.push(text(words, &only.exact));
                }
            }
            plan.frequency = frequencies.iter().copied().max().unwrap_or_default();
            let shortest = match scope {
                Scope::Everything => BEGINNING_MIN,
                Scope::Headlines => 1,
            };
            if unit.unfinished && only.exact.chars().count() >= shortest {
                plan.begin(view, words, &only.exact, &mut analysers[0])?;
            }
        } else {
            for terms in &terms {
                frequencies.push(view.frequency(field, &terms.stem)?);
                plan.phrase.push(text(field, &terms.stem));
                plan.head.push(text(fields.head, &terms.stem));
                plan.lead.push(text(fields.lead, &terms.stem));
            }
            plan.frequency = frequencies.iter().copied().min().unwrap_or_default();
            if unit.hyphens {
                let whole = analysers[0].terms(&unit.words.concat());
                let count = view.frequency(field, &whole.stem)?;
                if count > 0 {
                    plan.any.push(text(field, &whole.stem));
                    plan.frequency = plan.frequency.max(count);
                }
            }
        }
        let (all, few) = (view.articles as f32, plan.frequency as f32);
        plan.weight = 0.3 + (1.0 + (all - few + 0.5).max(0.0) / (few + 0.5)).ln();
        Ok(plan)
    }

    /// Adds the words that begin with this one, the most frequent first.
    fn begin(
        &mut self,
        view: &View,
        field: Field,
        word: &str,
        analyser: &mut Analyser,
    ) -> tantivy::Result<()> {
        let mut found = Vec::new();
        for term in view.beginning_with(field, word, BEGINNINGS_READ)? {
            let count = view.frequency(field, &term)?;
            if count > 0 && term != word {
                found.push((Reverse(count), term));
            }
        }
        found.sort_unstable();
        let mut articles = 0;
        for (Reverse(count), term) in found.into_iter().take(BEGINNINGS) {
            articles += count;
            if articles > BEGINNINGS_ARTICLES && !self.beginnings.is_empty() {
                break;
            }
            self.beginnings.push(Term::from_field_text(field, &term));
            let stem = &analyser.terms(&term).stem;
            for (field, terms) in [
                (view.fields.head, &mut self.beginnings_head),
                (view.fields.lead, &mut self.beginnings_lead),
            ] {
                let term = Term::from_field_text(field, stem);
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
            if self.any.is_empty() {
                self.frequency += count;
            }
        }
        Ok(())
    }
}

/// Which words to try when nothing has all of them: without those that nothing has,
/// then without one, the least telling first, then the most telling alone.
pub(super) fn fewer(plans: &[Plan]) -> Vec<Vec<usize>> {
    let there: Vec<usize> = (0..plans.len())
        .filter(|at| plans[*at].frequency > 0)
        .collect();
    let mut tries = Vec::new();
    if there.is_empty() {
        return tries;
    }
    if there.len() < plans.len() {
        tries.push(there.clone());
    }
    let mut telling = there.clone();
    telling.sort_by_key(|at| (Reverse(plans[*at].frequency), *at));
    if there.len() > 2 {
        for without in telling.iter().take(TRIES / 2) {
            tries.push(there.iter().filter(|at| *at != without).copied().collect());
        }
        let half = telling.len().div_ceil(2);
        let mut rarer: Vec<usize> = telling[telling.len() - half..].to_vec();
        rarer.sort_unstable();
        tries.push(rarer);
    }
    for only in telling.iter().rev().take(2) {
        tries.push(vec![*only]);
    }
    tries.truncate(TRIES);
    tries
}

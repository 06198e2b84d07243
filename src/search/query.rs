//! What a reader types becomes a query.
//!
//! Words are all looked for; `"several words"` next to each other; `-word` and
//! `-"several words"` must not be there. The last word may be unfinished, unless a
//! space follows. There is nothing that can be typed wrongly: what is no operator is
//! a word or nothing.
//!
//! Pure, and bounded: whatever is sent, at most [`UNITS_MAX`] things are looked for.

use super::analyser::{Place, places};

/// The most characters of a query.
pub const LENGTH_MAX: usize = 400;
/// The most things that are looked for; what comes after them is left out.
pub const UNITS_MAX: usize = 24;
/// The most words of a phrase.
pub const PHRASE_MAX: usize = 12;

/// One thing to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its words as they were typed; several stand next to each other.
    pub words: Vec<String>,
    /// Whether the words were typed as one with hyphens, which may also be written
    /// together.
    pub hyphens: bool,
    /// Whether the word may go on.
    pub unfinished: bool,
}

impl Unit {
    /// The unit as it can be typed.
    pub fn text(&self) -> String {
        match (self.words.as_slice(), self.hyphens) {
            ([word], _) => word.clone(),
            (words, true) => words.join("-"),
            (words, false) => format!("\"{}\"", words.join(" ")),
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// What must be there.
    pub wanted: Vec<Unit>,
    /// What must not.
    pub unwanted: Vec<Unit>,
    /// What was typed and is not looked for, because it is too much.
    pub left_out: Vec<String>,
}

impl Query {
    /// Reads what was typed.
    pub fn parse(text: &str) -> Self {
        let mut query = Query::default();
        let mut rest = text;
        // Whether the last thing that was typed must be there.
        let mut last_wanted = false;
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else {
                break;
            };
            let minus = matches!(first, '-' | '−' | '–');
            let after = &rest[if minus { first.len_utf8() } else { 0 }..];
            last_wanted = !minus;
            let end = match quoted(after) {
                Some((inner, end)) => {
                    let unit = phrase(inner);
                    unit.into_iter().for_each(|unit| query.add(unit, minus));
                    end
                }
                None => {
                    let end = after.find(char::is_whitespace).unwrap_or(after.len());
                    let units = loose(&after[..end]);
                    units.into_iter().for_each(|unit| query.add(unit, minus));
                    end
                }
            };
            rest = &after[end..];
        }
        if let Some(last) = query.wanted.last_mut()
            && last_wanted
            && query.left_out.is_empty()
            && let [word] = last.words.as_slice()
            && text.ends_with(word.as_str())
        {
            last.unfinished = true;
        }
        query
    }

    fn add(&mut self, unit: Unit, minus: bool) {
        let side = match minus {
            true => &mut self.unwanted,
            false => &mut self.wanted,
        };
        if side.contains(&unit) {
            return;
        }
        if side.len() < UNITS_MAX {
            side.push(unit);
        } else if self.left_out.len() < UNITS_MAX {
            self.left_out.push(unit.text());
        }
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }
}

/// What is typed without a space is one word, or one with hyphens, or several
/// words with something else in between, such as a slash.
fn loose(typed: &str) -> Vec<Unit> {
    let places: Vec<Place> = places(typed).take(UNITS_MAX * 2).collect();
    let words = places
        .iter()
        .map(|place| typed[place.from..place.to].to_owned());
    let unit = |words, hyphens| Unit {
        words,
        hyphens,
        unfinished: false,
    };
    if (2..=4).contains(&places.len()) && places.iter().skip(1).all(|place| place.joined) {
        return vec![unit(words.collect(), true)];
    }
    words.map(|word| unit(vec![word], false)).collect()
}

/// What stands between quotation marks at the beginning of a text, and where it
/// ends. A mark that is never closed is none.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let open = text.chars().next()?;
    let closing: &[char] = match open {
        '"' => &['"'],
        '„' => &['“', '”', '"'],
        '“' => &['”', '"'],
        '»' => &['«'],
        '«' => &['»'],
        _ => return None,
    };
    let inner = &text[open.len_utf8()..];
    let end = inner.find(closing)?;
    let close = inner[end..].chars().next()?;
    Some((&inner[..end], open.len_utf8() + end + close.len_utf8()))
}

fn phrase(inner: &str) -> Option<Unit> {
    let words: Vec<String> = places(inner)
        .take(PHRASE_MAX)
        .map(|place| inner[place.from..place.to].to_owned())
        .collect();
    (!words.is_empty()).then_some(Unit {
        words,
        hyphens: false,
        unfinished: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (Vec<String>, Vec<String>) {
        let query = Query::parse(text);
        let texts = |units: &[Unit]| units.iter().map(Unit::text).collect();
        (texts(&query.wanted), texts(&query.unwanted))
    }

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn words_phrases_and_what_must_not_be_there() {
        for (typed, wanted, unwanted) in [
            (
                "Nahverkehr  kostenlos",
                &["Nahverkehr", "kostenlos"][..],
                &[][..],
            ),
            ("\"neue Brücke\" -Bahn", &["\"neue Brücke\""], &["Bahn"]),
            (
                "„neue Brücke“ –\"alte Brücke\"",
                &["\"neue Brücke\""],
                &["\"alte Brücke\""],
            ),
            ("E-Bike Rad/Weg", &["E-Bike", "Rad", "Weg"], &[]),
            ("\"offen", &["offen"], &[]),
            ("- \" ' -- * ( ) AND:", &["AND"], &[]),
            ("Bus bus Bus", &["Bus", "bus"], &[]),
            ("", &[], &[]),
        ] {
            assert_eq!(read(typed), (owned(wanted), owned(unwanted)), "{typed}");
        }
    }

    #[test]
    fn the_last_word_may_go_on() {
        let unfinished = |text: &str| {
            let query = Query::parse(text);
            query
                .wanted
                .iter()
                .map(|unit| unit.unfinished)
                .collect::<Vec<_>>()
        };
        assert_eq!(unfinished("neue Brü"), [false, true]);
        assert_eq!(unfinished("neue Brü "), [false, false]);
        assert_eq!(unfinished("\"neue Brü\""), [false]);
        assert_eq!(unfinished("neue -Brü"), [false]);
        assert_eq!(unfinished("Brü -neue"), [false]);
    }

    proptest! {
        /// Whatever is typed is read, and is never more than can be looked for.
        #[test]
        fn everything_can_be_read(text in "(\\PC|[\"„“»«–*()~^:/\\\\-]|\\s){0,600}") {
            let query = Query::parse(&text);
            prop_assert!(query.wanted.len() <= UNITS_MAX && query.unwanted.len() <= UNITS_MAX);
            prop_assert!(query.left_out.len() <= UNITS_MAX);
            for unit in query.wanted.iter().chain(&query.unwanted) {
                prop_assert!(!unit.words.is_empty() && unit.words.len() <= PHRASE_MAX);
                prop_assert!(unit.words.iter().all(|word| text.contains(word.as_str())));
            }
        }

        /// A thing that was read is read again as what it is.
        #[test]
        fn a_unit_can_be_typed(words in proptest::collection::vec("[a-zäöüß]{1,12}", 1..6)) {
            let unit = Unit { words, hyphens: false, unfinished: false };
            let mut query = Query::parse(&unit.text());
            for unit in &mut query.wanted {
                unit.unfinished = false;
            }
            prop_assert_eq!(query.wanted, vec![unit]);
        }
    }
}

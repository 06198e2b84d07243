//! Where the words of a query stand in a text.

use std::collections::HashSet;
use std::iter::Peekable;
use std::sync::Arc;

use super::analyser::{Analyser, Place, fold, places_of};
use super::query::Unit;

/// Characters of a passage of the text.
const PASSAGE: usize = 200;
/// Bytes of the text that a passage is looked for in.
const READ: usize = 60_000;

/// A piece of a text, and whether it is what was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Whether it fits the query.
    pub matched: bool,
}

/// Finds the words of a query in texts of one language.
pub struct Marker {
    analyser: Analyser,
    stems: HashSet<Arc<str>>,
    exacts: HashSet<Arc<str>>,
    beginning: Option<String>,
    /// How a word must begin to be one of them: most can be passed over without
    /// looking for their stems.
    firsts: Vec<char>,
    /// The same by a word's first byte, as far as that tells.
    bytes: [bool; 256],
    /// The first two letters of each, if two letters tell anything.
    pairs: Vec<[u8; 2]>,
}

impl Marker {
    /// For texts of this language.
    pub fn new(units: &[Unit], language: &str) -> Self {
        let mut marker = Marker {
            analyser: Analyser::new(language),
            stems: HashSet::new(),
            exacts: HashSet::new(),
            beginning: None,
            firsts: Vec::new(),
            bytes: [true; 256],
            pairs: Vec::new(),
        };
        let mut told = marker.analyser.keeps_beginnings();
        for unit in units {
            let whole = unit.hyphens.then(|| unit.words.concat());
            for word in unit.words.iter().chain(&whole) {
                let terms = marker.analyser.terms(word);
                marker.firsts.extend(terms.exact.chars().next());
                match terms.exact.as_bytes() {
                    [first, second, ..] if first.is_ascii() && second.is_ascii() => {
                        marker.pairs.push([*first, *second]);
                    }
                    _ => told = false,
                }
                if unit.unfinished && terms.exact.chars().count() >= 3 {
                    marker.beginning = Some(terms.exact.to_string());
                }
                marker.stems.insert(Arc::clone(&terms.stem));
                marker.exacts.insert(Arc::clone(&terms.exact));
            }
        }
        if !told {
            marker.pairs.clear();
        }
        marker.firsts.sort_unstable();
        marker.firsts.dedup();
        for byte in 0..0xC0_u8 {
            let letter = char::from(byte.to_ascii_lowercase());
            let is_first = byte.is_ascii() && marker.firsts.contains(&letter);
            marker.bytes[usize::from(byte)] = is_first;
        }
        marker
    }

    /// Where words stand that may be one of them.
    fn places<'t>(&self, text: &'t str) -> Peekable<impl Iterator<Item = Place> + use<'t>> {
        places_of(text, self.bytes).peekable()
    }

    fn fits(&mut self, word: &str) -> Option<Arc<str>> {
        let first = word.chars().next()?;
        if !first.is_ascii() {
            let first = fold(first.encode_utf8(&mut [0; 4])).chars().next()?;
            if !self.firsts.contains(&first) {
                return None;
            }
        }
        if !self.pairs.is_empty()
            && let [first, second, ..] = word.as_bytes()
            // An `e` may be part of an umlaut.
            && first.is_ascii()
            && second.is_ascii()
            && !second.eq_ignore_ascii_case(&b'e')
            && !self
                .pairs
                .contains(&[first.to_ascii_lowercase(), second.to_ascii_lowercase()])
        {
            return None;
        }
        let terms = self.analyser.terms(word);
        let begins = self
            .beginning
            .as_ref()
            .is_some_and(|beginning| terms.exact.starts_with(beginning.as_str()));
        (begins || self.stems.contains(&terms.stem) || self.exacts.contains(&terms.exact))
            .then(|| Arc::clone(&terms.stem))
    }

    /// Reads on in a text, as far as words begin up to this place, and notes where
    /// those stand that fit, and their stems.
    fn read(
        &mut self,
        text: &str,
        places: &mut Peekable<impl Iterator<Item = Place>>,
        upto: usize,
        found: &mut Vec<(usize, usize, Arc<str>)>,
    ) {
        while let Some(place) = places.next_if(|place| place.from <= upto) {
            if let Some(stem) = self.fits(&text[place.from..place.to]) {
                found.push((place.from, place.to, stem));
            }
        }
    }

    /// A whole text as spans.
    pub fn mark(&mut self, text: &str) -> Vec<Span> {
        let mut found = Vec::new();
        self.read(text, &mut self.places(text), text.len(), &mut found);
        let places = found.into_iter().map(|(from, to, _)| (from, to));
        spans(text, 0, text.len(), places)
    }

    /// The passage of a text that has most of the words, as spans; nothing if it
    /// has none. The text is read no further than that takes.
    pub fn passage(&mut self, text: &str) -> Vec<Span> {
        let end = floor(text, READ.min(text.len()));
        let text = &text[..end];
        let mut places = self.places(text);
        let mut found = Vec::new();
        // The first passage with the most different words: it begins at one of them.
        let mut best: Option<(usize, usize)> = None;
        for at in 0.. {
            while found.len() == at
                && let Some(next) = places.peek().map(|place| place.from)
            {
                self.read(text, &mut places, next, &mut found);
            }
            let Some((from, ..)) = found.get(at) else {
                break;
            };
            let reach = from + PASSAGE * 3 / 4;
            self.read(text, &mut places, reach, &mut found);
            let within = found[at..]
                .iter()
                .take_while(|(_, to, _)| *to <= reach)
                .take(50);
            let stems: HashSet<&str> = within.map(|(.., stem)| &**stem).collect();
            if best.is_none_or(|(most, _)| stems.len() > most) {
                best = Some((stems.len(), at));
                if stems.len() >= self.stems.len() {
                    break;
                }
            }
        }
        let Some((_, at)) = best else {
            return Vec::new();
        };
        let (from, to) = around(text, found[at].0);
        self.read(text, &mut places, to, &mut found);
        let places = found.iter().map(|(from, to, _)| (*from, *to));
        let mut spans = spans(
            text,
            from,
            to,
            places.filter(|place| place.0 >= from && place.1 <= to),
        );
        if from > 0
            && let Some(first) = spans.first_mut()
        {
            match first.matched {
                true => spans.insert(0, plain("… ".to_owned())),
                false => first.text.insert_str(0, "… "),
            }
        }
        if to < end
            && let Some(last) = spans.last_mut()
        {
            match last.matched {
                true => spans.push(plain(" …".to_owned())),
                false => last.text.push_str(" …"),
            }
        }
        for span in &mut spans {
            span.text = span.text.replace(['\n', '\t'], " ");
        }
        spans
    }
}

fn plain(text: String) -> Span {
    Span {
        text,
        matched: false,
    }
}

/// The passage around a place: from the beginning of a sentence if there is one
/// not far before it, else of a word, to the end of a word.
fn around(text: &str, place: usize) -> (usize, usize) {
    let reach = floor(text, place.saturating_sub(PASSAGE / 3));
    let before = &text[reach..place];
    let begin = match before.rfind(['\n', '.', '!', '?', ':']) {
        _ if reach == 0 && !before.contains('\n') => 0,
        Some(at) => reach + at + 1,
        None => reach + before.find(' ').map_or(0, |at| at + 1),
    };
    let from = begin + (text[begin..place].len() - text[begin..place].trim_start().len());
    let limit = text[from..]
        .char_indices()
        .nth(PASSAGE)
        .map_or(text.len(), |(at, _)| from + at);
    let to = match limit == text.len() {
        true => limit,
        false => {
            from + text[from..limit]
                .rfind(char::is_whitespace)
                .filter(|at| from + at > place)
                .unwrap_or(limit - from)
        }
    };
    (from, from + text[from..to].trim_end().len())
}

/// The nearest place at or before this one at which a text can be cut.
fn floor(text: &str, place: usize) -> usize {
    (0..=place)
        .rev()
        .find(|place| text.is_char_boundary(*place))
        .unwrap_or_default()
}

fn spans(
    text: &str,
    from: usize,
    to: usize,
    places: impl Iterator<Item = (usize, usize)>,
) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut at = from;
    for (begin, end) in places {
        if begin > at {
            spans.push(plain(text[at..begin].to_owned()));
        }
        spans.push(Span {
            text: text[begin..end].to_owned(),
            matched: true,
        });
        at = end;
    }
    if at < to {
        spans.push(plain(text[at..to].to_owned()));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::query::Query;
    use super::*;

    fn shown(spans: &[Span]) -> String {
        let shown = spans.iter().map(|span| match span.matched {
            true => format!("[{}]", span.text),
            false => span.text.clone(),
        });
        shown.collect()
    }

    fn marker(query: &str) -> Marker {
        Marker::new(&Query::parse(query).wanted, "de")
    }

    #[test]
    fn words_are_marked_however_they_are_inflected_and_spelt() {
        let text = "Neue Gebühren für Häuser am Fluss";
        assert_eq!(
            shown(&marker("gebuehr haus flu").mark(text)),
            "Neue [Gebühren] für [Häuser] am [Fluss]"
        );
        assert_eq!(
            shown(&marker("aerger ").mark("Ärger, Aerger, ARGER; Eger, a, Äste, alt")),
            "[Ärger], [Aerger], [ARGER]; Eger, a, Äste, alt"
        );
        assert_eq!(
            shown(&marker("e 42 ").mark("E um 42 – 4.2, é, 420, ex")),
            "[E] um [42] – 4.2, [é], 420, ex"
        );
        let mut english = Marker::new(&Query::parse("die ").wanted, "en");
        assert_eq!(
            shown(&english.mark("dying, a do, the die")),
            "[dying], a do, the [die]"
        );
        assert_eq!(shown(&marker("Bahn").mark(text)), text);
        assert_eq!(shown(&marker("Bahn").mark("")), "");
    }

    #[test]
    fn a_passage_has_most_of_the_words_and_begins_with_a_sentence() {
        let filler =
            "Davon war lange nicht die Rede gewesen, und niemand sprach darüber. ".repeat(8);
        let text = format!(
            "Die Brücke steht. {filler}Am Ende wird die Brücke im Oktober saniert. {filler}"
        );
        let passage = shown(&marker("Brücke sanieren ").passage(&text));
        assert!(
            passage.starts_with("… Am Ende wird die [Brücke] im Oktober [saniert]."),
            "{passage}"
        );
        assert!(passage.ends_with(" …"), "{passage}");
        assert!(passage.chars().count() < PASSAGE + 20, "{passage}");
        assert!(marker("Bahn").passage(&text).is_empty());
    }

    #[test]
    fn a_passage_of_a_text_without_spaces_is_cut_all_the_same() {
        let text = format!("{}wort{}", "ü,".repeat(400), ",ß".repeat(400));
        let passage = marker("wort").passage(&text);
        assert!(
            passage
                .iter()
                .any(|span| span.matched && span.text == "wort"),
            "{passage:?}"
        );
    }
}

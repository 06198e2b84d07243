//! Texts become terms.
//!
//! A word has two terms. The *exact* one is the word without case, accents and the
//! difference between `ä`, `ae` and `a`, or `ß` and `ss`: whoever types one finds the
//! other. The *stem* is what is left of it without its ending, by the Snowball
//! algorithm of the text's language. In German the stem is made of the exact term,
//! so that the spellings of an umlaut lead to one stem whatever the algorithm does.
//!
//! Pure: no database, no index.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

/// Characters of a word that make its terms; what is longer is cut.
const LONGEST: usize = 64;
/// How many words an analyser remembers from one text to the next.
const REMEMBERED: usize = 30_000;
/// Parts of a word with hyphens that are also one word when written together.
const PARTS_MAX: usize = 4;

/// A word where it stands in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its first byte.
    pub from: usize,
    /// The byte after its last.
    pub to: usize,
    /// Whether nothing but a hyphen is between it and the word before.
    pub joined: bool,
}

/// The terms of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The word, folded.
    pub exact: Arc<str>,
    /// What is left of it without its ending.
    pub stem: Arc<str>,
}

/// A word of a text, as it goes into an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Which of the analyser's words it is: [`Analyser::terms_of`].
    pub number: u32,
    /// Which word of the text it is. What is written with a hyphen stands there in
    /// parts and, at the place of the first, as a whole.
    pub position: u32,
}

/// What is part of a word and leaves no trace in its terms.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}'
    )
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{483}'..='\u{487}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}')
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}' | '\u{2011}')
}

/// Whether this is a letter or digit; of Latin letters it is told without a table.
#[inline]
fn is_letter(c: char) -> bool {
    match c {
        '\u{C0}'..='\u{24F}' => !matches!(c, '×' | '÷'),
        c => c.is_alphanumeric(),
    }
}

/// Whether this goes on a word that has begun.
#[inline]
fn goes_on(c: char) -> bool {
    is_letter(c) || is_mark(c) || is_invisible(c)
}

/// What a byte says of the character that it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Between,
    Letter,
    NotAscii,
}

/// By their bytes, because every byte of a text is asked for.
const SORTS: [Sort; 256] = {
    let mut sorts = [Sort::NotAscii; 256];
    let mut byte = 0;
    while byte < 128 {
        sorts[byte] = match (byte as u8).is_ascii_alphanumeric() {
            true => Sort::Letter,
            false => Sort::Between,
        };
        byte += 1;
    }
    sorts
};

/// The first place of a text, from a place on, where a character is of this sort, or
/// is not ASCII and of this kind; the end if there is none.
fn find(text: &str, from: usize, sort: Sort, is: impl Fn(char) -> bool) -> usize {
    let mut at = from;
    while let Some(byte) = text.as_bytes().get(at) {
        let found = SORTS[usize::from(*byte)];
        if found == sort {
            return at;
        }
        at += 1;
        if found == Sort::NotAscii {
            let c = text[at - 1..].chars().next().unwrap_or_default();
            if is(c) {
                return at - 1;
            }
            at += c.len_utf8() - 1;
        }
    }
    text.len()
}

/// Where the words of a text stand: letters, digits and what belongs to them.
pub fn places(text: &str) -> impl Iterator<Item = Place> + '_ {
    let mut at = 0;
    let mut hyphen_after = None;
    std::iter::from_fn(move || {
        let from = find(text, at, Sort::Letter, is_letter);
        if from == text.len() {
            return None;
        }
        let to = find(text, from, Sort::Between, |c| !goes_on(c));
        let joined = hyphen_after == Some(from);
        let next = match text.as_bytes().get(to) {
            Some(b' ') => None,
            _ => text[to..].chars().next(),
        };
        hyphen_after = next.filter(|c| is_hyphen(*c)).map(|c| to + c.len_utf8());
        at = to;
        Some(Place { from, to, joined })
    })
}

/// Where the words of a text stand that begin with one of these bytes: [`places`]
/// without the others, which are passed over. None is said to be `joined`.
pub fn places_of(text: &str, begins: [bool; 256]) -> impl Iterator<Item = Place> + use<'_> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let next = bytes[at..]
                .iter()
                .position(|byte| begins[usize::from(*byte)]);
            let from = at + next?;
            at = from + 1;
            // In the middle of a character.
            if !text.is_char_boundary(from) {
                continue;
            }
            let is_first = text[from..].chars().next().is_some_and(is_letter);
            if is_first && begins_at(text, from) {
                at = find(text, from, Sort::Between, |c| !goes_on(c));
                return Some(Place {
                    from,
                    to: at,
                    joined: false,
                });
            }
        }
    })
}

/// Whether a letter at this place is the first of its word: before it is no other,
/// nor what goes on a word that another has begun.
fn begins_at(text: &str, at: usize) -> bool {
    match text.as_bytes()[..at].last() {
        Some(byte) if byte.is_ascii() => SORTS[usize::from(*byte)] == Sort::Between,
        _ => {
            let mut before = text[..at].chars().rev();
            let before = before.find(|c| !is_mark(*c) && !is_invisible(*c));
            before.is_none_or(|c| !is_letter(c))
        }
    }
}

/// The word as it is compared: small letters without accents, umlauts as one
/// letter whether they were written as one, as two or without their dots.
pub fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    if word.is_ascii() {
        folded.extend(word.chars().take(LONGEST).map(|c| c.to_ascii_lowercase()));
    } else {
        let plain = word
            .chars()
            .flat_map(char::to_lowercase)
            .nfkd()
            .filter(|c| !is_mark(*c) && !is_invisible(*c))
            .take(LONGEST);
        for c in plain {
            match c {
                'ß' => folded.push_str("ss"),
                'æ' => folded.push('a'),
                'œ' | 'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' | 'ð' => folded.push('d'),
                'þ' => folded.push_str("th"),
                'ı' => folded.push('i'),
                c => folded.extend(c.to_lowercase()),
            }
        }
    }
    if folded.contains("ae") || folded.contains("oe") || folded.contains("ue") {
        folded = umlauts(&folded);
    }
    folded
}

/// `ae`, `oe` and `ue` as one letter, where they can be an umlaut: not after a `q`
/// (`Quelle`), and `ue` not after another vowel (`neue`, `bauen`) unless `über` or `üben`
/// may begin there (`Videoüberwachung`).
fn umlauts(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let mut out = String::with_capacity(word.len());
    let mut before = ' ';
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        out.push(c);
        let after_vowel = matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
        let may_be = match c {
            'a' | 'o' => true,
            'u' => before != 'q' && (!after_vowel || chars.get(at + 2) == Some(&'b')),
            _ => false,
        };
        let is_umlaut = may_be && chars.get(at + 1) == Some(&'e');
        at += if is_umlaut { 2 } else { 1 };
        before = c;
    }
    out
}

/// The stemmer of a language, by the first part of its tag.
fn stemmer(language: &str) -> Option<Stemmer> {
    let primary = language.split('-').next().unwrap_or_default();
    Some(Stemmer::new(match primary.to_ascii_lowercase().as_str() {
        "de" => Algorithm::German,
        "en" => Algorithm::English,
        "fr" => Algorithm::French,
        "it" => Algorithm::Italian,
        "es" => Algorithm::Spanish,
        "pt" => Algorithm::Portuguese,
        "nl" => Algorithm::Dutch,
        "da" => Algorithm::Danish,
        "nb" | "nn" | "no" => Algorithm::Norwegian,
        "sv" => Algorithm::Swedish,
        "fi" => Algorithm::Finnish,
        "pl" => Algorithm::Polish,
        "cs" => Algorithm::Czech,
        "tr" => Algorithm::Turkish,
        "ru" => Algorithm::Russian,
        "uk" => Algorithm::Ukrainian,
        "ro" => Algorithm::Romanian,
        "hu" => Algorithm::Hungarian,
        "el" => Algorithm::Greek,
        "ar" => Algorithm::Arabic,
        _ => return None,
    }))
}

/// Makes terms of the words of one language, and remembers those it made.
pub struct Analyser {
    german: bool,
    stemmer: Option<Stemmer>,
    /// The numbers of words that it has seen.
    known: HashMap<Box<str>, u32, RandomState>,
    /// By their numbers, what became of them.
    made: Vec<Terms>,
}

impl Analyser {
    /// For texts of this language (BCP 47).
    pub fn new(language: &str) -> Self {
        let primary = language.split('-').next().unwrap_or_default();
        Analyser {
            german: primary.eq_ignore_ascii_case("de"),
            stemmer: stemmer(language),
            known: HashMap::default(),
            made: Vec::new(),
        }
    }

    /// Whether stems begin with the same two letters as their words.
    pub fn keeps_beginnings(&self) -> bool {
        self.german || self.stemmer.is_none()
    }

    /// Forgets all words if they are many: those that it found before mean nothing
    /// any more.
    pub fn tidy(&mut self) {
        if self.made.len() >= REMEMBERED {
            self.known.clear();
            self.made.clear();
        }
    }

    /// Whether a word has the same stem with its accents and without.
    pub fn is_blind_to_accents(&self) -> bool {
        self.german || self.stemmer.is_none()
    }

    /// The terms of a word.
    pub fn terms(&mut self, word: &str) -> &Terms {
        let number = self.number(word);
        &self.made[number as usize]
    }

    /// The terms of a word that it found.
    pub fn terms_of(&self, word: Word) -> &Terms {
        &self.made[word.number as usize]
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.known.get(word) {
            return *number;
        }
        let number = self.made.len() as u32;
        self.made.push(self.make(word));
        self.known.insert(word.into(), number);
        number
    }

    fn make(&self, word: &str) -> Terms {
        let exact = fold(word);
        let stem = match self.stemmer {
            None => exact.clone(),
            Some(stemmer) if self.german => {
                let mut stem = stemmer.stem(&exact).into_owned();
                // The algorithm takes `eren` from `sanieren`, but nothing from `saniert`.
                if stem.len() > 6 && stem.ends_with("iert") {
                    stem.truncate(stem.len() - "ert".len());
                }
                stem
            }
            // Other algorithms want the accents.
            Some(stemmer) => {
                let word: String = word
                    .chars()
                    .filter(|c| !is_invisible(*c))
                    .take(LONGEST)
                    .flat_map(char::to_lowercase)
                    .nfc()
                    .collect();
                fold(&stemmer.stem(&word))
            }
        };
        Terms {
            stem: if stem == exact || stem.is_empty() {
                Arc::from(exact.as_str())
            } else {
                Arc::from(stem)
            },
            exact: Arc::from(exact),
        }
    }

    fn word(&mut self, word: &str, position: u32) -> Option<Word> {
        let number = self.number(word);
        let is_there = !self.made[number as usize].exact.is_empty();
        is_there.then_some(Word { number, position })
    }

    /// The words of a text from a position on; the position after the last.
    pub fn words(&mut self, text: &str, first: u32, words: &mut Vec<Word>) -> u32 {
        let mut position = first;
        // Where the present compound begins: in the text, and its position.
        let mut compound: Option<(usize, u32, usize)> = None;
        for place in places(text) {
            let begun = compound.filter(|_| place.joined);
            compound = Some(match begun {
                Some((from, at, parts)) if parts < PARTS_MAX => {
                    let whole: String = text[from..place.to]
                        .chars()
                        .filter(|c| !is_hyphen(*c))
                        .collect();
                    words.extend(self.word(&whole, at));
                    (from, at, parts + 1)
                }
                Some(_) | None => (place.from, position, 1),
            });
            words.extend(self.word(&text[place.from..place.to], position));
            position += 1;
        }
        position
    }
}

/// Words that stand in almost every text and say nothing of what it is about, folded.
const COMMON: &[&str] = &[
    "aber", "als", "am", "an", "auch", "auf", "aus", "bei", "bin", "bis", "da", "damit", "dann",
    "das", "dass", "dem", "den", "der", "des", "die", "doch", "dort", "du", "durch", "ein", "eine",
    "einem", "einen", "einer", "eines", "er", "es", "fur", "hat", "hatte", "ich", "ihr", "im",
    "in", "ins", "ist", "ja", "kein", "keine", "mit", "nach", "nicht", "noch", "nun", "nur", "ob",
    "oder", "ohne", "sein", "seine", "sich", "sie", "sind", "so", "uber", "um", "und", "uns",
    "unter", "vom", "von", "vor", "war", "waren", "was", "wenn", "wer", "werden", "wie", "wir",
    "wird", "wo", "wurde", "wurden", "zu", "zum", "zur", "a", "and", "are", "as", "at", "be", "by",
    "for", "from", "is", "it", "of", "on", "or", "that", "the", "this", "to", "was", "with",
];

/// Whether a folded word says nothing of what a text is about.
pub fn is_common(exact: &str) -> bool {
    COMMON.contains(&exact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(word: &str) -> String {
        Analyser::new("de").terms(word).stem.to_string()
    }

    #[test]
    fn every_spelling_of_an_umlaut_is_one_word() {
        for spellings in [
            ["Häuser", "Haeuser", "Hauser"],
            ["Gebühren", "Gebuehren", "Gebuhren"],
            ["Möller", "Moeller", "Moller"],
            ["größer", "groesser", "grosser"],
            ["Ämter", "Aemter", "AMTER"],
            ["Übergänge", "Uebergaenge", "Ubergange"],
            ["a\u{308}rger", "aerger", "ÄRGER"],
        ] {
            let stems = spellings.map(stem);
            assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
            let folds = spellings.map(fold);
            assert!(folds.iter().all(|one| *one == folds[0]), "{folds:?}");
        }
        // Where two vowels are two vowels, nothing is swallowed.
        assert_eq!(fold("neue Bauern"), "neue bauern");
        assert_eq!(fold("Quelle"), "quelle");
    }

    #[test]
    fn inflected_words_have_one_stem() {
        for words in [
            ["Haus", "Häuser", "Häusern"].as_slice(),
            &["Buslinie", "Buslinien"],
            &["Gebühr", "Gebühren"],
            &["saniert", "sanieren", "sanierte"],
            &["Stadtwerk", "Stadtwerke", "Stadtwerken"],
        ] {
            let stems: Vec<String> = words.iter().map(|word| stem(word)).collect();
            assert!(stems.iter().all(|one| *one == stems[0]), "{stems:?}");
        }
        let mut english = Analyser::new("en-GB");
        assert_eq!(&*english.terms("connections").stem, "connect");
        assert_eq!(&*Analyser::new("xx").terms("Häuser").stem, "hauser");
    }

    #[test]
    fn words_with_hyphens_are_found_in_parts_and_whole() {
        let mut words = Vec::new();
        let mut german = Analyser::new("de");
        let next = german.words("Der E-Bike-Verleih, heute.", 7, &mut words);
        let found: Vec<(&str, u32)> = words
            .iter()
            .map(|word| (&*german.terms_of(*word).exact, word.position))
            .collect();
        assert_eq!(
            found,
            [
                ("der", 7),
                ("e", 8),
                ("ebike", 8),
                ("bike", 9),
                ("ebikeverleih", 8),
                ("verleih", 10),
                ("heute", 11),
            ]
        );
        assert_eq!(next, 12);
    }

    proptest::proptest! {
        #[test]
        fn words_that_begin_in_some_way_are_words(
            text in "[a-cÄ×é\u{301}\u{AD}1 .ж-]{0,40}",
            more in ".{0,20}",
        ) {
            let text = text + &more;
            for first in [b'a', b'1', 0xC3, 0xD0] {
                let mut begins = [false; 256];
                begins[usize::from(first)] = true;
                let ends = |place: Place| (place.from, place.to);
                let some: Vec<_> = places_of(&text, begins).map(ends).collect();
                let all = places(&text).filter(|place| text.as_bytes()[place.from] == first);
                proptest::prop_assert_eq!(some, all.map(ends).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn letters_are_told_without_a_table() {
        for c in '\0'..='\u{3000}' {
            assert_eq!(is_letter(c), c.is_alphanumeric(), "{c:?}");
        }
    }

    #[test]
    fn places_point_into_the_text() {
        let text = "Straßen\u{AD}bahn – „geht’s“? 14,5 €";
        let found: Vec<&str> = places(text)
            .map(|place| &text[place.from..place.to])
            .collect();
        assert_eq!(found, ["Straßen\u{AD}bahn", "geht", "s", "14", "5"]);
        assert_eq!(fold(found[0]), "strassenbahn");
    }
}

//! German-looking articles, the same ones for the same numbers on every machine.

use std::fmt::Write as _;

use perspektive::db::Time;
use perspektive::http::text::slugify;

/// Rises with every change to what is generated, so that no old corpus is used.
pub const VERSION: u32 = 1;

/// Sections as slug, name and parent.
pub const SECTIONS: [(&str, &str, Option<&str>); 8] = [
    ("politik", "Politik", None),
    ("stadtrat", "Stadtrat", Some("politik")),
    ("land", "Land", Some("politik")),
    ("wirtschaft", "Wirtschaft", None),
    ("handel", "Handel", Some("wirtschaft")),
    ("kultur", "Kultur", None),
    ("buehne", "Bühne", Some("kultur")),
    ("sport", "Sport", None),
];

/// Topics; there are sixty.
pub const TOPICS: [&str; 60] = [
    "Nahverkehr",
    "Radwege",
    "Brücken",
    "Hochwasser",
    "Energie",
    "Wärmenetz",
    "Wohnen",
    "Mieten",
    "Schulen",
    "Kitas",
    "Universität",
    "Forschung",
    "Klinik",
    "Pflege",
    "Feuerwehr",
    "Polizei",
    "Gericht",
    "Haushalt",
    "Steuern",
    "Wahlen",
    "Bürgerentscheid",
    "Denkmalschutz",
    "Parks",
    "Naturschutz",
    "Landwirtschaft",
    "Wetter",
    "Häfen",
    "Handwerk",
    "Einzelhandel",
    "Gründer",
    "Tarife",
    "Ausbildung",
    "Messe",
    "Tourismus",
    "Gastronomie",
    "Theater",
    "Museum",
    "Literatur",
    "Kino",
    "Konzerte",
    "Chöre",
    "Fotografie",
    "Fußball",
    "Handball",
    "Rudern",
    "Turnen",
    "Laufen",
    "Vereine",
    "Ehrenamt",
    "Kirchen",
    "Jugend",
    "Senioren",
    "Integration",
    "Digitales",
    "Datenschutz",
    "Medien",
    "Geschichte",
    "Archäologie",
    "Märkte",
    "Müll",
];

/// Authors.
pub const AUTHORS: [&str; 12] = [
    "Mara Lenz",
    "Jonte Behrens",
    "Aylin Demir",
    "Friedrich Wöhrle",
    "Svenja Oltmanns",
    "Piet Harms",
    "Leonie Straßer",
    "Tomasz Nowak",
    "Hanna Grünwald",
    "Karim Haddad",
    "Ute Möllenbeck",
    "Nils Jäger",
];

const WHO: [&str; 24] = [
    "Stadtrat",
    "Landtag",
    "Kreistag",
    "Verkehrsbetrieb",
    "Theaterverein",
    "Ruderklub",
    "Mieterbund",
    "Handwerkskammer",
    "Bürgermeisterin",
    "Schulamt",
    "Klinikum",
    "Gericht",
    "Hafengesellschaft",
    "Naturschutzbund",
    "Wohnungsgenossenschaft",
    "Feuerwehr",
    "Universität",
    "Museum",
    "Stadtwerke",
    "Chor",
    "Elternrat",
    "Turnerbund",
    "Marktleitung",
    "Denkmalamt",
];

const DOES: [&str; 16] = [
    "beschließt",
    "verschiebt",
    "prüft",
    "eröffnet",
    "kritisiert",
    "feiert",
    "plant",
    "verteidigt",
    "streicht",
    "erneuert",
    "vermisst",
    "fordert",
    "rettet",
    "bezweifelt",
    "verdoppelt",
    "erklärt",
];

const WHAT: [&str; 24] = [
    "neue Buslinie",
    "kostenlosen Nahverkehr",
    "Sanierung der Brücke",
    "größeren Spielplatz",
    "Umbau am Fluss",
    "späteren Schulbeginn",
    "Haushalt des nächsten Jahres",
    "Konzert im Speicher",
    "Ausbau der Radwege",
    "höhere Parkgebühren",
    "Wärmenetz im Osten",
    "Gedenken am Ufer",
    "Aufstieg in die Oberliga",
    "Schließung des Freibads",
    "zweite Bühne",
    "Mietspiegel",
    "Pläne für den Güterbahnhof",
    "Fahrverbot an der Schule",
    "Sammlung alter Fotografien",
    "Grundwasser unter der Altstadt",
    "Öffnung am Sonntag",
    "Tarifvertrag",
    "Hilfe für Vereine",
    "Blühstreifen am Deich",
];

const OPENINGS: [&str; 20] = [
    "Am Montagabend",
    "Nach langer Debatte",
    "Überraschend deutlich",
    "Wie schon im Vorjahr",
    "Trotz steigender Kosten",
    "Vor vollen Rängen",
    "Im kleinen Saal des Rathauses",
    "Nur wenige Stunden später",
    "Ohne Gegenstimmen",
    "Zum ersten Mal seit zwölf Jahren",
    "Auf Nachfrage dieser Zeitung",
    "Bei Regen und Gegenwind",
    "Mit einer Mehrheit von drei Stimmen",
    "Wenige Tage vor der Frist",
    "Nach Angaben der Verwaltung",
    "In der Ausschusssitzung",
    "Kurz vor den Ferien",
    "Unter dem Beifall der Gäste",
    "Anders als zunächst berichtet",
    "Seit dem Frühjahr",
];

const VERBS: [&str; 20] = [
    "berieten",
    "erläuterten",
    "bezweifelten",
    "unterstützten",
    "vertagten",
    "lobten",
    "verwarfen",
    "diskutierten",
    "begrüßten",
    "ergänzten",
    "prüften",
    "verteidigten",
    "besichtigten",
    "forderten",
    "bemängelten",
    "würdigten",
    "entwarfen",
    "finanzierten",
    "überarbeiteten",
    "beschleunigten",
];

const SUBJECTS: [&str; 20] = [
    "die Fraktionen",
    "mehrere Anwohnerinnen",
    "die Beteiligten",
    "Fachleute aus drei Ämtern",
    "die Mitglieder des Vereins",
    "Schülerinnen und Lehrer",
    "die Betreiber",
    "Händlerinnen am Markt",
    "die Gutachter",
    "zwei Drittel der Befragten",
    "die Geschäftsführung",
    "Eltern und Kinder",
    "die Fahrgäste",
    "Vertreter der Kammer",
    "die Gewerkschaften",
    "ehrenamtliche Helfer",
    "die Nachbargemeinden",
    "junge Familien",
    "die Zuschauer",
    "Kenner der Materie",
];

const OBJECTS: [&str; 24] = [
    "den Entwurf für das Gelände am Fluss",
    "die Kosten von 14 Millionen Euro",
    "das Gutachten",
    "einen Vorschlag aus der Bürgerschaft",
    "die Zahlen des vergangenen Jahres",
    "den neuen Fahrplan",
    "die Öffnungszeiten am Wochenende",
    "das Konzept für die Altstadt",
    "die Frage nach dem Lärm",
    "den Umgang mit den Bäumen",
    "die Pläne für den Güterbahnhof",
    "eine Lösung für das Grundwasser",
    "den Wunsch nach mehr Personal",
    "die Ergebnisse der Messungen",
    "das Ende der Förderung",
    "einen Zuschuss für die Vereine",
    "die Spielzeit",
    "den Vertrag mit dem Landkreis",
    "die Übergangsregelung",
    "das älteste Haus der Straße",
    "eine gründliche Sanierung",
    "die Rückkehr des Wochenmarkts",
    "den Ausbau der Wege",
    "die Sorge vor steigenden Mieten",
];

const TAILS: [&str; 18] = [
    "und kündigten einen weiteren Termin im Frühjahr an",
    "obwohl das Geld dafür noch fehlt",
    "ohne sich auf einen Zeitpunkt festzulegen",
    "was im Publikum für Unruhe sorgte",
    "weil die bisherige Lösung nicht ausreicht",
    "damit die Arbeiten pünktlich beginnen können",
    "wie aus dem Protokoll hervorgeht",
    "während draußen demonstriert wurde",
    "sofern das Land zustimmt",
    "nachdem ein erster Versuch gescheitert war",
    "bis alle Unterlagen vorliegen",
    "und dankten den Helferinnen ausdrücklich",
    "auch wenn nicht alle überzeugt waren",
    "zumal die Frist im Dezember endet",
    "um die Anwohner zu entlasten",
    "so dass nun der Kreis am Zug ist",
    "ehe der Vorhang zum letzten Mal fiel",
    "und verwiesen auf gute Erfahrungen in anderen Städten",
];

/// A small generator of numbers: splitmix64.
pub struct Dice(u64);

impl Dice {
    /// The dice for one purpose and number.
    pub fn new(purpose: u64, number: u64) -> Self {
        let mut dice = Dice(purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.roll() % end.max(1) as u64) as usize
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// Shuffles in place.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// A generated article.
pub struct Article {
    /// Its slug.
    pub slug: String,
    /// Markdown with front matter, as an editor uploads it.
    pub markdown: String,
    /// When it counts as published.
    pub published_at: Time,
}

const HEADLINE: u64 = 1;
const BODY: u64 = 2;

/// The newest article's instant: 2026-01-01. The oldest is ten years older.
const NEWEST: i64 = 1_767_225_600;
const SPAN: i64 = 10 * 365 * 86_400;

fn headline(number: usize) -> String {
    let mut dice = Dice::new(HEADLINE, number as u64);
    format!("{} {} {}", dice.one(&WHO), dice.one(&DOES), dice.one(&WHAT))
}

/// The slug of the article with this number.
pub fn slug(number: usize) -> String {
    format!("{}-{number}", slugify(&headline(number)))
}

/// The article with this number of so many.
pub fn article(number: usize, count: usize) -> Article {
    let mut dice = Dice::new(BODY, number as u64);
    let mut front = String::with_capacity(1_024);
    let headline = headline(number);
    let topic_count = 2 + dice.below(2);
    let mut topics: Vec<&str> = (0..topic_count).map(|_| dice.one(&TOPICS)).collect();
    topics.sort_unstable();
    topics.dedup();
    let mut authors = vec![dice.one(&AUTHORS)];
    if dice.below(4) == 0 {
        authors.push(dice.one(&AUTHORS));
        authors.dedup();
    }
    let section = dice.one(&SECTIONS).0;
    let kind = dice.one(&[
        "news",
        "news",
        "news",
        "report",
        "interview",
        "opinion",
        "analysis",
    ]);
    let teaser = format!("{} {}", sentence(&mut dice), sentence(&mut dice));
    let _ = write!(
        front,
        "---\nkicker: {}\nheadline: {headline}\nteaser: {teaser}\nkind: {kind}\nsection: {section}\n\
         topics: [{}]\nauthors: [{}]\n\
         image: {{url: \"https://bilder.flussblick.example/{number}.jpg\", alt: \"{}\", credit: \"{}\", width: 2400, height: 1600}}\n",
        topics[0],
        topics.join(", "),
        authors.join(", "),
        dice.one(&[
            "Ein Bus am Flussufer",
            "Ein voller Saal von der Bühne aus",
            "Arbeiter an einer Brücke im Nebel"
        ]),
        dice.one(&AUTHORS),
    );

    // Two to four related links: the first one or two between the paragraphs.
    let links = 2 + dice.below(3);
    let inline = (1 + dice.below(2)).min(links - 1);
    let mut targets: Vec<usize> = (0..links)
        .map(|_| target(&mut dice, number, count))
        .collect();
    targets.retain(|target| *target != number);
    targets.sort_unstable();
    targets.dedup();
    dice.shuffle(&mut targets);
    let (between, below) = targets.split_at(inline.min(targets.len()));
    if !below.is_empty() || dice.below(4) == 0 {
        front.push_str("related:\n");
        for target in below {
            let relation = dice.one(&["background", "follow_up", "opinion", "read_more"]);
            let _ = writeln!(
                front,
                "  - {{article: {}, relation: {relation}}}",
                slug(*target)
            );
        }
        if below.len() < 2 {
            let _ = writeln!(
                front,
                "  - {{url: \"https://stadt.example/vorlagen/{number}\", headline: Beschlussvorlage {number}, relation: source}}"
            );
        }
    }
    front.push_str("---\n\n");
    let markdown = front + &body(&mut dice, number, between);
    let step = SPAN / count.max(1) as i64;
    let at = NEWEST - SPAN + step * number as i64 + dice.below(step.max(1) as usize) as i64;
    Article {
        slug: slug(number),
        markdown,
        published_at: Time(at * 1_000_000),
    }
}

/// What an article links to: mostly something not much older, now and then
/// something that is written only later.
fn target(dice: &mut Dice, number: usize, count: usize) -> usize {
    if number == 0 || dice.below(20) == 0 {
        return (number + 1 + dice.below(20)).min(count.saturating_sub(1));
    }
    number - 1 - dice.below(number.min(2_000))
}

fn body(dice: &mut Dice, number: usize, between: &[usize]) -> String {
    let mut text = String::with_capacity(4_608);
    let length = 3_000 + dice.below(1_000);
    let mut words = 0;
    let mut between = between.iter();
    for paragraph in 0.. {
        let before = text.len();
        for index in 0..3 + dice.below(3) {
            if index > 0 {
                text.push(' ');
            }
            let sentence = sentence(dice);
            match (paragraph + index) % 7 {
                2 => marked(&mut text, &sentence, "**"),
                4 => marked(&mut text, &sentence, "*"),
                5 if index == 1 => linked(&mut text, &sentence, number),
                _ => text.push_str(&sentence),
            }
        }
        text.push_str("\n\n");
        words += text.len() - before;
        if (paragraph == 1 || paragraph == 4)
            && let Some(target) = between.next()
        {
            let _ = write!(text, "[[{}]]\n\n", slug(*target));
        }
        if paragraph == 2 {
            let _ = write!(text, "## {} {}\n\n", dice.one(&WHO), dice.one(&DOES));
        }
        if paragraph == 3 {
            extra(dice, &mut text);
        }
        if words >= length {
            return text;
        }
    }
    text
}

/// A list, a quote, a table, or nothing.
fn extra(dice: &mut Dice, text: &mut String) {
    match dice.below(6) {
        0 => {
            for _ in 0..3 {
                let _ = writeln!(text, "- {} {}", dice.one(&SUBJECTS), dice.one(&TAILS));
            }
            text.push('\n');
        }
        1 => {
            let _ = write!(text, "> {}\n\n", sentence(dice));
        }
        2 => {
            text.push_str("| Jahr | Ausgaben | Besucher |\n|---|---|---|\n");
            for year in 2_020..2_024 {
                let _ = writeln!(
                    text,
                    "| {year} | {} Euro | {} |",
                    dice.below(90_000),
                    dice.below(9_000)
                );
            }
            text.push('\n');
        }
        _ => {}
    }
}

/// A sentence with two words of it between marks.
fn marked(text: &mut String, sentence: &str, mark: &str) {
    let mut words = sentence.splitn(4, ' ');
    let parts: [&str; 4] = std::array::from_fn(|_| words.next().unwrap_or_default());
    let _ = write!(
        text,
        "{} {mark}{} {}{mark} {}",
        parts[0], parts[1], parts[2], parts[3]
    );
}

/// A sentence with a link on one of its words.
fn linked(text: &mut String, sentence: &str, number: usize) {
    let mut words = sentence.splitn(3, ' ');
    let parts: [&str; 3] = std::array::from_fn(|_| words.next().unwrap_or_default());
    let _ = write!(
        text,
        "{} [{}](https://stadt.example/akten/{number}) {}",
        parts[0], parts[1], parts[2]
    );
}

fn sentence(dice: &mut Dice) -> String {
    format!(
        "{} {} {} {}, {}.",
        dice.one(&OPENINGS),
        dice.one(&VERBS),
        dice.one(&SUBJECTS),
        dice.one(&OBJECTS),
        dice.one(&TAILS)
    )
}

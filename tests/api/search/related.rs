//! Automatic related links, by what articles are about.

use serde_json::{Value, json};

use super::{prosaic, publish, slugs};
use crate::articles::{EDITOR, newsroom};
use crate::both;

const PAIRS: usize = 40;
const SECTIONS: [&str; 3] = ["politik", "kultur", "sport"];

fn filler(number: usize) -> String {
    const WORDS: [&str; 16] = [
        "Stadtrat",
        "Antrag",
        "Mehrheit",
        "Sitzung",
        "Kosten",
        "Bürger",
        "Verwaltung",
        "Straße",
        "Schule",
        "Verein",
        "Sommer",
        "Termin",
        "Ergebnis",
        "Frage",
        "Plan",
        "Gebäude",
    ];
    (0..60)
        .map(|at| {
            format!(
                "{} ",
                WORDS[(number * 7 + at * (number % 5 + 1)) % WORDS.len()]
            )
        })
        .collect()
}

/// The words that only a pair has: three, made up.
fn rare(pair: usize) -> [String; 3] {
    ["Quar", "Zwiv", "Blon"].map(|begin| {
        format!(
            "{begin}{}el",
            ["ba", "do", "fi", "gu", "ke", "lo", "mu"][pair % 7].repeat(pair / 7 + 1)
        )
    })
}

fn member(pair: usize, second: bool) -> (String, String, i64) {
    let [a, b, c] = rare(pair);
    let section = SECTIONS[(pair + usize::from(second)) % 3];
    let topic = ["verkehr", "haushalt", "klima"][pair % 3];
    let text = format!(
        "{} {a}s. {} {b}. {} {c}",
        filler(pair * 2 + usize::from(second)),
        filler(pair),
        filler(pair + 5)
    );
    let markdown = format!(
        "---\nheadline: Sitzung Nummer {}\nsection: {section}\ntopics: [{topic}]\n---\n\n{text}\n",
        pair * 2 + usize::from(second)
    );
    (
        format!("paar-{pair}-{}", u8::from(second)),
        markdown,
        (pair % 300) as i64,
    )
}

fn automatic(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    let automatic = items.filter(|item| item["automatic"] == true);
    automatic
        .map(|item| item["article"]["slug"].as_str().unwrap().to_owned())
        .collect()
}

both! {
    /// What shares rare words is found among hundreds that share the section and
    /// the topic.
    async fn partners_are_among_the_first_five(app: App) {
        newsroom(&app).await;
        publish(&app, (0..PAIRS * 2).map(|number| member(number / 2, number % 2 == 1)).collect());
        let others = (0..200).map(|number| {
            let markdown = format!("---\nheadline: Sitzung {number}\nsection: {}\ntopics: [{}]\n---\n\n{}\n", SECTIONS[number % 3], ["verkehr", "haushalt", "klima"][number / 3 % 3], filler(number));
            (format!("anderes-{number}"), markdown, (number % 300) as i64)
        });
        publish(&app, others.collect());
        app.indexed().await;
        let mut found = 0;
        for pair in 0..PAIRS {
            let page = app.get(&format!("/v1/articles/paar-{pair}-0/related"), 200).await;
            let automatic = automatic(&page);
            assert_eq!(automatic.len(), 6);
            assert!(!automatic.contains(&format!("paar-{pair}-0")));
            found += usize::from(automatic[..5].contains(&format!("paar-{pair}-1")));
        }
        assert!(found * 10 >= PAIRS * 9, "{found} of {PAIRS}");
        let whole = app.get("/v1/articles/paar-3-0?include=related_auto&fields=related_auto", 200).await;
        assert_eq!(slugs(&json!({"items": whole["related_auto"]}))[0], "paar-3-1");
    }
}

both! {
    /// Never itself, nor what it links to already, nor what has gone.
    async fn what_is_linked_or_gone_is_not_picked(app: App) {
        newsroom(&app).await;
        let with_link = |link: &str| {
            let (slug, markdown, days) = member(0, false);
            (slug, markdown.replacen("---\n\n", &format!("---\n\n{link}\n\n"), 1), days)
        };
        publish(&app, vec![member(0, false), member(0, true)]);
        app.indexed().await;
        let related = async || automatic(&app.get("/v1/articles/paar-0-0/related", 200).await);
        assert_eq!(related().await, ["paar-0-1"]);
        publish(&app, vec![with_link("[[paar-0-1]]")]);
        app.indexed().await;
        assert_eq!(related().await, Vec::<String>::new());
        publish(&app, vec![member(0, false)]);
        app.indexed().await;
        assert_eq!(related().await, ["paar-0-1"]);
        app.search.pause();
        app.as_editor().send("POST", &format!("{EDITOR}/paar-0-1/take-down"), &json!({"reason": "Falsch"}), 200).await;
        assert_eq!(related().await, Vec::<String>::new());
    }
}

both! {
    /// Without an index there are picks all the same: what shares topics.
    async fn without_an_index_topics_are_what_counts(app: App) {
        prosaic(&app).await;
        app.search.pause();
        app.search.forget();
        app.state.cache.evict_all();
        app.get("/v1/search?q=Igel", 503).await;
        let page = app.get("/v1/articles/marathon-igel/related", 200).await;
        assert_eq!(automatic(&page).len(), 6);
    }
}

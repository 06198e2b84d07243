//! What a reader types, and what they get.

use serde_json::{Value, json};

use super::prose::PROSE;
use super::{found, prosaic, publish, q, shown, slugs};
use crate::articles::{EDITOR, got, newsroom, piece, put, with};
use crate::both;
use crate::support::App;

/// Where each piece is found by its queries: mean reciprocal rank, and the part
/// that is among the first ten.
async fn quality(
    app: &App,
    of: fn(&super::prose::Prose) -> &'static [&'static str],
) -> (f64, f64, Vec<String>) {
    let (mut ranks, mut recalled, mut count, mut missed) = (0.0, 0, 0, Vec::new());
    for piece in PROSE {
        for query in of(piece) {
            let slugs = found(app, &q(query)).await;
            let rank = slugs.iter().position(|slug| slug == piece.slug);
            count += 1;
            ranks += rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
            recalled += usize::from(rank.is_some_and(|rank| rank < 10));
            if rank != Some(0) {
                missed.push(format!("{query} → {slugs:?}, not {}", piece.slug));
            }
        }
    }
    (
        ranks / f64::from(count),
        recalled as f64 / f64::from(count),
        missed,
    )
}

both! {
    /// Pieces of prose are found by words as they stand there, in other forms, and
    /// with umlauts spelt out.
    async fn prose_is_found_again(app: App) {
        prosaic(&app).await;
        let (exact, _, missed) = quality(&app, |piece| piece.exact).await;
        assert!(exact >= 0.98, "exact: {exact}\n{}", missed.join("\n"));
        let (rank, recall, missed) = quality(&app, |piece| piece.inflected).await;
        assert!(rank >= 0.80 && recall >= 0.90, "inflected: {rank} {recall}\n{}", missed.join("\n"));
        let (spelt, _, missed) = quality(&app, |piece| piece.spelt).await;
        assert!(spelt >= 0.98, "spelt: {spelt}\n{}", missed.join("\n"));
    }
}

both! {
    async fn the_headline_counts_more_than_the_teaser_and_that_more_than_the_text(app: App) {
        newsroom(&app).await;
        let article = |headline: &str, teaser: &str, text: &str| format!("---\nheadline: {headline}\nteaser: {teaser}\nsection: politik\n---\n\n{text}\n");
        publish(&app, vec![
            ("im-text".into(), article("Neues aus der Stadt", "Es gibt etwas zu melden.", "Ein Storch ist da. Der Storch bleibt, sagt der Storchenverein."), 1),
            ("im-vorspann".into(), article("Neues vom Land", "Auf dem Dach sitzt ein Storch.", "Er bleibt."), 2),
            ("in-der-zeile".into(), article("Storch auf dem Dach", "Er ist wieder da.", "Er bleibt."), 3),
            ("gebeugt".into(), article("Störche auf dem Dach", "Sie sind wieder da.", "Sie bleiben."), 2),
            ("nur-der-anfang".into(), article("Storchschnabel im Beet", "Er blüht.", "Und blüht."), 1),
        ]);
        app.indexed().await;
        assert_eq!(found(&app, "q=Storch").await, ["in-der-zeile", "gebeugt", "im-vorspann", "im-text", "nur-der-anfang"]);
        // A space says that the word ends there.
        assert_eq!(found(&app, "q=storch%20").await, ["in-der-zeile", "gebeugt", "im-vorspann", "im-text"]);
        assert_eq!(found(&app, "q=stoerche").await[0], "gebeugt");
        assert_eq!(found(&app, "q=Storch&sort=-published_at").await, ["nur-der-anfang", "im-text", "gebeugt", "im-vorspann", "in-der-zeile"]);
        // What is new comes before what is old and otherwise the same.
        publish(&app, vec![("alt".into(), article("Storch auf dem Dach", "Er ist wieder da.", "Er bleibt."), 900)]);
        app.indexed().await;
        let slugs = found(&app, "q=Storch%20Dach").await;
        assert_eq!(slugs[0], "in-der-zeile");
        assert!(slugs.contains(&"alt".to_owned()), "{slugs:?}");
    }
}

both! {
    /// While a word is being typed, it counts by where it stands as it will when it is
    /// finished; and an umlaut may follow a vowel.
    async fn an_unfinished_word_counts_most_in_the_headline(app: App) {
        newsroom(&app).await;
        let article = |headline: &str, teaser: &str, text: &str| format!("---\nheadline: {headline}\nteaser: {teaser}\nsection: politik\n---\n\n{text}\n");
        publish(&app, vec![
            ("zeile".into(), article("Quarkstollen kommt", "Es gibt ihn wieder.", "Er ist da."), 4),
            ("vorspann".into(), article("Gebäck", "Der Quarkstollen ist da.", "Er schmeckt."), 3),
            ("oft".into(), article("Gebäck II", "Es ist da.", &"Quarkstollen! ".repeat(5)), 2),
            ("einmal".into(), article("Gebäck III", "Es ist da.", "Ein Quarkstollen."), 1),
            ("ganz".into(), article("Milch", "Sie ist da.", "Auch Quark gibt es."), 5),
            ("video".into(), article("Videoüberwachung am Bahnhof", "Nein.", "Ja."), 1),
            ("treue".into(), article("Treueüberprüfung und Klimaänderung", "Nein.", "Neue Mauern, teure Quellen."), 1),
        ]);
        app.indexed().await;
        assert_eq!(found(&app, "q=Quarkst").await[..2], ["zeile", "vorspann"]);
        let quark = found(&app, "q=Quark").await;
        assert_eq!(quark[..3], ["ganz", "zeile", "vorspann"], "{quark:?}");
        for (typed, slug) in [("Videoueberwachung", "video"), ("videouberw", "video"), ("VIDEOÜBERWACHUNG", "video"), ("videoueb", "video"), ("Treueueberpruefung", "treue"), ("Klimaaenderung", "treue"), ("neue mauern", "treue"), ("teuren quelle", "treue")] {
            assert_eq!(found(&app, &q(typed)).await, [slug], "{typed}");
        }
    }
}

both! {
    /// What is asked just before a publication is asked anew after it.
    async fn an_answer_ends_with_what_is_published(app: App) {
        newsroom(&app).await;
        app.indexed().await;
        for path in ["/v1/search?q=Sumpfdotterblume", "/v1/search/suggest?q=Sumpfd"] {
            assert_eq!(app.get(path, 200).await["items"], json!([]));
        }
        crate::articles::live(&app, "blume", &piece("Sumpfdotterblume blüht")).await;
        app.indexed().await;
        for path in ["/v1/search?q=Sumpfdotterblume", "/v1/search/suggest?q=Sumpfd"] {
            assert_eq!(app.get(path, 200).await["items"].as_array().unwrap().len(), 1, "{path}");
        }
    }
}

both! {
    async fn phrases_exclusions_and_unfinished_words(app: App) {
        prosaic(&app).await;
        assert_eq!(found(&app, &q("\"kleine Fähre\"")).await, ["faehre-mole"]);
        assert_eq!(found(&app, &q("\"kleinen Fähren\"")).await, ["faehre-mole"]);
        assert_eq!(found(&app, &q("\"Fähre kleine\"")).await, Vec::<String>::new());
        assert_eq!(found(&app, &q("„sieben Minuten nach“")).await, ["bahnhof-uhr"]);
        let mut rust = found(&app, &q("Brücke -Lochblech Gutachter")).await;
        rust.sort();
        assert!(!rust.contains(&"radweg-wurzel".to_owned()), "{rust:?}");
        let strom = found(&app, &q("Strom ")).await;
        assert!(strom.contains(&"strom-kabel".to_owned()) && strom.contains(&"theater-hamlet".to_owned()));
        let without = found(&app, &q("Strom -Hamlet")).await;
        assert!(without.contains(&"strom-kabel".to_owned()) && !without.contains(&"theater-hamlet".to_owned()));
        assert_eq!(found(&app, &q("Strom -\"sechstausend Haushalte\"")).await.len(), strom.len() - 1);
        assert_eq!(found(&app, &q("Umwälzp")).await, ["freibad-pumpe"]);
        assert_eq!(found(&app, &q("umwaelzp")).await, ["freibad-pumpe"]);
        assert_eq!(found(&app, &q("Schwimmmeister Umwälzp")).await, ["freibad-pumpe"]);
        assert_eq!(found(&app, &q("Umwälzp Schwimmmeister ")).await.len(), 1);
        // Names of topics and authors are searched too.
        let verkehr = found(&app, &q("Verkehr Fähre")).await;
        assert_eq!(verkehr, ["faehre-mole"]);
    }
}

both! {
    /// If nothing has all of the words, fewer will do, and the answer says so.
    async fn words_that_nothing_has_are_left_out(app: App) {
        prosaic(&app).await;
        let page = app.get(&format!("/v1/search?{}", q("Löwenbrücke Quastenflosser")), 200).await;
        assert_eq!(slugs(&page), ["bruecke-rost"]);
        assert_eq!(page["left_out"], json!(["Quastenflosser"]));
        // Both words are there, but not in one text.
        let page = app.get(&format!("/v1/search?{}", q("Löwenbrücke Imkerin")), 200).await;
        assert_eq!(page["left_out"].as_array().unwrap().len(), 1);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let page = app.get("/v1/search?q=Quastenflosser", 200).await;
        assert_eq!((slugs(&page).len(), &page["left_out"]), (0, &json!([])));
        // Words that every text has don't matter.
        assert_eq!(found(&app, &q("was ist mit der Löwenbrücke")).await, ["bruecke-rost"]);
        assert!(!found(&app, "q=der%20").await.is_empty());
    }
}

both! {
    async fn highlights_show_where_the_words_stand(app: App) {
        prosaic(&app).await;
        let page = app.get(&format!("/v1/search?{}", q("fahrgaeste faehren")), 200).await;
        let highlights = &page["items"][0]["highlights"];
        assert_eq!(shown(&highlights["headline"]), "[Fähre] zur Mole fährt wieder");
        assert_eq!(shown(&highlights["teaser"]), "Nach drei Wochen Pause hat die kleine [Fähre] ihren Dienst aufgenommen.");
        assert_eq!(
            shown(&highlights["body"]),
            "… Die Reederei rechnet mit vierhundert [Fahrgästen] am Tag."
        );
        let page = app.get(&format!("/v1/search?fields=headline&{}", q("Fähre")), 200).await;
        assert_eq!(page["items"][0], json!({"headline": "Fähre zur Mole fährt wieder"}));
        let page = app.get(&format!("/v1/search?fields=highlights&{}", q("Hafenkr")), 200).await;
        assert_eq!(shown(&page["items"][0]["highlights"]["headline"]), "[Hafenkräne] leuchten im Advent");
        // An article without a teaser.
        put(&app, "ohne", &piece("Ein Quastenflosser")).await;
        app.as_editor().send("POST", &format!("{EDITOR}/ohne/publish"), &json!({}), 200).await;
        app.indexed().await;
        let page = app.get("/v1/search?q=Quastenflosser", 200).await;
        let highlights = &page["items"][0]["highlights"];
        assert_eq!(highlights["teaser"], json!([]));
        assert_eq!(shown(&highlights["body"]), "Ein [Quastenflosser], im Text.");
    }
}

both! {
    async fn filters_combine_as_on_lists(app: App) {
        prosaic(&app).await;
        let editor = app.as_editor();
        for (slug, more) in [
            ("rat", json!({"section": "stadtrat", "topics": ["verkehr", "klima"], "authors": ["mara-lenz"], "kind": "opinion"})),
            ("spiel", json!({"section": "sport", "topics": ["klima"], "authors": ["mara-lenz", "jonas-ott"]})),
            ("game", json!({"section": "sport", "language": "en"})),
        ] {
            put(&app, slug, &with(piece("Zeppelin im Regen"), more)).await;
            editor.send("POST", &format!("{EDITOR}/{slug}/publish"), &json!({}), 200).await;
        }
        app.indexed().await;
        let sorted = async |filter: &str| {
            let mut slugs = found(&app, &format!("{filter}{}q=Zeppelin%20", if filter.is_empty() { "" } else { "&" })).await;
            slugs.sort();
            slugs
        };
        for (filter, slugs) in [
            ("", &["game", "rat", "spiel"][..]),
            // With what is below it.
            ("section=politik", &["rat"]),
            ("section=politik,sport", &["game", "rat", "spiel"]),
            ("topic=klima", &["rat", "spiel"]),
            ("topic=klima&topic=verkehr", &["rat"]),
            ("author=mara-lenz&author=jonas-ott", &["spiel"]),
            ("kind=opinion", &["rat"]),
            ("language=en", &["game"]),
            ("topic=klima&section=sport&author=mara-lenz", &["spiel"]),
            ("topic=gibt-es-nicht", &[]),
            ("published_before=2020-01-01T00:00:00Z", &[]),
            ("published_after=2020-01-01T00:00:00Z", &["game", "rat", "spiel"]),
        ] {
            assert_eq!(sorted(filter).await, slugs, "{filter}");
        }
        // A topic that took in another means both, and a section is where it is now.
        let topic = got(editor.request("POST", "/v1/editor/topics/verkehr/merge?dry_run=false").json(&json!({"into": "haushalt"})), 200).await;
        assert!(topic.json["id"].is_string() || topic.json.is_object());
        assert_eq!(sorted("topic=haushalt").await, ["rat"]);
        got(editor.request("PATCH", "/v1/editor/sections/stadtrat").header("If-Match", "*").json(&json!({"parent": "kultur"})), 200).await;
        assert_eq!(sorted("section=politik").await, Vec::<String>::new());
        assert_eq!(sorted("section=kultur").await, ["rat"]);
        let page = app.get("/v1/search?q=Zeppelin&include=topics,authors&section=kultur", 200).await;
        assert_eq!(page["items"][0]["authors"][0]["slug"], "mara-lenz");
        app.get("/v1/search?q=Zeppelin&section=gibt-es-nicht", 400).await;
        app.get("/v1/search?q=Zeppelin&sort=zufall", 400).await;
        app.get("/v1/search?q=Zeppelin&count=true", 400).await;
        app.get("/v1/search", 400).await;
    }
}

both! {
    /// Pages of any size put together are the whole, in the same order.
    async fn pages_follow_each_other(app: App) {
        newsroom(&app).await;
        let article = |number: usize| format!("---\nheadline: Pegel {}\nsection: politik\n---\n\nDer Pegel steigt{}\n", number % 7, " und der Pegel fällt".repeat(number % 5));
        publish(&app, (0..60).map(|number| (format!("pegel-{number}"), article(number), (number % 11) as i64 * 40)).collect());
        app.indexed().await;
        for sort in ["relevance", "-published_at"] {
            let whole = found(&app, &format!("q=Pegel&sort={sort}&limit=100")).await;
            assert_eq!(whole.len(), 60);
            for limit in [1, 7, 59] {
                let mut path = format!("/v1/search?fields=slug&q=Pegel&sort={sort}&limit={limit}");
                let mut all = Vec::new();
                loop {
                    let page = app.get(&path, 200).await;
                    all.extend(slugs(&page));
                    let Some(next) = page["links"]["next"].as_str() else { break };
                    assert_eq!(slugs(&page).len(), limit);
                    path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
                }
                assert_eq!(all, whole, "{sort} {limit}");
            }
        }
        let page = app.get("/v1/search?q=Pegel", 200).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        app.get(&format!("/v1/search?q=Pegel&cursor={cursor}"), 200).await;
        for other in ["q=Stand", "q=Pegel&sort=-published_at", "q=Pegel&section=politik"] {
            let problem: Value = app.get(&format!("/v1/search?{other}&cursor={cursor}"), 400).await;
            assert!(problem["type"].as_str().unwrap().ends_with("/problems/bad-cursor"));
        }
        let of_a_list = app.get("/v1/articles?limit=1", 200).await["next_cursor"].as_str().unwrap().to_owned();
        app.get(&format!("/v1/search?q=Pegel&cursor={of_a_list}"), 400).await;
    }
}

both! {
    /// Words are looked for in the languages that there are articles in.
    async fn other_languages_have_their_own_endings(app: App) {
        newsroom(&app).await;
        let article = |language: &str, headline: &str, text: &str| format!("---\nheadline: {headline}\nlanguage: {language}\nsection: politik\n---\n\n{text}\n");
        publish(&app, vec![
            ("deutsch".into(), article("de", "Verbindungen nach Norden", "Die Züge fahren."), 1),
            ("english".into(), article("en-GB", "New connections to the north", "Trains are running."), 1),
            ("francais".into(), article("fr", "Les économies régionales", "Des gens économes."), 1),
        ]);
        app.indexed().await;
        assert_eq!(found(&app, "q=connection%20").await, ["english"]);
        assert_eq!(found(&app, "q=Verbindung%20").await, ["deutsch"]);
        assert_eq!(found(&app, &q("économie ")).await, ["francais"]);
        assert_eq!(found(&app, &q("regionales ")).await, ["francais"]);
        assert_eq!(found(&app, "q=train%20running%20").await, ["english"]);
    }
}

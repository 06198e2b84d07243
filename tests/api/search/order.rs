//! The same articles give the same hits in the same order: on both databases, and
//! however the index came to be.

use super::prose::PROSE;
use super::{found, pieces, publish, q};
use crate::articles::newsroom;
use crate::support::App;

/// Pieces of prose, and many texts that are made of the same few words.
fn corpus() -> Vec<(String, String, i64)> {
    const WORDS: [&str; 12] = [
        "Brücke", "Fähre", "Strom", "Dach", "Honig", "Wolf", "Fluss", "Rat", "Kran", "Eis",
        "Deich", "Chor",
    ];
    let mut all = pieces();
    for number in 0..120_usize {
        let word = |step: usize| WORDS[(number * step + step) % WORDS.len()];
        let text: String = (1..=number % 9 + 3)
            .map(|step| format!("{} am {}. ", word(step), word(step + 4)))
            .collect();
        let markdown = format!(
            "---\nheadline: {} und {}\nsection: politik\n---\n\n{text}\n",
            word(5),
            word(7)
        );
        all.push((
            format!("text-{number:03}"),
            markdown,
            (number * 37 % 400) as i64,
        ));
    }
    all
}

fn queries() -> Vec<String> {
    let words = [
        "Brücke",
        "Fähre Strom",
        "Honig",
        "Wolf Dach Deich",
        "Kran -Eis",
        "\"Rat am\"",
        "Chor Quastenflosser",
        "Eis Fluss Honig Wolf",
        "br",
        "str",
        "Fluss Ra",
    ];
    let of_prose = PROSE
        .iter()
        .flat_map(|piece| piece.exact.iter().chain(piece.inflected));
    words
        .iter()
        .chain(of_prose)
        .map(|text| (*text).to_owned())
        .collect()
}

async fn answers(app: &App) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for query in queries() {
        for sort in ["relevance", "-published_at"] {
            let slugs = found(app, &format!("{}&limit=50&sort={sort}", q(&query))).await;
            all.push((format!("{query} {sort}"), slugs));
        }
    }
    all
}

fn same(one: &[(String, Vec<String>)], other: &[(String, Vec<String>)], what: &str) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other, "{what}");
    }
}

/// All at once, in one segment.
async fn at_once(app: &App) {
    newsroom(app).await;
    publish(app, corpus());
    app.indexed().await;
}

#[actix_web::test]
async fn hits_are_the_same_on_both_databases() {
    let sqlite = App::sqlite().await;
    at_once(&sqlite).await;
    let expected = answers(&sqlite).await;
    assert!(
        expected
            .iter()
            .filter(|(_, slugs)| !slugs.is_empty())
            .count()
            > 150
    );
    if let Some(postgres) = App::postgres().await {
        // The same ids, so that ties are broken in the same way.
        at_once(&postgres).await;
        same(
            &expected,
            &answers(&postgres).await,
            "SQLite and PostgreSQL",
        );
    }
}

#[actix_web::test]
async fn hits_are_the_same_however_the_index_came_to_be() {
    let app = App::sqlite().await;
    newsroom(&app).await;
    let all = corpus();
    // In eight commits, each article first with other words, some published twice,
    // some that are gone again.
    for part in all.chunks(all.len().div_ceil(8)) {
        let other = part.iter().map(|(slug, _, days)| {
            let markdown = "---\nheadline: Brücke und Strom und Eis\nsection: politik\n---\n\nDer Wolf, der Chor, das Dach.\n";
            (slug.clone(), markdown.to_owned(), *days)
        });
        publish(&app, other.collect());
        app.indexed().await;
        publish(&app, part.to_vec());
        let gone = format!("weg-{}", part[0].0);
        publish(&app, vec![(gone.clone(), all[0].1.clone(), 3)]);
        app.indexed().await;
        let path = format!("/v1/editor/articles/{gone}/unpublish");
        app.as_editor()
            .send("POST", &path, &serde_json::json!({}), 200)
            .await;
    }
    app.indexed().await;
    app.state.cache.evict_all();
    let piecemeal = answers(&app).await;
    app.search.rebuild(&app.state).await.unwrap();
    app.state.cache.evict_all();
    same(&piecemeal, &answers(&app).await, "piecemeal and at once");
}

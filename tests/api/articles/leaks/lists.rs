//! Curated lists show what readers see of what was put into them.

use serde_json::{Value, json};

use super::{Forbidden, Piece, look, slug};
use crate::support::App;

const EDITOR: &str = "/v1/editor/lists";

fn in_hand(piece: &&Piece) -> bool {
    piece.number.is_multiple_of(4)
}

/// A list by hand, one with pinned places, and "more news" of a section.
pub async fn make(app: &App, pieces: &[Piece]) {
    let hand: Vec<String> = pieces
        .iter()
        .filter(in_hand)
        .map(|piece| slug(piece.number))
        .collect();
    let pinned: Vec<Value> = (1..=30)
        .map(|place| json!({"position": place * 2, "article": slug(place as usize * 3)}))
        .collect();
    for list in [
        json!({"slug": "hand", "name": "Hand", "size": 100, "entries": hand}),
        json!({"slug": "home", "name": "Start", "kind": "pinned", "size": 80, "entries": pinned}),
        json!({"slug": "more-kultur", "name": "Mehr", "kind": "pinned", "filter": {"section": ["kultur"]}, "entries": pinned[..5]}),
    ] {
        app.as_editor().send("POST", EDITOR, &list, 201).await;
    }
}

/// Looks at all of them.
pub async fn crawl(app: &App, forbidden: &Forbidden, pieces: &[Piece], hours: i64) {
    look(app, forbidden, "/v1/lists").await;
    for path in [
        "hand?include=authors,topics",
        "hand?fields=slug,headline&limit=9",
        "home",
        "home?limit=7",
        "more-kultur",
    ] {
        let page = look(app, forbidden, &format!("/v1/lists/{path}")).await;
        let slugs = crate::articles::slugs_of(&page);
        let mut once = slugs.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), slugs.len(), "{path}");
    }
    let visible = |piece: &&Piece| piece.fate.is_visible(hours);
    let expected: Vec<String> = pieces
        .iter()
        .filter(in_hand)
        .filter(visible)
        .map(|piece| slug(piece.number))
        .collect();
    let hand = look(app, forbidden, "/v1/lists/hand").await;
    assert_eq!(crate::articles::slugs_of(&hand), expected);
    let home = look(app, forbidden, "/v1/lists/home").await;
    let all = pieces.iter().filter(visible).count();
    assert_eq!(home["items"].as_array().unwrap().len(), all.min(80));
}

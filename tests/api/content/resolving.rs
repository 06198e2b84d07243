//! References: found, filled in, or gone without a trace.

use perspektive::content::*;
use serde_json::json;
use uuid::Uuid;

fn body() -> Body {
    let blocks = json!([
        {"type": "related", "article": "da", "relation": "background"},
        {"type": "paragraph", "spans": [
            {"text": "vor "}, {"text": "da", "link": {"article": "da"}}, {"text": " und "},
            {"text": "weg", "link": {"article": "weg"}}, {"text": "."},
        ]},
        {"type": "related", "article": "weg", "headline": "Geheim"},
        {"type": "related", "url": "https://x.de/", "headline": "Elsewhere"},
        {"type": "list", "items": [{"blocks": [{"type": "paragraph", "spans": [{"text": "x", "link": {"article": "weg"}}]}]}]},
        {"type": "related", "article": "da", "headline": "Eigener Text"},
    ]);
    Body::from_json(&blocks, "#").expect("accepted")
}

fn find(article: &ArticleRef) -> Option<ResolvedArticle> {
    (article.slug.as_deref() == Some("da")).then(|| ResolvedArticle {
        id: Uuid::from_u128(7),
        slug: "neu".to_owned(),
        headline: "Der Titel".to_owned(),
        url: Some("https://zeitung.example/neu".to_owned()),
    })
}

#[test]
fn only_what_is_there_is_delivered() {
    let resolved = resolve(body(), &mut find, &|_| None);
    let link = json!({"article": {"id": Uuid::from_u128(7), "slug": "neu", "headline": "Der Titel", "url": "https://zeitung.example/neu"}});
    assert_eq!(
        serde_json::to_value(&resolved).expect("JSON"),
        json!({"blocks": [
            {"type": "related", "index": 0},
            {"type": "paragraph", "spans": [
                {"text": "vor ", "marks": []}, {"text": "da", "marks": [], "link": link},
                {"text": " und weg.", "marks": []},
            ]},
            {"type": "related", "index": 1},
            {"type": "list", "ordered": false, "items": [{"blocks": [{"type": "paragraph", "spans": [{"text": "x", "marks": []}]}]}]},
            {"type": "related", "index": 2},
        ]})
    );
    for written in [
        to_html(&resolved),
        to_markdown(&resolved),
        to_text(&resolved),
    ] {
        assert!(!written.contains("Geheim"), "{written}");
        assert!(
            written.contains("Der Titel") || written.contains("[[neu"),
            "{written}"
        );
        assert!(written.contains("Eigener Text"), "{written}");
    }
    assert!(to_html(&resolved).contains("<a href=\"https://zeitung.example/neu\">da</a>"));
    let unresolved = to_html(&body());
    assert!(
        unresolved.contains("<aside class=\"related\" data-relation=\"background\">da</aside>")
    );
}

#[test]
fn references_are_visited_in_reading_order() {
    let mut body = body();
    let mut seen = Vec::new();
    body.for_each_article_ref(|kind, article| {
        seen.push((kind, article.word()));
        if article.word() == "da" {
            article.id = Some(Uuid::from_u128(7));
        }
    });
    let word = |kind, word: &str| (kind, word.to_owned());
    assert_eq!(
        seen,
        [
            word(RefKind::Inline, "da"),
            word(RefKind::Text, "da"),
            word(RefKind::Text, "weg"),
            word(RefKind::Inline, "weg"),
            word(RefKind::Text, "weg"),
            word(RefKind::Inline, "da"),
        ]
    );
    assert_eq!(body.article_refs()[0].1.id, Some(Uuid::from_u128(7)));
    assert_eq!(body.related().count(), 4);
    // Bound references survive storage.
    let stored = serde_json::to_string(&body).expect("JSON");
    assert_eq!(serde_json::from_str::<Body>(&stored).expect("read"), body);
}

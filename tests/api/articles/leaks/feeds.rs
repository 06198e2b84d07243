//! Feeds and sitemaps show what readers see, and all of it.

use std::collections::BTreeSet;

use super::{Forbidden, Piece, looks_like_nothing, marker, renamed, slug};
use crate::articles::got;
use crate::support::App;

/// A feed or a sitemap, searched; the slugs that it leads to.
async fn look(app: &App, forbidden: &Forbidden, path: &str) -> (String, Vec<String>) {
    let answer = got(app.request("GET", path), 200).await;
    forbidden.search(path, &answer.text, &answer.headers);
    let slugs = answer.text.split("https://flussblick.example/").skip(1);
    let slugs = slugs.filter_map(|address| address.split(['/', '<', '"']).nth(2));
    (answer.text.clone(), slugs.map(str::to_owned).collect())
}

/// Looks at all of them.
pub async fn crawl(app: &App, forbidden: &Forbidden, pieces: &[Piece], hours: i64) {
    let visible: BTreeSet<String> = pieces
        .iter()
        .filter(|piece| piece.fate.is_visible(hours))
        .map(|piece| slug(piece.number))
        .collect();
    let of_pieces = |slugs: Vec<String>| -> BTreeSet<String> {
        let slugs = slugs.into_iter();
        slugs.filter(|slug| slug.starts_with("slug-")).collect()
    };
    for name in [
        "all",
        "sections/politik",
        "sections/kultur",
        "topics/verkehr",
        "authors/mara-lenz",
    ] {
        let mut met = [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        let mut query = "?limit=23".to_owned();
        loop {
            for (form, met) in ["rss", "atom", "json"].iter().zip(&mut met) {
                let path = format!("/feeds/{name}.{form}{query}");
                let (_, slugs) = look(app, forbidden, &path).await;
                met.append(&mut of_pieces(slugs));
            }
            let page = app.get(&format!("/feeds/{name}.json{query}"), 200).await;
            let Some(next) = page["next_url"].as_str() else {
                break;
            };
            query = next.split_once(".json").unwrap().1.to_owned();
        }
        // Links within texts lead elsewhere too, but nowhere that readers don't see.
        for met in met {
            assert!(met.is_subset(&visible), "{name}");
            assert!(name.starts_with("sections/") || met == visible, "{name}");
        }
    }
    for (kind, name) in [("topics", "thema"), ("authors", "autorin")] {
        for piece in pieces.iter().filter(|piece| piece.number % 9 == 0) {
            let term = match renamed(piece.number) {
                true => format!("{name}-{}-neu", marker(piece.number, 1)),
                false => format!("{name}-{}", marker(piece.number, 1)),
            };
            match piece.fate.is_visible(hours) {
                true => {
                    look(app, forbidden, &format!("/feeds/{kind}/{term}.rss")).await;
                }
                false => {
                    let path = format!("/feeds/{kind}/NAME.rss");
                    looks_like_nothing(app, &path, &term, "gab-es-nie").await;
                }
            }
        }
    }
    let (index, _) = look(app, forbidden, "/sitemap.xml").await;
    let mut met = BTreeSet::new();
    for sitemap in index.split("<loc>https://api.flussblick.example").skip(1) {
        let path = sitemap.split('<').next().unwrap();
        let (_, slugs) = look(app, forbidden, path).await;
        met.append(&mut of_pieces(slugs));
    }
    assert_eq!(met, visible, "sitemaps");
    let (_, slugs) = look(app, forbidden, "/sitemap-news.xml").await;
    assert_eq!(of_pieces(slugs), visible, "news");
}

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
    for form in ["rss", "atom", "json"] {
        for name in [
            "all",
            "sections/politik",
            "sections/kultur",
            "topics/verkehr",
            "authors/mara-lenz",
        ] {
            let (mut met, mut query) = (BTreeSet::new(), "?limit=23".to_owned());
            loop {
                let (text, slugs) =
                    look(app, forbidden, &format!("/feeds/{name}.{form}{query}")).await;
                met.append(&mut of_pieces(slugs));
                let next = text.split("?cursor=").nth(1).or(text.split("&amp;cursor=").nth(1));
                let next = next.or(text.split("&cursor=").nth(1));
                let Some(next) = next else { break };
                let cursor = next.split('"').next().unwrap();
                let again = format!("?limit=23&cursor={cursor}");
                if query == again {
                    break;
                }
                // The page's own address comes first where it has a cursor.
                let addresses: Vec<&str> = text.split("cursor=").skip(1).collect();
                let last = addresses.last().unwrap().split('"').next().unwrap();
                let to_next = format!("?limit=23&cursor={last}");
                if to_next == query {
                    break;
                }
                query = to_next;
            }
            if name == "all" || name == "topics/verkehr" || name == "authors/mara-lenz" {
                assert_eq!(met, visible, "{name}.{form}");
            }
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

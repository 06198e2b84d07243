//! Public lists: filters, orders, pages.

use std::collections::HashSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::{EDITOR, at, got, live, newsroom, piece, put, slugs, slugs_of, verb, with};
use crate::both;
use crate::support::App;

/// Five articles a minute apart, the first the oldest.
async fn five(app: &App) {
    for (slug, more) in [
        (
            "a",
            json!({"section": "politik", "topics": ["verkehr"], "authors": ["mara-lenz"], "kind": "news", "language": "de"}),
        ),
        (
            "b",
            json!({"section": "stadtrat", "topics": ["verkehr", "klima"], "authors": ["jonas-ott"], "kind": "report", "language": "de"}),
        ),
        (
            "c",
            json!({"section": "kultur", "topics": ["klima"], "authors": ["mara-lenz", "jonas-ott"], "kind": "news", "language": "en"}),
        ),
        (
            "d",
            json!({"section": "sport", "topics": [], "authors": [], "kind": "opinion", "language": "de-AT"}),
        ),
        (
            "e",
            json!({"section": "stadtrat", "topics": ["haushalt", "verkehr"], "authors": ["mara-lenz"], "kind": "analysis", "language": "de"}),
        ),
    ] {
        live(app, slug, &with(piece(slug), more)).await;
        app.state.travel(60);
    }
    put(
        app,
        "entwurf",
        &with(piece("Entwurf"), json!({"topics": ["verkehr"]})),
    )
    .await;
}

both! {
    /// A comma is or, repeating is and.
    async fn filters_combine(app: App) {
        newsroom(&app).await;
        five(&app).await;
        for (query, expected) in [
            ("", "edcba"), ("?section=politik", "eba"), ("?section=stadtrat", "eb"), ("?section=kultur,sport", "dc"), ("?section=politik&section=stadtrat", "eb"),
            ("?section=politik,kultur&topic=klima", "cb"), ("?topic=verkehr,klima", "ecba"), ("?topic=verkehr&topic=klima", "b"), ("?topic=verkehr&topic=klima,haushalt", "eb"),
            ("?author=mara-lenz", "eca"), ("?author=mara-lenz&author=jonas-ott", "c"), ("?author=mara-lenz&topic=verkehr&section=stadtrat", "e"),
            ("?kind=news", "ca"), ("?kind=news,opinion", "dca"), ("?language=en,de-AT", "dc"), ("?kind=news&language=de", "a"), ("?topic=verkehr&kind=report,analysis", "eb"),
            ("?exclude=a,c", "edb"), ("?topic=verkehr&exclude=e", "ba"), ("?topic=gibt-es-nicht", ""), ("?topic=gibt-es-nicht,klima", "cb"), ("?author=niemand", ""),
            ("?sort=published_at", "abcde"), ("?sort=-published_at", "edcba"), ("?sort=published_at&section=politik", "abe"), ("?exclude=gibt-es-nicht", "edcba"),
            ("?topic=verkehr,verkehr&topic=verkehr", "eba"),
        ] {
            let found = slugs(&app, &format!("/v1/articles{query}")).await.concat();
            assert_eq!(found, expected, "{query}");
            let glue = if query.is_empty() { "?" } else { "&" };
            let counted = app.get(&format!("/v1/articles{query}{glue}count=true&limit=1"), 200).await;
            assert_eq!(counted["count"], expected.len(), "{query}");
        }
        // By id as by slug.
        let ids = app.get("/v1/sections", 200).await;
        let id = ids["items"].as_array().unwrap().iter().find(|s| s["slug"] == "politik").unwrap()["id"].as_str().unwrap().to_owned();
        assert_eq!(slugs(&app, &format!("/v1/articles?section={id}")).await.concat(), "eba");
        let id = app.get("/v1/articles/a", 200).await["id"].as_str().unwrap().to_owned();
        assert_eq!(slugs(&app, &format!("/v1/articles?exclude={id}")).await.concat(), "edcb");
        let unknown = got(app.request("GET", "/v1/articles?section=polittik"), 400).await;
        assert!(unknown.detail().contains("did you mean `politik`") && unknown.detail().contains("Known are kultur, politik, stadtrat, sport"), "{}", unknown.detail());
    }

    /// What the filters say is what is cached: no spelling of one request is
    /// taken for another.
    async fn no_request_is_mistaken_for_another(app: App) {
        newsroom(&app).await;
        five(&app).await;
        for (odd, plain, expected) in [
            ("?topic=verkehr%26kind%3Dnews", "?topic=verkehr&kind=news", "a"),
            ("?author=mara-lenz%26topic%3Dverkehr", "?author=mara-lenz&topic=verkehr", "ea"),
            ("?language=de%26limit%3D2", "?language=de&limit=2", "eb"),
        ] {
            assert_eq!(slugs(&app, &format!("/v1/articles{odd}")).await, Vec::<String>::new(), "{odd}");
            assert_eq!(slugs(&app, &format!("/v1/articles{plain}")).await.concat(), expected, "{plain}");
        }
    }

    async fn ranges_are_half_open(app: App) {
        newsroom(&app).await;
        for (slug, published_at) in [("a", "2020-01-01T00:00:00Z"), ("b", "2020-06-01T12:00:00+02:00"), ("c", "2021-01-01T00:00:00Z")] {
            put(&app, slug, &piece(slug)).await;
            verb(&app, slug, "publish", json!({"published_at": published_at}), 200).await;
        }
        for (query, expected) in [
            ("published_after=2020-01-01T00:00:00Z", "cba"), ("published_after=2020-01-01T00:00:01Z", "cb"), ("published_before=2021-01-01T00:00:00Z", "ba"),
            ("published_after=2020-06-01T10:00:00Z&published_before=2020-06-01T10:00:01Z", "b"), ("published_before=2020-01-01T00:00:00Z", ""),
            ("published_after=2020-06-01T12:00:00%2B02:00&section=politik", "cb"), ("published_before=2021-01-01T00:00:00Z&topic=verkehr", ""),
        ] {
            assert_eq!(slugs(&app, &format!("/v1/articles?{query}")).await.concat(), expected, "{query}");
        }
        for bad in ["2020-01-01", "2020-01-01T00:00:00", "gestern", "2020-13-01T00:00:00Z"] {
            let problem = got(app.request("GET", &format!("/v1/articles?published_after={bad}")), 400).await;
            assert!(problem.detail().contains("2026-11-23T08:15:00Z"), "{}", problem.detail());
        }
    }

    async fn updates_have_an_order_of_their_own(app: App) {
        newsroom(&app).await;
        five(&app).await;
        verb(&app, "b", "correct", json!({"text": "So."}), 200).await;
        assert_eq!(slugs(&app, "/v1/articles?sort=-updated_at").await.concat(), "bedca");
        assert_eq!(slugs(&app, "/v1/articles?sort=-updated_at&section=politik").await.concat(), "bea");
        assert_eq!(slugs(&app, "/v1/articles").await.concat(), "edcba");
        let page = app.get("/v1/articles?sort=-updated_at&limit=2", 200).await;
        let next = page["next_cursor"].as_str().unwrap();
        assert_eq!(slugs(&app, &format!("/v1/articles?sort=-updated_at&limit=2&cursor={next}")).await.concat(), "dc");
        let problem = got(app.request("GET", "/v1/articles?sort=updated_at"), 400).await;
        assert!(problem.detail().contains("did you mean `-updated_at`"), "{}", problem.detail());
    }

    async fn pages_are_linked_and_bound(app: App) {
        newsroom(&app).await;
        five(&app).await;
        let first = got(app.request("GET", "/v1/articles?topic=verkehr,klima&limit=2&count=true"), 200).await;
        let next = first.json["links"]["next"].as_str().unwrap();
        assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
        assert_eq!(first.json["count"], 4);
        let path = next.strip_prefix("https://api.flussblick.example").unwrap();
        assert!(path.contains("limit=2") && path.contains("count=true") && path.contains("topic="), "{path}");
        let second = got(app.request("GET", path), 200).await;
        assert_eq!(slugs_of(&second.json).concat(), "ba");
        assert!(second.headers.get("link").is_none() && second.json.get("next_cursor").is_none() && second.json["links"] == json!({}));
        let cursor = first.json["next_cursor"].as_str().unwrap();
        // The same filters written otherwise are the same filters.
        for same in ["topic=klima,verkehr&limit=1", "topic=klima,%20verkehr&fields=slug"] {
            let page = app.get(&format!("/v1/articles?{same}&cursor={cursor}"), 200).await;
            assert_eq!(page["items"][0]["slug"], "b");
        }
        for other in ["topic=verkehr", "", "topic=verkehr,klima&sort=published_at", "topic=verkehr,klima&kind=news", "section=politik", "topic=verkehr,klima&exclude=a"] {
            let problem = got(app.request("GET", &format!("/v1/articles?{other}&cursor={cursor}")), 400).await;
            assert_eq!(problem.json["type"], "/problems/bad-cursor", "{other}");
        }
        let forged = format!("{}{}", &cursor[..cursor.len() - 1], if cursor.ends_with('A') { "B" } else { "A" });
        for made_up in ["", "x", "AAAA", "%00", &cursor[1..], &format!("{cursor}A"), &forged, "ä", &"A".repeat(5_000)] {
            let problem = got(app.request("GET", &format!("/v1/articles?topic=verkehr,klima&cursor={made_up}")), 400).await;
            assert!(["/problems/bad-cursor", "/problems/bad-parameter"].contains(&problem.json["type"].as_str().unwrap()), "{made_up}");
        }
        for (limit, said) in [("0", "1 to 100"), ("101", "1 to 100"), ("-1", "1 to 100"), ("1.5", "1 to 100"), ("", "1 to 100"), ("99999999999999999999", "1 to 100")] {
            let problem = got(app.request("GET", &format!("/v1/articles?limit={limit}")), 400).await;
            assert!(problem.detail().contains(said), "{}", problem.detail());
        }
        app.get("/v1/articles?limit=100", 200).await;
    }

    async fn what_a_list_refuses(app: App) {
        newsroom(&app).await;
        let mut refused = Vec::new();
        for query in [
            "kind=news&kind=report", "language=de&language=en", "published_after=2020-01-01T00:00:00Z&published_after=2020-01-01T00:00:00Z", "sort=-published_at&sort=published_at",
            "limit=1&limit=2", "exclude=a&exclude=b", "fields=id&fields=id", "kind=novel", "kind=", "section=", "topic=,", "count=ja", "sectoin=politik",
            "topic=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u", "section=politik&section=politik&topic=a&topic=b&author=c&author=d", "topic=%ff", "page=2",
        ] {
            let problem = got(app.request("GET", &format!("/v1/articles?{query}")), 400).await;
            assert_eq!(problem.json["type"], "/problems/bad-parameter", "{query}");
            refused.push(json!([query, problem.json["detail"]]));
        }
        crate::whole!("refused_lists", &json!(refused));
    }

    /// The editors' list: any state, and words of the working copy.
    async fn editors_find_their_drafts(app: App) {
        let editor = newsroom(&app).await;
        five(&app).await;
        put(&app, "suche", &with(piece("Über den Größenwahn"), json!({"kicker": "Glosse", "teaser": "100 % Ernst", "topics": ["klima"]}))).await;
        verb(&app, "suche", "submit", json!({}), 200).await;
        for (query, expected) in [
            ("?state=draft", "entwurf"), ("?state=in_review", "suche"), ("?state=live", "e d c b a"), ("?state=scheduled", ""), ("?state=withdrawn", ""),
            ("?q=größenwahn", "suche"), ("?q=GR%C3%96SSENWAHN", "suche"), ("?q=GRO%CC%88%C3%9FENWAHN", "suche"), ("?q=glosse%20%C3%BCber", "suche"), ("?q=100%20%25", "suche"), ("?q=%25", ""), ("?q=_", ""),
            ("?topic=klima", "suche c b"), ("?section=politik&state=draft", "entwurf"), ("?author=jonas-ott", "c b"), ("?kind=opinion", "d"), ("?language=en", "c"),
            ("?created_by=me&q=entwurf", "entwurf"), ("?created_by=editor&q=entwurf", "entwurf"), ("", "suche entwurf e d c b a"),
        ] {
            let found = slugs_of(&editor.get(&format!("{EDITOR}{query}"), 200).await);
            assert_eq!(found.join(" "), expected, "{query}");
        }
        let mut path = format!("{EDITOR}?limit=3");
        let mut all = Vec::new();
        loop {
            let page = editor.get(&path, 200).await;
            all.extend(slugs_of(&page));
            let Some(next) = page["links"]["next"].as_str() else { break };
            path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
        }
        assert_eq!(all.join(" "), "suche entwurf e d c b a");
        for query in ["?state=published", "?topic=x", "?author=x", "?section=x", "?created_by=x", "?kind=x", "?limit=101", "?state=live&state=draft", "?cursor=x"] {
            got(editor.request("GET", &format!("{EDITOR}{query}")), 400).await;
        }
        app.get(EDITOR, 401).await;
    }

    /// Articles of one instant, more than a page holds: their ids order them.
    async fn pages_through_one_instant(app: App) {
        newsroom(&app).await;
        let instant = at(&app, 600);
        let mut all = Vec::new();
        for number in 0..11 {
            let slug = format!("n{number:02}");
            put(&app, &slug, &with(piece("Text"), json!({"topics": [if number % 2 == 0 { "verkehr" } else { "klima" }]}))).await;
            verb(&app, &slug, "schedule", json!({"at": instant}), 200).await;
            all.push(slug);
        }
        app.state.travel(601);
        for (query, newest_first) in [
            ("", true), ("section=politik", true), ("topic=verkehr,klima", true), ("sort=published_at", false), ("sort=published_at&topic=verkehr,klima", false),
            ("sort=-updated_at", true), ("sort=-updated_at&section=politik", true),
        ] {
            let mut met = Vec::new();
            let mut path = format!("/v1/articles?limit=4&{query}");
            loop {
                let page = app.get(&path, 200).await;
                met.extend(slugs_of(&page));
                let Some(next) = page["links"]["next"].as_str() else { break };
                path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
                assert!(met.len() < 30, "{query}: {met:?}");
            }
            let mut expected = all.clone();
            if newest_first {
                expected.reverse();
            }
            assert_eq!(met, expected, "{query}");
        }
    }

    /// Somebody pages while others publish, unpublish and correct: what was
    /// there throughout is met once, nothing twice.
    async fn paging_while_publishing(app: App) {
        newsroom(&app).await;
        let mut random = StdRng::seed_from_u64(5);
        for number in 0..40 {
            let more = json!({"section": if number % 2 == 0 { "politik" } else { "stadtrat" }, "topics": ["verkehr"]});
            live(&app, &format!("n{number}"), &with(piece("Text"), more)).await;
        }
        for (query, order) in [("", -1), ("section=politik", -1), ("topic=verkehr&section=politik,kultur", -1), ("sort=published_at", 1)] {
            let before: HashSet<String> = slugs(&app, "/v1/articles?limit=100").await.into_iter().collect();
            let mut disturbed = HashSet::new();
            let mut met: Vec<(String, String)> = Vec::new();
            let mut path = format!("/v1/articles?limit=3&{query}");
            loop {
                let page = app.get(&path, 200).await;
                let items = page["items"].as_array().unwrap();
                met.extend(items.iter().map(|item| (item["slug"].as_str().unwrap().to_owned(), item["published_at"].as_str().unwrap().to_owned())));
                let Some(next) = page["links"]["next"].as_str() else { break };
                path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
                assert!(met.len() < 500, "it never ends");
                // Something new, something gone, something corrected.
                if met.len() < 60 {
                    live(&app, &format!("neu-{}-{}", before.len(), met.len()), &with(piece("Neu"), json!({"topics": ["verkehr"]}))).await;
                }
                let any = before.iter().min_by_key(|slug| (slug.len() as u64 * 7919) ^ random.random_range(0..1_000_000u64)).unwrap().clone();
                if disturbed.insert(any.clone()) {
                    verb(&app, &any, "unpublish", json!({}), 200).await;
                    if random.random_bool(0.5) {
                        verb(&app, &any, "publish", json!({}), 200).await;
                    }
                }
                let kept = before.iter().find(|slug| !disturbed.contains(*slug)).unwrap();
                verb(&app, kept, "correct", json!({"text": "So."}), 200).await;
            }
            let mut times: HashSet<&str> = HashSet::new();
            for (slug, _) in met.iter().filter(|(slug, _)| !disturbed.contains(slug)) {
                assert!(times.insert(slug), "{slug} twice, {query}");
            }
            let missed: Vec<&String> = before.iter().filter(|slug| !disturbed.contains(*slug) && !times.contains(slug.as_str())).collect();
            assert!(missed.is_empty(), "{query}: {missed:?}");
            let sorted = met.windows(2).all(|pair| match order {
                1 => pair[0].1 <= pair[1].1,
                _ => pair[0].1 >= pair[1].1,
            });
            assert!(sorted, "{query}");
            let present: Value = app.get("/v1/articles?limit=100", 200).await;
            assert!(present["items"].as_array().unwrap().len() > 20);
        }
    }
}

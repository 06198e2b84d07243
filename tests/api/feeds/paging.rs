//! Pages of a feed.

use diesel::prelude::*;
use perspektive::db::Conn;
use perspektive::db::schema::revisions;
use serde_json::json;

use super::{all_between, text, titles};
use crate::articles::{live, newsroom, piece, with};
use crate::both;

both! {
    async fn a_page_leads_to_the_next(app: App) {
        newsroom(&app).await;
        for headline in ["A", "B", "C", "D", "E", "F", "G"] {
            live(&app, &headline.to_lowercase(), &with(piece(headline), json!({"topics": ["klima"]}))).await;
        }
        let host = "https://api.flussblick.example";
        for name in ["all", "sections/politik", "topics/klima"] {
            let (mut met, mut query) = (String::new(), "?limit=3".to_owned());
            let mut pages = 0;
            loop {
                met += &titles(&app, name, &query).await.concat();
                pages += 1;
                let answer = app.request("GET", &format!("/feeds/{name}.json{query}")).send().await.unwrap();
                let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
                let page: serde_json::Value = answer.json().await.unwrap();
                assert_eq!(page["feed_url"], format!("{host}/feeds/{name}.json{query}"));
                let rss = text(&app, &format!("/feeds/{name}.rss{query}")).await;
                let in_rss = all_between(&rss, "rel=\"next\" type=\"application/rss+xml\" href=\"", "\"");
                let Some(next) = page["next_url"].as_str() else {
                    assert!(link.is_none() && in_rss.is_empty(), "{rss}");
                    break;
                };
                assert_eq!(link.unwrap(), format!("<{next}>; rel=\"next\""));
                assert_eq!(in_rss[0].replace("&amp;", "&"), next.replace(".json", ".rss"));
                query = next.strip_prefix(&format!("{host}/feeds/{name}.json")).unwrap().to_owned();
                // One that appears meanwhile moves nothing.
                live(&app, &format!("neu-{pages}-{}", name.len()), &with(piece("Neu"), json!({"topics": ["klima"]}))).await;
                if name == "all" {
                    let foreign = format!("/feeds/sections/politik.rss{query}");
                    assert_eq!(app.get(&foreign, 400).await["type"], "/problems/bad-cursor");
                }
            }
            assert!(met.ends_with("GFEDCBA"), "{name}: {met}");
            assert_eq!(pages, (met.replace("Neu", "N").len()).div_ceil(3), "{name}");
        }
    }

    /// Long texts make a page short, and none is lost.
    async fn a_page_has_a_bound_in_bytes(app: App) {
        newsroom(&app).await;
        let span = json!({"text": "Der Fluss steigt, und niemand weiß wie weit. ".repeat(100), "marks": []});
        let block = json!({"type": "paragraph", "spans": [span]});
        let body = json!({"blocks": vec![block; 28]}).to_string();
        for number in 0..10 {
            live(&app, &format!("lang-{number}"), &piece(&format!("{number}"))).await;
        }
        // Written past the API, which would read it word by word.
        app.blocking(|| app.state.write_blocking(|tx| {
            let longer = diesel::update(revisions::table).set(revisions::body.eq(&body));
            match &mut tx.conn {
                Conn::Pg(c) => longer.execute(*c),
                Conn::Lite(c) => longer.execute(*c),
            }?;
            Ok(())
        })).unwrap();
        app.state.cache.evict_all();
        let (mut met, mut query, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = app.get(&format!("/feeds/all.json{query}"), 200).await;
            assert!(page.to_string().len() < 4 << 20);
            for item in page["items"].as_array().unwrap() {
                assert!(item["content_html"].as_str().unwrap().len() > 120_000, "whole");
                met.push(item["title"].as_str().unwrap().to_owned());
            }
            pages += 1;
            let Some(next) = page["next_url"].as_str() else { break };
            query = next.split_once(".json").unwrap().1.to_owned();
        }
        assert_eq!(met.concat(), "9876543210");
        assert_eq!(pages, 2);
    }
}

//! First syncs, deltas, tombstones, filters.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Phone, by_id, changes, everything, short};
use crate::articles::{EDITOR, at, got, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::App;
use crate::support::seed::Seed;

const ALL: &str = "fields=topics,authors";

async fn change(app: &App, path: &str, body: Value) {
    let request = app
        .as_editor()
        .request("PATCH", path)
        .header("If-Match", "*");
    got(request.json(&body), 200).await;
}

both! {
    /// Everything in pages, whatever their size; then nothing more.
    async fn a_first_sync_brings_everything_once(app: App) {
        newsroom(&app).await;
        for number in 0..7 {
            let body = with(piece(&format!("Stück {number}")), json!({"topics": ["Verkehr"], "authors": ["Mara Lenz"]}));
            live(&app, &format!("stueck-{number}"), &body).await;
        }
        put(&app, "entwurf", &with(piece("Entwurf"), json!({"topics": ["Klima"]}))).await;
        app.as_editor().send("POST", "/v1/editor/lists", &json!({"slug": "home", "name": "Start", "entries": ["stueck-3", "stueck-1"]}), 201).await;

        let mut whole = Phone::new(ALL);
        let came = whole.sync(&app).await;
        assert_eq!(came.len(), 1 + 4 + 1 + 7 + 1 + 1, "{:?}", short(&came));
        whole.agrees(&app).await;
        for query in ["fields=topics,authors&limit=1", "fields=topics,authors&limit=2", "fields=topics,authors&limit=5"] {
            let mut paged = Phone::new(query);
            let again = paged.sync(&app).await;
            let ids: BTreeSet<String> = again.iter().map(|item| format!("{}{}", item["type"], item["id"])).collect();
            assert_eq!((ids.len(), &paged.kept), (again.len(), &whole.kept), "{query}");
        }
        // And then nothing, again and again.
        assert_eq!(whole.sync(&app).await, [] as [Value; 0]);
        let before = whole.cursor.clone();
        assert_eq!((whole.sync(&app).await.len(), &whole.cursor), (0, &before));
    }
}

both! {
    /// What changed comes once, at its newest; what went is a tombstone.
    async fn changes_come_once_and_as_they_are_now(app: App) {
        newsroom(&app).await;
        for slug in ["eins", "zwei", "drei", "vier"] {
            live(&app, slug, &piece(slug)).await;
        }
        let mut phone = Phone::new(ALL);
        phone.sync(&app).await;
        let counted = |phone: &Phone| format!("/v1/changes/count?cursor={}", phone.cursor.clone().unwrap());
        assert_eq!(app.get(&counted(&phone), 200).await, json!({"count": 0}));

        for number in 0..5 {
            live(&app, "eins", &piece(&format!("Fassung {number}"))).await;
        }
        verb(&app, "zwei", "unpublish", json!({}), 200).await;
        verb(&app, "drei", "take-down", json!({"reason": "Irrtum"}), 200).await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        put(&app, "vier", &piece("Arbeitsfassung")).await;
        assert_eq!(app.get(&counted(&phone), 200).await, json!({"count": 3}));
        let came = phone.sync(&app).await;
        assert_eq!(short(&came), ["article upsert eins", "article delete", "article delete"]);
        assert_eq!(came[0]["article"]["headline"], "Fassung 4");
        phone.agrees(&app).await;

        // Gone for good, and back again.
        verb(&app, "zwei", "publish", json!({}), 200).await;
        patch(&app, "eins", json!({"slug": "eins-neu"}), 200).await;
        assert_eq!(short(&phone.sync(&app).await), ["article upsert zwei", "article upsert eins-neu"]);
        phone.agrees(&app).await;
        verb(&app, "zwei", "unpublish", json!({}), 200).await;
        let trash = app.as_admin();
        got(trash.request("DELETE", &format!("{EDITOR}/zwei")).header("If-Match", "*"), 200).await;
        got(trash.request("DELETE", &format!("{EDITOR}/zwei?erase=true")).header("If-Match", "*"), 204).await;
        assert_eq!(short(&phone.sync(&app).await), ["article delete"]);
        phone.agrees(&app).await;
    }
}

both! {
    /// What readers never saw leaves no trace, not even a tombstone.
    async fn what_was_never_seen_is_not_even_gone(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        let mut phone = Phone::new(ALL);
        phone.sync(&app).await;
        put(&app, "geplant", &with(piece("Geplant"), json!({"topics": ["Neues Thema"]}))).await;
        verb(&app, "geplant", "schedule", json!({"at": at(&app, 3_600)}), 200).await;
        live(&app, "gesperrt", &with(piece("Gesperrt"), json!({"embargo_until": at(&app, 3_600)}))).await;
        assert_eq!(phone.sync(&app).await, [] as [Value; 0]);
        verb(&app, "geplant", "unpublish", json!({}), 200).await;
        assert_eq!(phone.sync(&app).await, [] as [Value; 0]);
        // It is there at its hour, whether or not anybody has announced it.
        app.state.travel(3_601);
        let came = short(&phone.sync(&app).await);
        assert_eq!(came[0], "article upsert gesperrt");
        phone.agrees(&app).await;
    }
}

both! {
    /// Between the instant and its announcement what is seen counts.
    async fn time_is_decided_when_read(app: App) {
        newsroom(&app).await;
        let politik: perspektive::db::Id = app.get("/v1/sections/politik", 200).await["id"].as_str().unwrap().parse().unwrap();
        let seed = |slug, appears, expires| Seed { slug, section: Some(politik), lists: &[], appears: Some(appears), expires, ..Seed::default() };
        app.seed(seed("bald", 60, None));
        app.seed(seed("kurz", -60, Some(60)));
        let mut phone = Phone::new("types=article");
        assert_eq!(short(&phone.sync(&app).await), ["article upsert kurz"]);
        app.blocking(|| app.state.write_blocking(|tx| {
            use diesel::prelude::*;
            use perspektive::db::schema::articles;
            let due = diesel::update(articles::table).set(articles::announce_at.eq(Some(tx.now.plus_seconds(60))));
            match &mut tx.conn {
                perspektive::db::Conn::Pg(c) => due.execute(*c),
                perspektive::db::Conn::Lite(c) => due.execute(*c),
            }?;
            Ok(())
        })).unwrap();
        // Asked for at once, before the announcer looks.
        app.state.travel(61);
        let came: BTreeSet<String> = short(&phone.sync(&app).await).into_iter().collect();
        assert_eq!(came, BTreeSet::from(["article upsert bald".to_owned(), "article delete".to_owned()]));
        let fresh = short(&Phone::new("types=article").sync(&app).await);
        assert_eq!(fresh, ["article upsert bald"]);
    }
}

both! {
    /// Of one section: what leaves it is a tombstone, what enters it comes.
    async fn a_filter_is_kept_to(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &with(piece("Rat"), json!({"section": "stadtrat"}))).await;
        live(&app, "politik-stueck", &piece("Politik")).await;
        live(&app, "oper", &with(piece("Oper"), json!({"section": "kultur"}))).await;
        let mut phone = Phone::new("section=politik&types=article");
        let mut slugs: Vec<String> = short(&phone.sync(&app).await);
        slugs.sort();
        assert_eq!(slugs, ["article upsert politik-stueck", "article upsert rat"]);

        live(&app, "oper", &with(piece("Oper zwei"), json!({"section": "kultur"}))).await;
        live(&app, "rat", &with(piece("Rat zwei"), json!({"section": "sport"}))).await;
        // Known or not: both are outside now.
        assert_eq!(short(&phone.sync(&app).await), ["article delete", "article delete"]);
        live(&app, "oper", &with(piece("Oper drei"), json!({"section": "stadtrat"}))).await;
        assert_eq!(short(&phone.sync(&app).await), ["article upsert oper"]);
        let listed = everything(&app, "/v1/articles?section=politik").await;
        assert_eq!(phone.articles(), by_id(listed));

        // A cursor belongs to its filter.
        let cursor = phone.cursor.clone().unwrap();
        for query in ["section=kultur&types=article", "section=politik", "types=article", ""] {
            let refused = changes(&app, &format!("{query}&cursor={cursor}"), 400).await;
            assert_eq!(refused.json["type"], "/problems/bad-cursor", "{query}");
        }
        for made_up in ["", "x", "AAAA", &cursor[1..], &format!("{cursor}A"), &"A".repeat(5_000)] {
            let refused = changes(&app, &format!("section=politik&types=article&cursor={made_up}"), 400).await;
            assert_eq!(refused.json["type"], "/problems/bad-cursor", "{made_up}");
        }
        for (query, says) in [
            ("section=polltik", "politik"),
            ("section=", "leave it out"),
            ("section=politik&section=kultur", "one value"),
            ("types=artikel", "article"),
            ("fields=text", "body"),
            ("limit=101", "100"),
            ("limit=0", "100"),
            ("since=5", "cursor"),
        ] {
            let refused = changes(&app, query, 400).await;
            assert!(refused.detail().contains(says), "{query}: {}", refused.detail());
        }
    }
}

both! {
    /// An answer is told apart from the next by its ETag, and kept by nobody without
    /// asking.
    async fn answers_have_an_etag_and_are_asked_for_again(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        let mut phone = Phone::new("");
        phone.sync(&app).await;
        let count = format!("/v1/changes/count?cursor={}", phone.cursor.clone().unwrap());
        for path in [phone.path(), count, "/v1/changes".to_owned()] {
            let first = got(app.request("GET", &path), 200).await;
            assert_eq!(first.header("cache-control"), "public, no-cache", "{path}");
            let again = || app.request("GET", &path).header("If-None-Match", first.header("etag"));
            let same = got(again(), 304).await;
            assert_eq!((same.text.as_str(), same.header("etag")), ("", first.header("etag")));
            assert_eq!(same.header("cache-control"), "public, no-cache");
            live(&app, &format!("nach-{}", path.len()), &piece("Danach")).await;
            let other = got(again(), 200).await;
            assert_ne!(other.header("etag"), first.header("etag"), "{path}");
        }
        let head = got(app.request("HEAD", "/v1/changes"), 200).await;
        assert!(head.text.is_empty() && !head.header("etag").is_empty());
        let page = changes(&app, "limit=1", 200).await;
        let next = page.json["links"]["next"].as_str().unwrap();
        assert_eq!(page.header("link"), format!("<{next}>; rel=\"next\""));
    }
}

both! {
    /// With texts: what an article shows, in few queries, and in pages of a bounded size.
    async fn whole_articles_come_as_they_are_shown(app: App) {
        newsroom(&app).await;
        let long = "Ein langer Satz über den Fluss und die Stadt. ".repeat(4_000);
        for number in 0..12 {
            let body = with(piece(&format!("Lang {number}")), json!({
                "subheadline": "Unterzeile", "teaser": "Vorspann ".repeat(40), "source": "fpd", "topics": ["Verkehr"], "authors": ["Mara Lenz"],
                "image": {"url": "https://b.example/bild.jpg", "alt": "Ein Bild", "caption": "Am Fluss"},
                "body": {"markdown": format!("{long}\n\n[[lang-{}]]\n\n{long}", (number + 1) % 12)},
                "related": [{"url": "https://beschluss.example/", "headline": "Beschluss"}],
            }));
            live(&app, &format!("lang-{number}"), &body).await;
        }
        let fields = "body,related,subheadline,teaser,image,first_published_at,source,seo,corrections,share,topics,authors";
        let mut phone = Phone::new(Box::leak(format!("types=article&fields={fields}").into_boxed_str()));
        let page = got(app.request("GET", &phone.path()), 200).await;
        assert!(page.text.len() < 2 << 20, "{}", page.text.len());
        assert_eq!(page.json["has_more"], true);
        phone.sync(&app).await;
        let kept = phone.all("article");
        assert_eq!(kept.len(), 12);
        for article in kept.values() {
            let shown = app.get(&format!("/v1/articles/{}", article["slug"].as_str().unwrap()), 200).await;
            for (name, value) in article.as_object().unwrap() {
                if name == "links" {
                    assert_eq!(value["self"], shown["links"]["self"]);
                } else {
                    assert_eq!(value, &shown[name], "{name}");
                }
            }
            for field in fields.split(',').filter(|field| *field != "seo") {
                assert!(article.get(field).is_some(), "{field}");
            }
        }
        // A target that goes makes those that link to it come again, without the link.
        verb(&app, "lang-3", "unpublish", json!({}), 200).await;
        let came = phone.sync(&app).await;
        assert_eq!(short(&came), ["article delete", "article upsert lang-2"]);
        assert_eq!(came[1]["article"]["related"].as_array().unwrap().len(), 1);
        assert!(!came[1].to_string().contains("lang-3"));
    }
}

both! {
    /// Topics and authors come with their first article and go with their last.
    async fn names_come_and_go_with_their_articles(app: App) {
        newsroom(&app).await;
        let mut phone = Phone::new(ALL);
        phone.sync(&app).await;
        let about = |topics: Value, authors: Value| with(piece("Eins"), json!({"topics": topics, "authors": authors}));
        live(&app, "eins", &about(json!(["Verkehr"]), json!(["Mara Lenz"]))).await;
        live(&app, "zwei", &about(json!(["Verkehr"]), json!([]))).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
        assert_eq!((phone.all("topic").len(), phone.all("author").len()), (1, 1));
        live(&app, "eins", &about(json!(["Klima"]), json!(["Jonas Ott"]))).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
        assert_eq!((phone.all("topic").len(), phone.all("author").len()), (2, 1));
        verb(&app, "zwei", "unpublish", json!({}), 200).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
        change(&app, "/v1/editor/topics/klima", json!({"name": "Erdklima", "slug": "erdklima"})).await;
        assert_eq!(short(&phone.sync(&app).await), ["topic upsert erdklima"]);
        phone.agrees(&app).await;
        app.as_editor().send("POST", "/v1/editor/topics/erdklima/merge", &json!({"into": "haushalt"}), 200).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
    }
}

both! {
    /// Lists by hand come when they change, those that fill themselves when any
    /// article has.
    async fn lists_are_what_they_show(app: App) {
        newsroom(&app).await;
        for slug in ["eins", "zwei", "drei"] {
            live(&app, slug, &piece(slug)).await;
        }
        let editor = app.as_editor();
        for list in [
            json!({"slug": "hand", "name": "Hand", "entries": ["zwei", "eins"]}),
            json!({"slug": "mehr", "name": "Mehr", "kind": "automatic", "filter": {"section": ["politik"]}}),
            json!({"slug": "oben", "name": "Oben", "kind": "pinned", "entries": [{"position": 2, "article": "eins"}]}),
        ] {
            editor.send("POST", "/v1/editor/lists", &list, 201).await;
        }
        let mut phones = [Phone::new(ALL), Phone::new("fields=topics,authors&limit=1")];
        for step in 0..7 {
            match step {
                1 => drop(live(&app, "vier", &piece("vier")).await),
                2 => drop(verb(&app, "eins", "unpublish", json!({}), 200).await),
                3 => change(&app, "/v1/editor/lists/hand", json!({"entries": ["drei"], "name": "Von Hand"})).await,
                4 => drop(live(&app, "vier", &with(piece("vier"), json!({"section": "kultur"}))).await),
                5 => drop(verb(&app, "eins", "publish", json!({}), 200).await),
                6 => drop(got(editor.request("DELETE", "/v1/editor/lists/mehr").header("If-Match", "*"), 204).await),
                _ => {}
            }
            for phone in &mut phones {
                phone.sync(&app).await;
                phone.agrees(&app).await;
            }
        }
    }
}

both! {
    /// A topic that readers saw the last of is told as gone, though it was renamed since
    /// and the page that would have told ended before that.
    async fn what_is_gone_stays_gone_whatever_it_is_called_then(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &with(piece("Eins"), json!({"topics": ["Klima"], "authors": ["Mara Lenz"]}))).await;
        let mut phone = Phone::new("fields=topics,authors&limit=1");
        phone.sync(&app).await;
        assert_eq!((phone.all("topic").len(), phone.all("author").len()), (1, 1));

        verb(&app, "eins", "unpublish", json!({}), 200).await;
        live(&app, "zwei", &piece("Zwei")).await;
        change(&app, "/v1/editor/topics/klima", json!({"name": "Klimawandel"})).await;
        change(&app, "/v1/editor/authors/mara-lenz", json!({"name": "Mara Lenz-Ott"})).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
        assert_eq!((phone.all("topic").len(), phone.all("author").len()), (0, 0));

        // They come back with their new names.
        verb(&app, "eins", "publish", json!({}), 200).await;
        change(&app, "/v1/editor/topics/klima", json!({"name": "Klimakrise"})).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
        assert_eq!((phone.all("topic").len(), phone.all("author").len()), (1, 1));
    }
}

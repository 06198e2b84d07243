//! Merging: everything that led to one leads to the other.

use perspektive::changes::{Action, Entity};
use serde_json::json;

use super::{KINDS, about, at, change, code, found, held, make, merge, redirected, slugs};
use crate::articles::{EDITOR, got, live, newsroom, put, slugs as listed, verb};
use crate::both;
use crate::support::App;
use crate::support::clients::expect;
use crate::support::seed::{Seed, id};

async fn names(app: &App, path: &str) -> Vec<String> {
    let mut found = listed(app, path).await;
    found.sort();
    found
}

both! {
    async fn articles_of_one_become_the_others(app: App) {
        let editor = newsroom(&app).await;
        for (kind, member) in KINDS {
            let old = make(&app, kind, "strassenbahn", "Straßenbahn").await;
            let into = make(&app, kind, "tram", "Tram").await;
            change(&app, kind, "strassenbahn", json!({"aliases": ["Bimmel"], "slug": "bahn"}), 200).await;
            let name = |n: &str| format!("{kind}-{n}");
            let mut logged = Vec::new();
            for (slug, of) in [("eins", "bahn"), ("zwei", "tram"), ("geplant", "bahn"), ("entwurf", "bahn")] {
                put(&app, &name(slug), &about(slug, kind, &[of])).await;
            }
            for slug in ["eins", "zwei"] {
                verb(&app, &name(slug), "publish", json!({}), 200).await;
            }
            let later = crate::articles::at(&app, 600);
            verb(&app, &name("geplant"), "schedule", json!({"at": later}), 200).await;
            if kind != "section" {
                live(&app, &name("beide"), &about("beide", kind, &["bahn", "tram"])).await;
                logged.push(id(&editor.get(&format!("{EDITOR}/{}", name("beide")), 200).await));
            }
            for slug in ["eins", "geplant"] {
                logged.push(id(&editor.get(&format!("{EDITOR}/{}", name(slug)), 200).await));
            }
            // Everything once, so that it is in the cache.
            let lists = [format!("/v1/articles?{kind}=bahn"), format!("/v1/articles?{kind}=tram"), format!("/v1/articles?{kind}={old}")];
            for path in &lists {
                app.get(path, 200).await;
            }
            let page = format!("/v1/articles/{}?include=related_auto,more", name("eins"));
            let before = app.get(&page, 200).await;
            app.get(&format!("/v1/{kind}s/bahn"), 200).await;
            let versions = crate::articles::stored(&app).1;
            let (revisions, log) = (held(&app), app.log().len());
            let many = if kind == "section" { 3 } else { 4 };

            // A dry run says how many.
            let path = at(kind, "bahn/merge");
            let dry = editor.send("POST", &format!("{path}?dry_run=true"), &json!({"into": "Tram"}), 200).await;
            assert_eq!((&dry["articles"], &dry["result"], &dry["dry_run"]), (&json!(many), &json!("merged"), &json!(true)));
            assert_eq!(app.log().len(), log);
            editor.get(&at(kind, "bahn"), 200).await;

            let stale = editor.request("POST", &path).header("If-Match", "\"v7\"").json(&json!({"into": "tram"}));
            assert_eq!(expect(stale, 412).await["current_etag"], "\"v2\"");
            let asked = editor.request("POST", &path).header("If-Match", "\"v2\"").json(&json!({"into": "Tram"}));
            let merged = got(asked, 200).await;
            assert_eq!(merged.header("etag"), "\"v2\"");
            let merged = merged.json;
            assert_eq!((&merged["result"], &merged["articles"], &merged["slug"]), (&json!("merged"), &json!(many), &json!("tram")));
            assert_eq!(merged["former_slugs"], json!(["strassenbahn", "bahn"]));
            assert_eq!(merged["aliases"], json!(["Bimmel", "Straßenbahn"]));

            // Nothing was written to articles or revisions, and each live or scheduled
            // one is in the log.
            assert_eq!(held(&app), revisions);
            assert_eq!(crate::articles::stored(&app).1, versions);
            let entity: Entity = kind.parse().unwrap();
            let entries = app.log()[log..].to_vec();
            assert_eq!(entries[..2], [(entity, old, Action::Gone), (entity, into, Action::Changed)]);
            let mut articles: Vec<_> = entries[2..].iter().map(|(entity, id, _)| { assert_eq!(*entity, Entity::Article); *id }).collect();
            articles.sort();
            logged.sort();
            assert_eq!(articles, logged);

            // What readers see.
            let mut all = vec![name("eins"), name("zwei")];
            if kind != "section" {
                all.insert(0, name("beide"));
            }
            all.sort();
            for path in &lists {
                assert_eq!(names(&app, path).await, all, "{path}");
            }
            assert_eq!(app.listed(old), vec![]);
            for old in ["bahn", "strassenbahn", &old.to_string()] {
                assert_eq!(redirected(&app, &format!("/v1/{kind}s/{old}")).await, format!("/v1/{kind}s/tram"));
            }
            let after = app.get(&page, 200).await;
            for same in ["rev", "updated_at", "published_at"] {
                assert_eq!(after[same], before[same]);
            }
            let shown = app.get(&format!("/v1/articles/{}", all[0]), 200).await;
            match kind {
                "section" => assert_eq!((&shown["section"]["slug"], &shown["section"]["path"]), (&json!("tram"), &json!("tram"))),
                _ => {
                    assert_eq!(slugs(&shown[member]), ["tram"], "two that are one are one");
                    let cards = app.get(&format!("/v1/articles?{kind}=tram&include=topics,authors"), 200).await;
                    for card in cards["items"].as_array().unwrap() {
                        assert_eq!(slugs(&card[member]), ["tram"]);
                    }
                    let there = app.get(&format!("/v1/{kind}s"), 200).await;
                    assert!(!slugs(&there["items"]).contains(&"bahn"));
                }
            }
            assert!(after["related_auto"].as_array().unwrap().iter().any(|card| card["slug"] == name("zwei").as_str()));

            // What editors see, and what they may send.
            let draft = format!("{EDITOR}/{}", name("entwurf"));
            let view = editor.get(&draft, 200).await;
            assert_eq!(view[member].as_str().or(view[member][0].as_str()), Some("tram"));
            for sent in ["tram", "bahn", "BIMMEL", "Strassenbahn", "Straßenbahn"] {
                let again = put(&app, &name("entwurf"), &about("entwurf", kind, &[sent])).await;
                assert_eq!(again["result"], "unchanged", "{sent}");
            }
            assert!(found(&app, &format!("{kind}=tram")).await.contains(&name("entwurf")));
            editor.get(&at(kind, &old.to_string()), 404).await;
            change(&app, kind, &old.to_string(), json!({"name": "X"}), 409).await;

            // Once more, and further on.
            let again = merge(&app, kind, "bahn", "tram", 200).await;
            assert_eq!((&again.json["result"], &again.json["articles"]), (&json!("unchanged"), &json!(0)));
            make(&app, kind, "schiene", "Schiene").await;
            merge(&app, kind, "tram", "schiene", 200).await;
            let again = merge(&app, kind, "bahn", "tram", 200).await;
            assert_eq!((&again.json["result"], &again.json["slug"]), (&json!("unchanged"), &json!("schiene")));
            for old in ["bahn", "strassenbahn", "tram", &old.to_string(), &into.to_string()] {
                assert_eq!(redirected(&app, &format!("/v1/{kind}s/{old}")).await, format!("/v1/{kind}s/schiene"));
                assert_eq!(names(&app, &format!("/v1/articles?{kind}={old}")).await, all);
            }
            let view = editor.get(&draft, 200).await;
            assert_eq!(view[member].as_str().or(view[member][0].as_str()), Some("schiene"));

            // What was scheduled comes into the other's list by time alone.
            app.state.travel(700);
            assert!(names(&app, &format!("/v1/articles?{kind}=bahn")).await.contains(&name("geplant")));
            app.state.travel(-700);
            let audit = app.as_admin().get(&format!("/v1/editor/audit?type={kind}&action=merged"), 200).await;
            assert_eq!(audit["items"][1]["subject"]["id"], old.to_string());
        }
    }

    /// What an old revision named comes back as what it is now.
    async fn old_revisions_mean_what_is_there(app: App) {
        let editor = newsroom(&app).await;
        for (kind, member) in KINDS {
            make(&app, kind, "alt", "Alt").await;
            make(&app, kind, "neu", "Neu").await;
            make(&app, kind, "anders", "Anders").await;
            let slug = format!("{kind}-text");
            live(&app, &slug, &about("Text", kind, &["alt"])).await;
            put(&app, &slug, &about("Text", kind, &["anders"])).await;
            merge(&app, kind, "alt", "neu", 200).await;
            let path = format!("{EDITOR}/{slug}");
            let first = editor.get(&format!("{path}/revisions/1"), 200).await;
            assert_eq!(first[member].as_str().or(first[member][0].as_str()), Some("neu"));
            let diff = editor.get(&format!("{path}/diff?from=1&to=2"), 200).await;
            assert!(diff["fields"].to_string().contains("\"slug\":\"neu\""), "{diff}");
            let restored = editor.send("POST", &format!("{path}/revisions/1/restore"), &json!({}), 200).await;
            assert_eq!(restored["warnings"], json!([]), "{restored}");
            verb(&app, &slug, "publish", json!({"revision": 1}), 200).await;
            assert_eq!(names(&app, &format!("/v1/articles?{kind}=neu")).await, std::slice::from_ref(&slug));
            verb(&app, &slug, "publish", json!({}), 200).await;
            assert_eq!(names(&app, &format!("/v1/articles?{kind}=alt")).await, [slug]);
        }
    }

    /// An article that expires goes from the list it came into at its hour.
    async fn what_expires_does_so_in_the_other_too(app: App) {
        newsroom(&app).await;
        for (kind, _) in KINDS {
            make(&app, kind, "alt", "Alt").await;
            make(&app, kind, "neu", "Neu").await;
            let name = |n: &str| format!("{kind}-{n}");
            let mut short = about("Kurz", kind, &["alt"]);
            short["expires_at"] = json!(crate::articles::at(&app, 600));
            live(&app, &name("kurz"), &short).await;
            live(&app, &name("lang"), &about("Lang", kind, &["alt"])).await;
            merge(&app, kind, "alt", "neu", 200).await;
            let path = format!("/v1/articles?{kind}=neu");
            assert_eq!(names(&app, &path).await, [name("kurz"), name("lang")]);
            // Asked for at once, before what has expired is put out of lists.
            app.state.travel(601);
            assert_eq!(app.get(&format!("{path}&count=true"), 200).await["count"], 1);
            assert_eq!(names(&app, &path).await, [name("lang")]);
            app.state.travel(-601);
        }
    }

    async fn what_cannot_be_merged_stays(app: App) {
        let editor = newsroom(&app).await;
        for (kind, _) in KINDS {
            make(&app, kind, "eins", "Eins").await;
            make(&app, kind, "zwei", "Zwei").await;
            let log = app.log().len();
            for (into, expected) in [("eins", "same"), ("EINS", "same"), ("nirgends", code(kind)), ("", code(kind))] {
                let problem = merge(&app, kind, "eins", into, 422).await;
                assert_eq!((&problem.json["errors"][0]["pointer"], &problem.json["errors"][0]["code"]), (&json!("#/into"), &json!(expected)), "{into}");
            }
            let near = merge(&app, kind, "eins", "Zweii", 422).await;
            assert!(near.detail().to_lowercase().contains("zwei"), "{}", near.detail());
            merge(&app, kind, "nirgends", "zwei", 404).await;
            editor.send("POST", &at(kind, "eins/merge"), &json!({}), 400).await;
            assert_eq!(app.log().len(), log);
        }
        editor.send("PUT", "/v1/editor/authors/zwei-b", &json!({"name": "Zwei"}), 201).await;
        let problem = merge(&app, "author", "eins", "ZWEI", 422).await;
        assert_eq!(problem.json["errors"][0]["code"], "ambiguous");
        // A name that another has too becomes no alias.
        let merged = merge(&app, "author", "zwei-b", "eins", 200).await;
        assert_eq!((&merged.json["aliases"], &merged.json["former_slugs"]), (&json!([]), &json!(["zwei-b"])));
    }

    /// What lies below goes below the other; articles are listed there.
    async fn a_merged_section_takes_what_is_below_it_along(app: App) {
        let editor = newsroom(&app).await;
        let section = async |slug: &str, parent: &str| {
            let body = json!({"name": slug.to_uppercase(), "parent": parent});
            id(&editor.send("PUT", &at("section", slug), &body, 201).await)
        };
        let rat = id(&editor.get(&at("section", "stadtrat"), 200).await);
        section("anfragen", "stadtrat").await;
        let old = section("alte-anfragen", "anfragen").await;
        section("theater", "kultur").await;
        for (slug, of) in [("a", "stadtrat"), ("b", "anfragen"), ("c", "alte-anfragen"), ("d", "politik"), ("e", "theater")] {
            live(&app, slug, &about(slug, "section", &[of])).await;
            app.get(&format!("/v1/articles?section={of}"), 200).await;
            app.get(&format!("/v1/articles/{slug}"), 200).await;
        }
        app.get("/v1/sections/alte-anfragen", 200).await;
        app.get("/v1/articles?section=kultur", 200).await;
        let problem = merge(&app, "section", "stadtrat", "alte-anfragen", 422).await;
        assert_eq!(problem.json["errors"][0]["code"], "cycle");
        let log = app.log().len();
        let merged = merge(&app, "section", "stadtrat", "theater", 200).await.json;
        assert_eq!((&merged["articles"], &merged["path"]), (&json!(1), &json!("kultur/theater")));
        let entries = app.log()[log..].to_vec();
        let count = |entity: Entity| entries.iter().filter(|entry| entry.0 == entity).count();
        // Those below it have another path.
        assert_eq!((count(Entity::Section), count(Entity::Article)), (4, 3), "{entries:?}");
        assert_eq!((entries[0], entries.last()), ((Entity::Section, rat, Action::Gone), Some(&(Entity::Section, old, Action::Changed))));
        for (list, expected) in [
            ("politik", vec!["d"]), ("kultur", vec!["a", "b", "c", "e"]), ("theater", vec!["a", "b", "c", "e"]),
            ("stadtrat", vec!["a", "b", "c", "e"]), ("anfragen", vec!["b", "c"]), ("alte-anfragen", vec!["c"]),
        ] {
            assert_eq!(names(&app, &format!("/v1/articles?section={list}")).await, expected, "{list}");
        }
        assert_eq!(app.get("/v1/articles/c", 200).await["section"]["path"], "kultur/theater/anfragen/alte-anfragen");
        let page = app.get("/v1/sections/alte-anfragen", 200).await;
        assert_eq!(slugs(&page["breadcrumb"]), ["kultur", "theater", "anfragen", "alte-anfragen"]);
        assert_eq!(redirected(&app, "/v1/sections/stadtrat").await, "/v1/sections/theater");
        assert_eq!(editor.get(&at("section", "anfragen"), 200).await["version"], 2);
        // Into the one above it, it leaves nothing but itself.
        merge(&app, "section", "theater", "kultur", 200).await;
        assert_eq!(names(&app, "/v1/articles?section=stadtrat").await, ["a", "b", "c", "e"]);
        assert_eq!(app.get("/v1/articles/c", 200).await["section"]["path"], "kultur/anfragen/alte-anfragen");

        let mut parent = "politik".to_owned();
        for level in 2..=7 {
            let slug = format!("ebene-{level}");
            section(&slug, &parent).await;
            parent = slug;
        }
        let problem = merge(&app, "section", "kultur", "ebene-7", 422).await;
        assert_eq!(problem.json["errors"][0]["code"], "too-deep");
        merge(&app, "section", "kultur", "ebene-6", 200).await;
        assert_eq!(app.get("/v1/sections/alte-anfragen", 200).await["path"].as_str().unwrap().split('/').count(), 8);
    }

    async fn thousands_are_merged_at_once(app: App) {
        let (old, into) = (make(&app, "topic", "alt", "Alt").await, make(&app, "topic", "neu", "Neu").await);
        let slugs: Vec<String> = (0..2_500).map(|n| format!("nr-{n}")).collect();
        let (both, one) = ([old, into], [old]);
        let seeds = slugs.iter().enumerate().map(|(n, slug)| Seed {
            slug,
            topics: &one,
            lists: if n % 10 == 0 { &both } else { &one },
            appears: Some(-10_000 + n as i64),
            ..Seed::default()
        });
        app.seed_all(seeds.collect());
        let log = app.log().len();
        let merged = merge(&app, "topic", "alt", "neu", 200).await;
        assert_eq!(merged.json["articles"], 2_500);
        assert_eq!(app.log().len(), log + 2_502);
        let counted = app.get("/v1/articles?topic=alt&count=true&limit=1", 200).await;
        assert_eq!(counted["count"], 2_500);
        assert_eq!(app.listed(old), vec![]);
    }
}

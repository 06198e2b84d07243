//! Topics: names, pages, and when readers see them.

use perspektive::auth::{Actor, Right, Role, Via};
use perspektive::changes::{Action, Entity};
use perspektive::db::Id;
use perspektive::error::{FieldError, Result};
use perspektive::topics::ops::resolve_or_create;
use serde_json::{Value, json};

use crate::both;
use crate::support::clients::expect;
use crate::support::seed::{Seed, id};
use crate::support::{App, contract};

const EDITOR: &str = "/v1/editor/topics";

fn names(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

/// What an article upload by this actor does with these topics.
fn resolve(app: &App, actor: &Actor, names: &[&str]) -> Result<Result<Vec<Id>, Vec<FieldError>>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    app.blocking(|| {
        app.state
            .write_blocking(|tx| resolve_or_create(tx, actor, &names))
    })
}

fn author() -> Actor {
    let scopes = vec![Right::Read, Right::Write];
    let (id, name) = (Id::new(), "laptop".to_owned());
    Actor {
        via: Via::Key {
            id,
            name,
            scopes,
            expires_at: None,
        },
        role: Role::Author,
        ..Actor::command()
    }
}

both! {
    async fn writes_say_what_they_change(app: App) {
        contract::preconditions(&app, EDITOR).await;
        contract::rights(&app, EDITOR).await;
    }

    /// Two spellings of one name are one topic; two names may make one slug.
    async fn a_name_belongs_to_one_topic(app: App) {
        let editor = app.as_editor();
        let made = editor.send("POST", EDITOR, &json!({"name": "Öffentlicher Nahverkehr"}), 201).await;
        assert_eq!(made["slug"], "oeffentlicher-nahverkehr");
        let spelled = json!({"name": "O\u{308}FFENTLICHER  NAHVERKEHR", "slug": "oepnv"});
        let problem = editor.send("POST", EDITOR, &spelled, 409).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("`oeffentlicher-nahverkehr`"), "{detail}");
        let other = editor.send("POST", EDITOR, &json!({"name": "Oeffentlicher Nahverkehr"}), 409).await;
        assert!(other["detail"].as_str().unwrap().starts_with("The slug"), "{other}");
        editor.send("POST", EDITOR, &json!({"name": "Müll"}), 201).await;
        let patch = editor.request("PATCH", &format!("{EDITOR}/muell")).header("If-Match", "*");
        expect(patch.json(&json!({"name": "öffentlicher nahverkehr"})), 409).await;
        // Its own name in another spelling is its own.
        let patch = editor.request("PATCH", &format!("{EDITOR}/muell")).header("If-Match", "*");
        let changed = expect(patch.json(&json!({"name": "MÜLL"})), 200).await;
        assert_eq!((&changed["name"], &changed["slug"]), (&json!("MÜLL"), &json!("muell")));
    }

    async fn pages_neither_skip_nor_repeat(app: App) {
        let editor = app.as_editor();
        for name in ["Zoo", "Ökologie", "Oper", "Ostern", "Arbeit", "Ämter", "Wohnen", "Öffis"] {
            editor.send("POST", EDITOR, &json!({"name": name}), 201).await;
        }
        let all = editor.get(EDITOR, 200).await;
        let sorted = ["Ämter", "Arbeit", "Öffis", "Ökologie", "Oper", "Ostern", "Wohnen", "Zoo"];
        assert_eq!(names(&all), sorted);
        assert_eq!((all.get("next_cursor"), &all["links"]), (None, &json!({})));

        let mut found = Vec::new();
        let mut path = format!("{EDITOR}?limit=3");
        loop {
            let answer = editor.request("GET", &path).send().await.unwrap();
            let link = answer.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
            let page: Value = answer.json().await.unwrap();
            found.extend(names(&page).into_iter().map(str::to_owned));
            let Some(next) = page["links"]["next"].as_str() else { break };
            assert_eq!(link, Some(format!("<{next}>; rel=\"next\"")));
            path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
            // Somebody adds topics before and after where this reader stands.
            let name = format!("A{}", found.len());
            editor.send("POST", EDITOR, &json!({"name": name}), 201).await;
        }
        assert_eq!(found, sorted);

        for (q, expected) in [
            ("ö", vec!["Öffis", "Ökologie"]),
            ("OE", vec!["Öffis", "Ökologie"]),
            ("ost", vec!["Ostern"]),
            ("x", vec![]),
        ] {
            let found = editor.get(&format!("{EDITOR}?q={q}"), 200).await;
            assert_eq!(names(&found), expected, "{q}");
        }
        let page = editor.get(&format!("{EDITOR}?q=o&limit=1"), 200).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let problem = editor.get(&format!("{EDITOR}?limit=1&cursor={cursor}"), 400).await;
        assert_eq!(problem["type"], "/problems/bad-cursor");
        editor.get(&format!("{EDITOR}?cursor=unfug"), 400).await;
        for limit in ["0", "101", "-1", "x"] {
            let problem = editor.get(&format!("{EDITOR}?limit={limit}"), 400).await;
            assert!(problem["detail"].as_str().unwrap().contains("1 to 100"), "{problem}");
        }
        let problem = editor.get(&format!("{EDITOR}?limt=3"), 400).await;
        assert!(problem["detail"].as_str().unwrap().contains("did you mean `limit`"), "{problem}");
        editor.get(&format!("{EDITOR}?limit=3&limit=4"), 400).await;
        editor.get(&format!("{EDITOR}?q=!!!"), 400).await;
    }

    /// Nothing that only drafts use is shown, and time alone changes that.
    async fn readers_see_topics_of_visible_articles(app: App) {
        let editor = app.as_editor();
        let mut ids = Vec::new();
        for name in ["Entwürfe", "Geplantes", "Ablaufendes", "Bleibendes"] {
            ids.push(id(&editor.send("POST", EDITOR, &json!({"name": name}), 201).await));
        }
        let [draft, planned, ending, lasting] = ids[..] else { unreachable!() };
        assert_eq!(app.get("/v1/topics", 200).await["items"], json!([]));
        app.seed(Seed { slug: "a", topics: &[draft], ..Seed::default() });
        app.seed(Seed { slug: "b", topics: &[planned], lists: &[planned], appears: Some(20), ..Seed::default() });
        app.seed(Seed { slug: "c", topics: &[ending], lists: &[ending], appears: Some(-20), expires: Some(600), ..Seed::default() });
        app.seed(Seed { slug: "d", topics: &[lasting], lists: &[lasting], appears: Some(-20), ..Seed::default() });

        let answer = app.request("GET", "/v1/topics").send().await.unwrap();
        let policy = answer.headers()["cache-control"].to_str().unwrap().to_owned();
        let age: i64 = policy["public, max-age=".len()..].split(',').next().unwrap().parse().unwrap();
        assert!(age <= 20 && policy.contains("stale-while-revalidate=0"), "{policy}");
        assert_eq!(names(&answer.json().await.unwrap()), ["Ablaufendes", "Bleibendes"]);
        app.get("/v1/topics/entwuerfe", 404).await;
        app.get(&format!("/v1/topics/{planned}"), 404).await;
        let seen = app.get("/v1/topics/bleibendes", 200).await;
        assert_eq!(seen["links"]["articles"], "https://api.flussblick.example/v1/articles?topic=bleibendes");
        app.get("/v1/topics/ablaufendes", 200).await;

        app.state.travel(30);
        assert_eq!(names(&app.get("/v1/topics", 200).await), ["Ablaufendes", "Bleibendes", "Geplantes"]);
        app.get("/v1/topics/geplantes", 200).await;
        app.state.travel(600);
        assert_eq!(names(&app.get("/v1/topics", 200).await), ["Bleibendes", "Geplantes"]);
        app.get("/v1/topics/ablaufendes", 404).await;
        let page = app.get("/v1/topics?limit=1", 200).await;
        let next = page["links"]["next"].as_str().unwrap();
        let path = next.strip_prefix("https://api.flussblick.example").unwrap();
        assert_eq!(names(&app.get(path, 200).await), ["Geplantes"]);

        // An edit is seen at the next request.
        let patch = editor.request("PATCH", &format!("{EDITOR}/bleibendes")).header("If-Match", "*");
        expect(patch.json(&json!({"name": "Beständiges", "description": "x".repeat(1_000)})), 200).await;
        assert_eq!(app.get("/v1/topics/bleibendes", 200).await["name"], "Beständiges");
        assert_eq!(names(&app.get("/v1/topics", 200).await), ["Beständiges", "Geplantes"]);
        contract::public_get(&app, "/v1/topics?limit=2").await;
    }

    async fn a_topic_in_use_stays(app: App) {
        let editor = app.as_editor();
        let delete = |slug: &str| editor.request("DELETE", &format!("{EDITOR}/{slug}")).header("If-Match", "*");
        let draft = id(&editor.send("POST", EDITOR, &json!({"name": "Entwurf"}), 201).await);
        let live = id(&editor.send("POST", EDITOR, &json!({"name": "Live"}), 201).await);
        let free = id(&editor.send("POST", EDITOR, &json!({"name": "Frei"}), 201).await);
        app.seed(Seed { slug: "im-entwurf", topics: &[free, draft][1..], ..Seed::default() });
        app.seed(Seed { slug: "ist-live", topics: &[live], lists: &[live], appears: Some(-5), ..Seed::default() });
        for (slug, article) in [("entwurf", "`im-entwurf`"), ("live", "`ist-live`")] {
            let problem = expect(delete(slug), 409).await;
            assert!(problem["detail"].as_str().unwrap().contains(article), "{problem}");
        }
        expect(delete("frei"), 204).await;
        assert_eq!(app.log().last(), Some(&(Entity::Topic, free, Action::Gone)));
    }

    /// What an upload does with the topics that it names.
    async fn uploads_find_or_create_topics(app: App) {
        let editor = app.as_editor();
        let made = id(&editor.send("POST", EDITOR, &json!({"name": "Nahverkehr", "slug": "oepnv"}), 201).await);
        let by_id = made.to_string();
        let found = resolve(&app, &author(), &["oepnv", "NAHVERKEHR", &by_id]).unwrap().unwrap();
        assert_eq!(found, [made]);

        let errors = resolve(&app, &author(), &["oepnv", "Nahverker", "Zirkus"]).unwrap().unwrap_err();
        assert_eq!(errors.len(), 2);
        assert_eq!((errors[0].pointer.as_str(), errors[0].code), ("#/topics/1", "unknown-topic"));
        assert!(errors[0].detail.contains("The nearest are: Nahverkehr"), "{}", errors[0].detail);
        assert_eq!(errors[1].pointer, "#/topics/2");

        let command = Actor::command();
        resolve(&app, &command, &["Müll"]).unwrap().unwrap();
        let ids = resolve(&app, &command, &["MU\u{308}LL", "oepnv", "müll", "Muell"])
            .unwrap()
            .unwrap();
        assert_eq!((ids.len(), ids[1]), (3, made));
        assert_eq!(editor.get(&format!("{EDITOR}/muell"), 200).await["name"], "Müll");
        assert_eq!(editor.get(&format!("{EDITOR}/muell-2"), 200).await["name"], "Muell");
        assert_eq!(app.log().len(), 3);
        let unknown = Id::new().to_string();
        let errors = resolve(&app, &command, &["", "???", &unknown, "x\u{202E}y"]).unwrap().unwrap_err();
        let codes: Vec<_> = errors.iter().map(|error| (error.pointer.as_str(), error.code)).collect();
        assert_eq!(codes[..3], [("#/topics/0", "required"), ("#/topics/1", "bad-slug"), ("#/topics/2", "unknown-topic")]);

        // Whoever creates the same ones at once, in whatever order, gets the same.
        let orders = [["Eis", "Schnee", "Frost"], ["Frost", "Eis", "Schnee"]];
        let all: Vec<Vec<Id>> = app.blocking(|| {
            std::thread::scope(|scope| {
                let running: Vec<_> = (0..8)
                    .map(|number| {
                        let (app, command) = (&app, &command);
                        scope.spawn(move || {
                            let names: Vec<String> = orders[number % 2].iter().map(|name| (*name).to_owned()).collect();
                            let job = |tx: &mut perspektive::changes::Tx<'_>| resolve_or_create(tx, command, &names);
                            let mut ids = app.state.write_blocking(job).unwrap().unwrap();
                            ids.sort();
                            ids
                        })
                    })
                    .collect();
                running.into_iter().map(|running| running.join().unwrap()).collect()
            })
        });
        assert!(all.iter().all(|ids| ids.len() == 3 && *ids == all[0]), "{all:?}");
    }
}

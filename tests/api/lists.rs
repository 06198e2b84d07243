//! Curated lists: what editors put together, and what readers get of it.

use perspektive::changes::{Action, Entity};
use serde_json::{Value, json};

use crate::articles::{got, live, newsroom, patch, piece, put, slugs, slugs_of, verb, with};
use crate::both;
use crate::support::App;
use crate::support::clients::expect;
use crate::support::contract;
use crate::support::seed::id;

const EDITOR: &str = "/v1/editor/lists";

/// PUTs a list as the editor, whatever is there.
async fn list(app: &App, slug: &str, body: Value) -> Value {
    let request = app
        .as_editor()
        .request("PUT", &format!("{EDITOR}/{slug}"))
        .json(&body);
    let answer = request.try_clone().unwrap().send().await.unwrap();
    match answer.status().as_u16() {
        428 => expect(request.header("If-Match", "*"), 200).await,
        201 | 200 => answer.json().await.unwrap(),
        status => panic!("{status}: {}", answer.text().await.unwrap()),
    }
}

/// Articles a, b, c …, live, the first the oldest.
async fn articles(app: &App, names: &str) {
    for name in names.split(' ') {
        live(app, name, &piece(name)).await;
        app.state.travel(60);
    }
}

/// Pointer and code of what was wrong.
fn wrong(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| {
            (
                error["pointer"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect()
}

both! {
    async fn writes_say_what_they_change(app: App) {
        contract::preconditions(&app, EDITOR).await;
        contract::rights(&app, EDITOR).await;
    }

    /// In the order it was given; closing up where readers don't see one.
    async fn a_manual_list_shows_what_was_put_into_it(app: App) {
        newsroom(&app).await;
        articles(&app, "a b c d").await;
        put(&app, "entwurf", &with(piece("Entwurf"), json!({"external_id": "sys-1"}))).await;
        let made = list(&app, "auswahl", json!({"name": "Auswahl", "entries": ["c", "external:sys-1", {"article": "a"}, {"article": {"slug": "d"}}]})).await;
        crate::whole!("list_editor", &made);
        assert_eq!(slugs(&app, "/v1/lists/auswahl").await, ["c", "a", "d"]);
        // What was fetched goes back as it is.
        let editor = app.as_editor();
        let shown = editor.get(&format!("{EDITOR}/auswahl"), 200).await;
        assert_eq!(expect(editor.request("PUT", &format!("{EDITOR}/auswahl")).json(&shown), 200).await["result"], "unchanged");

        // It shows once it is live, and no longer than that, under whatever name.
        verb(&app, "entwurf", "publish", json!({}), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/auswahl").await, ["c", "entwurf", "a", "d"]);
        patch(&app, "entwurf", json!({"slug": "fertig"}), 200).await;
        verb(&app, "c", "unpublish", json!({}), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/auswahl").await, ["fertig", "a", "d"]);
        verb(&app, "a", "take-down", json!({"reason": "x"}), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/auswahl").await, ["fertig", "d"]);
        for query in ["", "?erase=true"] {
            let delete = app.as_admin().request("DELETE", &format!("/v1/editor/articles/c{query}"));
            expect(delete.header("If-Match", "*"), if query.is_empty() { 200 } else { 204 }).await;
        }
        let shown = editor.get(&format!("{EDITOR}/auswahl"), 200).await;
        let states: Vec<(&str, &str)> = shown["entries"].as_array().unwrap().iter().map(|entry| (entry["article"]["slug"].as_str().unwrap(), entry["article"]["state"].as_str().unwrap())).collect();
        assert_eq!(states, [("fertig", "live"), ("a", "withdrawn"), ("d", "live")]);
        assert_eq!(slugs(&app, "/v1/lists/auswahl").await, ["fertig", "d"]);
    }

    /// The newest that fit, and no others.
    async fn an_automatic_list_follows_its_filter(app: App) {
        newsroom(&app).await;
        for (slug, more) in [
            ("rat", json!({"section": "stadtrat", "topics": ["verkehr"], "authors": ["mara-lenz"]})),
            ("oper", json!({"section": "kultur", "topics": ["klima"], "kind": "review"})),
            ("staat", json!({"section": "politik", "topics": ["haushalt"], "language": "en"})),
            ("tor", json!({"section": "sport", "authors": ["jonas-ott"]})),
        ] {
            live(&app, slug, &with(piece(slug), more)).await;
            app.state.travel(60);
        }
        for (filter, expected) in [
            (json!({}), vec!["tor", "staat", "oper", "rat"]), (json!({"section": ["politik"]}), vec!["staat", "rat"]), (json!({"section": ["Kultur", "sport"]}), vec!["tor", "oper"]),
            (json!({"topic": ["Verkehr", "klima"]}), vec!["oper", "rat"]), (json!({"section": ["politik"], "topic": ["verkehr"]}), vec!["rat"]), (json!({"author": ["Jonas Ott"]}), vec!["tor"]),
            (json!({"kind": ["review"]}), vec!["oper"]), (json!({"language": ["en"]}), vec!["staat"]), (json!({"exclude": ["tor", "oper"]}), vec!["staat", "rat"]),
        ] {
            let made = list(&app, "auto", json!({"name": "Auto", "kind": "automatic", "filter": filter})).await;
            assert_eq!(slugs(&app, "/v1/lists/auto").await, expected, "{filter}");
            let editor = app.as_editor();
            let shown = editor.get(&format!("{EDITOR}/auto"), 200).await;
            assert_eq!(shown["version"], made["version"]);
            let back = expect(editor.request("PUT", &format!("{EDITOR}/auto")).json(&shown), 200).await;
            assert_eq!(back["result"], "unchanged", "{filter}");
        }
        list(&app, "auto", json!({"name": "Auto", "kind": "automatic", "size": 2, "filter": {"section": ["politik"]}})).await;
        assert_eq!(slugs(&app, "/v1/lists/auto").await, ["staat", "rat"]);
        live(&app, "neu", &with(piece("Neu"), json!({"section": "stadtrat"}))).await;
        assert_eq!(slugs(&app, "/v1/lists/auto").await, ["neu", "staat"]);
        verb(&app, "neu", "unpublish", json!({}), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/auto").await, ["staat", "rat"]);
    }

    /// Pinned places keep theirs, the newest fill the others; nothing stands twice,
    /// nothing leaves a hole.
    async fn pinned_places_stand_between_the_newest(app: App) {
        newsroom(&app).await;
        articles(&app, "a b c d e f").await;
        put(&app, "entwurf", &piece("Entwurf")).await;
        let pins = |pins: &[(i32, &str)]| {
            let entries: Vec<Value> = pins.iter().map(|(position, article)| json!({"position": position, "article": article})).collect();
            json!({"name": "Startseite", "kind": "pinned", "size": 5, "entries": entries})
        };
        list(&app, "home", pins(&[(3, "a"), (1, "d")])).await;
        assert_eq!(slugs(&app, "/v1/lists/home").await, ["d", "f", "a", "e", "c"]);
        assert_eq!(slugs(&app, "/v1/lists/home?limit=3").await, ["d", "f", "a"]);
        let made = list(&app, "home", pins(&[(2, "entwurf"), (3, "a")])).await;
        crate::whole!("list_pinned", &made);
        assert_eq!(slugs(&app, "/v1/lists/home").await, ["f", "e", "a", "d", "c"]);
        verb(&app, "entwurf", "publish", json!({}), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/home").await, ["f", "entwurf", "a", "e", "d"]);
        verb(&app, "a", "unpublish", json!({}), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/home").await, ["f", "entwurf", "e", "d", "c"]);
        // Fewer than there are places for.
        let few = json!({"name": "Wenig", "kind": "pinned", "filter": {"section": ["kultur"]}, "entries": [{"position": 4, "article": "b"}, {"position": 9, "article": "c"}]});
        list(&app, "wenig", few).await;
        assert_eq!(slugs(&app, "/v1/lists/wenig").await, ["b", "c"]);
        live(&app, "oper", &with(piece("Oper"), json!({"section": "kultur"}))).await;
        assert_eq!(slugs(&app, "/v1/lists/wenig").await, ["oper", "b", "c"]);
        crate::whole!("list_public", &app.get("/v1/lists/wenig?limit=1&include=authors", 200).await);
    }

    /// Each with its place and what to do.
    async fn what_cannot_be_is_refused(app: App) {
        newsroom(&app).await;
        articles(&app, "rathaus theater").await;
        let editor = app.as_editor();
        let head = app.log().len();
        let pinned = |entries: Value| json!({"name": "L", "kind": "pinned", "size": 3, "entries": entries});
        for (body, expected) in [
            (json!({"name": "L", "entries": ["rathaus", "theater", "rathaus"]}), vec![("#/entries/2", "duplicate")]),
            (json!({"name": "L", "entries": ["rathuas", {"article": {}}]}), vec![("#/entries/0", "unknown-article"), ("#/entries/1", "required")]),
            (json!({"name": "L", "entries": [{"position": 1, "article": "rathaus"}]}), vec![("#/entries/0/position", "one-of")]),
            (json!({"name": "L", "filter": {"section": ["politik"]}}), vec![("#/filter", "one-of")]),
            (json!({"name": "L", "kind": "automatic", "entries": ["rathaus"]}), vec![("#/entries", "one-of")]),
            (pinned(json!(["rathaus"])), vec![("#/entries/0/position", "required")]),
            (pinned(json!([{"position": 4, "article": "rathaus"}, {"position": 0, "article": "theater"}])), vec![("#/entries/0/position", "out-of-range"), ("#/entries/1/position", "out-of-range")]),
            (pinned(json!([{"position": 2, "article": "rathaus"}, {"position": 2, "article": "theater"}])), vec![("#/entries/1/position", "duplicate")]),
            (json!({"name": "L", "kind": "automatic", "filter": {"section": ["politk"], "topic": ["Verker"], "author": ["niemand"], "exclude": ["nie"], "language": ["Deutsch"]}}),
                vec![("#/filter/section/0", "unknown-section"), ("#/filter/topic/0", "unknown-topic"), ("#/filter/author/0", "unknown-author"), ("#/filter/language/0", "bad-language"), ("#/filter/exclude/0", "unknown-article")]),
            (json!({"name": "", "size": 101}), vec![("#/name", "required"), ("#/size", "out-of-range")]),
            (json!({"name": "L", "entries": (0..101).map(|number| number.to_string()).collect::<Vec<_>>()}), vec![("#/entries", "too-many")]),
        ] {
            let problem = editor.send("PUT", &format!("{EDITOR}/l"), &body, 422).await;
            assert_eq!(wrong(&problem), expected, "{body}");
        }
        let twice = editor.send("POST", EDITOR, &json!({"name": "L", "entries": ["rathaus", "theater", "rathaus"]}), 422).await;
        assert!(twice["detail"].as_str().unwrap().contains("#/entries/0 already"), "{twice}");
        let near = editor.send("POST", EDITOR, &json!({"name": "L", "entries": ["rathuas"]}), 422).await;
        assert!(near["detail"].as_str().unwrap().contains("the nearest are rathaus"), "{near}");
        let near = editor.send("POST", EDITOR, &json!({"name": "L", "kind": "automatic", "filter": {"topic": ["Verker"]}}), 422).await;
        assert!(near["detail"].as_str().unwrap().contains("Verkehr"), "{near}");
        for body in [json!({"name": "L", "entries": "rathaus"}), json!({"name": "L", "kind": "halb"}), json!({"name": "L", "artikel": []}), json!({"name": "L", "entries": [7]})] {
            editor.send("POST", EDITOR, &body, 400).await;
        }
        assert_eq!(app.log().len(), head);
        editor.send("POST", EDITOR, &json!({"name": "Eins"}), 201).await;
        editor.send("POST", EDITOR, &json!({"name": "Eins"}), 409).await;
    }

    /// What readers notice stands in the log, once; and the next answer is the new
    /// one.
    async fn a_change_of_order_is_a_change(app: App) {
        let editor = newsroom(&app).await;
        articles(&app, "a b c").await;
        let made = list(&app, "auswahl", json!({"name": "Auswahl", "entries": ["a", "b"]})).await;
        let it = id(&made);
        let entries = || app.log().iter().filter(|entry| (entry.0, entry.1) == (Entity::List, it)).count();
        assert_eq!((app.log().last(), entries()), (Some(&(Entity::List, it, Action::Changed)), 1));
        let path = format!("{EDITOR}/auswahl");
        let change = async |body: Value| expect(editor.request("PATCH", &path).header("If-Match", "*").json(&body), 200).await;
        assert_eq!(slugs(&app, "/v1/lists/auswahl").await, ["a", "b"]);
        change(json!({"entries": ["b", "c", "a"]})).await;
        assert_eq!((slugs(&app, "/v1/lists/auswahl").await, entries()), (vec!["b".to_owned(), "c".to_owned(), "a".to_owned()], 2));
        assert_eq!(change(json!({"entries": ["b", "c", "a"]})).await["result"], "unchanged");
        assert_eq!(entries(), 2);
        change(json!({"name": "Andere Auswahl", "slug": "andere"})).await;
        assert_eq!(entries(), 3);
        app.get("/v1/lists/auswahl", 404).await;
        assert_eq!(app.get("/v1/lists/andere", 200).await["name"], "Andere Auswahl");
        assert_eq!(slugs(&app, "/v1/lists").await, ["andere"]);
        // An article that comes or goes changes the list too; its other edits don't.
        put(&app, "c", &piece("c, neu")).await;
        verb(&app, "c", "publish", json!({}), 200).await;
        assert_eq!(entries(), 3);
        verb(&app, "c", "unpublish", json!({}), 200).await;
        assert_eq!((slugs(&app, "/v1/lists/andere").await, entries()), (vec!["b".to_owned(), "a".to_owned()], 4));
        let path = format!("{EDITOR}/andere");
        expect(editor.request("DELETE", &path).header("If-Match", "*"), 204).await;
        assert_eq!(app.log().last(), Some(&(Entity::List, it, Action::Gone)));
        app.get("/v1/lists/andere", 404).await;
        assert_eq!(slugs(&app, "/v1/lists").await, Vec::<String>::new());
    }

    /// By time alone, at the instant itself.
    async fn time_alone_changes_a_list(app: App) {
        newsroom(&app).await;
        articles(&app, "a").await;
        let at = |seconds| crate::articles::at(&app, seconds);
        live(&app, "geht", &with(piece("Geht"), json!({"expires_at": at(2_000)}))).await;
        put(&app, "kommt", &piece("Kommt")).await;
        list(&app, "hand", json!({"name": "Hand", "entries": ["kommt", "geht", "a"]})).await;
        list(&app, "auto", json!({"name": "Auto", "kind": "pinned", "entries": [{"position": 1, "article": "kommt"}]})).await;
        for path in ["/v1/lists/hand", "/v1/lists/auto"] {
            assert_eq!(slugs(&app, path).await, ["geht", "a"]);
        }
        // Only now does anybody know when.
        verb(&app, "kommt", "schedule", json!({"at": at(1_000)}), 200).await;
        for path in ["/v1/lists/hand", "/v1/lists/auto"] {
            assert_eq!(slugs(&app, path).await, ["geht", "a"]);
        }
        app.state.travel(1_001);
        for path in ["/v1/lists/hand", "/v1/lists/auto"] {
            assert_eq!(slugs(&app, path).await, ["kommt", "geht", "a"]);
        }
        app.state.travel(1_000);
        for path in ["/v1/lists/hand", "/v1/lists/auto"] {
            assert_eq!(slugs(&app, path).await, ["kommt", "a"]);
        }
    }

    /// "More news" is the list of the section, or of one above it, or of all; without
    /// the article itself.
    async fn more_news_may_be_a_list(app: App) {
        newsroom(&app).await;
        articles(&app, "a b c").await;
        live(&app, "rat", &with(piece("Rat"), json!({"section": "stadtrat"}))).await;
        live(&app, "oper", &with(piece("Oper"), json!({"section": "kultur"}))).await;
        let more = async |slug: &str| {
            let page = app.get(&format!("/v1/articles/{slug}/more"), 200).await;
            let within = app.get(&format!("/v1/articles/{slug}?include=more&fields=more"), 200).await;
            assert_eq!(slugs_of(&page)[..slugs_of(&page).len().min(5)], slugs_of(&json!({"items": within["more"]})), "{slug}");
            slugs_of(&page)
        };
        assert_eq!(more("rat").await, Vec::<String>::new());
        assert_eq!(more("a").await, ["rat", "c", "b"]);
        list(&app, "more", json!({"name": "Mehr", "entries": ["oper", "rat", "a"]})).await;
        assert_eq!((more("rat").await, more("a").await, more("oper").await), (vec!["oper".into(), "a".into()], vec!["oper".into(), "rat".into()], vec!["rat".into(), "a".into()]));
        list(&app, "more-politik", json!({"name": "Mehr Politik", "kind": "pinned", "filter": {"section": ["politik"]}, "entries": [{"position": 2, "article": "a"}]})).await;
        assert_eq!((more("rat").await, more("a").await, more("oper").await), (vec!["c".into(), "a".into(), "b".into()], vec!["rat".into(), "c".into(), "b".into()], vec!["rat".into(), "a".into()]));
        live(&app, "d", &piece("d")).await;
        assert_eq!(more("rat").await, ["d", "a", "c", "b"]);
        let path = format!("{EDITOR}/more-politik");
        expect(app.as_editor().request("PATCH", &path).header("If-Match", "*").json(&json!({"slug": "politik"})), 200).await;
        assert_eq!(more("rat").await, ["oper", "a"]);
        expect(app.as_editor().request("DELETE", &format!("{EDITOR}/more")).header("If-Match", "*"), 204).await;
        assert_eq!(more("a").await, ["d", "rat", "c", "b"]);
    }

    async fn lists_are_answered_like_everything_public(app: App) {
        newsroom(&app).await;
        articles(&app, "a b c").await;
        for number in 0..12 {
            list(&app, &format!("liste-{number}"), json!({"name": format!("Liste {number}"), "description": "Was die Redaktion empfiehlt, jeden Morgen neu", "kind": "automatic"})).await;
        }
        contract::public_get(&app, "/v1/lists?limit=9").await;
        contract::public_get(&app, "/v1/lists/liste-3").await;
        let mut found = Vec::new();
        let mut path = "/v1/lists?limit=5".to_owned();
        loop {
            let page = app.get(&path, 200).await;
            found.extend(slugs_of(&page));
            let Some(next) = page["links"]["next"].as_str() else { break };
            path = next.strip_prefix("https://api.flussblick.example").unwrap().to_owned();
        }
        assert_eq!(found.len(), 12);
        assert_eq!(app.as_viewer().get(&format!("{EDITOR}?q=liste&limit=3"), 200).await["items"].as_array().unwrap().len(), 3);
        let sparse = app.get("/v1/lists/liste-3?fields=slug,headline&limit=2", 200).await;
        assert_eq!(sparse["items"], json!([{"slug": "c", "headline": "c"}, {"slug": "b", "headline": "b"}]));
        assert_eq!(sparse["name"], "Liste 3");
        for query in ["limit=0", "limit=101", "fields=farbe", "include=body", "cursor=x"] {
            app.get(&format!("/v1/lists/liste-3?{query}"), 400).await;
        }
        app.get("/v1/lists/nie", 404).await;
        let made = app.get("/v1/lists/liste-3", 200).await;
        assert_eq!(app.get(&format!("/v1/lists/{}", made["id"].as_str().unwrap()), 200).await, made);
    }
}

/// An article that is published while somebody puts it into a list shows in it,
/// whoever of the two is first.
#[actix_web::test]
async fn a_draft_that_is_listed_and_published_at_once_shows() {
    let Some(app) = App::postgres().await else {
        return;
    };
    newsroom(&app).await;
    for round in 0..12 {
        let (article, slug) = (format!("artikel-{round}"), format!("liste-{round}"));
        put(&app, &article, &piece("Artikel")).await;
        list(&app, &slug, json!({"name": "Liste"})).await;
        let entries = json!({"name": "Liste", "entries": [article]});
        let readers = async {
            for _ in 0..20 {
                got(app.request("GET", &format!("/v1/lists/{slug}")), 200).await;
            }
        };
        let ((), _, _) = futures_util::future::join3(
            readers,
            list(&app, &slug, entries),
            verb(&app, &article, "publish", json!({}), 200),
        )
        .await;
        assert_eq!(
            slugs(&app, &format!("/v1/lists/{slug}")).await,
            [article],
            "{round}"
        );
    }
}

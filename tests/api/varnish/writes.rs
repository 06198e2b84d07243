//! Every kind of write, and after each of them every public answer.

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::{AGAIN, Edge};
use crate::articles::{at, got, live, newsroom, patch, piece, put, verb, with};
use crate::support::App;

/// Every public address that any of the writes could change, of what is there, was
/// there and isn't there yet.
async fn paths(app: &App) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    let mut add = |path: String| paths.push(path);
    for name in [
        "rat",
        "ziel",
        "neues-ziel",
        "kosten",
        "neu",
        "bald",
        "fremd",
        "gibt-es-nicht",
    ] {
        for form in [
            "",
            "?include=more,related_auto",
            "?body=html&fields=headline,body,related",
            "/related",
            "/more",
            ".md",
            ".txt",
            ".jsonld",
        ] {
            add(format!("/v1/articles/{name}{form}"));
        }
        add(format!("/v1/resolve?url=/2026/11/{name}/"));
    }
    for query in [
        "",
        "?section=politik",
        "?section=kultur",
        "?topic=verkehr",
        "?topic=klima&include=topics,authors",
        "?author=mara-lenz",
        "?count=true&limit=1",
        "?sort=-updated_at",
        "?exclude=rat",
    ] {
        add(format!("/v1/articles{query}"));
    }
    for path in [
        "/v1/site",
        "/v1/site?include=sections",
        "/v1/home",
        "/v1/sections",
        "/v1/topics",
        "/v1/authors",
        "/v1/lists",
        "/v1/topics?q=ver",
        "/sitemap.xml",
        "/sitemap-news.xml",
        "/openapi.json",
        "/problems",
        "/v1/resolve?url=/alt/seite",
        "/v1/resolve?url=/muster/rat",
    ] {
        add(path.to_owned());
    }
    for section in ["politik", "stadtrat", "kultur", "staat", "wissen"] {
        add(format!("/v1/sections/{section}"));
        add(format!("/feeds/sections/{section}.rss"));
    }
    for (kind, names) in [
        ("topics", ["verkehr", "klima", "haushalt", "mobilitaet"]),
        ("authors", ["mara-lenz", "jonas-ott", "m-lenz", "niemand"]),
    ] {
        for name in names {
            add(format!("/v1/{kind}/{name}"));
            add(format!("/feeds/{kind}/{name}.atom"));
        }
    }
    for list in ["home", "more", "more-politik", "neue-liste", "umbenannt"] {
        add(format!("/v1/lists/{list}"));
        add(format!("/v1/lists/{list}?include=authors"));
    }
    for form in ["rss", "atom", "json"] {
        add(format!("/feeds/all.{form}"));
    }
    for name in crate::feeds::sitemaps_of(app).await {
        add(name);
    }
    add("/sitemaps/1999-12.xml".to_owned());
    paths
}

/// A write, by its name.
type Write<'a> = (&'static str, LocalBoxFuture<'a, ()>);

macro_rules! write {
    ($name:literal, $job:expr) => {
        ($name, Box::pin(async { $job }))
    };
}

async fn patched(app: &App, path: &str, body: Value) {
    let request = app
        .as_editor()
        .request("PATCH", &format!("/v1/editor/{path}"));
    got(request.header("If-Match", "*").json(&body), 200).await;
}

/// PUTs something, whatever is or isn't there.
async fn put_at(app: &App, path: &str, body: Value) {
    let path = format!("/v1/editor/{path}");
    let request = app.as_editor().request("PUT", &path).json(&body);
    let mut answer = request.send().await.unwrap();
    if answer.status() == 428 {
        let request = app.as_editor().request("PUT", &path).json(&body);
        answer = request.header("If-Match", "*").send().await.unwrap();
    }
    let status = answer.status();
    assert!(
        status.is_success(),
        "{path}: {}",
        answer.text().await.unwrap()
    );
}

async fn deleted(app: &App, path: &str) {
    let request = app
        .as_admin()
        .request("DELETE", &format!("/v1/editor/{path}"));
    let answer = request.header("If-Match", "*").send().await.unwrap();
    assert!(
        answer.status().is_success(),
        "{path}: {}",
        answer.text().await.unwrap()
    );
}

async fn crawl(app: &App, mut edge: Edge) {
    let editor = newsroom(app).await;
    let upload = editor.request(
        "POST",
        "/v1/editor/media?alt=Ein%20Bus&credit=Jonte%20Behrens",
    );
    let medium = got(upload.body(crate::support::pictures::png(400, 200, 1)), 201)
        .await
        .json["id"]
        .as_str()
        .unwrap()
        .to_owned();
    perspektive::media::work::finish(&app.state).await.unwrap();
    let base = json!({"topics": ["verkehr"], "authors": ["mara-lenz"]});
    live(
        app,
        "kosten",
        &with(
            piece("Kosten"),
            json!({"image": {"id": medium}, "topics": ["verkehr"]}),
        ),
    )
    .await;
    live(app, "ziel", &with(piece("Ziel"), base.clone())).await;
    live(
        app,
        "fremd",
        &with(
            piece("Fremd"),
            json!({"section": "kultur", "authors": ["jonas-ott"]}),
        ),
    )
    .await;
    live(app, "rat", &with(piece("Rat"), json!({"section": "stadtrat", "topics": ["verkehr"], "authors": ["mara-lenz"],
        "body": {"markdown": "Text.\n\n[[ziel]]\n\n[[neu]]\n"}, "related": [{"article": "kosten"}]}))).await;
    put(app, "bald", &piece("Bald")).await;
    editor
        .send(
            "POST",
            "/v1/editor/lists",
            &json!({"slug": "home", "name": "Start", "entries": ["ziel", "fremd", "bald"]}),
            201,
        )
        .await;

    let writes: Vec<Write<'_>> = vec![
        write!("a draft is edited", {
            put(
                app,
                "ziel",
                &with(piece("Ziel, anders"), json!({"topics": ["klima"]})),
            )
            .await;
        }),
        write!("it is published", {
            verb(app, "ziel", "publish", json!({}), 200).await;
        }),
        write!("another is published, which a link waits for", {
            live(app, "neu", &piece("Neu")).await;
        }),
        write!("one is unpublished", {
            verb(app, "ziel", "unpublish", json!({}), 200).await;
        }),
        write!("and published again", {
            verb(app, "ziel", "publish", json!({}), 200).await;
        }),
        write!("one is renamed", {
            patch(app, "ziel", json!({"slug": "neues-ziel"}), 200).await;
        }),
        write!("one is taken down", {
            verb(app, "neues-ziel", "take-down", json!({"reason": "x"}), 200).await;
        }),
        write!("and comes back", {
            verb(app, "neues-ziel", "publish", json!({}), 200).await;
        }),
        write!("one is corrected", {
            verb(
                app,
                "rat",
                "correct",
                json!({"text": "Falsch war es."}),
                200,
            )
            .await;
        }),
        write!("one is published long ago", {
            put(app, "alt", &piece("Alt")).await;
            verb(
                app,
                "alt",
                "publish",
                json!({"published_at": "1999-12-31T12:00:00Z"}),
                200,
            )
            .await;
        }),
        write!("one is scheduled", {
            put(
                app,
                "bald",
                &with(
                    piece("Bald"),
                    json!({"topics": ["haushalt"], "authors": ["jonas-ott"]}),
                ),
            )
            .await;
            verb(app, "bald", "schedule", json!({"at": at(app, 500)}), 200).await;
        }),
        write!("its time comes", {
            let before = app.log().len();
            app.state.travel(501);
            while app.log().len() == before {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        }),
        write!(
            "a list gets other articles",
            put_at(
                app,
                "lists/home",
                json!({"name": "Start", "entries": ["fremd", "rat"]})
            )
            .await
        ),
        write!(
            "a list is made",
            put_at(
                app,
                "lists/neue-liste",
                json!({"name": "Neue", "entries": ["rat"]})
            )
            .await
        ),
        write!(
            "a list gets another name",
            patched(app, "lists/neue-liste", json!({"slug": "umbenannt"})).await
        ),
        write!(
            "a list is more news",
            put_at(
                app,
                "lists/more-politik",
                json!({"name": "Mehr", "entries": ["fremd"]})
            )
            .await
        ),
        write!("a list goes", deleted(app, "lists/umbenannt").await),
        write!(
            "a section is called otherwise",
            patched(app, "sections/politik", json!({"name": "Staat"})).await
        ),
        write!(
            "a section has another slug",
            patched(app, "sections/politik", json!({"slug": "staat"})).await
        ),
        write!(
            "a section moves",
            patched(app, "sections/stadtrat", json!({"parent": "kultur"})).await
        ),
        write!(
            "a section is made",
            put_at(app, "sections/wissen", json!({"name": "Wissen"})).await
        ),
        write!("a section goes", deleted(app, "sections/wissen").await),
        write!(
            "a topic is called otherwise",
            patched(app, "topics/verkehr", json!({"name": "Mobilität"})).await
        ),
        write!(
            "a topic has another slug",
            patched(app, "topics/verkehr", json!({"slug": "mobilitaet"})).await
        ),
        write!("topics are merged", {
            app.as_editor()
                .send(
                    "POST",
                    "/v1/editor/topics/klima/merge",
                    &json!({"into": "mobilitaet"}),
                    200,
                )
                .await;
        }),
        write!(
            "an author is called otherwise",
            patched(
                app,
                "authors/mara-lenz",
                json!({"name": "M. Lenz", "url": "https://lenz.example/"})
            )
            .await
        ),
        write!(
            "an author has another slug",
            patched(app, "authors/mara-lenz", json!({"slug": "m-lenz"})).await
        ),
        write!(
            "the site is called otherwise",
            put_at(app, "site", json!({"name": "Flussblick"})).await
        ),
        write!(
            "a picture is described otherwise",
            patched(
                app,
                &format!("media/{medium}"),
                json!({"caption": "Linie 3"})
            )
            .await
        ),
        write!("an address leads elsewhere", {
            let redirect = json!({"from": "/alt/seite", "to": "rat"});
            app.as_editor()
                .send("POST", "/v1/editor/redirects", &redirect, 201)
                .await;
        }),
        write!("addresses of a pattern do", {
            let redirect = json!({"from": "/muster/{slug}", "to": "{slug}"});
            app.as_editor()
                .send("POST", "/v1/editor/redirects", &redirect, 201)
                .await;
        }),
        write!("the article with the picture goes", {
            verb(app, "kosten", "unpublish", json!({}), 200).await;
        }),
        write!("and is erased", {
            deleted(app, "articles/kosten").await;
            deleted(app, "articles/kosten?erase=true").await;
        }),
        write!(
            "the picture is deleted",
            deleted(app, &format!("media/{medium}")).await
        ),
        write!("a draft is made", {
            put(app, "gibt-es-nicht", &piece("Entwurf")).await;
        }),
    ];
    let bytes = [
        format!("/media/{medium}/320.jpg"),
        format!("/media/{medium}/320.webp"),
        format!("/v1/media/{medium}"),
    ];
    for (number, (what, write)) in writes.into_iter().enumerate() {
        if number % 12 == 0 {
            // Now and then nothing that was purged before is still to be purged again.
            tokio::time::sleep(AGAIN).await;
        }
        let mut paths = paths(app).await;
        paths.extend(bytes.iter().cloned());
        edge.told(app).await;
        let before = edge.warm(&paths).await;
        write.await;
        edge.told(app).await;
        edge.compare(app, what, &before).await;
    }
    // What was filled in meanwhile is right too, long after the last purge.
    tokio::time::sleep(AGAIN).await;
    let before = edge.warm(&paths(app).await).await;
    edge.compare(app, "nothing", &before).await;
    assert!(edge.stayed > 500, "only {} answers stayed", edge.stayed);
    assert!(edge.went > 500, "only {} answers went", edge.went);
}

/// What Varnish serves after each write is what the server would.
#[actix_web::test]
async fn the_edge_is_never_behind_on_sqlite() {
    if let Some((app, edge)) = Edge::sqlite().await {
        crawl(&app, edge).await;
    }
}

#[actix_web::test]
async fn the_edge_is_never_behind_on_postgres() {
    if let Some((app, edge)) = Edge::postgres().await {
        crawl(&app, edge).await;
    }
}

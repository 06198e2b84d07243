//! What became of an address: for whoever asks.

use serde_json::{Value, json};

use crate::articles::{got, live, newsroom, patch, piece, put, verb, with};
use crate::both;
use crate::support::App;
use crate::support::clients::expect;

/// The answer for an address.
async fn resolve(app: &App, url: &str) -> Value {
    app.get(&path(url), 200).await
}

fn path(url: &str) -> String {
    let query = reqwest::Url::parse_with_params("http://x/v1/resolve", [("url", url)]).unwrap();
    format!("/v1/resolve?{}", query.query().unwrap())
}

/// Makes an entry as the editor.
async fn redirect(app: &App, from: &str, to: &str) -> Value {
    let body = match to {
        "" => json!({"from": from, "status": 410}),
        to => json!({"from": from, "to": to}),
    };
    app.as_editor()
        .send("POST", "/v1/editor/redirects", &body, 201)
        .await
}

/// Where an article is on the website, as its card says.
async fn web(app: &App, slug: &str) -> String {
    let article = app
        .get(&format!("/v1/articles/{slug}?fields=links"), 200)
        .await;
    article["links"]["web"].as_str().unwrap().to_owned()
}

both! {
    /// An article at its address, at others that name it, and under an old slug.
    async fn an_article_is_found_at_its_address(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        let here = web(&app, "rat").await;
        let found = resolve(&app, &here).await;
        crate::whole!("resolved_article", &found);
        let plain = here.strip_prefix("https://flussblick.example").unwrap().to_owned();
        for same in [plain.clone(), plain.trim_end_matches('/').to_owned(), here.replace("https://", "http://www."), format!("{here}?utm_source=rss&seite=2#kommentare")] {
            assert_eq!(resolve(&app, &same).await, found, "{same}");
        }
        for other in ["/1999/01/rat/", "https://flussblick.example/1999/01/rat"] {
            let moved = resolve(&app, other).await;
            assert_eq!((&moved["status"], &moved["url"], &moved["article"]), (&json!(301), &json!(here), &found["article"]), "{other}");
        }
        // This API's own address of it, which is shared where there is no website.
        assert_eq!(resolve(&app, "https://api.flussblick.example/v1/articles/rat").await["url"], here);
        for nothing in ["https://anders.example/1999/01/rat/", "/1999/01/niemand/", "/rat", "/", "/1999/13x/rat/"] {
            let problem = app.get(&path(nothing), 404).await;
            assert_eq!(problem["type"], "/problems/not-found");
        }
        patch(&app, "rat", json!({"slug": "neuer-rat"}), 200).await;
        let moved = resolve(&app, &here).await;
        assert_eq!((&moved["status"], &moved["url"]), (&json!(301), &json!(web(&app, "neuer-rat").await)));
        assert_eq!(moved["article"]["slug"], "neuer-rat");

        for (query, part) in [("", "`url` is missing"), ("?url=rat", "starts with a slash"), ("?url=/rat&ziel=1", "ziel"), ("?url=/a/../b", "dots"), ("?url=/a&url=/b", "one value")] {
            let problem = app.get(&format!("/v1/resolve{query}"), 400).await;
            assert!(problem["detail"].as_str().unwrap().contains(part), "{problem}");
        }
        app.get(&path(&format!("/{}", "x".repeat(2_100))), 400).await;
    }

    /// Single entries before patterns, and of those the one that says most.
    async fn the_nearest_redirect_counts(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        put(&app, "extern", &with(piece("Extern"), json!({"external_id": "4711"}))).await;
        verb(&app, "extern", "publish", json!({}), 200).await;
        for (from, to) in [
            ("/artikel/1.html", "rat"), ("/artikel/{id}.html", "external:{id}"), ("/artikel/{rest}", "/archiv/{rest}"),
            ("/{yyyy}/{mm}/{dd}/{slug}/", "{slug}"), ("/?p={number}", "https://archiv.example/?nummer={number}"),
            ("/?p=7", "/sieben/"), ("//alt.example/impressum", "/impressum/"), ("/impressum", "/neu/impressum/"),
            ("/über-uns", "/ueber-uns/ä"), ("/weg", ""), ("/weg/{rest}", ""), ("/kette/1", "/kette/2"), ("/kette/2", "/kette/3"), ("/kette/3", "rat"),
            ("/zum-rat", "/1999/01/rat/"), ("/x/{rest}", "/{rest}"),
        ] {
            redirect(&app, from, to).await;
        }
        let (rat, extern_) = (web(&app, "rat").await, web(&app, "extern").await);
        let site = |path: &str| format!("https://flussblick.example{path}");
        for (from, to) in [
            ("/artikel/1.html", rat.clone()), ("/artikel/4711.html?utm_medium=x", extern_.clone()), ("https://www.irgendwo.example/artikel/4711.html", extern_),
            ("/artikel/12.html", site("/archiv/12.html")), ("/artikel/a/b", site("/archiv/a/b")), ("/2019/03/04/rat", rat.clone()),
            ("/?p=12", "https://archiv.example/?nummer=12".to_owned()), ("/?p=7&utm_source=y", site("/sieben/")),
            ("https://alt.example/impressum/", site("/neu/impressum/")), ("/impressum", site("/neu/impressum/")),
            ("/u%CC%88ber-uns/", site("/ueber-uns/%C3%A4")), ("/%FCber-uns", site("/ueber-uns/%C3%A4")),
            ("/kette/1", rat.clone()), ("/zum-rat", rat.clone()), ("/x//boese.example", site("/boese.example")),
        ] {
            let found = resolve(&app, from).await;
            assert_eq!((&found["status"], &found["url"]), (&json!(301), &json!(to)), "{from}");
        }
        for gone in ["/weg", "/weg/a/b"] {
            assert_eq!(resolve(&app, gone).await, json!({"status": 410}), "{gone}");
        }
        app.get(&path("/2019/03/04/niemand"), 404).await;
        app.get(&path("/?p=zwei"), 404).await;
        crate::whole!("resolved_redirect", &resolve(&app, "/kette/1").await);
    }

    /// A chain that others have made too long since, or a circle that they have
    /// closed behind each other's backs, ends all the same.
    async fn a_way_without_end_ends(app: App) {
        newsroom(&app).await;
        for number in (1..12).rev() {
            redirect(&app, &format!("/k/{number}"), &format!("/k/{}", number + 100)).await;
        }
        // One by one from the end each is short enough for its writer.
        for number in (1..12).rev() {
            let body = json!({"from": format!("/k/{}", number + 100), "to": format!("/k/{}", number + 1)});
            let request = app.as_editor().request("POST", "/v1/editor/redirects").json(&body);
            let answer = request.send().await.unwrap();
            assert!([201, 422].contains(&answer.status().as_u16()));
        }
        let found = resolve(&app, "/k/1").await;
        assert!(found["url"].as_str().unwrap().starts_with("https://flussblick.example/k/"), "{found}");
    }

    /// The next answer is the new one, whatever was changed.
    async fn the_next_answer_is_new(app: App) {
        let editor = newsroom(&app).await;
        live(&app, "rat", &piece("Rat")).await;
        put(&app, "entwurf", &with(piece("Entwurf"), json!({"external_id": "sys-1"}))).await;
        let one = redirect(&app, "/alt/rat", "rat").await;
        let status = async |url: &str| {
            let answer = app.request("GET", &path(url)).send().await.unwrap();
            let code = answer.status().as_u16();
            let body: Value = answer.json().await.unwrap();
            if code == 200 { body["status"].as_u64().unwrap() as u16 } else { code }
        };
        let here = web(&app, "rat").await;
        assert_eq!((status("/alt/rat").await, status(&here).await), (301, 200));
        // In memory, until something changes.
        let again = app.request("GET", &path("/alt/rat")).send().await.unwrap();
        assert_eq!(again.headers()["cache-status"], "perspektive; hit");
        verb(&app, "rat", "unpublish", json!({}), 200).await;
        assert_eq!((status("/alt/rat").await, status(&here).await), (404, 404));
        verb(&app, "rat", "publish", json!({}), 200).await;
        assert_eq!((status("/alt/rat").await, status(&here).await), (301, 200));
        verb(&app, "rat", "take-down", json!({"reason": "Einstweilige Verfügung"}), 200).await;
        assert_eq!((status("/alt/rat").await, status(&here).await), (410, 410));
        // What was taken down may lead elsewhere, if an editor says so.
        redirect(&app, &here, "/stattdessen/").await;
        assert_eq!(status(&here).await, 301);
        verb(&app, "rat", "publish", json!({}), 200).await;
        assert_eq!(status(&here).await, 200);
        patch(&app, "rat", json!({"slug": "neuer-rat"}), 200).await;
        assert_eq!(resolve(&app, "/alt/rat").await["article"]["slug"], "neuer-rat");
        let section = editor.request("PATCH", "/v1/editor/sections/politik").header("If-Match", "*");
        expect(section.json(&json!({"slug": "staat"})), 200).await;

        // A pattern that finds a draft is no better than one that finds nothing, and
        // the next one has its turn.
        redirect(&app, "/p/{id}", "external:{id}").await;
        assert_eq!(status("/p/sys-1").await, 404);
        let rest = redirect(&app, "/p/{rest}", "/sonst/").await;
        assert_eq!(resolve(&app, "/p/sys-1").await["url"], "https://flussblick.example/sonst/");
        verb(&app, "entwurf", "publish", json!({}), 200).await;
        assert_eq!(resolve(&app, "/p/sys-1").await["article"]["slug"], "entwurf");
        patch(&app, "entwurf", json!({"external_id": "sys-2"}), 200).await;
        assert_eq!(resolve(&app, "/p/sys-1").await["url"], "https://flussblick.example/sonst/");
        assert_eq!(resolve(&app, "/p/sys-2").await["article"]["slug"], "entwurf");
        let rest = format!("/v1/editor/redirects/{}", rest["id"].as_str().unwrap());
        expect(editor.request("DELETE", &rest).header("If-Match", "*"), 204).await;
        assert_eq!(status("/p/sys-1").await, 404);

        let one = format!("/v1/editor/redirects/{}", one["id"].as_str().unwrap());
        expect(editor.request("PATCH", &one).header("If-Match", "*").json(&json!({"status": 410})), 200).await;
        assert_eq!(status("/alt/rat").await, 410);
        // Erased for good, an article takes with it what led to it.
        redirect(&app, "/alt/neu", "neuer-rat").await;
        verb(&app, "neuer-rat", "unpublish", json!({}), 200).await;
        for query in ["", "?erase=true"] {
            let delete = app.as_admin().request("DELETE", &format!("/v1/editor/articles/neuer-rat{query}"));
            expect(delete.header("If-Match", "*"), if query.is_empty() { 200 } else { 204 }).await;
        }
        assert_eq!(status("/alt/neu").await, 404);
        assert_eq!(editor.get("/v1/editor/redirects?q=/alt/neu", 200).await["items"], json!([]));
    }

    /// Answers end when what they say changes by time alone.
    async fn time_alone_changes_it(app: App) {
        newsroom(&app).await;
        let at = |seconds| crate::articles::at(&app, seconds);
        live(&app, "geht", &with(piece("Geht"), json!({"expires_at": at(1_000)}))).await;
        put(&app, "kommt", &piece("Kommt")).await;
        verb(&app, "kommt", "schedule", json!({"at": at(500)}), 200).await;
        redirect(&app, "/alt/geht", "geht").await;
        redirect(&app, "/n/{slug}", "{slug}").await;
        redirect(&app, "/n/{rest}", "/sonst/").await;
        assert_eq!(resolve(&app, "/alt/geht").await["article"]["slug"], "geht");
        assert_eq!(resolve(&app, "/n/kommt").await["url"], "https://flussblick.example/sonst/");
        app.state.travel(600);
        assert_eq!(resolve(&app, "/n/kommt").await["article"]["slug"], "kommt");
        app.state.travel(600);
        app.get(&path("/alt/geht"), 404).await;
    }

    /// On another node within a second.
    async fn another_node_hears_of_it(app: App) {
        newsroom(&app).await;
        let other = app.another_node().await;
        let entry = redirect(&app, "/alt/{id}", "/a/{id}").await;
        let began = std::time::Instant::now();
        while other.request("GET", &path("/alt/1")).send().await.unwrap().status() != 200 {
            assert!(began.elapsed().as_secs() < 3);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let at = format!("/v1/editor/redirects/{}", entry["id"].as_str().unwrap());
        let change = app.as_editor().request("PATCH", &at).header("If-Match", "*");
        expect(change.json(&json!({"to": "/b/{id}"})), 200).await;
        let began = std::time::Instant::now();
        while resolve(&other, "/alt/1").await["url"] != "https://flussblick.example/b/1" {
            assert!(began.elapsed().as_secs() < 3);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

/// Without a website the article's address at this API is what there is.
#[actix_web::test]
async fn without_a_website_this_api_is_named() {
    let app = App::sqlite_with(|config| config.site_url = None).await;
    newsroom(&app).await;
    live(&app, "rat", &piece("Rat")).await;
    redirect(&app, "/alt", "rat").await;
    redirect(&app, "/woanders", "/hier/").await;
    assert_eq!(resolve(&app, "/1999/01/rat/").await["status"], 200);
    let moved = resolve(&app, "https://irgendwo.example/alt").await;
    assert_eq!(
        moved["url"],
        "https://api.flussblick.example/v1/articles/rat"
    );
    assert_eq!(resolve(&app, "/woanders").await["url"], "/hier/");
    got(app.request("GET", "/v1/resolve?url=/nirgends"), 404).await;
}

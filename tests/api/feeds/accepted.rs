//! Whatever is stored, every feed is one that other programs accept: feedparser takes
//! them without a complaint, and a check of its own holds JSON Feed, Atom, RSS and
//! sitemaps to what their specifications say.

use std::path::{Path, PathBuf};
use std::process::Command;

use diesel::prelude::*;
use perspektive::db::Conn;
use perspektive::db::schema::{articles, authors, revisions, sections, site, topics};
use serde_json::{Value, json};

use super::forms::filled;
use crate::articles::{EDITOR, got, live, newsroom, piece, with};
use crate::both;
use crate::support::{App, note};

/// What may not stand in XML, or ends something in it, or turns text around. Of what a
/// text can hold at all; PostgreSQL's hold no NUL.
const HOSTILE: [&str; 12] = [
    "]]>",
    "<![CDATA[",
    "\u{1}\u{2}\u{8}\u{b}\u{c}\u{e}\u{1f}\u{7f}\u{80}\u{9f}",
    "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}umgedreht",
    "\u{fffe}\u{ffff}\u{1fffe}\u{10ffff}\u{fdd0}",
    "&amp;&lt;&#0;&#xFFFE;&nbsp;&unbekannt;",
    "<!-- --> -- <?xml version=\"1.0\"?> <!DOCTYPE x [<!ENTITY a \"b\">]> &a;",
    "</content:encoded></item></channel></rss>",
    "\"'><script>alert(1)</script>",
    "\r\n\u{85}\u{2028}\u{2029}\u{feff}",
    "😀𝕊\u{301}\u{300}\u{2066}links\u{2069}",
    "\u{0}",
];

/// Runs a statement on either database.
macro_rules! execute {
    ($app:expr, $statement:expr) => {
        $app.blocking(|| {
            $app.state.write_blocking(|tx| {
                match &mut tx.conn {
                    Conn::Pg(c) => $statement.execute(*c),
                    Conn::Lite(c) => $statement.execute(*c),
                }?;
                Ok(())
            })
        })
        .unwrap()
    };
}

/// Python with what the check needs. Where it is missing, that is said, or fails if
/// `REQUIRE_FEEDPARSER` is set.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/ci/venv/bin/python");
    let tried = Command::new(&python)
        .args(["-c", "import feedparser"])
        .output();
    if tried.is_ok_and(|tried| tried.status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var_os("REQUIRE_FEEDPARSER").is_none(),
        "feedparser is required and not in target/ci/venv"
    );
    note(
        "NOT RUN: feedparser on the feeds, because it is not in target/ci/venv (.ci/run puts it there).",
    );
    None
}

/// Has every address checked.
async fn accepted(app: &App, paths: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    for (number, path) in paths.iter().enumerate() {
        let answer = got(app.request("GET", path), 200).await;
        assert!(!answer.text.is_empty(), "{path} is no UTF-8");
        let end = path.split('?').next().unwrap().rsplit('.').next().unwrap();
        let kind = match path.as_str() {
            path if path.starts_with("/sitemap") => "sitemap.xml",
            _ => end,
        };
        let file = folder.path().join(format!("{number}.{kind}"));
        std::fs::write(file, &answer.text).unwrap();
        if matches!(end, "json" | "jsonld") {
            let parsed: Value = serde_json::from_str(&answer.text).unwrap();
            assert!(parsed.is_object());
        } else {
            readable(path, &answer.text);
        }
    }
    let Some(python) = python() else { return };
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/feeds.py");
    let checked = Command::new(python)
        .arg(check)
        .arg(folder.path())
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr)
    );
    assert!(checked.status.success(), "{said}");
    assert!(
        said.contains(&format!("{} accepted", paths.len())),
        "{said}"
    );
}

/// Whether it is well formed, and holds only characters that XML has.
fn readable(path: &str, text: &str) {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    loop {
        match reader.read_event() {
            Ok(quick_xml::events::Event::Eof) => break,
            Ok(_) => {}
            Err(error) => panic!("{path}: {error}\n{text}"),
        }
    }
    let wrong = text.chars().find(|c| {
        let c = *c as u32;
        !(c == 9 || c == 10 || (0x20..0xfffe).contains(&c) || c > 0xffff)
            || (0x202a..=0x202e).contains(&c)
    });
    assert_eq!(wrong, None, "{path}");
}

/// Every feed and sitemap there is.
async fn everything(app: &App) -> Vec<String> {
    let mut names = vec!["all".to_owned()];
    for kind in ["topics", "authors"] {
        let page = app.get(&format!("/v1/{kind}?limit=100"), 200).await;
        names.extend(
            crate::articles::slugs_of(&page)
                .iter()
                .map(|slug| format!("{kind}/{slug}")),
        );
    }
    for section in ["politik", "stadtrat", "kultur"] {
        names.push(format!("sections/{section}"));
    }
    let mut paths = Vec::new();
    for name in &names {
        for form in ["rss", "atom", "json"] {
            paths.push(format!("/feeds/{name}.{form}"));
            paths.push(format!("/feeds/{name}.{form}?limit=2"));
        }
    }
    paths.extend(["/sitemap.xml".to_owned(), "/sitemap-news.xml".to_owned()]);
    paths.extend(super::sitemaps_of(app).await);
    paths
}

both! {
    async fn usual_feeds_are_accepted(app: App) {
        filled(&app).await;
        let paths = everything(&app).await;
        accepted(&app, &paths).await;
    }

    /// What the API takes, it hands out so that everybody can read it.
    async fn hostile_text_is_accepted(app: App) {
        newsroom(&app).await;
        let mut taken = 0;
        for (number, text) in HOSTILE.iter().enumerate() {
            let article = json!({
                "headline": format!("{number} {text}"), "kicker": text, "teaser": text, "section": "politik",
                "topics": [format!("Thema {number} {text}")], "authors": [format!("Autorin {number} {text}")],
                "image": {"url": "https://bilder.example/x.jpg", "alt": text, "credit": text},
                "body": {"blocks": [
                    {"type": "paragraph", "spans": [{"text": text, "marks": ["strong"]}]},
                    {"type": "code", "text": format!("{text}]]>{text}"), "language": "xml"},
                    {"type": "embed", "url": "https://video.example/?a=1&b=2"},
                ]},
            });
            let request = app.as_editor().request("PUT", &format!("{EDITOR}/a{number}?publish=true"));
            let status = request.json(&article).send().await.unwrap().status().as_u16();
            assert!([201, 422, 400].contains(&status), "{text:?}: {status}");
            taken += usize::from(status == 201);
        }
        assert!(taken >= 5, "{taken}");
        let paths = everything(&app).await;
        accepted(&app, &paths).await;
    }

    /// What has come into the tables in another way takes nothing down with it.
    async fn rows_written_past_the_api_are_accepted(app: App) {
        newsroom(&app).await;
        let postgres = matches!(app.state.config.database, perspektive::db::Url::Postgres(_));
        let all: String = HOSTILE.concat();
        let all = if postgres { all.replace('\0', "") } else { all };
        let escaped = r#"{"blocks":[{"type":"paragraph","spans":[{"text":"a\u0000\u0008\u001f\ufffe\uffff\u202e]]>b","marks":[]}]},{"type":"code","text":"]]>\u0000","language":"]]>"}]}"#;
        let lone = r#"{"blocks":[{"type":"paragraph","spans":[{"text":"a\ud800b","marks":[]}]}]}"#;
        let odd = json!({"blocks": [{"type": "paragraph", "spans": [{"text": all, "marks": []}]}, {"type": "embed", "provider": all, "url": all},
            {"type": "image", "url": format!("javascript:{all}"), "alt": all}]}).to_string();
        for (number, body) in [escaped, lone, &odd, "[]", "", "null", r#"{"blocks":[{"type":"neu"}]}"#].into_iter().enumerate() {
            let slug = format!("a{number}");
            live(&app, &slug, &with(piece(&slug), json!({"topics": ["verkehr"], "authors": ["mara-lenz"], "teaser": "Vorspann"}))).await;
            let id: perspektive::db::Id = app.get(&format!("/v1/articles/{slug}?fields=id"), 200).await["id"].as_str().unwrap().parse().unwrap();
            let image = json!({"url": format!("https://b.example/{all}"), "alt": all, "credit": all});
            execute!(app, diesel::update(revisions::table.filter(revisions::article_id.eq(id))).set((
                revisions::body.eq(body), revisions::headline.eq(&all), revisions::teaser.eq(&all), revisions::image.eq(image.to_string()),
            )));
            // What lists show of it stands in the article's row as well.
            let mut head = json!({
                "number": 1, "kind": "news", "language": "de", "kicker": all, "headline": all, "teaser": all, "topics": [], "authors": [],
                "image": image, "priority": "normal", "access": "free", "word_count": 1,
            });
            if number > 3 {
                for (name, value) in [("headline", "\u{1}"), ("topics", "nichts"), ("authors", "{"), ("image", "]")] {
                    head[name] = value.into();
                }
            }
            execute!(app, diesel::update(articles::table.find(id)).set(articles::live_head.eq(head.to_string())));
            if number > 3 {
                execute!(app, diesel::update(revisions::table.filter(revisions::article_id.eq(id))).set((
                    revisions::topics.eq("nichts"), revisions::authors.eq("{"), revisions::image.eq("]"), revisions::headline.eq("\u{1}"),
                )));
            }
        }
        execute!(app, diesel::update(topics::table).set(topics::name.eq(&all)).filter(topics::slug.eq("verkehr")));
        execute!(app, diesel::update(authors::table).set(authors::name.eq(&all)).filter(authors::slug.eq("mara-lenz")));
        execute!(app, diesel::update(sections::table).set((sections::name.eq(&all), sections::description.eq(&all))).filter(sections::slug.eq("politik")));
        app.as_editor().send("PUT", "/v1/editor/site", &json!({"name": "x"}), 200).await;
        let settings = json!({"name": all, "description": all, "language": "de", "time_zone": "Europe/Berlin"}).to_string();
        execute!(app, diesel::update(site::table).set(site::settings.eq(settings)));
        execute!(app, diesel::update(articles::table).set(articles::language.eq("de")));
        app.state.cache.evict_all();
        for feed in ["all", "sections/politik", "topics/verkehr", "authors/mara-lenz"] {
            assert_eq!(app.get(&format!("/feeds/{feed}.json"), 200).await["items"].as_array().unwrap().len(), 7, "{feed}");
        }
        let paths = everything(&app).await;
        accepted(&app, &paths).await;
    }
}

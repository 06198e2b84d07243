//! An article and its pictures in one request: all of it, or nothing.

use perspektive::auth::Role;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::MEDIA;
use crate::articles::{EDITOR, got, newsroom, stored};
use crate::both;
use crate::support::{App, pictures};

/// A form whose file names are sent as they are, as browsers and curl do.
fn blank() -> Form {
    Form::new().percent_encode_noop()
}

fn text(name: &str, text: &str) -> Part {
    Part::text(text.to_owned()).file_name(name.to_owned())
}

fn file(name: &str, number: u32) -> Part {
    Part::bytes(pictures::png(400, 200, number)).file_name(name.to_owned())
}

/// PUTs a form as the editor.
async fn put(app: &App, path: &str, form: Form, status: u16) -> Value {
    let request = app.as_editor().request("PUT", &format!("{EDITOR}/{path}"));
    got(request.multipart(form), status).await.json
}

/// The media there are, the newest first.
async fn media(app: &App) -> Vec<String> {
    let page = app
        .as_editor()
        .get(&format!("{MEDIA}?limit=100"), 200)
        .await;
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What lies in the media storage.
async fn lying(app: &App) -> usize {
    perspektive::media::work::sweep(&app.state).await.unwrap();
    let folder = app.state.config.data_dir.join("media");
    let folders = std::fs::read_dir(folder).into_iter().flatten();
    folders
        .filter(|folder| folder.as_ref().unwrap().path().join("original").exists())
        .count()
}

both! {
    /// In each type of article, named in each way.
    async fn an_article_comes_with_its_pictures(app: App) {
        let editor = newsroom(&app).await;
        let markdown = "---\nsection: politik\nimage: {file: tuba.png, alt: Eine Tuba}\n---\n# Tuba\n\n![Noch eine](./neue%20tuba.png)\n";
        let form = blank().part("article", text("tuba.md", markdown)).part("a", file("tuba.png", 1)).part("a", file("neue tuba.png", 2));
        let receipt = put(&app, "tuba?publish=true", form, 201).await;
        assert_eq!((&receipt["result"], &receipt["state"], &receipt["warnings"]), (&json!("created"), &json!("live"), &json!([])));
        let shown = app.get("/v1/articles/tuba", 200).await;
        let (above, within) = (&shown["image"], &shown["body"]["blocks"][0]);
        assert_eq!((&above["alt"], &within["alt"], &within["type"]), (&json!("Eine Tuba"), &json!("Noch eine"), &json!("image")));
        let ids = media(&app).await;
        assert!(ids.len() == 2 && above["id"] != within["id"] && ids.iter().any(|id| above["id"] == **id), "{shown}");
        perspektive::media::work::finish(&app.state).await.unwrap();
        assert_eq!(app.get("/v1/articles/tuba", 200).await["image"]["widths"], json!([320]));

        // Folders, and umlauts as macOS writes them.
        let folders = "# Ordner\n\n![Eins](bilder/a.png)\n\n![Zwei](andere/a.png)\n\n![Drei](Gr\u{f6}\u{df}e.png \"Titel\")\n\n![Vier](tief/b.png)\n";
        let form = blank().part("article", text("ordner.md", folders)).part("a", file("bilder/a.png", 13)).part("a", file("./andere/a.png", 14)).part("a", file("Gro\u{308}\u{df}e.png", 15)).part("a", file("b.png", 16));
        put(&app, "ordner", form, 201).await;
        let form = blank().part("article", text("ordner.md", "# Ordner\n\n![Eins](a.png)\n")).part("a", file("bilder/a.png", 13)).part("a", file("andere/a.png", 14));
        let errors = put(&app, "ordner-2", form, 422).await["errors"].to_string();
        assert!(errors.contains("names the picture `a.png`") && errors.contains("-F "), "{errors}");

        // The same again changes nothing, whatever the files are called by now.
        let again = markdown.replace("tuba.png", "bild.png").replace("neue%20bild.png", "zwei.png");
        let form = blank().part("article", text("tuba.md", &again)).part("a", file("bild.png", 1)).part("a", file("zwei.png", 2));
        assert_eq!(put(&app, "tuba", form, 200).await["result"], "unchanged");
        assert_eq!(media(&app).await.len(), 6);

        let html = "<h1>Horn</h1><p>Ein Horn.</p><figure><img src=\"horn.png\" alt=\"Ein Horn\"></figure>";
        let form = blank().part("article", text("horn.html", html)).part("bild", file("C:\\Bilder\\horn.png", 3));
        put(&app, "horn", form, 201).await;
        let view = editor.get(&format!("{EDITOR}/horn"), 200).await;
        assert_eq!((&view["body"]["blocks"][1]["alt"], &view["body"]["blocks"][1]["id"]), (&json!("Ein Horn"), &json!(media(&app).await[0])));

        let blocks = json!([{"type": "image", "file": "a.png"}, {"type": "gallery", "images": [{"file": "b.png"}, {"file": "a.png"}]}]);
        let body = json!({"headline": "Oboe", "image": {"file": "b.png"}, "body": {"blocks": blocks}}).to_string();
        let article = Part::text(body).mime_str("application/json").unwrap();
        let form = blank().part("bild", file("a.png", 4)).part("article", article).part("noch", file("b.png", 4));
        let request = editor.request("POST", EDITOR).multipart(form);
        got(request, 201).await;
        let view = editor.get(&format!("{EDITOR}/oboe"), 200).await;
        // Two names, one picture.
        let id = &media(&app).await[0];
        assert_eq!(view["image"], json!({"id": id}));
        assert_eq!(view["body"]["blocks"], json!([{"type": "image", "id": id}, {"type": "gallery", "images": [{"id": id}, {"id": id}]}]));
        assert_eq!((media(&app).await.len(), lying(&app).await), (8, 8));
    }

    /// Whatever is wrong, nothing is stored: no article, no medium, no file.
    async fn nothing_stays_of_what_is_refused(app: App) {
        newsroom(&app).await;
        let editor = app.as_editor();
        let naming = |names: &[&str]| {
            let lines: String = names.iter().map(|name| format!("![Bild]({name})\n\n")).collect();
            text("a.md", &format!("# Falsch\n\n{lines}"))
        };
        let before = stored(&app);
        let broken = || Part::bytes(pictures::png(400, 200, 9)[..200].to_vec()).file_name("a.png");
        let cases = [
            (blank().part("article", naming(&["a.png", "b.png"])).part("x", file("a.png", 1)), 422, "missing-file", "`b.png`"),
            (blank().part("article", naming(&["a.png"])).part("x", file("a.png", 1)).part("x", file("c.png", 2)), 422, "unused-file", "`c.png`"),
            (blank().part("article", naming(&["a.png"])).part("x", broken()), 422, "", "`a.png`"),
            (blank().part("article", naming(&["a.png"])).part("x", text("a.png", "kein Bild")), 415, "", "`a.png`"),
            (blank().part("article", naming(&["a.png"])).part("x", file("a.png", 1)).part("y", file("a.png", 2)), 400, "duplicate-field", "file name"),
            (blank().part("article", naming(&[])).text("farbe", "rot"), 400, "unknown-field", "neither"),
            (blank().part("article", naming(&[])).part("article", naming(&[])), 400, "", "two parts"),
            (blank().part("x", file("a.png", 1)), 400, "", "no part `article`"),
            (blank().text("article", "# Was bin ich"), 400, "", "type=text/markdown"),
            (blank().part("article", text("a.md", "---\nsection: nirgends\n---\n# Falsch\n\n![Bild](a.png)\n")).part("x", file("a.png", 1)), 422, "", "section"),
            (blank().part("article", text("a.md", "# Falsch\n\n![](a.png)\n")).part("x", file("a.png", 1)), 422, "required-to-publish", ""),
        ];
        for (form, status, code, told) in cases {
            let problem = put(&app, "falsch?publish=true", form, status).await;
            assert!(problem.to_string().contains(told) && (code.is_empty() || problem.to_string().contains(code)), "{told} {code}: {problem}");
            assert_eq!((stored(&app), media(&app).await.len(), lying(&app).await), (before.clone(), 0, 0), "{problem}");
        }
        let many = (0..51).fold(blank().part("article", naming(&[])), |form, number| form.part("x", file(&format!("{number}.png"), 1)));
        put(&app, "falsch", many, 400).await;

        // A viewer may not, and an author may not publish.
        let form = || blank().part("article", naming(&["a.png"])).part("x", file("a.png", 1));
        let viewer = app.as_viewer().request("PUT", &format!("{EDITOR}/falsch"));
        got(viewer.multipart(form()), 403).await;
        let author = app.as_user("autorin", Role::Author);
        got(author.request("PUT", &format!("{EDITOR}/falsch?publish=true")).multipart(form()), 403).await;
        assert_eq!((stored(&app).1, media(&app).await.len(), lying(&app).await), (before.1, 0, 0));

        // A dry run tells what would be, and nothing is.
        let dry = put(&app, "probe?dry_run=true", form(), 201).await;
        assert_eq!((&dry["dry_run"], &dry["result"]), (&json!(true), &json!("created")));
        editor.get(&format!("{EDITOR}/probe"), 404).await;
        assert_eq!((media(&app).await.len(), lying(&app).await), (0, 0));

        // Once, however often it is sent under one key.
        let keyed = |form: Form| editor.request("PUT", &format!("{EDITOR}/einmal")).header("Idempotency-Key", "form-einmal-0001").multipart(form);
        let first = got(keyed(form()), 201).await;
        let again = got(keyed(form()), 201).await;
        assert_eq!((&again.text, again.header("idempotency-replayed")), (&first.text, "true"));
        let other = blank().part("article", naming(&["a.png"])).part("x", file("a.png", 7));
        got(keyed(other), 422).await;
        assert_eq!((media(&app).await.len(), lying(&app).await), (1, 1));
    }
}

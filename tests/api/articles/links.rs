//! Related links never lie: they lead to what readers see, and follow it.

use serde_json::{Value, json};

use super::{EDITOR, at, got, live, newsroom, patch, piece, put, verb, with};
use crate::support::App;
use crate::{both, whole};

/// What an article shows of its links, and which blocks stand where.
async fn shown(app: &App, slug: &str) -> (Vec<String>, Vec<String>) {
    let article = app
        .get(
            &format!("/v1/articles/{slug}?body=blocks,html,markdown,text"),
            200,
        )
        .await;
    let related = article["related"].as_array().unwrap();
    let links = related
        .iter()
        .map(|link| {
            let to = link["article"]["slug"]
                .as_str()
                .or(link["url"].as_str())
                .unwrap();
            format!("{} {to}", link["placement"].as_str().unwrap())
        })
        .collect();
    let blocks = article["body"]["blocks"].as_array().unwrap();
    let names = blocks
        .iter()
        .map(|block| match block["index"].as_u64() {
            Some(index) => {
                // Each block names its entry.
                assert_eq!(related[index as usize]["placement"], "inline");
                format!("related {index}")
            }
            None => block["type"].as_str().unwrap().to_owned(),
        })
        .collect();
    (links, names)
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn linking() -> Value {
    json!({
        "headline": "Rat", "section": "politik",
        "body": {"markdown": "Eins, siehe [dort](https://flussblick.example/2026/11/ziel/) weiter.\n\n[[fehlt|Noch nichts]]\n\nZwei.\n\n[[ziel]]\n\nDrei.\n\n[[ziel|Mit Text]]"},
        "related": [{"article": "ziel", "relation": "opinion"}, {"article": "fehlt"}, {"url": "https://rat.example/214", "headline": "Vorlage", "relation": "source"}],
    })
}

both! {
    /// A target that isn't live is gone without a trace in every form, and is
    /// back by itself.
    async fn a_hidden_target_leaves_no_trace(app: App) {
        newsroom(&app).await;
        put(&app, "ziel", &piece("Das Ziel")).await;
        live(&app, "rat", &linking()).await;
        let without = (owned(&["end https://rat.example/214"]), owned(&["paragraph", "paragraph", "paragraph"]));
        let with_target = (
            owned(&["inline ziel", "inline ziel", "end ziel", "end https://rat.example/214"]),
            owned(&["paragraph", "paragraph", "related 0", "paragraph", "related 1"]),
        );
        assert_eq!(shown(&app, "rat").await, without);
        let hidden = app.get("/v1/articles/rat?body=blocks,html,markdown,text", 200).await;
        whole!("links_hidden", &json!([hidden["body"], hidden["related"]]));
        for path in ["rat?body=blocks,html,markdown,text", "rat.md", "rat.txt", "rat/related", "rat/more"] {
            let text = got(app.request("GET", &format!("/v1/articles/{path}")), 200).await.text;
            assert!(!text.contains("ziel") && !text.contains("Ziel") && !text.contains("fehlt") && !text.contains("Mit Text"), "{path}: {text}");
        }

        verb(&app, "ziel", "publish", json!({}), 200).await;
        assert_eq!(shown(&app, "rat").await, with_target);
        let full = app.get("/v1/articles/rat?body=blocks,html,markdown,text", 200).await;
        whole!("links_shown", &json!([full["body"], full["related"]]));
        verb(&app, "ziel", "unpublish", json!({}), 200).await;
        assert_eq!(shown(&app, "rat").await, without);
        verb(&app, "ziel", "schedule", json!({"at": at(&app, 600)}), 200).await;
        assert_eq!(shown(&app, "rat").await, without);
        app.state.travel(601);
        assert_eq!(shown(&app, "rat").await, with_target);
        verb(&app, "ziel", "take-down", json!({"reason": "x"}), 200).await;
        assert_eq!(shown(&app, "rat").await, without);
        verb(&app, "ziel", "publish", json!({}), 200).await;
        assert_eq!(shown(&app, "rat").await, with_target);
        patch(&app, "ziel", json!({"expires_at": at(&app, 600)}), 200).await;
        verb(&app, "ziel", "publish", json!({}), 200).await;
        assert_eq!(shown(&app, "rat").await, with_target);
        app.state.travel(601);
        assert_eq!(shown(&app, "rat").await, without);
    }

    /// A slug that nothing has is bound to the first article that gets it, and
    /// follows that article from then on.
    async fn a_dangling_slug_binds_at_the_first_match(app: App) {
        let editor = newsroom(&app).await;
        // Meant, or mistyped: the receipt says so, each slug once.
        let receipt = live(&app, "rat", &linking()).await;
        let warned = |receipt: &Value| {
            let warnings = receipt["warnings"].as_array().unwrap().clone();
            assert!(warnings.iter().all(|warning| warning["code"] == "awaited-slug"));
            warnings.iter().map(|warning| warning["detail"].as_str().unwrap().split('`').nth(1).unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(warned(&receipt), ["fehlt", "ziel"]);
        put(&app, "ziel", &piece("Das Ziel")).await;
        assert_eq!(shown(&app, "rat").await.0, ["end https://rat.example/214"]);
        live(&app, "ziel", &piece("Das Ziel")).await;
        let links = owned(&["inline ziel", "inline ziel", "end ziel", "end https://rat.example/214"]);
        assert_eq!(shown(&app, "rat").await.0, links);

        // Renamed, it is followed, by its present name and headline.
        patch(&app, "ziel", json!({"slug": "neues-ziel", "headline": "Das neue Ziel"}), 200).await;
        let renamed = owned(&["inline neues-ziel", "inline neues-ziel", "end neues-ziel", "end https://rat.example/214"]);
        assert_eq!(shown(&app, "rat").await.0, renamed);
        verb(&app, "neues-ziel", "publish", json!({}), 200).await;
        let article = app.get("/v1/articles/rat?body=html", 200).await;
        assert_eq!(article["related"][0]["headline"], "Das neue Ziel");
        assert_eq!(article["related"][1]["headline"], "Mit Text");
        assert!(article["body"]["html"].as_str().unwrap().contains("/neues-ziel/\""), "{article}");
        // Editors see where it leads now.
        let view = editor.get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!(view["related"][0]["article"]["slug"], "neues-ziel");
        assert_eq!(view["related"][1]["article"], json!({"slug": "fehlt"}));

        // A slug may appear by a rename, and by an article that is live at once.
        let receipt = patch(&app, "rat", json!({"kicker": "Neu"}), 200).await.json;
        assert_eq!(warned(&receipt), ["fehlt"]);
        verb(&app, "rat", "publish", json!({}), 200).await;
        put(&app, "entwurf", &piece("Fehlt nicht mehr")).await;
        patch(&app, "entwurf", json!({"slug": "fehlt"}), 200).await;
        assert_eq!(shown(&app, "rat").await.0, renamed);
        verb(&app, "fehlt", "publish", json!({}), 200).await;
        let (links, blocks) = shown(&app, "rat").await;
        assert_eq!(links, ["inline fehlt", "inline neues-ziel", "inline neues-ziel", "end neues-ziel", "end fehlt", "end https://rat.example/214"]);
        assert_eq!(blocks, ["paragraph", "related 0", "paragraph", "related 1", "paragraph", "related 2"]);
        live(&app, "folge", &with(piece("Folge"), json!({"related": [{"article": "spaeter"}]}))).await;
        app.get("/v1/articles/folge", 200).await;
        live(&app, "spaeter", &piece("Später")).await;
        assert_eq!(shown(&app, "folge").await.0, ["end spaeter"]);
    }

    /// A live article that gets a slug which others wait for.
    async fn a_rename_of_a_live_article_is_seen_where_its_new_slug_was_awaited(app: App) {
        newsroom(&app).await;
        live(&app, "rat", &linking()).await;
        live(&app, "anders", &piece("Anders")).await;
        assert_eq!(shown(&app, "rat").await.0, ["end https://rat.example/214"]);
        patch(&app, "anders", json!({"slug": "fehlt"}), 200).await;
        assert_eq!(shown(&app, "rat").await.0, ["inline fehlt", "end fehlt", "end https://rat.example/214"]);
    }

    async fn an_address_of_ours_is_its_article_in_every_form(app: App) {
        newsroom(&app).await;
        put(&app, "entwurf", &piece("Ein Entwurf")).await;
        let addresses = ["https://flussblick.example/2026/11/entwurf/", "http://flussblick.example/2026/11/entwurf", "https://WWW.Flussblick.example:443/2026/11/entwurf/?utm_source=x#y", "https://api.flussblick.example/v1/articles/entwurf"];
        for (number, address) in addresses.into_iter().enumerate() {
            let blocks = json!([
                {"type": "paragraph", "spans": [{"text": "Eins "}, {"text": "hier", "link": {"url": address}}]},
                {"type": "related", "url": address, "headline": "Dort"},
            ]);
            for (form, body) in [("b", json!({"blocks": blocks})), ("m", json!({"markdown": format!("Eins [hier]({address})\n\n[[{address}|Dort]]")})), ("h", json!({"html": format!("<p>Eins <a href=\"{address}\">hier</a></p>")}))] {
                let slug = format!("l-{number}-{form}");
                let sent = with(piece("Links"), json!({"body": body, "related": [{"url": address, "headline": "Da"}]}));
                live(&app, &slug, &sent).await;
                let shown = got(app.request("GET", &format!("/v1/articles/{slug}?body=blocks,html,markdown,text")), 200).await;
                assert!(!shown.text.contains("entwurf") && !shown.text.contains("Dort") && !shown.text.contains("\"Da\""), "{slug}: {}", shown.text);
                // It leads to itself as a slug does.
                let own = address.replace("entwurf", &slug);
                let sent = with(piece("Links"), json!({"related": [{"url": own, "headline": "Ich"}]}));
                let request = app.as_editor().request("PUT", &format!("{EDITOR}/{slug}"));
                assert_eq!(got(request.json(&sent), 422).await.json["errors"][0]["code"], "links-to-itself");
            }
        }
        live(&app, "entwurf", &piece("Ein Entwurf")).await;
        for form in ["b", "m"] {
            let (links, _) = shown(&app, &format!("l-0-{form}")).await;
            assert_eq!(links, ["inline entwurf", "end entwurf"]);
            let html = app.get(&format!("/v1/articles/l-0-{form}?body=html"), 200).await["body"]["html"].to_string();
            assert!(html.contains("<a href=") && html.contains(">hier</a>"), "{html}");
        }
        // What is only alike stays an address.
        let other = "https://flussblick.example.com/2026/11/entwurf/";
        live(&app, "fremd", &with(piece("Fremd"), json!({"related": [{"url": other, "headline": "Fremd"}]}))).await;
        assert_eq!(app.get("/v1/articles/fremd", 200).await["related"][0]["url"], other);
        // A warning names the place.
        let sent = json!({"headline": "Wartet", "body": {"blocks": [{"type": "divider"}, {"type": "related", "article": {"slug": "kommt-noch"}}]}, "related": [{"article": "auch-nicht"}]});
        let receipt = put(&app, "wartet", &sent).await;
        let places: Vec<_> = receipt["warnings"].as_array().unwrap().iter().map(|warning| warning["pointer"].clone()).collect();
        assert_eq!(places, [json!("#/related/0/article"), json!("#/body/blocks/1")]);
    }

    async fn nothing_leads_to_itself(app: App) {
        let editor = newsroom(&app).await;
        let made = put(&app, "rat", &piece("Rat")).await;
        let id = made["id"].as_str().unwrap();
        for body in [
            json!({"related": [{"article": "rat"}]}),
            json!({"related": [{"article": {"id": id}}]}),
            json!({"body": {"markdown": "[[rat]]"}}),
            json!({"body": {"markdown": format!("[[{id}]]")}}),
            json!({"body": {"markdown": "Siehe [hier](https://flussblick.example/2026/11/rat/)."}}),
        ] {
            let problem = patch(&app, "rat", body.clone(), 422).await;
            assert_eq!(problem.json["errors"][0]["code"], "links-to-itself", "{body}");
        }
        let new = with(piece("Neu"), json!({"related": [{"article": "neu"}]}));
        got(editor.request("PUT", &format!("{EDITOR}/neu")).json(&new), 422).await;
        got(editor.request("POST", EDITOR).json(&new), 422).await;

        // Nor does it come to that by a rename.
        live(&app, "rat", &with(piece("Rat"), json!({"related": [{"article": "stadtrat"}, {"url": "https://a.example", "headline": "A"}]}))).await;
        let problem = patch(&app, "rat", json!({"slug": "stadtrat"}), 422).await;
        assert_eq!(problem.json["errors"][0]["code"], "links-to-itself");
        put(&app, "rat", &piece("Rat")).await;
        patch(&app, "rat", json!({"slug": "stadtrat"}), 200).await;
        assert_eq!(shown(&app, "stadtrat").await.0, ["end https://a.example"]);
    }

    async fn what_a_link_must_say(app: App) {
        let editor = newsroom(&app).await;
        let related = json!([
            {"article": "a", "url": "https://a.example", "headline": "Beides"},
            {"headline": "Keins"},
            {"url": "https://a.example"},
            {"url": "javascript:alert(1)", "headline": "Böse"},
            {"article": "Kein Slug"},
            {"article": {"id": "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"}},
            {"article": {"id": "unfug"}},
            {"article": {}},
            {"article": "a", "relation": "backgrund"},
            {"article": "a", "headline": "x".repeat(301)}
        ]);
        let problem = got(editor.request("POST", EDITOR).json(&with(piece("X"), json!({"related": related}))), 422).await;
        whole!("bad_links", &problem.json);
        let many: Vec<Value> = (0..51).map(|n| json!({"article": format!("a{n}")})).collect();
        let problem = got(editor.request("POST", EDITOR).json(&with(piece("X"), json!({"related": many}))), 422).await;
        assert_eq!(problem.json["errors"][0]["code"], "too-many");
        for bad in [json!({"article": 5}), json!({"artikel": "a"}), json!({"article": {"slg": "a"}})] {
            got(editor.request("POST", EDITOR).json(&with(piece("X"), json!({"related": [bad]}))), 400).await;
        }
    }

    /// Curated first, then automatic ones that nobody chose and nobody doubles.
    async fn related_and_more(app: App) {
        // By topics and the section, as long as there is no index.
        app.search.pause();
        app.search.forget();
        newsroom(&app).await;
        for (slug, section, topics) in [
            ("nah", "politik", json!(["verkehr", "klima"])), ("fern", "kultur", json!(["verkehr"])), ("nachbar", "politik", json!([])),
            ("fremd", "sport", json!(["haushalt"])), ("ziel", "politik", json!(["verkehr"])), ("unten", "stadtrat", json!([])),
        ] {
            live(&app, slug, &with(piece(slug), json!({"section": section, "topics": topics}))).await;
            app.state.travel(60);
        }
        live(&app, "rat", &with(linking(), json!({"topics": ["verkehr", "klima"]}))).await;
        app.state.travel(30);
        live(&app, "neuestes", &piece("Neuestes")).await;
        put(&app, "entwurf", &with(piece("Entwurf"), json!({"topics": ["verkehr", "klima"]}))).await;
        let page = app.get("/v1/articles/rat/related", 200).await;
        let items = page["items"].as_array().unwrap();
        let list: Vec<(bool, &str)> = items.iter()
            .map(|item| (item["automatic"].as_bool().unwrap(), item["article"]["slug"].as_str().or(item["url"].as_str()).unwrap()))
            .collect();
        assert_eq!(list[..4], [(false, "ziel"), (false, "ziel"), (false, "ziel"), (false, "https://rat.example/214")]);
        assert_eq!(list[4..], [(true, "nah"), (true, "fern"), (true, "neuestes"), (true, "unten"), (true, "nachbar")]);
        let more = crate::articles::slugs(&app, "/v1/articles/rat/more").await;
        assert_eq!(more, ["neuestes", "unten", "ziel", "nachbar", "nah"]);
        assert_eq!(crate::articles::slugs(&app, "/v1/articles/rat/more?limit=2").await, ["neuestes", "unten"]);
        for limit in ["0", "101", "x"] {
            app.get(&format!("/v1/articles/rat/more?limit={limit}"), 400).await;
        }
        let included = app.get("/v1/articles/rat?include=more,related_auto", 200).await;
        let slugs = |name: &str| included[name].as_array().unwrap().iter().map(|card| card["slug"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(slugs("more"), more);
        assert_eq!(slugs("related_auto"), ["nah", "fern", "neuestes", "unten", "nachbar"]);
        let plain = app.get("/v1/articles/rat", 200).await;
        assert!(plain.get("more").is_none() && plain.get("related_auto").is_none());
    }
}

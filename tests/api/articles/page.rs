//! The page of an article, built of one request for the article and one for the
//! site, as a website would.

use perspektive::demo;
use serde_json::Value;

use crate::both;
use crate::support::App;

/// Renders the page with nothing but what the two answers hold.
fn page(site: &Value, article: &Value) -> String {
    let text = |value: &Value| escaped(value.as_str().unwrap());
    let mut html = String::new();
    let mut line = |line: String| html.push_str(&(line + "\n"));
    line(format!(
        "<!doctype html>\n<html lang=\"{}\">\n<title>{} – {}</title>",
        text(&article["language"]),
        text(&article["headline"]),
        text(&site["name"])
    ));
    line(format!(
        "<meta name=\"description\" content=\"{}\">",
        text(&article["seo"]["description"])
    ));
    line("<header>".to_owned());
    line(format!("<p class=\"name\">{}</p>", text(&site["name"])));
    line("<nav>".to_owned());
    navigation(&site["sections"], &article["section"]["path"], &mut line);
    line("</nav>\n</header>\n<article>".to_owned());
    line(format!(
        "<time datetime=\"{0}\">{0}</time>",
        text(&article["published_at"])
    ));
    line(format!(
        "<p class=\"kicker\">{}</p>",
        text(&article["kicker"])
    ));
    line(format!("<h1>{}</h1>", text(&article["headline"])));
    line(format!(
        "<p class=\"subheadline\">{}</p>",
        text(&article["subheadline"])
    ));
    line(format!(
        "<p class=\"by\">Von {}</p>",
        article["authors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|a| text(&a["name"]))
            .collect::<Vec<_>>()
            .join(", ")
    ));
    line(format!(
        "<a class=\"share\" href=\"{}\" data-title=\"{}\" data-text=\"{}\">Teilen</a>",
        text(&article["share"]["url"]),
        text(&article["share"]["title"]),
        text(&article["share"]["text"])
    ));
    line(format!(
        "<p class=\"teaser\">{}</p>",
        text(&article["teaser"])
    ));
    for block in article["body"]["blocks"].as_array().unwrap() {
        self::block(block, &article["related"], &mut line);
    }
    for correction in article["corrections"].as_array().unwrap() {
        line(format!(
            "<p class=\"correction\"><time>{}</time> {}</p>",
            text(&correction["at"]),
            text(&correction["text"])
        ));
    }
    line("</article>\n<section class=\"read-more\">\n<h2>Mehr dazu</h2>".to_owned());
    let chosen = article["related"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|link| link["placement"] == "end");
    for link in chosen {
        line(format!(
            "<a class=\"{}\" href=\"{}\">{}</a>",
            text(&link["relation"]),
            escaped(href(link)),
            text(&link["headline"])
        ));
    }
    for card in article["related_auto"].as_array().unwrap() {
        line(format!(
            "<a class=\"automatic\" href=\"{}\">{}</a>",
            text(&card["links"]["web"]),
            text(&card["headline"])
        ));
    }
    line("</section>\n<section class=\"more-news\">\n<h2>Mehr Nachrichten</h2>".to_owned());
    for card in article["more"].as_array().unwrap() {
        line(format!(
            "<a href=\"{}\"><time>{}</time> {}</a>",
            text(&card["links"]["web"]),
            text(&card["published_at"]),
            text(&card["headline"])
        ));
    }
    line("</section>\n<section class=\"channels\">\n<h2>Direkt aufs Handy</h2>".to_owned());
    for channel in site["channels"].as_array().unwrap() {
        line(format!(
            "<a class=\"{}\" href=\"{}\">{}</a>",
            text(&channel["kind"]),
            text(&channel["url"]),
            text(&channel["label"])
        ));
    }
    line("</section>\n<footer>".to_owned());
    for item in site["menu"].as_array().unwrap() {
        line(format!(
            "<a href=\"{}\">{}</a>",
            text(&item["url"]),
            text(&item["label"])
        ));
    }
    line("</footer>\n</html>".to_owned());
    html
}

fn navigation(sections: &Value, here: &Value, line: &mut impl FnMut(String)) {
    line("<ul>".to_owned());
    for section in sections.as_array().unwrap() {
        let current = if section["path"] == *here {
            " aria-current=\"true\""
        } else {
            ""
        };
        line(format!(
            "<li><a href=\"/{}/\"{current}>{}</a>",
            section["path"].as_str().unwrap(),
            escaped(section["name"].as_str().unwrap())
        ));
        if !section["children"].as_array().unwrap().is_empty() {
            navigation(&section["children"], here, line);
        }
    }
    line("</ul>".to_owned());
}

fn block(block: &Value, related: &Value, line: &mut impl FnMut(String)) {
    match block["type"].as_str().unwrap() {
        "paragraph" => line(format!("<p>{}</p>", spans(&block["spans"]))),
        "heading" => line(format!(
            "<h{0}>{1}</h{0}>",
            block["level"],
            spans(&block["spans"])
        )),
        "list" => {
            line("<ul>".to_owned());
            for item in block["items"].as_array().unwrap() {
                line("<li>".to_owned());
                item["blocks"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .for_each(|inner| self::block(inner, related, line));
                line("</li>".to_owned());
            }
            line("</ul>".to_owned());
        }
        "quote" => {
            line("<blockquote>".to_owned());
            block["blocks"]
                .as_array()
                .unwrap()
                .iter()
                .for_each(|inner| self::block(inner, related, line));
            line(format!(
                "<cite>{}</cite>\n</blockquote>",
                escaped(block["cite"].as_str().unwrap_or_default())
            ));
        }
        "related" => {
            let link = &related[block["index"].as_u64().unwrap() as usize];
            line(format!(
                "<aside class=\"related\"><a href=\"{}\">{}</a></aside>",
                escaped(href(link)),
                escaped(link["headline"].as_str().unwrap())
            ));
        }
        // Types it doesn't know are skipped.
        _ => {}
    }
}

fn href(link: &Value) -> &str {
    link["url"]
        .as_str()
        .or(link["article"]["links"]["web"].as_str())
        .unwrap()
}

fn spans(spans: &Value) -> String {
    let mut html = String::new();
    for span in spans.as_array().unwrap() {
        let mut text = escaped(span["text"].as_str().unwrap());
        for mark in span["marks"].as_array().unwrap() {
            text = match mark.as_str().unwrap() {
                "strong" => format!("<strong>{text}</strong>"),
                "emphasis" => format!("<em>{text}</em>"),
                _ => text,
            };
        }
        let link = &span["link"];
        if let Some(url) = link["url"].as_str().or(link["article"]["url"].as_str()) {
            text = format!("<a href=\"{}\">{text}</a>", escaped(url));
        }
        html.push_str(&text);
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// How many requests the server counted, by route.
fn counted(app: &App) -> Vec<String> {
    let text = app.state.metrics.write((0, 0), 0).unwrap();
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with("perspektive_http_requests_total{"))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

both! {
    async fn two_requests_make_the_page(app: App) {
        // The newsroom is as old as its articles say, from this instant on.
        let start = perspektive::db::Time::parse("2026-11-23T12:00:10Z").unwrap();
        app.state.travel(start.seconds_since(app.state.now()));
        let loaded = demo::load(&app.state).await.unwrap();
        assert_eq!(loaded, 30);
        assert_eq!(counted(&app), Vec::<String>::new());
        app.indexed().await;

        let article = app.get("/v1/articles/stadtrat-beschliesst-kostenlosen-nahverkehr?include=more,related_auto", 200).await;
        let site = app.get("/v1/site?include=sections", 200).await;
        let html = to_the_minute(&page(&site, &article));
        assert_eq!(counted(&app), [
            "perspektive_http_requests_total{method=\"GET\",route=\"/v1/articles/{article}\",status=\"200\"} 1",
            "perspektive_http_requests_total{method=\"GET\",route=\"/v1/site\",status=\"200\"} 1",
        ]);

        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("page", html);
        });
        // The link stands between the second and the third paragraph.
        let document = scraper::Html::parse_document(&html);
        let parts = scraper::Selector::parse("article > p:not([class]), article > aside").unwrap();
        let names: Vec<&str> = document.select(&parts).map(|part| part.value().name()).take(4).collect();
        assert_eq!(names, ["p", "p", "aside", "p"]);
        let link = scraper::Selector::parse("aside.related > a").unwrap();
        let link = document.select(&link).next().unwrap();
        assert_eq!(link.attr("href"), Some("https://flussblick.example/2026/11/was-kostet-der-kostenlose-nahverkehr/"));
        // What isn't published is nowhere, and what is is there without itself.
        for hidden in ["eine-nacht-auf-linie-3", "welche-linien-der-neue-fahrplan-streicht"] {
            assert!(!html.contains(hidden), "{hidden}");
        }
        let more = scraper::Selector::parse(".more-news a").unwrap();
        assert_eq!(document.select(&more).count(), 5, "what the list `more` shows");
        assert!(document.select(&more).all(|link| !link.attr("href").unwrap().contains("stadtrat-beschliesst")));
        assert!(document.select(&scraper::Selector::parse(".read-more .automatic").unwrap()).count() > 2);
    }
}

/// The load took seconds, which the page need not show.
fn to_the_minute(html: &str) -> String {
    let mut parts: Vec<String> = html.split('Z').map(str::to_owned).collect();
    let last = parts.len() - 1;
    for part in &mut parts[..last] {
        let length = part.len();
        let is_time = length >= 19
            && part.is_char_boundary(length - 19)
            && perspektive::db::Time::parse(&format!("{}Z", &part[length - 19..])).is_some();
        if is_time {
            part.replace_range(length - 2.., "00");
        }
    }
    parts.join("Z")
}

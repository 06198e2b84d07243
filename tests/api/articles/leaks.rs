//! Nothing of what readers don't see appears anywhere they can look.
//!
//! A newsroom of some hundred articles in every state, linking to each other by
//! slug, by id and by slugs that nothing has, each text full of words that
//! stand nowhere else. Every public address is asked for, then again after time
//! has passed, and each answer is searched for words of what is hidden.

mod addresses;
mod lists;
mod previews;
mod searches;

use std::collections::{BTreeMap, BTreeSet};

use perspektive::changes::{Tag, join};
use perspektive::db::{Id, Time};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::{EDITOR, got, newsroom};
use crate::both;
use crate::support::App;

const ARTICLES: usize = 240;
const SECTIONS: [&str; 4] = ["politik", "stadtrat", "kultur", "sport"];

/// How an article ends up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Draft,
    InReview,
    Live,
    /// Live, with a newer revision that isn't published.
    LiveAndNewer,
    /// Visible in an hour.
    Scheduled,
    /// Published, under an embargo of an hour.
    Embargoed,
    /// Live, and not so in an hour.
    Expiring,
    /// Was live and has expired.
    Expired,
    Unpublished,
    Withdrawn,
    Trashed,
    /// Visible in an hour, gone in three.
    ForAWhile,
}

const FATES: [Fate; 12] = [
    Fate::Draft,
    Fate::InReview,
    Fate::Live,
    Fate::LiveAndNewer,
    Fate::Scheduled,
    Fate::Embargoed,
    Fate::Expiring,
    Fate::Expired,
    Fate::Unpublished,
    Fate::Withdrawn,
    Fate::Trashed,
    Fate::ForAWhile,
];

impl Fate {
    fn is_visible(self, hours: i64) -> bool {
        match self {
            Fate::Live | Fate::LiveAndNewer => true,
            Fate::Scheduled | Fate::Embargoed => hours >= 1,
            Fate::Expiring => hours < 1,
            Fate::ForAWhile => (1..3).contains(&hours),
            _ => false,
        }
    }

    /// Whether it becomes visible for the first time while the test looks.
    fn is_new(self) -> bool {
        matches!(self, Fate::Scheduled | Fate::Embargoed | Fate::ForAWhile)
    }
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Slug(usize),
    Id(usize),
    Nothing(usize),
}

struct Piece {
    number: usize,
    fate: Fate,
    id: String,
    /// The uploaded picture that it shows, and nothing else.
    medium: Option<String>,
    inline: Vec<To>,
    text: Vec<To>,
    end: Vec<To>,
}

/// A word of a revision that stands nowhere else.
fn marker(number: usize, revision: usize) -> String {
    format!("zq{revision}y{number}qz")
}

/// The word on a link from one article to another.
fn link_marker(from: usize, to: usize) -> String {
    format!("zl{from}y{to}lz")
}

fn slug(number: usize) -> String {
    format!("slug-{number}-zz")
}

/// The slug under which some were published before they got their present one.
fn former(number: usize) -> Option<String> {
    (number % 7 < 2).then(|| format!("frueher-{number}-zz"))
}

/// Whether its topic and its author have got other slugs since.
fn renamed(number: usize) -> bool {
    number % 5 == 3
}

/// A revision's content, with its marker everywhere a text may stand.
fn content(piece: &Piece, revision: usize, pieces: &[Piece], start: Time) -> Value {
    let word = marker(piece.number, revision);
    let name = |to: &To| match to {
        To::Slug(number) => slug(*number),
        To::Id(number) => pieces[*number].id.clone(),
        To::Nothing(number) => format!("nichts-{number}-zz"),
    };
    let label = |to: &To| match to {
        To::Slug(number) | To::Id(number) => link_marker(piece.number, *number),
        To::Nothing(number) => format!("zn{number}nz"),
    };
    let mut markdown = format!("Anfang {word}.\n\n");
    for to in &piece.inline {
        markdown.push_str(&format!(
            "[[{}|{}]]\n\nWeiter {word}.\n\n",
            name(to),
            label(to)
        ));
    }
    for to in &piece.text {
        // The words stay when the link goes.
        markdown.push_str(&format!(
            "Siehe [dort](https://flussblick.example/2026/11/{}/).\n\n",
            name(to)
        ));
    }
    let related: Vec<Value> = piece
        .end
        .iter()
        .map(|to| json!({"article": name(to), "headline": label(to)}))
        .collect();
    let mut content = json!({
        "kicker": word, "headline": format!("Titel {word}"), "subheadline": word, "teaser": format!("Vorspann {word}"),
        "section": SECTIONS[piece.number % 4], "source": word, "note": word, "seo": {"title": word, "description": word},
        "topics": ["verkehr", format!("Thema {word}")], "authors": ["mara-lenz", format!("Autorin {word}")],
        "image": {"url": format!("https://b.example/{word}.jpg"), "alt": word},
        "body": {"markdown": markdown}, "related": related,
    });
    if let Some(medium) = &piece.medium {
        content["image"] = json!({"id": medium});
        let shown =
            format!("{markdown}![](https://api.flussblick.example/media/{medium}/320.webp)\n");
        content["body"] = json!({"markdown": shown});
    }
    let hours = |hours: i64| json!(start.plus_seconds(hours * 3_600).to_string());
    match piece.fate {
        Fate::Embargoed => content["embargo_until"] = hours(1),
        Fate::Expiring => content["expires_at"] = hours(1),
        Fate::ForAWhile => content["expires_at"] = hours(3),
        Fate::Expired => content["expires_at"] = json!(start.plus_seconds(-60).to_string()),
        _ => {}
    }
    content
}

/// Makes the newsroom. Returns the articles as readers should and shouldn't see
/// them from `start` on.
async fn make(app: &App, seed: u64) -> Vec<Piece> {
    let editor = newsroom(app).await;
    let mut random = StdRng::seed_from_u64(seed);
    let start = Time(app.state.now().plus_seconds(7_200).0 / 1_000_000 * 1_000_000);
    let mut pieces: Vec<Piece> = Vec::new();
    for number in 0..ARTICLES {
        let mut targets = |most: usize, ids: bool| -> Vec<To> {
            (0..random.random_range(0..=most))
                .filter_map(|_| {
                    let to = random.random_range(0..ARTICLES);
                    match random.random_range(0..10) {
                        0 => Some(To::Nothing(to)),
                        1..=3 if ids && to < number => Some(To::Id(to)),
                        _ if to != number => Some(To::Slug(to)),
                        _ => None,
                    }
                })
                .collect()
        };
        let (inline, text, end) = (targets(2, true), targets(2, false), targets(3, true));
        let fate = FATES[number % FATES.len()];
        let mut piece = Piece {
            number,
            fate,
            id: String::new(),
            medium: None,
            inline,
            text,
            end,
        };
        if number % 5 == 0 {
            let word = marker(number, 3);
            let query = format!("alt={word}&caption={word}&credit={word}&copyright={word}");
            let picture = crate::support::pictures::png(8, 6, number as u32);
            let upload = editor.request("POST", &format!("/v1/editor/media?{query}"));
            let made = got(upload.body(picture), 201).await.json;
            piece.medium = Some(made["id"].as_str().unwrap().to_owned());
        }
        let body = content(&piece, 1, &pieces, start);
        let path = format!("{EDITOR}/{}", slug(number));
        let first = format!("{EDITOR}/{}", former(number).unwrap_or(slug(number)));
        let live = !matches!(
            fate,
            Fate::Draft | Fate::InReview | Fate::Scheduled | Fate::ForAWhile
        );
        let made = got(
            editor
                .request("PUT", &format!("{first}?publish={live}"))
                .json(&body),
            201,
        )
        .await
        .json;
        if first != path {
            let rename = editor.request("PATCH", &first).header("If-Match", "*");
            got(rename.json(&json!({"slug": slug(number)})), 200).await;
        }
        piece.id = made["id"].as_str().unwrap().to_owned();
        let verb = async |name: &str, body: Value| {
            editor
                .send("POST", &format!("{path}/{name}"), &body, 200)
                .await;
        };
        match fate {
            Fate::InReview => verb("submit", json!({})).await,
            Fate::Scheduled | Fate::ForAWhile => {
                verb(
                    "schedule",
                    json!({"at": start.plus_seconds(3_600).to_string()}),
                )
                .await;
            }
            Fate::Unpublished => verb("unpublish", json!({})).await,
            Fate::Withdrawn => verb("take-down", json!({"reason": marker(number, 1)})).await,
            Fate::Trashed => {
                verb("unpublish", json!({})).await;
                got(editor.request("DELETE", &path).header("If-Match", "*"), 200).await;
            }
            _ => {}
        }
        if fate == Fate::LiveAndNewer
            || (number % 5 == 0 && !matches!(fate, Fate::Withdrawn | Fate::Trashed))
        {
            let newer = content(&piece, 2, &pieces, start);
            got(editor.request("PUT", &path).json(&newer), 200).await;
        }
        pieces.push(piece);
    }
    addresses::make(app, &pieces).await;
    lists::make(app, &pieces).await;
    for piece in pieces.iter().filter(|piece| renamed(piece.number)) {
        for (kind, name) in [("topic", "thema"), ("author", "autorin")] {
            let term = format!("{name}-{}", marker(piece.number, 1));
            let path = format!("/v1/editor/{kind}s/{term}");
            let rename = editor.request("PATCH", &path).header("If-Match", "*");
            got(rename.json(&json!({"slug": format!("{term}-neu")})), 200).await;
        }
    }
    app.state.travel(start.seconds_since(app.state.now()) + 1);
    pieces
}

/// Everything that must not be met.
struct Forbidden {
    words: BTreeSet<String>,
    tags: BTreeSet<String>,
}

impl Forbidden {
    fn new(pieces: &[Piece], hours: i64) -> Self {
        let (mut words, mut tags) = (BTreeSet::new(), BTreeSet::new());
        for piece in pieces {
            words.insert(marker(piece.number, 2));
            words.extend(former(piece.number));
            words.insert("nichts-".to_owned());
            words.insert(format!("zn{}nz", piece.number));
            if !piece.fate.is_visible(hours) {
                words.insert(marker(piece.number, 1));
                words.insert(marker(piece.number, 3));
                words.insert(slug(piece.number));
                words.insert(piece.id.clone());
                words.extend(piece.medium.clone());
                tags.extend(piece.medium.as_ref().map(|medium| {
                    let id: Id = medium.parse().unwrap();
                    join(&[Tag::media(id)])
                }));
                let id: Id = piece.id.parse().unwrap();
                tags.insert(join(&[Tag::article(id)]));
                tags.insert(join(&[Tag::slug(&slug(piece.number))]));
            }
            for to in piece.inline.iter().chain(&piece.end).chain(&piece.text) {
                let (To::Slug(to) | To::Id(to)) = to else {
                    continue;
                };
                if !piece.fate.is_visible(hours) || !pieces[*to].fate.is_visible(hours) {
                    words.insert(link_marker(piece.number, *to));
                }
            }
        }
        Forbidden { words, tags }
    }

    /// Looks at an answer. Each word has a form of its own, so those in the
    /// answer are looked up rather than each of thousands searched for.
    fn search(&self, path: &str, text: &str, headers: &reqwest::header::HeaderMap) {
        let mut everything = text.to_owned();
        for (name, value) in headers {
            everything.push_str(&format!("\n{name}: {}", value.to_str().unwrap_or_default()));
        }
        for word in everything.split(|c: char| !c.is_ascii_alphanumeric()) {
            assert!(!self.words.contains(word), "{path}: {word}\n{everything}");
        }
        for word in everything.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
            assert!(
                !self.words.contains(word) && !word.starts_with("nichts-"),
                "{path}: {word}\n{everything}"
            );
        }
        if let Some(keys) = headers.get("surrogate-key") {
            for key in keys.to_str().unwrap().split(' ') {
                assert!(
                    !self.tags.contains(key),
                    "{path}: the key of something hidden"
                );
            }
        }
    }
}

/// An answer to whoever asks for something hidden: but for the name that was
/// asked for, it is the answer for something that never was.
async fn looks_like_nothing(app: &App, path: &str, name: &str, unheard: &str) {
    let of = async |name: &str| {
        let answer = got(app.request("GET", &path.replace("NAME", name)), 404).await;
        let mut problem = answer.json.clone();
        problem.as_object_mut().unwrap().remove("request_id");
        let text = problem.to_string().replace(name, "NAME");
        assert_eq!(
            answer.header("surrogate-key"),
            join(&[Tag::slug(name)]),
            "{path} {name}"
        );
        (
            text,
            answer.header("cache-control").to_owned(),
            answer
                .headers
                .keys()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>(),
        )
    };
    assert_eq!(of(name).await, of(unheard).await, "{path} {name}");
}

/// A public answer, searched.
async fn look(app: &App, forbidden: &Forbidden, path: &str) -> Value {
    let answer = got(app.request("GET", path), 200).await;
    forbidden.search(path, &answer.text, &answer.headers);
    answer.json
}

/// All pages of a list.
async fn look_through(app: &App, forbidden: &Forbidden, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut path = path.to_owned();
    loop {
        let page = look(app, forbidden, &path).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["links"]["next"].as_str() {
            Some(next) => {
                path = next
                    .strip_prefix("https://api.flussblick.example")
                    .unwrap()
                    .to_owned()
            }
            None => return items,
        }
    }
}

async fn crawl(app: &App, pieces: &[Piece], hours: i64) {
    let forbidden = Forbidden::new(pieces, hours);
    let visible: BTreeSet<String> = pieces
        .iter()
        .filter(|piece| piece.fate.is_visible(hours))
        .map(|piece| slug(piece.number))
        .collect();
    let found = |items: &[Value]| {
        items
            .iter()
            .map(|item| item["slug"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };

    // Lists, whatever they are narrowed to.
    let hidden_names: Vec<String> = pieces
        .iter()
        .filter(|piece| !piece.fate.is_visible(hours))
        .take(15)
        .map(|piece| slug(piece.number))
        .collect();
    for query in [
        "limit=7",
        "limit=100&sort=published_at",
        "limit=100&sort=-updated_at",
        "limit=50&include=authors,topics",
        "limit=100&topic=verkehr",
        "limit=100&author=mara-lenz",
        "limit=100&section=politik,kultur,sport",
        "limit=100&kind=news",
        "limit=100&language=de",
        "limit=100&fields=slug,headline,teaser,links",
    ] {
        let items = look_through(app, &forbidden, &format!("/v1/articles?{query}")).await;
        assert_eq!(
            (items.len(), &found(&items)),
            (visible.len(), &visible),
            "{query}"
        );
    }
    let excluding = got(
        app.request(
            "GET",
            &format!(
                "/v1/articles?limit=100&fields=id&exclude={}",
                hidden_names.join(",")
            ),
        ),
        200,
    )
    .await;
    let plain = got(app.request("GET", "/v1/articles?limit=100&fields=id"), 200).await;
    assert_eq!(
        (&excluding.json["items"], excluding.header("surrogate-key")),
        (&plain.json["items"], plain.header("surrogate-key"))
    );
    let count = look(app, &forbidden, "/v1/articles?count=true&limit=1").await["count"].clone();
    assert_eq!(count, visible.len());

    // Sections, topics, authors, the site.
    for path in [
        "/v1/sections",
        "/v1/site",
        "/v1/site?include=sections",
        "/v1/sections/politik",
        "/v1/sections/stadtrat",
        "/v1/topics/verkehr",
        "/v1/authors/mara-lenz",
    ] {
        look(app, &forbidden, path).await;
    }
    for (kind, name) in [("topic", "thema"), ("author", "autorin")] {
        let names = look_through(app, &forbidden, &format!("/v1/{kind}s?limit=50")).await;
        assert_eq!(names.len(), visible.len() + 1, "{kind}");
        look_through(app, &forbidden, &format!("/v1/{kind}s?limit=100&q={name}")).await;
        let unheard = format!("/v1/articles?{kind}=gab-es-nie");
        let nothing = got(app.request("GET", &unheard), 200).await;
        for piece in pieces {
            let term = format!("{name}-{}", marker(piece.number, 1));
            let newer = format!("{name}-{}", marker(piece.number, 2));
            if piece.fate.is_visible(hours) {
                let path = format!("/v1/{kind}s/{term}");
                if renamed(piece.number) {
                    let moved = got(app.request("GET", &path), 301).await;
                    forbidden.search(&path, &moved.text, &moved.headers);
                    assert!(moved.header("location").ends_with(&format!("{term}-neu")));
                    look(app, &forbidden, &format!("{path}-neu")).await;
                } else {
                    look(app, &forbidden, &path).await;
                }
                let list = look(app, &forbidden, &format!("/v1/articles?{kind}={term}")).await;
                assert_eq!(
                    found(list["items"].as_array().unwrap()),
                    BTreeSet::from([slug(piece.number)])
                );
            }
            let renamed = format!("{term}-neu");
            for term in [term, newer, renamed] {
                if term.contains("zq1") && piece.fate.is_visible(hours) {
                    continue;
                }
                // Half of each fate; all of them would take long.
                if (piece.number / FATES.len()).is_multiple_of(2) {
                    looks_like_nothing(app, &format!("/v1/{kind}s/NAME"), &term, "gab-es-nie")
                        .await;
                    // Not even by how long the empty list may be kept.
                    let list = got(
                        app.request("GET", &format!("/v1/articles?{kind}={term}")),
                        200,
                    )
                    .await;
                    assert_eq!(list.json, nothing.json, "{kind} {term}");
                    // But for the key of the name that was asked for.
                    let key = |name: &str| join(&[Tag::slug(name)]);
                    let keys = list.header("surrogate-key");
                    assert_eq!(
                        keys.replace(&key(&term), &key("gab-es-nie")),
                        nothing.header("surrogate-key"),
                        "{kind} {term}"
                    );
                    assert_eq!(list.header("etag"), nothing.header("etag"), "{kind} {term}");
                }
            }
        }
    }

    // Each article, in each form, by both its names.
    let mut links = BTreeMap::new();
    for piece in pieces {
        let slug = slug(piece.number);
        let names = [slug.as_str(), piece.id.as_str()];
        for (at, name) in names.into_iter().enumerate() {
            let unheard = ["gab-es-nie", "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e"][at];
            match piece.fate {
                Fate::Withdrawn => {
                    let gone = got(app.request("GET", &format!("/v1/articles/{name}")), 410).await;
                    assert!(!gone.text.contains(&marker(piece.number, 1)));
                }
                fate if !fate.is_visible(hours) => {
                    for form in ["NAME", "NAME/related", "NAME/more", "NAME.md", "NAME.txt"] {
                        looks_like_nothing(app, &format!("/v1/articles/{form}"), name, unheard)
                            .await;
                    }
                }
                _ if at == 1 => {
                    look(app, &forbidden, &format!("/v1/articles/{name}")).await;
                }
                _ => {
                    for form in [
                        "/related",
                        "/more?limit=100",
                        ".md",
                        ".txt",
                        "?include=more,related_auto&fields=more,related_auto",
                    ] {
                        look(app, &forbidden, &format!("/v1/articles/{name}{form}")).await;
                    }
                    let whole = look(app, &forbidden, &format!("/v1/articles/{name}?body=blocks,html,markdown,text&include=more,related_auto")).await;
                    links.insert(piece.number, whole["related"].clone());
                    assert!(whole.to_string().contains(&marker(piece.number, 1)));
                }
            }
        }
    }
    // Each picture is seen while its article is.
    for piece in pieces {
        let Some(medium) = &piece.medium else {
            continue;
        };
        if piece.fate.is_visible(hours) {
            let shown = look(app, &forbidden, &format!("/v1/media/{medium}")).await;
            assert_eq!(shown["alt"], marker(piece.number, 3));
        } else {
            let unheard = "0192f3c4-7a10-7c55-9d0e-3f1b2a4c5d6e";
            looks_like_nothing(app, "/v1/media/NAME", medium, unheard).await;
        }
    }
    // Under its old slug an article is what it is under its present one.
    for (piece, old) in pieces
        .iter()
        .filter_map(|piece| Some((piece, former(piece.number)?)))
    {
        for form in ["NAME", "NAME/related", "NAME/more", "NAME.md", "NAME.txt"] {
            let path = format!("/v1/articles/{}", form.replace("NAME", &old));
            let present = form.replace("NAME", &slug(piece.number));
            match piece.fate {
                Fate::Withdrawn => {
                    let gone = got(app.request("GET", &path), 410).await;
                    assert_eq!(gone.header("location"), "");
                    assert!(!gone.text.contains(&slug(piece.number)), "{}", gone.text);
                }
                fate if fate.is_visible(hours) && !fate.is_new() => {
                    let moved = got(app.request("GET", &path), 301).await;
                    let to = format!("https://api.flussblick.example/v1/articles/{present}");
                    assert_eq!(moved.header("location"), to);
                }
                // One that was never public gave its first slug up for good.
                _ => {
                    looks_like_nothing(app, &format!("/v1/articles/{form}"), &old, "gab-es-nie")
                        .await
                }
            }
        }
    }

    addresses::crawl(app, &forbidden, pieces, hours).await;
    lists::crawl(app, &forbidden, pieces, hours).await;
    searches::crawl(app, &forbidden, pieces, hours).await;

    // And what should be seen is.
    let mut led = 0;
    for (number, related) in links {
        let piece = &pieces[number];
        let expected: Vec<String> = piece
            .inline
            .iter()
            .chain(&piece.end)
            .filter_map(|to| match to {
                To::Slug(to) | To::Id(to) if pieces[*to].fate.is_visible(hours) => Some(slug(*to)),
                _ => None,
            })
            .collect();
        let found: Vec<String> = related
            .as_array()
            .unwrap()
            .iter()
            .map(|link| link["article"]["slug"].as_str().unwrap().to_owned())
            .collect();
        led += found.len();
        assert_eq!(found, expected, "links of {}", slug(number));
    }
    assert!(led > 20, "only {led} links lead anywhere");
}

both! {
    async fn nothing_hidden_appears_anywhere(app: App) {
        let pieces = make(&app, 1).await;
        crawl(&app, &pieces, 0).await;
        // Again out of the cache, and then when time has moved on.
        crawl(&app, &pieces, 0).await;
        app.state.travel(3_600);
        crawl(&app, &pieces, 1).await;
        app.state.travel(7_200);
        crawl(&app, &pieces, 3).await;
    }
}

/// The search above finds what it looks for.
#[test]
fn the_search_would_find_it() {
    let piece = |number, fate| Piece {
        number,
        fate,
        id: Id::new().to_string(),
        medium: None,
        inline: vec![To::Slug(1)],
        text: vec![],
        end: vec![],
    };
    let pieces = [piece(0, Fate::Live), piece(1, Fate::Draft)];
    let forbidden = Forbidden::new(&pieces, 0);
    let finds = |text: &str, keys: &str| {
        let mut headers = reqwest::header::HeaderMap::new();
        headers.insert("surrogate-key", keys.parse().unwrap());
        std::panic::catch_unwind(|| forbidden.search("", text, &headers)).is_err()
    };
    let hidden: Id = pieces[1].id.parse().unwrap();
    assert!(!finds(
        &format!("\"{}\" {} {}", slug(0), marker(0, 1), pieces[0].id),
        "abcd1234"
    ));
    for text in [
        slug(1),
        marker(1, 1),
        marker(0, 2),
        link_marker(0, 1),
        pieces[1].id.clone(),
        "nichts-5-zz".to_owned(),
    ] {
        assert!(
            finds(&format!("<a href=\"/2026/11/{text}/\">"), "x"),
            "{text}"
        );
    }
    assert!(finds("", &join(&[Tag::site(), Tag::article(hidden)])));
}

//! Many at once: one wins, the others are told.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use futures_util::future::join_all;
use perspektive::articles::input;
use perspektive::articles::ops::{self, Key, Publish};
use perspektive::auth::Actor;
use perspektive::changes::Tx;
use perspektive::error::Result;
use perspektive::http::conditional::Expect;
use serde_json::{Value, json};

use super::{EDITOR, live, newsroom, piece, put, verb, with};
use crate::both;
use crate::support::App;

async fn statuses(requests: Vec<reqwest::RequestBuilder>) -> Vec<(u16, serde_json::Value)> {
    // A machine that is busy with other things may need more than one try.
    let one = async |request: reqwest::RequestBuilder| loop {
        let answer = request.try_clone().unwrap().send().await.unwrap();
        let status = answer.status().as_u16();
        if status != 503 {
            return (status, answer.json().await.unwrap());
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    };
    join_all(requests.into_iter().map(one)).await
}

fn count(answers: &[(u16, serde_json::Value)], status: u16) -> usize {
    answers.iter().filter(|(found, _)| *found == status).count()
}

both! {
    async fn fifty_patches_of_one_version(app: App) {
        let editor = newsroom(&app).await;
        put(&app, "rat", &piece("Rat")).await;
        let requests = (0..50)
            .map(|n| editor.request("PATCH", &format!("{EDITOR}/rat")).header("If-Match", "\"v1\"").json(&json!({"kicker": format!("Nr. {n}")})))
            .collect();
        let answers = statuses(requests).await;
        assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 49));
        assert!(answers.iter().filter(|(status, _)| *status == 412).all(|(_, problem)| problem["current_etag"] == "\"v2\""));
        let view = editor.get(&format!("{EDITOR}/rat"), 200).await;
        assert_eq!((&view["version"], &view["revision"]), (&json!(2), &json!(2)));
    }

    async fn fifty_puts_of_one_free_slug(app: App) {
        newsroom(&app).await;
        let names: Vec<String> = (0..50).map(|n| format!("redakteur-{n}")).collect();
        let clients: Vec<_> = names.iter().map(|name| crate::articles::named(&app, name)).collect();
        let requests = clients.iter()
            .map(|client| client.request("PUT", &format!("{EDITOR}/brand")).json(&piece(&format!("Brand, meldet {}", client.name))))
            .collect();
        let answers = statuses(requests).await;
        assert_eq!((count(&answers, 201), count(&answers, 428)), (1, 49), "{:?}", answers.iter().map(|(status, _)| status).collect::<Vec<_>>());
        let made = answers.iter().find(|(status, _)| *status == 201).unwrap();
        let list = clients[0].get(EDITOR, 200).await;
        assert_eq!(crate::articles::slugs_of(&list), ["brand"]);
        assert_eq!(list["items"][0]["id"], made.1["id"]);
    }

    /// The same upload fifty times at once is one article, from whomever.
    async fn fifty_equal_uploads(app: App) {
        let editor = newsroom(&app).await;
        let requests = (0..50).map(|_| editor.request("PUT", &format!("{EDITOR}/brand")).json(&piece("Brand"))).collect();
        let answers = statuses(requests).await;
        assert_eq!((count(&answers, 201), count(&answers, 200)), (1, 49));
        assert!(answers.iter().all(|(_, receipt)| receipt["version"] == 1));
    }

    /// One topic and one author, although everybody names them first.
    async fn a_topic_is_made_once(app: App) {
        let editor = newsroom(&app).await;
        let requests = (0..30)
            .map(|n| {
                let body = with(piece(&format!("Nr. {n}")), json!({"topics": ["Ganz Neu", "Auch neu"], "authors": ["Neue Autorin"]}));
                editor.request("PUT", &format!("{EDITOR}/nr-{n}")).json(&body)
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 201), 30, "{:?}", answers.iter().find(|(status, _)| *status != 201));
        let topics = editor.get("/v1/editor/topics?q=ganz", 200).await;
        assert_eq!(topics["items"].as_array().unwrap().len(), 1);
        let authors = editor.get("/v1/editor/authors?q=neue", 200).await;
        assert_eq!(authors["items"].as_array().unwrap().len(), 1);
        for n in 0..30 {
            let view = editor.get(&format!("{EDITOR}/nr-{n}"), 200).await;
            assert_eq!((&view["topics"], &view["authors"]), (&json!(["ganz-neu", "auch-neu"]), &json!(["neue-autorin"])));
        }
    }

    /// One name of a feed, under many slugs and by every way in.
    async fn an_external_id_is_taken_once(app: App) {
        let editor = newsroom(&app).await;
        let requests = (0..30)
            .map(|n| {
                let body = with(piece(&format!("Meldung {n}")), json!({"external_id": "fpd:1"}));
                match n % 3 {
                    0 => editor.request("POST", EDITOR).json(&body),
                    1 => editor.request("PUT", &format!("{EDITOR}/meldung-{n}")).json(&body),
                    _ => editor.request("PUT", &format!("{EDITOR}/external:fpd:1")).header("If-None-Match", "*").json(&body),
                }
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 201), 1, "{answers:?}");
        assert_eq!(count(&answers, 409) + count(&answers, 412), 29, "{answers:?}");
    }

    /// Two renames to one slug, and renames against uploads.
    async fn a_slug_is_taken_once(app: App) {
        let editor = newsroom(&app).await;
        for n in 0..20 {
            put(&app, &format!("alt-{n}"), &piece(&format!("Alt {n}"))).await;
        }
        let requests = (0..20)
            .flat_map(|n| {
                let rename = editor.request("PATCH", &format!("{EDITOR}/alt-{n}")).header("If-Match", "*").json(&json!({"slug": "begehrt"}));
                let upload = editor.request("POST", EDITOR).json(&json!({"headline": format!("Neu {n}"), "slug": "begehrt"}));
                [rename, upload]
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 200) + count(&answers, 201), 1, "{answers:?}");
        assert_eq!(count(&answers, 409), 39, "{answers:?}");
    }

    /// Publishing, unpublishing and editing at once leave lists and links right.
    async fn state_and_lists_agree_after_a_storm(app: App) {
        let editor = newsroom(&app).await;
        for n in 0..6 {
            let body = with(piece(&format!("Nr. {n}")), json!({"topics": ["verkehr"], "related": [{"article": format!("nr-{}", (n + 1) % 6)}]}));
            put(&app, &format!("nr-{n}"), &body).await;
        }
        let requests = (0..120)
            .map(|n| {
                let path = format!("{EDITOR}/nr-{}", n % 6);
                match n / 6 % 4 {
                    0 | 2 => editor.request("POST", &format!("{path}/publish")),
                    1 => editor.request("POST", &format!("{path}/unpublish")),
                    _ => editor.request("PATCH", &path).header("If-Match", "*").json(&json!({"kicker": format!("{n}")})),
                }
            })
            .collect();
        let answers = statuses(requests).await;
        assert_eq!(count(&answers, 200), 120, "{:?}", answers.iter().find(|(status, _)| *status != 200));
        let mut visible: Vec<String> = crate::articles::slugs_of(&editor.get(&format!("{EDITOR}?state=live"), 200).await);
        visible.sort();
        for path in ["/v1/articles", "/v1/articles?topic=verkehr", "/v1/articles?section=politik"] {
            let mut found = crate::articles::slugs(&app, path).await;
            found.sort();
            assert_eq!(found, visible, "{path}");
        }
        for slug in &visible {
            let article = app.get(&format!("/v1/articles/{slug}"), 200).await;
            let next = format!("nr-{}", (slug[3..].parse::<usize>().unwrap() + 1) % 6);
            assert_eq!(article["related"].as_array().unwrap().len(), usize::from(visible.contains(&next)), "{slug}");
        }
        // A card is read from the article's row, the article from its revision.
        for n in 0..6 {
            let slug = format!("nr-{n}");
            crate::articles::verb(&app, &slug, "publish", json!({}), 200).await;
            crate::articles::patch(&app, &slug, json!({"kicker": "Zuletzt", "headline": format!("Neu {n}")}), 200).await;
            crate::articles::verb(&app, &slug, "publish", json!({}), 200).await;
            let article = app.get(&format!("/v1/articles/{slug}"), 200).await;
            let list = app.get("/v1/articles", 200).await;
            let card = list["items"].as_array().unwrap().iter().find(|card| card["slug"] == slug.as_str()).unwrap();
            for name in ["rev", "kicker", "headline", "section", "word_count", "updated_at"] {
                assert_eq!(card[name], article[name], "{slug}: {name}");
            }
        }
    }
}

/// A write that has done everything but its end, and waits with it.
struct Held {
    go: mpsc::Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Held {
    async fn new(app: &App, job: impl FnOnce(&mut Tx<'_>) -> Result<()> + Send + 'static) -> Self {
        let (reached, waiting) = mpsc::channel();
        let (go, told) = mpsc::channel();
        let state = Arc::clone(&app.state);
        let thread = std::thread::spawn(move || {
            state.write_blocking(|tx| {
                job(tx)?;
                reached.send(()).unwrap();
                told.recv_timeout(Duration::from_secs(8)).unwrap();
                Ok(())
            })
        });
        while waiting.try_recv().is_err() {
            assert!(!thread.is_finished(), "{:?}", thread.join());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Held { go, thread }
    }

    /// Lets it end, and waits for that.
    fn commit(self) {
        self.go.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }

    /// Lets two end at once: each has settled what it can before the other is
    /// committed.
    async fn commit_at_once(app: &App, one: Held, other: Held) {
        let log = |tx: &mut Tx<'_>| Ok(perspektive::store!(tx.conn, changes::lock())?);
        let log = Held::new(app, log).await;
        for write in [&one, &other] {
            write.go.send(()).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(!one.thread.is_finished() && !other.thread.is_finished());
        log.commit();
        for write in [one, other] {
            write.thread.join().unwrap().unwrap();
        }
    }
}

fn publish(slug: &'static str) -> impl FnOnce(&mut Tx<'_>) -> Result<()> {
    move |tx| {
        let key = Key::Slug(slug.to_owned());
        ops::publish(
            tx,
            &Actor::command(),
            &key,
            Expect::Unsaid,
            &Publish::default(),
        )
        .map(drop)
    }
}

fn upload(slug: &'static str, body: Value) -> impl FnOnce(&mut Tx<'_>) -> Result<()> {
    move |tx| {
        let sent = input::from_json(body.to_string().as_bytes(), input::Own::default())?;
        let key = Key::Slug(slug.to_owned());
        ops::put(
            tx,
            &Actor::command(),
            &key,
            Expect::Unsaid,
            sent,
            true,
            true,
        )
        .map(drop)
    }
}

fn linking_to(slug: &str) -> Value {
    with(piece("Rat"), json!({"related": [{"article": slug}]}))
}

/// The slugs of an article's related links, as readers get them.
async fn related(app: &App, slug: &str) -> Vec<String> {
    let article = app.get(&format!("/v1/articles/{slug}"), 200).await;
    let links = article["related"].as_array().unwrap();
    links
        .iter()
        .map(|link| link["article"]["slug"].as_str().unwrap().to_owned())
        .collect()
}

/// Two that link to each other are published at the same instant: neither write
/// sees the other, and yet no answer stays without the link.
#[actix_web::test]
async fn two_that_link_to_each_other_come_at_once() {
    let Some(app) = App::postgres().await else {
        return;
    };
    newsroom(&app).await;
    put(&app, "eins", &linking_to("zwei")).await;
    put(&app, "zwei", &linking_to("eins")).await;
    let eins = Held::new(&app, publish("eins")).await;
    let zwei = Held::new(&app, publish("zwei")).await;
    eins.commit();
    assert!(related(&app, "eins").await.is_empty());
    zwei.commit();
    assert_eq!(related(&app, "eins").await, ["zwei"]);
    assert_eq!(related(&app, "zwei").await, ["eins"]);

    // Nor when one goes while the other comes.
    verb(&app, "eins", "unpublish", json!({}), 200).await;
    let eins = Held::new(&app, publish("eins")).await;
    verb(&app, "zwei", "unpublish", json!({}), 200).await;
    eins.commit();
    assert!(related(&app, "eins").await.is_empty());

    // Nor in the moment of the commit: whoever is second says that the first,
    // which it now finds, shows something else.
    verb(&app, "eins", "unpublish", json!({}), 200).await;
    let seen = app.log().len();
    let eins = Held::new(&app, publish("eins")).await;
    let zwei = Held::new(&app, publish("zwei")).await;
    Held::commit_at_once(&app, eins, zwei).await;
    assert_eq!(app.log().len() - seen, 3, "{:?}", &app.log()[seen..]);
}

/// A slug and a link that waits for it come at the same instant, in either order.
#[actix_web::test]
async fn a_slug_and_a_link_to_it_come_at_once() {
    let Some(app) = App::postgres().await else {
        return;
    };
    newsroom(&app).await;
    let slug = Held::new(&app, upload("neu", piece("Neu"))).await;
    live(&app, "rat", &linking_to("neu")).await;
    assert!(related(&app, "rat").await.is_empty());
    slug.commit();
    assert_eq!(related(&app, "rat").await, ["neu"]);

    let link = Held::new(&app, upload("kreis", linking_to("neuer"))).await;
    live(&app, "neuer", &piece("Neuer")).await;
    link.commit();
    assert_eq!(related(&app, "kreis").await, ["neuer"]);

    // Both wait for each other's slug.
    let eins = Held::new(&app, upload("eins", linking_to("zwei"))).await;
    let zwei = Held::new(&app, upload("zwei", linking_to("eins"))).await;
    eins.commit();
    assert!(related(&app, "eins").await.is_empty());
    zwei.commit();
    assert_eq!(related(&app, "eins").await, ["zwei"]);
    assert_eq!(related(&app, "zwei").await, ["eins"]);

    // And in the moment of the commit.
    let drei = Held::new(&app, upload("drei", linking_to("vier"))).await;
    let vier = Held::new(&app, upload("vier", linking_to("drei"))).await;
    Held::commit_at_once(&app, drei, vier).await;
    assert_eq!(related(&app, "drei").await, ["vier"]);
    assert_eq!(related(&app, "vier").await, ["drei"]);
}

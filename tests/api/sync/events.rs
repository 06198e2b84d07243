//! Server-sent events.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Phone, short};
use crate::articles::{got, live, newsroom, piece, verb, with};
use crate::both;
use crate::support::App;

/// An event that arrived.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    pub name: String,
    pub data: Value,
}

/// A stream that is being listened to.
pub struct Listener {
    answer: reqwest::Response,
    buffer: String,
    /// Whether it told when to come back, and how often it gave a sign of life.
    pub retry: u64,
    pub beats: usize,
}

impl Listener {
    pub async fn open(app: &App, query: &str, last: Option<&str>) -> Self {
        let mut request = app.request("GET", &format!("/v1/events?{query}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        if status != 200 {
            panic!("{status}: {}", answer.text().await.unwrap());
        }
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Listener {
            answer,
            buffer: String::new(),
            retry: 0,
            beats: 0,
        }
    }

    /// The next event; `None` when the stream has ended or breaks.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(end) = self.buffer.find("\n\n") {
                let text: String = self.buffer.drain(..end + 2).collect();
                if let Some(retry) = text.trim().strip_prefix("retry: ") {
                    self.retry = retry.parse().unwrap();
                } else if text == ":\n\n" {
                    self.beats += 1;
                } else {
                    return Some(Self::read(&text));
                }
            }
            let chunk = self.answer.chunk().await.ok()??;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    fn read(text: &str) -> Event {
        let mut event = Event {
            id: String::new(),
            name: String::new(),
            data: Value::Null,
        };
        for line in text.trim_end().lines() {
            match line.split_once(": ").unwrap() {
                ("id", id) => event.id = id.to_owned(),
                ("event", name) => event.name = name.to_owned(),
                ("data", data) => event.data = serde_json::from_str(data).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        assert!(!event.id.is_empty() && !event.name.is_empty(), "{text}");
        event
    }

    /// The next event, which must come soon.
    pub async fn soon(&mut self) -> Event {
        let next = tokio::time::timeout(Duration::from_secs(10), self.next());
        next.await
            .expect("an event comes")
            .expect("the stream goes on")
    }

    /// So many events.
    pub async fn some(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(self.soon().await);
        }
        events
    }

    /// Whether nothing comes for a while.
    pub async fn is_quiet(&mut self) -> bool {
        let next = tokio::time::timeout(Duration::from_millis(400), self.next());
        next.await.is_err()
    }
}

fn shorts(events: &[Event]) -> Vec<String> {
    for event in events {
        assert_eq!(event.data["type"], event.name.as_str());
    }
    short(
        &events
            .iter()
            .map(|event| event.data.clone())
            .collect::<Vec<_>>(),
    )
}

both! {
    /// From now on: what changes comes as `/v1/changes` has it, with a cursor that both
    /// understand.
    async fn what_changes_comes_as_it_changes(app: App) {
        newsroom(&app).await;
        live(&app, "alt", &piece("Alt")).await;
        let mut stream = Listener::open(&app, "", None).await;
        let ready = stream.soon().await;
        assert_eq!((ready.name.as_str(), &ready.data), ("ready", &json!({"cursor": ready.id})));
        assert!((2_000..5_000).contains(&stream.retry));
        assert!(stream.is_quiet().await);

        live(&app, "eins", &with(piece("Eins"), json!({"topics": ["Verkehr"]}))).await;
        let events = stream.some(2).await;
        assert_eq!(shorts(&events), ["article upsert eins", "topic upsert verkehr"]);
        verb(&app, "eins", "unpublish", json!({}), 200).await;
        let gone = stream.some(2).await;
        assert_eq!(shorts(&gone), ["article delete", "topic delete"]);
        for (after, left) in [(&ready.id, 2), (&events[0].id, 2), (&events[1].id, 2), (&gone[0].id, 1), (&gone[1].id, 0)] {
            let mut phone = Phone { cursor: Some(after.clone()), ..Phone::default() };
            assert_eq!(phone.sync(&app).await.len(), left);
        }
        let mut phone = Phone { cursor: Some(events[1].id.clone()), ..Phone::default() };
        let came = phone.sync(&app).await;
        assert_eq!(came, gone.iter().map(|event| event.data.clone()).collect::<Vec<_>>());
        assert!(stream.is_quiet().await);
    }
}

both! {
    /// Who comes back misses nothing, from the ring as from the database.
    async fn coming_back_leaves_no_gap(app: App) {
        newsroom(&app).await;
        let start = app.get("/v1/home", 200).await["changes_cursor"].as_str().unwrap().to_owned();
        for number in 0..45 {
            live(&app, &format!("a-{number}"), &piece(&format!("A {number}"))).await;
        }
        // A cursor belongs to its filter.
        got(app.request("GET", &format!("/v1/events?cursor={start}&types=article")), 400).await;
        // Nobody listened: all of it comes from the database.
        let query = format!("cursor={start}");
        let mut whole = Listener::open(&app, &query, None).await;
        let events = whole.some(45).await;
        assert_eq!(shorts(&events), (0..45).map(|number| format!("article upsert a-{number}")).collect::<Vec<_>>());
        // While somebody listens the rest is in the ring.
        for number in 45..60 {
            live(&app, &format!("a-{number}"), &piece(&format!("A {number}"))).await;
        }
        let more = whole.some(15).await;
        let all = [events, more].concat();
        for seen in [0, 1, 19, 20, 44, 45, 50, 58] {
            // Last-Event-ID wins over the cursor.
            let mut back = Listener::open(&app, &query, Some(&all[seen].id)).await;
            let rest = back.some(59 - seen).await;
            let (came, missed) = (shorts(&rest), shorts(&all[seen + 1..]));
            assert_eq!(came, missed, "after {seen}");
            assert!(back.is_quiet().await);
        }
    }
}

both! {
    /// Each stream gets its own section, and tombstones for what is outside.
    async fn streams_keep_to_their_filter(app: App) {
        newsroom(&app).await;
        let mut politik = Listener::open(&app, "section=politik", None).await;
        let mut kultur = Listener::open(&app, "section=kultur&types=article,section", None).await;
        assert_eq!((politik.soon().await.name, kultur.soon().await.name), ("ready".into(), "ready".into()));
        live(&app, "rat", &with(piece("Rat"), json!({"section": "stadtrat"}))).await;
        assert_eq!(shorts(&politik.some(1).await), ["article upsert rat"]);
        assert_eq!(shorts(&kultur.some(1).await), ["article delete"]);
        let request = app.as_editor().request("PATCH", "/v1/editor/sections/stadtrat").header("If-Match", "*");
        got(request.json(&json!({"parent": "kultur"})), 200).await;
        let moved = |events: Vec<Event>| { let mut short = shorts(&events); short.sort(); short };
        assert_eq!(moved(politik.some(2).await), ["article delete", "section upsert stadtrat"]);
        assert_eq!(moved(kultur.some(2).await), ["article upsert rat", "section upsert stadtrat"]);
        // What a filter means may change under it.
        app.as_editor().send("POST", "/v1/editor/sections/politik/merge", &json!({"into": "sport"}), 200).await;
        let reset = politik.soon().await;
        assert_eq!((reset.name.as_str(), &reset.data), ("reset", &json!({"cursor": reset.id})));
        live(&app, "spiel", &with(piece("Spiel"), json!({"section": "sport"}))).await;
        let mut came = politik.soon().await;
        while came.name != "article" {
            came = politik.soon().await;
        }
        assert_eq!(shorts(&[came]), ["article upsert spiel"]);
        for (query, status) in [("section=gibts-nicht", 400), ("cursor=quatsch", 400), ("fields=body", 400)] {
            got(app.request("GET", &format!("/v1/events?{query}")), status).await;
        }
    }
}

both! {
    /// Lists that fill themselves come when they are other than before.
    async fn lists_that_changed_come_after_what_changed_them(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        let list = json!({"slug": "mehr", "name": "Mehr", "kind": "automatic"});
        app.as_editor().send("POST", "/v1/editor/lists", &list, 201).await;
        let mut stream = Listener::open(&app, "", None).await;
        stream.soon().await;
        live(&app, "zwei", &piece("Zwei")).await;
        let events = stream.some(2).await;
        assert_eq!(shorts(&events), ["article upsert zwei", "list upsert mehr"]);
        assert_eq!(events[1].data["list"]["articles"].as_array().unwrap().len(), 2);
        // A new text changes no list.
        live(&app, "eins", &piece("Eins, neu")).await;
        assert_eq!(shorts(&stream.some(1).await), ["article upsert eins"]);
        assert!(stream.is_quiet().await);
        // Whoever was cut off between the two gets the list.
        let mut back = Listener::open(&app, "", Some(&events[0].id)).await;
        let mut came = shorts(&back.some(2).await);
        came.sort();
        assert_eq!(came, ["article upsert eins", "list upsert mehr"]);
    }
}

both! {
    /// A cursor that has expired is told by the first event, for EventSource gives up on
    /// any other status than 200.
    async fn an_expired_cursor_is_a_reset(app: App) {
        newsroom(&app).await;
        let old = app.get("/v1/home", 200).await["changes_cursor"].as_str().unwrap().to_owned();
        live(&app, "eins", &piece("Eins")).await;
        app.state.travel(100 * 86_400);
        perspektive::delivery::sync::prune::prune(&app.state).await.unwrap();
        let mut stream = Listener::open(&app, &format!("cursor={old}"), None).await;
        let reset = stream.soon().await;
        assert_eq!((reset.name.as_str(), &reset.data), ("reset", &json!({"cursor": reset.id})));
        live(&app, "zwei", &piece("Zwei")).await;
        assert_eq!(shorts(&stream.some(1).await), ["article upsert zwei"]);
        let mut phone = Phone { cursor: Some(reset.id), ..Phone::default() };
        assert_eq!(short(&phone.sync(&app).await), ["article upsert zwei"]);
    }
}

both! {
    /// The headers that keep whoever stands between from holding events back, and HEAD,
    /// which ends.
    async fn the_headers_of_a_stream(app: App) {
        newsroom(&app).await;
        for method in ["GET", "HEAD"] {
            let request = app.request(method, "/v1/events").header("Accept-Encoding", "br, gzip");
            let answer = request.send().await.unwrap();
            let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("x-accel-buffering"), "no");
            assert_eq!(header("content-type"), "text/event-stream");
            assert_eq!(header("content-encoding"), "");
            assert_eq!(header("access-control-allow-origin"), "*");
            assert!(!header("x-request-id").is_empty() && !header("vary").is_empty());
            if method == "HEAD" {
                assert_eq!(answer.text().await.unwrap(), "");
            }
        }
        let options = app.request("OPTIONS", "/v1/events").send().await.unwrap();
        assert_eq!(options.headers()["allow"], "GET, HEAD, OPTIONS");
    }
}

/// Above the cap the answer says when to come back; a stream that ends makes room.
#[actix_web::test]
async fn there_is_a_cap_on_streams() {
    let app = App::sqlite_with(|config| config.streams_max = 2).await;
    // One that breaks with a reset; what merely falls silent is noticed by the heartbeat.
    let mut one = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://"))
        .await
        .unwrap();
    one.write_all(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut begin = vec![0; 4_096];
    let length = one.read(&mut begin).await.unwrap();
    assert!(begin[..length].starts_with(b"HTTP/1.1 200 "));
    let _two = Listener::open(&app, "", None).await;
    let metrics = app.get("/metrics", 200).await;
    let metrics = metrics.as_str().unwrap();
    assert!(metrics.contains("perspektive_event_streams 2"), "{metrics}");
    let full = got(app.request("GET", "/v1/events"), 503).await;
    assert_eq!(
        (
            full.json["type"].as_str().unwrap(),
            full.header("retry-after")
        ),
        ("/problems/unavailable", "30")
    );
    // Ordinary requests go on.
    app.get("/v1/home", 200).await;
    one.set_zero_linger().unwrap();
    drop(one);
    for _ in 0..100 {
        let answer = app.request("GET", "/v1/events").send().await.unwrap();
        if answer.status() == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no room was made");
}

both! {
    /// When the server is told to stop its streams end, and hold nothing up.
    async fn streams_end_when_the_server_stops(app: App) {
        newsroom(&app).await;
        let mut stream = Listener::open(&app, "", None).await;
        stream.soon().await;
        assert_eq!(app.state.running(), 0);
        app.state.stop();
        let ended = tokio::time::timeout(Duration::from_secs(2), stream.next()).await;
        assert!(ended.unwrap().is_none());
        // Who comes back meanwhile is sent away to come back again.
        let mut back = Listener::open(&app, "", None).await;
        let ended = tokio::time::timeout(Duration::from_secs(2), async {
            while back.next().await.is_some() {}
        });
        ended.await.unwrap();
        assert!(back.retry > 0);
    }
}

/// A sign of life each quarter of a minute; slow, so on one database.
#[actix_web::test]
async fn a_quiet_stream_gives_signs_of_life() {
    let app = App::sqlite_with(|_| {}).await;
    let mut stream = Listener::open(&app, "", None).await;
    stream.soon().await;
    let waiting = tokio::time::timeout(Duration::from_secs(17), stream.next());
    assert!(waiting.await.is_err());
    assert_eq!(stream.beats, 1);
}

/// What another node writes comes here too.
#[actix_web::test]
async fn another_nodes_changes_come_too() {
    let Some(one) = App::postgres().await else {
        return;
    };
    let other = one.another_node().await;
    newsroom(&one).await;
    let mut stream = Listener::open(&other, "", None).await;
    let ready = stream.soon().await;
    assert_eq!(ready.name, "ready");
    live(&one, "eins", &piece("Eins")).await;
    let event = stream.soon().await;
    assert_eq!(
        shorts(std::slice::from_ref(&event)),
        ["article upsert eins"]
    );
    // The section is as new as the entry that told of it.
    let request = one
        .as_editor()
        .request("PATCH", "/v1/editor/sections/politik")
        .header("If-Match", "*");
    got(request.json(&json!({"name": "Staat"})), 200).await;
    let event = stream.soon().await;
    assert_eq!(event.data["section"]["name"], "Staat");
}

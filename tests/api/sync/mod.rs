//! What apps fetch: everything at first, then what has changed, in pages and as
//! events; and the start screen.

mod changes;
pub mod events;
mod home;
mod phone;
mod pictures;
mod retention;
mod tree;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::articles::{Got, got};
use crate::support::App;

/// This API's address as the tests' settings have it.
pub const BASE: &str = "https://api.flussblick.example";

/// A client that keeps what it syncs.
#[derive(Clone, Debug, Default)]
pub struct Phone {
    /// By type and id.
    pub kept: BTreeMap<(String, String), Value>,
    pub cursor: Option<String>,
    /// What it asks for beside the cursor.
    pub query: &'static str,
}

impl Phone {
    pub fn new(query: &'static str) -> Self {
        Phone {
            query,
            ..Phone::default()
        }
    }

    /// Where it asks next.
    pub fn path(&self) -> String {
        let cursor = self
            .cursor
            .as_ref()
            .map(|cursor| format!("&cursor={cursor}"));
        format!("/v1/changes?{}{}", self.query, cursor.unwrap_or_default())
    }

    /// Takes a page over. Whether there is more.
    pub fn take_page(&mut self, page: &Value) -> bool {
        for item in page["items"].as_array().unwrap() {
            self.take(item);
        }
        self.cursor = Some(page["next_cursor"].as_str().unwrap().to_owned());
        let more = page["has_more"].as_bool().unwrap();
        assert_eq!(more, page["links"]["next"].is_string(), "{page}");
        more
    }

    /// Takes a change over.
    pub fn take(&mut self, item: &Value) {
        let text = |name: &str| item[name].as_str().unwrap().to_owned();
        let (kind, id) = (text("type"), text("id"));
        match item["op"].as_str().unwrap() {
            "upsert" => {
                let thing = &item[&kind];
                assert!(thing.is_object(), "{item}");
                if kind != "site" {
                    assert_eq!(thing["id"], item["id"], "{item}");
                }
                self.kept.insert((kind, id), thing.clone());
            }
            "delete" => {
                assert_eq!(item.as_object().unwrap().len(), 3, "{item}");
                self.kept.remove(&(kind, id));
            }
            other => panic!("{other}"),
        }
    }

    /// Syncs to the end. Everything that came, in order.
    pub async fn sync(&mut self, app: &App) -> Vec<Value> {
        let mut came = Vec::new();
        for _ in 0..10_000 {
            let page = got(app.request("GET", &self.path()), 200).await.json;
            came.extend(page["items"].as_array().unwrap().iter().cloned());
            if !self.take_page(&page) {
                return came;
            }
        }
        panic!("it never ends");
    }

    /// What it keeps of a type, by id.
    pub fn all(&self, kind: &str) -> BTreeMap<String, &Value> {
        let mine = self.kept.iter().filter(|((found, _), _)| found == kind);
        mine.map(|((_, id), value)| (id.clone(), value)).collect()
    }

    /// Its articles with the copies in them replaced by what it keeps under their ids.
    pub fn articles(&self) -> BTreeMap<String, Value> {
        let mut articles = BTreeMap::new();
        for (id, article) in self.all("article") {
            let mut article = article.clone();
            self.join(&mut article["section"], "section");
            for (member, kind) in [("topics", "topic"), ("authors", "author")] {
                for name in article[member].as_array_mut().into_iter().flatten() {
                    self.join(name, kind);
                }
            }
            let article = article.as_object_mut().unwrap();
            article.retain(|_, value| !value.is_null());
            articles.insert(id, Value::Object(article.clone()));
        }
        articles
    }

    fn join(&self, copy: &mut Value, kind: &str) {
        let Some(id) = copy["id"].as_str().map(str::to_owned) else {
            return;
        };
        if let Some(now) = self.kept.get(&(kind.to_owned(), id)) {
            for (name, value) in copy.as_object_mut().unwrap() {
                *value = now[name].clone();
            }
        }
    }

    /// Holds it to what the lists show. It follows everything, with topics and authors.
    pub async fn agrees(&self, app: &App) {
        let listed = everything(app, "/v1/articles?limit=100&include=topics,authors").await;
        assert_same(&self.articles(), &by_id(listed), "articles");
        for (kind, path) in [("topic", "/v1/topics"), ("author", "/v1/authors")] {
            let listed = by_id(everything(app, &format!("{path}?limit=100")).await);
            let kept = self.all(kind).into_iter();
            let kept = kept.map(|(id, value)| (id, value.clone())).collect();
            assert_same(&kept, &listed, kind);
        }
        let mut sections = BTreeMap::new();
        let tree = app.get("/v1/sections", 200).await;
        flat(&tree["items"], &mut sections);
        let kept = self.all("section").into_iter();
        let kept = kept
            .map(|(id, value)| (id, value["path"].clone()))
            .collect();
        assert_same(&kept, &sections, "sections");
        let lists = everything(app, "/v1/lists?limit=100").await;
        let mut shown = BTreeMap::new();
        for list in lists {
            let page = app
                .get(&format!("/v1/lists/{}", list["id"].as_str().unwrap()), 200)
                .await;
            let items = page["items"].as_array().unwrap().iter();
            let ids: Vec<Value> = items.map(|item| item["id"].clone()).collect();
            let list = json!({"slug": page["slug"], "name": page["name"], "articles": ids});
            shown.insert(page["id"].as_str().unwrap().to_owned(), list);
        }
        let mut kept = BTreeMap::new();
        for (id, list) in self.all("list") {
            let list =
                json!({"slug": list["slug"], "name": list["name"], "articles": list["articles"]});
            kept.insert(id, list);
        }
        assert_same(&kept, &shown, "lists");
        if let Some(site) = self.all("site").values().next() {
            assert_eq!(**site, app.get("/v1/site", 200).await);
        }
    }
}

fn flat(nodes: &Value, into: &mut BTreeMap<String, Value>) {
    for node in nodes.as_array().unwrap() {
        into.insert(
            node["id"].as_str().unwrap().to_owned(),
            node["path"].clone(),
        );
        flat(&node["children"], into);
    }
}

fn assert_same(kept: &BTreeMap<String, Value>, shown: &BTreeMap<String, Value>, what: &str) {
    for (id, shown) in shown {
        assert_eq!(kept.get(id), Some(shown), "{what} {id}");
    }
    for (id, kept) in kept {
        assert!(shown.contains_key(id), "{what}: {kept} is gone");
    }
}

/// Things by their ids.
pub fn by_id(items: Vec<Value>) -> BTreeMap<String, Value> {
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    items.into_iter().map(|item| (id(&item), item)).collect()
}

/// All pages of a list.
pub async fn everything(app: &App, path: &str) -> Vec<Value> {
    let (mut items, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = app.get(&path, 200).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["links"]["next"].as_str() {
            Some(next) => path = next.strip_prefix(BASE).unwrap().to_owned(),
            None => return items,
        }
    }
}

/// What came, in short: `article upsert slug`, `topic delete`.
pub fn short(items: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items
        .iter()
        .map(|item| {
            let (kind, op) = (text(&item["type"]), text(&item["op"]));
            let slug = text(&item[&kind]["slug"]);
            format!("{kind} {op} {slug}").trim_end().to_owned()
        })
        .collect()
}

/// An answer of `/v1/changes`.
pub async fn changes(app: &App, query: &str, status: u16) -> Got {
    got(app.request("GET", &format!("/v1/changes?{query}")), status).await
}

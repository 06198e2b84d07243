//! Clients by identity: `app.as_editor().request("GET", "/v1/…")` comes with a
//! key. User and key are made when they are first needed, by the operations
//! that the routes and the commands call too.

use std::collections::HashMap;
use std::sync::Mutex;

use perspektive::auth::{Actor, Role};
use perspektive::db::Id;
use perspektive::error::Result;
use serde_json::Value;

use super::App;

/// Users made so far, with their keys.
pub type Identities = Mutex<HashMap<String, (Id, String)>>;

/// Sends requests as somebody.
#[derive(Clone)]
pub struct Client<'a> {
    app: &'a App,
    /// The user's id.
    pub id: Id,
    /// The user's name.
    pub name: String,
    /// A key with all rights of the user's role.
    pub key: String,
}

impl App {
    /// A user `admin`, who may do everything.
    pub fn as_admin(&self) -> Client<'_> {
        self.as_user("admin", Role::Admin)
    }

    /// A user `editor`, who publishes.
    pub fn as_editor(&self) -> Client<'_> {
        self.as_user("editor", Role::Editor)
    }

    /// A user `author`, who writes and publishes nothing.
    pub fn as_author(&self) -> Client<'_> {
        self.as_user("author", Role::Author)
    }

    /// A user `viewer`, who reads drafts.
    pub fn as_viewer(&self) -> Client<'_> {
        self.as_user("viewer", Role::Viewer)
    }

    /// A user of any name; made with this role if there is none yet.
    pub fn as_user(&self, name: &str, role: Role) -> Client<'_> {
        let mut known = self.identities.lock().unwrap();
        let (id, key) = known
            .entry(name.to_owned())
            .or_insert_with(|| self.blocking(|| self.make(name, role)).unwrap())
            .clone();
        Client {
            app: self,
            id,
            name: name.to_owned(),
            key,
        }
    }

    fn make(&self, name: &str, role: Role) -> Result<(Id, String)> {
        use perspektive::{keys, users};
        self.state.write_blocking(|tx| {
            let actor = Actor::command();
            let user = users::ops::New {
                name: name.to_owned(),
                role,
                password: None,
            };
            let id = users::ops::add(tx, &actor, user)?.id;
            let key = keys::KeyIn {
                user: Some(name.to_owned()),
                name: "test".to_owned(),
                scopes: None,
                expires_at: None,
            };
            Ok((id, keys::ops::add(tx, &actor, key)?.secret))
        })
    }

    /// Runs what blocks, such as `state.write_blocking`, from a test.
    pub fn blocking<T: Send>(&self, job: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(job).join().unwrap())
    }
}

impl Client<'_> {
    /// A request with the client's key.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.app.request(method, path).bearer_auth(&self.key)
    }

    /// GET, expecting a status; the body as JSON.
    pub async fn get(&self, path: &str, status: u16) -> Value {
        expect(self.request("GET", path), status).await
    }

    /// A request with a JSON body, expecting a status; the body as JSON.
    pub async fn send(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        expect(self.request(method, path).json(body), status).await
    }
}

/// Sends a request, expecting a status; the body as JSON, or as a string if it
/// is none.
pub async fn expect(request: reqwest::RequestBuilder, status: u16) -> Value {
    let answer = request.send().await.unwrap();
    let (found, url) = (answer.status().as_u16(), answer.url().clone());
    let text = answer.text().await.unwrap();
    assert_eq!(found, status, "{url}: {text}");
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

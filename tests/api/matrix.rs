//! Who may do what: every operation of the editors' side, tried by everybody.
//!
//! A row is an operation, the status that each of the five identities gets, and
//! how to ask for it validly. Whoever is refused (401, 403) must have changed
//! nothing: all tables are compared before and after. A law at the end wants a
//! row for every operation, so that none is forgotten.
//!
//! To add rows for a resource: write them beside the others in [`rows`]. What a
//! row needs to be there it makes itself, in its `ask`, as an admin; it runs
//! afresh for each identity.

use std::collections::BTreeSet;
use std::pin::Pin;

use diesel::RunQueryDsl;
use perspektive::auth::Role;
use perspektive::db::Conn;
use serde_json::{Value, json};

use crate::both;
use crate::support::App;
use crate::support::clients::{Client, expect};
use crate::support::pictures;

/// Anonymous, viewer, author, editor, admin.
pub type Statuses = [u16; 5];
const WHO: [&str; 5] = ["anonymous", "viewer", "author", "editor", "admin"];

/// A request, but for who sends it.
pub struct Ask {
    pub path: String,
    body: Option<Value>,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    headers: Vec<(&'static str, &'static str)>,
}

impl Ask {
    fn at(path: impl Into<String>) -> Self {
        Ask {
            path: path.into(),
            body: None,
            text: None,
            bytes: None,
            headers: Vec::new(),
        }
    }

    fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Lines of JSON.
    fn lines(mut self, text: String) -> Self {
        self.text = Some(text);
        self.header("Content-Type", "application/x-ndjson")
    }

    fn bytes(mut self, bytes: Vec<u8>) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// A table.
    fn csv(mut self, text: String) -> Self {
        self.text = Some(text);
        self.header("Content-Type", "text/csv")
    }

    fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The request, with more in its query.
    pub fn request(
        &self,
        app: &App,
        who: Option<&Client<'_>>,
        method: &str,
        query: &str,
    ) -> reqwest::RequestBuilder {
        let path = match (query, self.path.contains('?')) {
            ("", _) => self.path.clone(),
            (query, true) => format!("{}&{query}", self.path),
            (query, false) => format!("{}?{query}", self.path),
        };
        let mut request = match who {
            None => app.request(method, &path),
            Some(client) => client.request(method, &path),
        };
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        if let Some(text) = &self.text {
            request = request.body(text.clone());
        }
        if let Some(bytes) = &self.bytes {
            request = request.body(bytes.clone());
        }
        request
    }
}

/// Where a row is tried.
pub struct Cell<'a> {
    pub app: &'a App,
    /// Who asks; `None` for anonymous.
    pub who: Option<Client<'a>>,
    /// Differs for every cell; for names.
    pub number: usize,
}

impl Cell<'_> {
    /// Makes something as an admin, before somebody is refused it or not.
    async fn make(&self, path: &str, body: Value) -> Value {
        self.app.as_admin().send("POST", path, &body, 201).await
    }

    /// A name that nothing else has.
    fn name(&self, base: &str) -> String {
        format!("{base}-{}", self.number)
    }

    /// Makes a user; its name.
    async fn user(&self) -> String {
        let name = self.name("user");
        let body = json!({"name": name, "role": "viewer", "password": "ein langes Passwort"});
        self.make("/v1/editor/users", body).await;
        name
    }

    /// Makes a key of the one who asks; its address.
    async fn own_key(&self) -> String {
        let owner = self.who.as_ref().map_or("viewer", |who| who.name.as_str());
        let body = json!({"name": self.name("key"), "user": owner});
        let made = self.make("/v1/editor/keys", body).await;
        format!("/v1/editor/keys/{}", made["id"].as_str().unwrap())
    }

    /// Makes a key of somebody else's; its address.
    async fn others_key(&self) -> String {
        let body = json!({"name": self.name("key"), "user": self.user().await});
        let made = self.make("/v1/editor/keys", body).await;
        format!("/v1/editor/keys/{}", made["id"].as_str().unwrap())
    }

    /// Makes a section, topic or author; its address.
    async fn thing(&self, collection: &str) -> String {
        let made = self
            .make(collection, json!({"name": self.name("Ding")}))
            .await;
        format!("{collection}/{}", made["slug"].as_str().unwrap())
    }

    /// A picture that nothing else has.
    fn picture(&self) -> Vec<u8> {
        pictures::png(12, 8, self.number as u32)
    }

    /// Uploads a picture as somebody; its address.
    async fn medium(&self, by: Client<'_>) -> String {
        let request = by.request("POST", "/v1/editor/media").body(self.picture());
        let made = expect(request, 201).await;
        format!("/v1/editor/media/{}", made["id"].as_str().unwrap())
    }

    /// Uploads a picture as the one who asks, if they could have; its address.
    async fn own_medium(&self) -> String {
        let who = self.who.clone().filter(|who| who.name != "viewer");
        self.medium(who.unwrap_or_else(|| self.app.as_admin()))
            .await
    }

    /// Uploads a picture as somebody else; its address.
    async fn others_medium(&self) -> String {
        self.medium(self.app.as_user("someone-else", Role::Editor))
            .await
    }

    /// Makes a section, topic or author and renames it; the address of its former slug.
    async fn former_slug(&self, collection: &str) -> String {
        let path = self.thing(collection).await;
        let (slug, now) = (path.rsplit('/').next().unwrap(), self.name("umbenannt"));
        let request = self.app.as_admin().request("PATCH", &path);
        let request = request.header("If-Match", "*").json(&json!({"slug": now}));
        expect(request, 200).await;
        format!("{collection}/{now}/former-slugs/{slug}")
    }

    /// Makes a section, topic or author that another can be merged into; its slug.
    async fn other(&self, collection: &str) -> Value {
        let body = json!({"name": self.name("Anderes")});
        self.make(collection, body).await["slug"].clone()
    }

    /// Makes a draft that could be published, by this identity; its address.
    async fn draft(&self, by: Client<'_>) -> String {
        let section = self
            .make("/v1/editor/sections", json!({"name": self.name("Ressort")}))
            .await;
        let body = json!({"headline": "Stadtrat tagt", "section": section["slug"], "body": {"markdown": "Der Rat tagte."}});
        let path = format!("/v1/editor/articles/{}", self.name("artikel"));
        by.send("PUT", &path, &body, 201).await;
        path
    }

    /// Makes a draft of somebody else's; its address.
    async fn others_draft(&self) -> String {
        self.draft(self.app.as_user("someone-else", Role::Editor))
            .await
    }

    /// Makes a draft of the one who asks, if they could have; its address.
    async fn own_draft(&self) -> String {
        let who = self.who.clone().filter(|who| who.name != "viewer");
        self.draft(who.unwrap_or_else(|| self.app.as_admin())).await
    }

    /// Does something to an article as an admin; its address.
    async fn after(&self, article: String, verb: &str) -> String {
        self.app
            .as_admin()
            .send("POST", &format!("{article}/{verb}"), &json!({}), 200)
            .await;
        article
    }

    /// Gives an article a second revision; its address.
    async fn revised(&self, article: String) -> String {
        let request = self.app.as_admin().request("PATCH", &article);
        expect(
            request
                .header("If-Match", "*")
                .json(&json!({"kicker": "Rathaus"})),
            200,
        )
        .await;
        article
    }

    /// Makes a preview link to an article; the link's address.
    async fn previewed(&self, article: String) -> String {
        let made = self
            .make(&format!("{article}/preview-links"), json!({}))
            .await;
        format!("{article}/preview-links/{}", made["id"].as_str().unwrap())
    }

    /// Gives a published article another slug; the address of its old one.
    async fn renamed(&self) -> String {
        let article = self.after(self.own_draft().await, "publish").await;
        let request = self.app.as_admin().request("PATCH", &article);
        let slug = json!({"slug": self.name("neuer-name")});
        expect(request.header("If-Match", "*").json(&slug), 200).await;
        let old = article.rsplit('/').next().unwrap().to_owned();
        format!(
            "/v1/editor/articles/{}/former-slugs/{old}",
            slug["slug"].as_str().unwrap()
        )
    }

    /// Makes a redirect; its address.
    async fn redirect(&self) -> String {
        let body = json!({"from": format!("/alt/{}", self.name("seite")), "to": "/neu/"});
        let made = self.make("/v1/editor/redirects", body).await;
        format!("/v1/editor/redirects/{}", made["id"].as_str().unwrap())
    }

    /// Puts an article into the trash; its address.
    async fn in_trash(&self, article: String) -> String {
        let request = self.app.as_admin().request("DELETE", &article);
        expect(request.header("If-Match", "*"), 200).await;
        article
    }

    /// Signs a new user in; the refresh token.
    async fn signed_in(&self) -> String {
        let body = json!({"name": self.user().await, "password": "ein langes Passwort"});
        let request = self.app.request("POST", "/v1/auth/login").json(&body);
        expect(request, 200).await["refresh_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

pub type Asking<'a> = Pin<Box<dyn Future<Output = Ask> + 'a>>;

pub struct Row {
    pub operation: &'static str,
    pub statuses: Statuses,
    pub ask: for<'a> fn(&'a Cell<'a>) -> Asking<'a>,
}

macro_rules! rows {
    ($($operation:literal $statuses:expr, |$cell:ident| $ask:expr;)+) => {
        vec![$(Row {
            operation: $operation,
            statuses: $statuses,
            ask: {
                fn ask<'a>($cell: &'a Cell<'a>) -> Asking<'a> { Box::pin(async move { let _ = $cell; $ask }) }
                ask
            },
        }),+]
    };
}

const SIGNED_IN: Statuses = [401, 200, 200, 200, 200];
const AUTHORS: Statuses = [401, 403, 200, 200, 200];
const EDITORS: Statuses = [401, 403, 403, 200, 200];
const ADMIN: Statuses = [401, 403, 403, 403, 200];

/// Every operation. `POST /v1/editor/keys` twice, and so on: one row for one's
/// own, one for somebody else's.
pub fn rows() -> Vec<Row> {
    rows! {
        "POST /v1/auth/login" [200; 5], |cell| {
            let name = cell.user().await;
            Ask::at("/v1/auth/login").json(json!({"name": name, "password": "ein langes Passwort"}))
        };
        "POST /v1/auth/refresh" [200; 5], |cell| {
            let token = cell.signed_in().await;
            Ask::at("/v1/auth/refresh").json(json!({"refresh_token": token}))
        };
        "POST /v1/auth/logout" [204; 5], |cell| {
            let token = cell.signed_in().await;
            Ask::at("/v1/auth/logout").json(json!({"refresh_token": token}))
        };
        // They come with keys, and a key doesn't change its owner's password.
        "POST /v1/auth/password" [401, 403, 403, 403, 403], |cell| {
            Ask::at("/v1/auth/password").json(json!({"current_password": "ein langes Passwort", "new_password": "ein anderes Passwort"}))
        };
        "GET /v1/auth/whoami" SIGNED_IN, |cell| Ask::at("/v1/auth/whoami");

        "GET /v1/editor/users" ADMIN, |cell| Ask::at("/v1/editor/users");
        "POST /v1/editor/users" [401, 403, 403, 403, 201], |cell| {
            Ask::at("/v1/editor/users").json(json!({"name": cell.name("new"), "role": "viewer"}))
        };
        "GET /v1/editor/users/{user}" ADMIN, |cell| Ask::at(format!("/v1/editor/users/{}", cell.user().await));
        "PATCH /v1/editor/users/{user}" ADMIN, |cell| {
            Ask::at(format!("/v1/editor/users/{}", cell.user().await)).json(json!({"disabled": true})).header("If-Match", "*")
        };

        "GET /v1/editor/audit" ADMIN, |cell| Ask::at("/v1/editor/audit");
        "POST /v1/editor/bulk" AUTHORS, |cell| {
            Ask::at("/v1/editor/bulk").lines(format!("{{\"slug\": \"{}\", \"headline\": \"Stadtrat tagt\"}}\n", cell.name("zeile")))
        };

        "GET /v1/editor/keys" SIGNED_IN, |cell| Ask::at("/v1/editor/keys");
        "GET /v1/editor/keys" ADMIN, |cell| Ask::at(format!("/v1/editor/keys?user={}", cell.user().await));
        "POST /v1/editor/keys" [401, 201, 201, 201, 201], |cell| {
            Ask::at("/v1/editor/keys").json(json!({"name": cell.name("made")}))
        };
        "POST /v1/editor/keys" [401, 403, 403, 403, 201], |cell| {
            Ask::at("/v1/editor/keys").json(json!({"name": cell.name("made"), "user": cell.user().await}))
        };
        "GET /v1/editor/keys/{key}" SIGNED_IN, |cell| Ask::at(cell.own_key().await);
        "GET /v1/editor/keys/{key}" [401, 404, 404, 404, 200], |cell| Ask::at(cell.others_key().await);
        "DELETE /v1/editor/keys/{key}" [401, 204, 204, 204, 204], |cell| Ask::at(cell.own_key().await);
        "DELETE /v1/editor/keys/{key}" [401, 404, 404, 404, 204], |cell| Ask::at(cell.others_key().await);

        "GET /v1/editor/site" SIGNED_IN, |cell| Ask::at("/v1/editor/site");
        "PUT /v1/editor/site" EDITORS, |cell| {
            Ask::at("/v1/editor/site").json(json!({"name": cell.name("Flussblick")})).header("If-Match", "*")
        };
        "PATCH /v1/editor/site" EDITORS, |cell| {
            Ask::at("/v1/editor/site").json(json!({"name": cell.name("Flussblick")})).header("If-Match", "*")
        };

        "GET /v1/editor/sections" SIGNED_IN, |cell| Ask::at("/v1/editor/sections");
        "POST /v1/editor/sections" [401, 403, 403, 201, 201], |cell| {
            Ask::at("/v1/editor/sections").json(json!({"name": cell.name("Neues")}))
        };
        "GET /v1/editor/sections/{section}" SIGNED_IN, |cell| Ask::at(cell.thing("/v1/editor/sections").await);
        "PUT /v1/editor/sections/{section}" [401, 403, 403, 201, 201], |cell| {
            Ask::at(format!("/v1/editor/sections/{}", cell.name("neu"))).json(json!({"name": cell.name("Neu")}))
        };
        "PATCH /v1/editor/sections/{section}" EDITORS, |cell| {
            Ask::at(cell.thing("/v1/editor/sections").await).json(json!({"name": cell.name("Anders")})).header("If-Match", "*")
        };
        "DELETE /v1/editor/sections/{section}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.thing("/v1/editor/sections").await).header("If-Match", "*")
        };
        "DELETE /v1/editor/sections/{section}/former-slugs/{slug}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.former_slug("/v1/editor/sections").await).header("If-Match", "*")
        };
        "POST /v1/editor/sections/{section}/merge" EDITORS, |cell| {
            let into = cell.other("/v1/editor/sections").await;
            Ask::at(cell.thing("/v1/editor/sections").await + "/merge").json(json!({"into": into}))
        };

        "GET /v1/editor/topics" SIGNED_IN, |cell| Ask::at("/v1/editor/topics");
        "POST /v1/editor/topics" [401, 403, 403, 201, 201], |cell| {
            Ask::at("/v1/editor/topics").json(json!({"name": cell.name("Neues")}))
        };
        "GET /v1/editor/topics/{topic}" SIGNED_IN, |cell| Ask::at(cell.thing("/v1/editor/topics").await);
        "PUT /v1/editor/topics/{topic}" [401, 403, 403, 201, 201], |cell| {
            Ask::at(format!("/v1/editor/topics/{}", cell.name("neu"))).json(json!({"name": cell.name("Neu")}))
        };
        "PATCH /v1/editor/topics/{topic}" EDITORS, |cell| {
            Ask::at(cell.thing("/v1/editor/topics").await).json(json!({"name": cell.name("Anders")})).header("If-Match", "*")
        };
        "DELETE /v1/editor/topics/{topic}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.thing("/v1/editor/topics").await).header("If-Match", "*")
        };
        "DELETE /v1/editor/topics/{topic}/former-slugs/{slug}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.former_slug("/v1/editor/topics").await).header("If-Match", "*")
        };
        "POST /v1/editor/topics/{topic}/merge" EDITORS, |cell| {
            let into = cell.other("/v1/editor/topics").await;
            Ask::at(cell.thing("/v1/editor/topics").await + "/merge").json(json!({"into": into}))
        };

        "GET /v1/editor/authors" SIGNED_IN, |cell| Ask::at("/v1/editor/authors");
        "POST /v1/editor/authors" [401, 403, 403, 201, 201], |cell| {
            Ask::at("/v1/editor/authors").json(json!({"name": cell.name("Neues")}))
        };
        "GET /v1/editor/authors/{author}" SIGNED_IN, |cell| Ask::at(cell.thing("/v1/editor/authors").await);
        "PUT /v1/editor/authors/{author}" [401, 403, 403, 201, 201], |cell| {
            Ask::at(format!("/v1/editor/authors/{}", cell.name("neu"))).json(json!({"name": cell.name("Neu")}))
        };
        "PATCH /v1/editor/authors/{author}" EDITORS, |cell| {
            Ask::at(cell.thing("/v1/editor/authors").await).json(json!({"name": cell.name("Anders")})).header("If-Match", "*")
        };
        "DELETE /v1/editor/authors/{author}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.thing("/v1/editor/authors").await).header("If-Match", "*")
        };
        "DELETE /v1/editor/authors/{author}/former-slugs/{slug}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.former_slug("/v1/editor/authors").await).header("If-Match", "*")
        };
        "POST /v1/editor/authors/{author}/merge" EDITORS, |cell| {
            let into = cell.other("/v1/editor/authors").await;
            Ask::at(cell.thing("/v1/editor/authors").await + "/merge").json(json!({"into": into}))
        };

        "GET /v1/editor/media" SIGNED_IN, |cell| Ask::at("/v1/editor/media");
        "POST /v1/editor/media" [401, 403, 201, 201, 201], |cell| Ask::at("/v1/editor/media").bytes(cell.picture());
        "GET /v1/editor/media/{media}" SIGNED_IN, |cell| Ask::at(cell.others_medium().await);
        "PATCH /v1/editor/media/{media}" AUTHORS, |cell| {
            Ask::at(cell.own_medium().await).json(json!({"alt": "Ein Bus am Flussufer"})).header("If-Match", "*")
        };
        "PATCH /v1/editor/media/{media}" EDITORS, |cell| {
            Ask::at(cell.others_medium().await).json(json!({"alt": "Ein Bus am Flussufer"})).header("If-Match", "*")
        };
        "DELETE /v1/editor/media/{media}" [401, 403, 204, 204, 204], |cell| {
            Ask::at(cell.own_medium().await).header("If-Match", "*")
        };
        "DELETE /v1/editor/media/{media}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.others_medium().await).header("If-Match", "*")
        };

        "GET /v1/editor/articles" SIGNED_IN, |cell| Ask::at("/v1/editor/articles");
        "POST /v1/editor/articles" [401, 403, 201, 201, 201], |cell| {
            Ask::at("/v1/editor/articles").json(json!({"headline": cell.name("Stadtrat tagt")}))
        };
        "GET /v1/editor/articles/{article}" SIGNED_IN, |cell| Ask::at(cell.others_draft().await);
        "PUT /v1/editor/articles/{article}" [401, 403, 201, 201, 201], |cell| {
            Ask::at(format!("/v1/editor/articles/{}", cell.name("neu"))).json(json!({"headline": "Stadtrat tagt"}))
        };
        "PUT /v1/editor/articles/{article}" AUTHORS, |cell| {
            Ask::at(cell.own_draft().await).json(json!({"headline": "Stadtrat tagte"})).header("If-Match", "*")
        };
        "PUT /v1/editor/articles/{article}" EDITORS, |cell| {
            Ask::at(cell.others_draft().await).json(json!({"headline": "Stadtrat tagte"})).header("If-Match", "*")
        };
        // Who may write but not publish stores nothing by asking for both.
        "PUT /v1/editor/articles/{article}" EDITORS, |cell| {
            Ask::at(cell.own_draft().await + "?publish=true&overwrite=true").json(json!({"headline": "Stadtrat tagte", "section": cell.name("ressort")}))
        };
        "PATCH /v1/editor/articles/{article}" AUTHORS, |cell| {
            Ask::at(cell.own_draft().await).json(json!({"kicker": "Rathaus"})).header("If-Match", "*")
        };
        "PATCH /v1/editor/articles/{article}" EDITORS, |cell| {
            Ask::at(cell.others_draft().await).json(json!({"kicker": "Rathaus"})).header("If-Match", "*")
        };
        "DELETE /v1/editor/articles/{article}" AUTHORS, |cell| Ask::at(cell.own_draft().await).header("If-Match", "*");
        "DELETE /v1/editor/articles/{article}" EDITORS, |cell| Ask::at(cell.others_draft().await).header("If-Match", "*");
        "DELETE /v1/editor/articles/{article}" [401, 403, 403, 403, 204], |cell| {
            Ask::at(cell.in_trash(cell.own_draft().await).await + "?erase=true").header("If-Match", "*")
        };
        "POST /v1/editor/articles/{article}/restore" AUTHORS, |cell| {
            Ask::at(cell.in_trash(cell.own_draft().await).await + "/restore")
        };
        "POST /v1/editor/articles/{article}/restore" EDITORS, |cell| {
            Ask::at(cell.in_trash(cell.others_draft().await).await + "/restore")
        };
        "POST /v1/editor/articles/{article}/submit" AUTHORS, |cell| Ask::at(cell.own_draft().await + "/submit");
        "POST /v1/editor/articles/{article}/submit" EDITORS, |cell| Ask::at(cell.others_draft().await + "/submit");
        "POST /v1/editor/articles/{article}/send-back" EDITORS, |cell| {
            Ask::at(cell.after(cell.own_draft().await, "submit").await + "/send-back").json(json!({"remark": "Bitte kürzen."}))
        };
        "POST /v1/editor/articles/{article}/publish" EDITORS, |cell| Ask::at(cell.own_draft().await + "/publish");
        "POST /v1/editor/articles/{article}/schedule" EDITORS, |cell| {
            Ask::at(cell.own_draft().await + "/schedule").json(json!({"at": "2099-01-01T06:00:00Z"}))
        };
        "POST /v1/editor/articles/{article}/unpublish" EDITORS, |cell| {
            Ask::at(cell.after(cell.own_draft().await, "publish").await + "/unpublish")
        };
        "POST /v1/editor/articles/{article}/take-down" EDITORS, |cell| {
            Ask::at(cell.after(cell.own_draft().await, "publish").await + "/take-down").json(json!({"reason": "Einstweilige Verfügung"}))
        };
        "POST /v1/editor/articles/{article}/correct" EDITORS, |cell| {
            Ask::at(cell.after(cell.own_draft().await, "publish").await + "/correct").json(json!({"text": "Der Rat tagte am Dienstag."}))
        };

        "DELETE /v1/editor/articles/{article}/former-slugs/{slug}" EDITORS, |cell| Ask::at(cell.renamed().await);

        "GET /v1/editor/lists" SIGNED_IN, |cell| Ask::at("/v1/editor/lists");
        "POST /v1/editor/lists" [401, 403, 403, 201, 201], |cell| {
            Ask::at("/v1/editor/lists").json(json!({"name": cell.name("Neues"), "kind": "automatic"}))
        };
        "GET /v1/editor/lists/{list}" SIGNED_IN, |cell| Ask::at(cell.thing("/v1/editor/lists").await);
        "PUT /v1/editor/lists/{list}" [401, 403, 403, 201, 201], |cell| {
            Ask::at(format!("/v1/editor/lists/{}", cell.name("neu"))).json(json!({"name": cell.name("Neu")}))
        };
        "PATCH /v1/editor/lists/{list}" EDITORS, |cell| {
            let article = cell.own_draft().await;
            let entries = json!([article.rsplit('/').next().unwrap()]);
            Ask::at(cell.thing("/v1/editor/lists").await).json(json!({"entries": entries})).header("If-Match", "*")
        };
        "DELETE /v1/editor/lists/{list}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.thing("/v1/editor/lists").await).header("If-Match", "*")
        };

        "GET /v1/editor/redirects" SIGNED_IN, |cell| Ask::at("/v1/editor/redirects");
        "POST /v1/editor/redirects" [401, 403, 403, 201, 201], |cell| {
            Ask::at("/v1/editor/redirects").json(json!({"from": format!("/alt/{}", cell.name("neu")), "to": "/neu/"}))
        };
        "POST /v1/editor/redirects" EDITORS, |cell| {
            Ask::at("/v1/editor/redirects").csv(format!("/alt/{},/neu/\n", cell.name("tabelle")))
        };
        "GET /v1/editor/redirects/{redirect}" SIGNED_IN, |cell| Ask::at(cell.redirect().await);
        "PUT /v1/editor/redirects/{redirect}" EDITORS, |cell| {
            Ask::at(cell.redirect().await).json(json!({"from": format!("/alt/{}", cell.name("put")), "status": 410})).header("If-Match", "*")
        };
        "PATCH /v1/editor/redirects/{redirect}" EDITORS, |cell| {
            Ask::at(cell.redirect().await).json(json!({"to": "/anders/"})).header("If-Match", "*")
        };
        "DELETE /v1/editor/redirects/{redirect}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.redirect().await).header("If-Match", "*")
        };

        "GET /v1/editor/articles/{article}/revisions" SIGNED_IN, |cell| Ask::at(cell.others_draft().await + "/revisions");
        "GET /v1/editor/articles/{article}/revisions/{revision}" SIGNED_IN, |cell| Ask::at(cell.others_draft().await + "/revisions/1");
        "GET /v1/editor/articles/{article}/diff" SIGNED_IN, |cell| Ask::at(cell.others_draft().await + "/diff");
        "POST /v1/editor/articles/{article}/revisions/{revision}/restore" AUTHORS, |cell| {
            Ask::at(cell.revised(cell.own_draft().await).await + "/revisions/1/restore")
        };
        "POST /v1/editor/articles/{article}/revisions/{revision}/restore" EDITORS, |cell| {
            Ask::at(cell.revised(cell.others_draft().await).await + "/revisions/1/restore")
        };

        "GET /v1/editor/articles/{article}/preview-links" SIGNED_IN, |cell| Ask::at(cell.others_draft().await + "/preview-links");
        "POST /v1/editor/articles/{article}/preview-links" [401, 403, 201, 201, 201], |cell| {
            Ask::at(cell.own_draft().await + "/preview-links").json(json!({"note": "Justiziariat"}))
        };
        "POST /v1/editor/articles/{article}/preview-links" [401, 403, 403, 201, 201], |cell| {
            Ask::at(cell.others_draft().await + "/preview-links").json(json!({"note": "Justiziariat"}))
        };
        "DELETE /v1/editor/articles/{article}/preview-links/{link}" [401, 403, 204, 204, 204], |cell| {
            Ask::at(cell.previewed(cell.own_draft().await).await)
        };
        "DELETE /v1/editor/articles/{article}/preview-links/{link}" [401, 403, 403, 204, 204], |cell| {
            Ask::at(cell.previewed(cell.others_draft().await).await)
        };
    }
}

both! {
    /// Each identity gets what the table says, and a refusal leaves no trace.
    async fn everybody_gets_what_they_may_and_nothing_else(app: App) {
        let identities = [None, Some(app.as_viewer()), Some(app.as_author()), Some(app.as_editor()), Some(app.as_admin())];
        let mut wrong = Vec::new();
        let mut number = 0;
        for row in rows() {
            let (method, _) = row.operation.split_once(' ').unwrap();
            for (index, who) in identities.iter().enumerate() {
                number += 1;
                let cell = Cell { app: &app, who: who.clone(), number };
                let ask = (row.ask)(&cell).await;
                let request = ask.request(&app, who.as_ref(), method, "");
                let before = dump_but(&app, &["audit"]);
                let answer = request.send().await.unwrap();
                let (status, wanted) = (answer.status().as_u16(), row.statuses[index]);
                // To its end: the lines of a bulk request are written until then.
                let text = answer.bytes().await.unwrap();
                if status != wanted {
                    let text = String::from_utf8_lossy(&text);
                    wrong.push(format!("{} as {}: {status}, not {wanted}: {text}", row.operation, WHO[index]));
                } else if matches!(status, 401 | 403) {
                    let after = dump_but(&app, &["audit"]);
                    let new: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
                    let gone: Vec<&str> = before.lines().filter(|line| !after.contains(line)).collect();
                    // What lies about of pictures is swept up by and by.
                    let swept = |line: &&str| {
                        line.contains("\"due_at\"") || line.split_once(',').is_some_and(|(_, due)| due.parse::<i64>().is_ok())
                    };
                    if after != before && !(new.is_empty() && gone.iter().all(swept)) {
                        wrong.push(format!("{} as {}: refused, and yet this was written: {new:#?}, and this is gone: {gone:#?}", row.operation, WHO[index]));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// Every operation of the editors' side is in the table, and nothing else is.
#[test]
fn every_operation_has_a_row() {
    let spec = serde_json::to_value(perspektive::app::spec()).unwrap();
    let mut wanted = BTreeSet::new();
    for (path, item) in spec["paths"].as_object().unwrap() {
        if !path.starts_with("/v1/editor/") && !path.starts_with("/v1/auth/") {
            continue;
        }
        for method in ["get", "put", "post", "patch", "delete"] {
            if item.get(method).is_some() {
                wanted.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let found: BTreeSet<String> = rows().iter().map(|row| row.operation.to_owned()).collect();
    let missing: Vec<_> = wanted.difference(&found).collect();
    let unknown: Vec<_> = found.difference(&wanted).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "without a row: {missing:#?}\nno such operation: {unknown:#?}"
    );
}

/// Everything that is stored, as text; but for when keys were last used, which
/// is noted beside a request.
pub fn dump(app: &App) -> String {
    dump_but(app, &[])
}

/// The same without some tables: refusals are noted beside a request too.
pub fn dump_but(app: &App, without: &[&str]) -> String {
    #[derive(diesel::QueryableByName)]
    struct Text {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    macro_rules! texts {
        ($conn:expr, $sql:expr) => {
            diesel::sql_query($sql)
                .load::<Text>($conn)
                .unwrap()
                .into_iter()
                .map(|row| row.text)
                .collect::<Vec<String>>()
        };
    }
    let read = |conn: &mut Conn<'_>| {
        let mut dump = String::new();
        match conn {
            Conn::Lite(conn) => {
                for table in texts!(
                    *conn,
                    "SELECT name AS text FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1"
                ) {
                    if without.contains(&table.as_str()) {
                        continue;
                    }
                    let columns = texts!(
                        *conn,
                        format!(
                            "SELECT 'quote(' || name || ')' AS text FROM pragma_table_info('{table}') WHERE name <> 'last_used_at'"
                        )
                    );
                    let rows = format!(
                        "SELECT {} AS text FROM {table} ORDER BY 1",
                        columns.join(" || ',' || ")
                    );
                    dump += &format!("{table}\n{}\n", texts!(*conn, rows).join("\n"));
                }
            }
            Conn::Pg(conn) => {
                for table in texts!(
                    *conn,
                    "SELECT table_name::text AS text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
                ) {
                    if without.contains(&table.as_str()) {
                        continue;
                    }
                    let rows = format!(
                        "SELECT (to_jsonb(t) - 'last_used_at')::text AS text FROM {table} t ORDER BY 1"
                    );
                    dump += &format!("{table}\n{}\n", texts!(*conn, rows).join("\n"));
                }
            }
        }
        Ok(dump)
    };
    let dump = app.blocking(|| app.state.read_blocking(read).unwrap());
    assert!(
        dump.contains("users\n") && dump.contains("articles\n"),
        "{dump}"
    );
    dump
}

//! How long cursors hold.

use diesel::prelude::*;
use perspektive::db::Conn;
use perspektive::db::schema::changes;
use serde_json::json;

use super::{Phone, short};
use crate::articles::{got, live, newsroom, piece};
use crate::both;
use crate::support::App;

async fn prune(app: &App) {
    perspektive::delivery::sync::prune::prune(&app.state)
        .await
        .unwrap();
}

both! {
    /// What is older than the log is kept is forgotten, and a cursor from before then
    /// has expired; one from after it goes on.
    async fn cursors_expire_with_the_log(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        let mut old = Phone::new("fields=topics,authors");
        old.sync(&app).await;
        live(&app, "zwei", &piece("Zwei")).await;
        live(&app, "drei", &piece("Drei")).await;
        let mut newer = Phone::new("fields=topics,authors");
        newer.sync(&app).await;
        app.state.travel(80 * 86_400);
        prune(&app).await;
        old.clone().sync(&app).await;

        app.state.travel(11 * 86_400);
        let length = app.log().len();
        prune(&app).await;
        // The newest of the old ones stays: whoever stands there has missed nothing.
        assert!(length > 5 && app.log().len() == 1, "{:?}", app.log());
        live(&app, "vier", &piece("Vier")).await;
        let gone = got(app.request("GET", &old.path()), 410).await;
        assert_eq!(gone.json["type"], "/problems/cursor-expired");
        assert_eq!(gone.header("cache-control"), "private, no-store");
        let count = format!("/v1/changes/count?cursor={}", old.cursor.clone().unwrap());
        got(app.request("GET", &count), 410).await;
        assert_eq!(short(&newer.sync(&app).await), ["article upsert vier"]);
        newer.agrees(&app).await;
        old = Phone::new("fields=topics,authors");
        old.sync(&app).await;
        old.agrees(&app).await;
    }
}

both! {
    /// A cursor from a log that is not this one, such as before a restore, has expired.
    async fn another_log_is_noticed(app: App) {
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        let mut phone = Phone::new("");
        phone.sync(&app).await;
        app.blocking(|| app.state.write_blocking(|tx| {
            let other = diesel::update(changes::table).set(changes::at.eq(changes::at + 1));
            match &mut tx.conn {
                Conn::Pg(c) => other.execute(*c),
                Conn::Lite(c) => other.execute(*c),
            }?;
            Ok(())
        })).unwrap();
        got(app.request("GET", &phone.path()), 410).await;
    }
}

both! {
    /// An empty newsroom has a cursor too, and it holds.
    async fn a_cursor_from_before_the_first_entry(app: App) {
        let mut phone = Phone::new("fields=topics,authors");
        assert_eq!(short(&phone.sync(&app).await), ["site upsert"]);
        newsroom(&app).await;
        live(&app, "eins", &piece("Eins")).await;
        phone.sync(&app).await;
        phone.agrees(&app).await;
    }
}

#[actix_web::test]
async fn a_log_that_is_kept_for_ever_is_not_pruned() {
    let app = App::sqlite_with(|config| config.changes_keep = 0).await;
    newsroom(&app).await;
    let mut phone = Phone::new("");
    phone.sync(&app).await;
    let length = app.log().len();
    app.state.travel(1_000 * 86_400);
    prune(&app).await;
    assert_eq!(app.log().len(), length);
    app.as_editor()
        .send(
            "PUT",
            "/v1/editor/sections/neu",
            &json!({"name": "Neu"}),
            201,
        )
        .await;
    assert_eq!(short(&phone.sync(&app).await), ["section upsert neu"]);
}

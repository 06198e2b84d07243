//! What readers get while the database is away.

use std::time::Duration;

use perspektive::db::Url;
use secrecy::ExposeSecret;

use crate::support::App;

/// Runs statements on the server that this database is on, but not on it.
async fn on_the_server(app: &App, statements: &str) {
    let Url::Postgres(url) = &app.state.config.database else {
        unreachable!()
    };
    let mut config: tokio_postgres::Config = url.expose_secret().parse().unwrap();
    let name = config.get_dbname().unwrap().to_owned();
    config.dbname("postgres");
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    let driving = actix_web::rt::spawn(connection);
    let statements = statements.replace("DATABASE_NAME", &name);
    client.batch_execute(&statements).await.unwrap();
    drop(client);
    let _ = driving.await;
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}

/// Answers in the cache go on being served, with their age, up to a limit;
/// everything else is 503; and all is well again by itself.
#[actix_web::test]
async fn cached_answers_outlive_the_database_for_a_while() {
    let Some(app) = App::postgres().await else {
        return;
    };
    let impatient = app.another_node_with(|config| config.stale_max = 0).await;
    for node in [&app, &impatient] {
        node.get("/v1/site", 200).await;
    }
    let cut = "ALTER DATABASE DATABASE_NAME ALLOW_CONNECTIONS false; \
               SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'DATABASE_NAME'";
    on_the_server(&app, cut).await;
    for node in [&app, &impatient] {
        until("stale", async || node.state.staleness(node.state.now()) > 0).await;
    }
    let stale = app.request("GET", "/v1/site").send().await.unwrap();
    assert_eq!(stale.status(), 200);
    let age: i64 = stale.headers()["age"].to_str().unwrap().parse().unwrap();
    assert!(age > 0);
    let status = stale.headers()["cache-status"].to_str().unwrap();
    assert!(status.starts_with("perspektive; hit; ttl=-"), "{status}");
    for (node, path) in [(&app, "/v1/sections"), (&impatient, "/v1/site")] {
        let refused = node.request("GET", path).send().await.unwrap();
        assert_eq!(refused.status(), 503, "{path}");
        assert!(refused.headers().contains_key("retry-after"));
    }

    on_the_server(&app, "ALTER DATABASE DATABASE_NAME ALLOW_CONNECTIONS true").await;
    until("fresh", async || app.state.staleness(app.state.now()) == 0).await;
    let fresh = app.request("GET", "/v1/site").send().await.unwrap();
    assert!(fresh.headers().get("age").is_none());
    app.get("/v1/sections", 200).await;
}

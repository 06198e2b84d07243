//! The whole newsroom in one file, and back, on either database.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use perspektive::db::rows::Table;
use perspektive::db::{lite, migrate};

use super::{turn, walk};
use crate::support::postgres;
use crate::support::process::{Newsroom, Served};

/// Every public answer that can be found by following lists, byte for byte.
/// The related links that an editor has chosen.
fn curated(page: &serde_json::Value) -> String {
    let items = page["items"].as_array().unwrap().iter();
    let curated: Vec<_> = items.filter(|item| item["automatic"] == false).collect();
    serde_json::to_string(&curated).unwrap()
}

async fn everything(server: &Served) -> BTreeMap<String, (u16, String, String)> {
    let mut paths: Vec<String> = [
        "/v1/site?include=sections",
        "/v1/sections",
        "/v1/topics?limit=100",
        "/v1/authors?limit=100",
        "/v1/articles?limit=100",
        "/v1/lists",
        "/v1/lists/home",
        "/v1/lists/more",
    ]
    .map(str::to_owned)
    .to_vec();
    for kind in ["sections", "topics", "authors", "articles"] {
        let list = server
            .get(&format!(
                "/v1/{kind}?{}",
                if kind == "sections" { "" } else { "limit=100" }
            ))
            .await
            .json();
        for item in list["items"].as_array().unwrap() {
            let slug = item["slug"].as_str().unwrap();
            paths.push(format!("/v1/{kind}/{slug}"));
            match kind {
                "articles" => {
                    paths.push(format!("/v1/articles/{slug}/related"));
                    paths.push(format!("/v1/articles/{slug}.md"));
                }
                kind => paths.push(format!(
                    "/v1/articles?{}={slug}",
                    kind.trim_end_matches('s')
                )),
            }
        }
    }
    let mut answers = BTreeMap::new();
    for path in paths {
        let got = server.get(&path).await;
        let etag = got.header("etag").to_owned();
        let answer = match path.ends_with("/related") {
            // Automatic ones come from an index of the server's own.
            true => (got.status, String::new(), curated(&got.json())),
            false => (got.status, etag, got.body),
        };
        answers.insert(path, answer);
    }
    answers
}

fn log_head(newsroom: &Newsroom) -> i64 {
    walk::walk(newsroom)
        .changes
        .iter()
        .map(|entry| entry.seq)
        .max()
        .unwrap()
}

#[actix_web::test]
async fn a_backup_taken_while_writing_goes_on_is_the_same_newsroom_anywhere() {
    let _turn = turn().await;
    let first = Newsroom::sqlite();
    let server = Arc::new(first.serve_with(&["--demo"], &[]));
    let key = first.key();
    // Pictures get their widths after the start.
    let mut shown = everything(&server).await;
    for _ in 0..30 {
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let again = everything(&server).await;
        if again == shown {
            break;
        }
        shown = again;
    }
    assert!(
        shown.len() > 60 && shown.values().all(|(status, ..)| *status == 200),
        "{}",
        shown.len()
    );

    // Drafts, so that readers see the same before, meanwhile and after.
    let stop = Arc::new(AtomicBool::new(false));
    let writing = {
        let (server, key, stop) = (Arc::clone(&server), key.clone(), Arc::clone(&stop));
        actix_web::rt::spawn(async move {
            let mut written = 0;
            while !stop.load(Ordering::Relaxed) {
                let path = format!("/v1/editor/articles/entwurf-{written}");
                let body =
                    serde_json::json!({"headline": "Entwurf", "body": {"markdown": "Text."}});
                let got = server
                    .answer(server.request("PUT", &path).bearer_auth(&key).json(&body))
                    .await
                    .unwrap();
                assert_eq!(got.status, 201, "{}", got.body);
                written += 1;
            }
            written
        })
    };
    let file = first.folder().join("eins.backup");
    let file = file.to_str().unwrap();
    let taking = {
        let mut command = first.command(&["backup", file]);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let taken = taking.await.unwrap();
    stop.store(true, Ordering::Relaxed);
    assert!(writing.await.unwrap() > 0);
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    assert_eq!(
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(
        !std::fs::read(file)
            .unwrap()
            .windows(14)
            .any(|bytes| bytes == b"signing-secret")
    );

    // Never over another file, and nothing is left lying about.
    let again = first.run(&["backup", file]);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("--force"));
    first.must(&["backup", "--force", file]);
    let left = std::fs::read_dir(first.folder()).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains(".part-")
    });
    assert_eq!(left.count(), 0);

    // SQLite to PostgreSQL to SQLite, or to SQLite only.
    let mut file = file.to_owned();
    let mut stations = vec![Newsroom::sqlite()];
    if let Some(url) = tokio::task::spawn_blocking(postgres::new_database)
        .await
        .unwrap()
    {
        stations.insert(0, Newsroom::postgres(url));
    }
    for (number, station) in stations.iter().enumerate() {
        station.must(&["restore", &file]);
        let full = station.run(&["restore", &file]);
        assert!(
            !full.status.success() && String::from_utf8_lossy(&full.stderr).contains("--force")
        );
        station.must(&["restore", "--force", &file]);
        let head = log_head(station);
        let server = station.serve();
        let restored = everything(&server).await;
        assert_eq!(
            restored.keys().collect::<Vec<_>>(),
            shown.keys().collect::<Vec<_>>()
        );
        for (path, answer) in &shown {
            assert_eq!(&restored[path], answer, "{path}");
        }
        // Keys go on working, and the log goes on after its last number.
        let put = server
            .put(&key, &format!("unveroeffentlicht-{number}"), "Text.")
            .await
            .unwrap();
        assert_eq!(put.status, 201, "{}", put.body);
        assert!(log_head(station) > head);
        let trash = server
            .request(
                "POST",
                &format!("/v1/editor/articles/unveroeffentlicht-{number}/unpublish"),
            )
            .bearer_auth(&key);
        assert_eq!(server.answer(trash).await.unwrap().status, 200);
        file = station
            .folder()
            .join("weiter.backup")
            .to_str()
            .unwrap()
            .to_owned();
        station.must(&["backup", &file]);
        // The log never runs backwards, even where an older newsroom comes back.
        let head = log_head(station);
        server.kill();
        station.must(&["restore", "--force", &file]);
        let server = station.serve();
        server.put(&key, "danach", "Text.").await.unwrap();
        assert!(log_head(station) > head);
    }
}

#[test]
fn what_is_no_backup_is_refused() {
    let newsroom = Newsroom::sqlite();
    let file = newsroom.folder().join("unfug");
    let refused = |because: &str| {
        let output = newsroom.run(&["restore", file.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && said.contains(because),
            "{because}: {said}"
        );
    };
    refused("there is no file");
    std::fs::write(
        &file,
        "Das ist keine Sicherung, sondern ein Text.".repeat(100),
    )
    .unwrap();
    refused("can't be read as a backup");
    std::fs::remove_file(&file).unwrap();
    drop(lite::open(&file, lite::Mode::Write).unwrap());
    refused("is no backup of Perspektive");
    let mut newer = lite::open_draft(&file).unwrap();
    migrate::run_on_file(&mut newer).unwrap();
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')")
        .execute(&mut newer)
        .unwrap();
    drop(newer);
    refused("newer Perspektive");
    assert!(
        !newsroom.run(&["backup", "x"]).status.success(),
        "there is nothing to back up"
    );
    assert!(!newsroom.data().join("perspektive.db").exists());
}

/// A table or column that a backup would leave out is data lost.
#[test]
fn every_table_and_column_is_copied() {
    #[derive(diesel::QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let folder = tempfile::tempdir().unwrap();
    let mut conn = lite::open_draft(&Path::new(folder.path()).join("test.db")).unwrap();
    migrate::run_on_file(&mut conn).unwrap();
    let mut names = |query: String| -> Vec<String> {
        let names: Vec<Name> = diesel::sql_query(query).load(&mut conn).unwrap();
        names.into_iter().map(|name| name.name).collect()
    };
    let tables = names(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            .to_owned(),
    );
    for table in tables {
        if ["secrets", "__diesel_schema_migrations"].contains(&table.as_str()) {
            continue;
        }
        let known = Table::ALL.iter().find(|known| known.name() == table);
        let known = known.unwrap_or_else(|| panic!("{table} is not in db::rows"));
        let mut columns = names(format!("SELECT name FROM pragma_table_info('{table}')"));
        let mut copied: Vec<String> = known
            .columns()
            .iter()
            .map(|column| (*column).to_owned())
            .collect();
        columns.sort();
        copied.sort();
        assert_eq!(columns, copied, "{table}");
    }
}

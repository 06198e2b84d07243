//! The index follows the newsroom, through restarts and accidents.

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::{found, pieces, prosaic, publish, q};
use crate::articles::{EDITOR, got, newsroom};
use crate::both;
use crate::support::App;

fn folder(app: &App) -> PathBuf {
    app.state.config.data_dir.join("search").join("public")
}

both! {
    /// It is there by itself, soon after the article is.
    async fn an_article_is_found_within_seconds(app: App) {
        newsroom(&app).await;
        publish(&app, pieces()[..3].to_vec());
        let mut tries = 0;
        loop {
            if found(&app, &q("Rosskastanien")).await == ["imkerin-stadtdach"] {
                break;
            }
            app.state.cache.evict_all();
            tries += 1;
            assert!(tries < 100, "never found");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let metrics = app.get("/metrics", 200).await;
        let metrics = metrics.as_str().unwrap();
        assert!(metrics.contains("perspektive_search_index_articles 3"), "{metrics}");
        assert!(metrics.contains("perspektive_search_index_lag_entries 0"), "{metrics}");
    }
}

both! {
    /// A node that starts on an index goes on from where that was.
    async fn a_restart_catches_up(app: App) {
        prosaic(&app).await;
        app.search.pause();
        publish(&app, vec![("neu".into(), "---\nheadline: Quastenflosser\nsection: politik\n---\n\nText.\n".into(), 0)]);
        app.as_editor().send("POST", &format!("{EDITOR}/wolf-schafe/unpublish"), &json!({}), 200).await;
        app.search.release();
        let again = app.another_node().await;
        again.indexed().await;
        assert_eq!(found(&again, "q=Quastenflosser").await, ["neu"]);
        assert_eq!(found(&again, &q("Herdenschutzhunde")).await, Vec::<String>::new());
        assert_eq!(found(&again, &q("Rosskastanien")).await, ["imkerin-stadtdach"]);
    }
}

both! {
    /// While one process writes, another with the same folder reads.
    async fn two_processes_share_a_folder(app: App) {
        prosaic(&app).await;
        let second = app.another_node().await;
        second.indexed().await;
        assert_eq!(found(&second, &q("Rosskastanien")).await, ["imkerin-stadtdach"]);
        publish(&app, vec![("neu".into(), "---\nheadline: Quastenflosser\nsection: politik\n---\n\nText.\n".into(), 0)]);
        app.indexed().await;
        second.indexed().await;
        assert_eq!(found(&second, "q=Quastenflosser").await, ["neu"]);
    }
}

#[actix_web::test]
async fn an_index_that_is_missing_damaged_or_foreign_is_made_anew() {
    let app = App::sqlite().await;
    prosaic(&app).await;
    for damage in 0..5 {
        app.search.pause();
        app.search.release();
        let folder = folder(&app);
        match damage {
            0 => fs::remove_dir_all(&folder).unwrap(),
            1 => fs::write(folder.join("meta.json"), "{}").unwrap(),
            2 => {
                // Of a later version of the program.
                let meta = fs::read_to_string(folder.join("meta.json")).unwrap();
                fs::write(
                    folder.join("meta.json"),
                    meta.replace("\\\"version\\\":", "\\\"version\\\":9"),
                )
                .unwrap();
            }
            3 => {
                // Of another newsroom.
                let meta = fs::read_to_string(folder.join("meta.json")).unwrap();
                let at = meta.find("\\\"mark\\\":\\\"").unwrap() + 11;
                let mut foreign = meta.clone();
                foreign.replace_range(at..at + 4, "ffff");
                fs::write(folder.join("meta.json"), foreign).unwrap();
            }
            _ => {
                // A file is cut short, as after a crash.
                let long = fs::read_dir(&folder)
                    .unwrap()
                    .flatten()
                    .filter(|entry| entry.path().extension().is_some_and(|end| end == "pos"));
                let path = long.map(|entry| entry.path()).next().unwrap();
                let bytes = fs::read(&path).unwrap();
                fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            }
        }
        let again = App::another_node(&app).await;
        again.indexed().await;
        assert_eq!(
            found(&again, &q("Rosskastanien")).await,
            ["imkerin-stadtdach"],
            "{damage}"
        );
        assert_eq!(
            found(&again, &q("\"kleine Fähre\"")).await,
            ["faehre-mole"],
            "{damage}"
        );
        again.search.pause();
        again.search.release();
    }
}

both! {
    /// Topics and authors are searched by the names they have now.
    async fn a_new_name_is_found(app: App) {
        prosaic(&app).await;
        let rename = app.as_editor().request("PATCH", "/v1/editor/topics/klima").header("If-Match", "*");
        got(rename.json(&json!({"name": "Erderwärmung"})), 200).await;
        app.indexed().await;
        assert_eq!(found(&app, &q("Erderwaermung Wolf")).await, ["wolf-schafe"]);
        assert_eq!(found(&app, &q("Klima Wolf")).await.len(), 1);
        let page = app.get(&format!("/v1/search?{}", q("Klima Wolf")), 200).await;
        assert_eq!(page["left_out"], json!(["Klima"]));
    }
}

//! SIGKILL under parallel writers, again and again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{turn, walk};
use crate::support::postgres;
use crate::support::process::Newsroom;

const ROUNDS: usize = 10;
const WRITERS: usize = 8;

/// What a writer was told is there: slug, text, version.
type Acknowledged = Arc<Mutex<Vec<(String, String, i64)>>>;

async fn killed_again_and_again(newsroom: Newsroom) {
    let key = newsroom.key();
    let acknowledged = Acknowledged::default();
    let mut head = 0;
    for round in 0..ROUNDS {
        let server = Arc::new(newsroom.serve_with(&[], &[("LOG", "warn")]));
        if round == 0 {
            server.section(&key).await;
        }
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (server, key, acknowledged) =
                    (Arc::clone(&server), key.clone(), Arc::clone(&acknowledged));
                actix_web::rt::spawn(async move {
                    for n in 0.. {
                        // Every third writes to an article that is there already.
                        let slug = match n % 3 {
                            2 => format!("r{round}-w{writer}-{}", n - 1),
                            _ => format!("r{round}-w{writer}-{n}"),
                        };
                        let text = format!("Runde {round}, Schreiber {writer}, Fassung {n}.");
                        let Ok(got) = server.put(&key, &slug, &text).await else {
                            break;
                        };
                        assert!(matches!(got.status, 200 | 201), "{slug}: {}", got.body);
                        let version = got.json()["version"].as_i64().unwrap();
                        acknowledged.lock().unwrap().push((slug, text, version));
                    }
                })
            })
            .collect();
        // In the midst of it, however slow the machine is, and at another moment
        // each time.
        let written = || acknowledged.lock().unwrap().len();
        let enough = written() + 2 * WRITERS;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
        while written() < enough && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(17 * round as u64)).await;
        server.signal("KILL");
        for writer in writers {
            writer.await.unwrap();
        }
        Arc::into_inner(server).unwrap().kill();

        let all = walk::walk(&newsroom);
        let newest = all
            .changes
            .iter()
            .map(|entry| entry.seq)
            .max()
            .unwrap_or_default();
        assert!(newest >= head, "the log lost entries");
        head = newest;
        let mut last = std::collections::HashMap::new();
        for (slug, text, version) in acknowledged.lock().unwrap().iter() {
            last.insert(slug.clone(), (text.clone(), *version));
        }
        for (slug, (text, version)) in last {
            let (article, revision) = all
                .live(&slug)
                .unwrap_or_else(|| panic!("{slug} was acknowledged and is lost"));
            // A write that was never acknowledged may have come after it.
            assert!(article.version >= version, "{slug} fell back");
            if article.version == version {
                assert!(
                    revision.body.contains(&text),
                    "{slug}: {} is not {text}",
                    revision.body
                );
            }
            let entries: Vec<_> = all
                .changes
                .iter()
                .filter(|entry| entry.entity_id == article.id)
                .collect();
            assert!(
                entries.len() as i32 >= revision.number,
                "{slug}: a publication is not in the log"
            );
        }
    }
    let written = acknowledged.lock().unwrap().len();
    assert!(written > ROUNDS * WRITERS, "only {written} writes");
}

#[actix_web::test]
async fn sqlite() {
    let _turn = turn().await;
    killed_again_and_again(Newsroom::sqlite()).await;
}

#[actix_web::test]
async fn postgres() {
    let _turn = turn().await;
    let url = tokio::task::spawn_blocking(postgres::new_database)
        .await
        .unwrap();
    if let Some(url) = url {
        killed_again_and_again(Newsroom::postgres(url)).await;
    }
}

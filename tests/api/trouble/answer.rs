//! SIGKILL as soon as a commit shows: the same request with the same key gets the
//! first answer. Whether that was out before the signal is luck, so this shows that
//! the answer is kept with the commit, and not that it was lost on the way.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use perspektive::db::Database;
use serde_json::json;

use super::turn;
use crate::support::postgres;
use crate::support::process::Newsroom;

const ROUNDS: usize = 12;

async fn the_first_answer_survives(newsroom: Newsroom) {
    let key = newsroom.key();
    let (mut unanswered, mut replayed) = (0, 0);
    for round in 0..ROUNDS {
        let server = newsroom.serve_with(&[], &[("LOG", "warn")]);
        let body = json!({"headline": format!("Runde {round}")}).to_string();
        let head = format!(
            "POST /v1/editor/articles HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
             Idempotency-Key: runde-{round}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let address = server.url.strip_prefix("http://").unwrap().to_owned();
        let url = newsroom.url();
        // Watches the database from outside, and kills when the commit shows.
        let pid = rustix::process::Pid::from_raw(server.pid() as i32).unwrap();
        let answer = tokio::task::spawn_blocking(move || {
            let database = Database::new(&url, 1).unwrap();
            let count = || {
                database
                    .read(|conn| Ok(perspektive::store!(*conn, idempotency::count())?))
                    .unwrap()
            };
            let before = count();
            let mut client = std::net::TcpStream::connect(&address).unwrap();
            client.write_all(head.as_bytes()).unwrap();
            let until = Instant::now() + Duration::from_secs(20);
            while count() == before {
                assert!(Instant::now() < until, "nothing was committed");
            }
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
            let mut answer = Vec::new();
            let _ = client.read_to_end(&mut answer);
            String::from_utf8(answer).unwrap()
        });
        let answer = answer.await.unwrap();
        server.kill();

        let server = newsroom.serve_with(&[], &[("LOG", "warn")]);
        let again = || {
            let request = server
                .request("POST", "/v1/editor/articles")
                .bearer_auth(&key);
            let request = request.header("Idempotency-Key", format!("runde-{round}"));
            server.answer(
                request
                    .header("Content-Type", "application/json")
                    .body(body.clone()),
            )
        };
        let first = again().await.unwrap();
        assert_eq!(
            (first.status, first.header("idempotency-replayed")),
            (201, "true"),
            "{}",
            first.body
        );
        assert_eq!(again().await.unwrap().body, first.body);
        replayed += 1;
        if answer.is_empty() {
            unanswered += 1;
        } else {
            assert!(
                answer.ends_with(&first.body),
                "{answer} is not {}",
                first.body
            );
        }
        let slug = first.json()["slug"].as_str().unwrap().to_owned();
        assert_eq!(slug, format!("runde-{round}"), "made once");
        // Whether the answer gets out before the signal is luck; enough of it.
        if unanswered == 2 && replayed >= 4 {
            return;
        }
    }
}

#[actix_web::test]
async fn sqlite() {
    let _turn = turn().await;
    the_first_answer_survives(Newsroom::sqlite()).await;
}

#[actix_web::test]
async fn postgres() {
    let _turn = turn().await;
    let url = tokio::task::spawn_blocking(postgres::new_database)
        .await
        .unwrap();
    if let Some(url) = url {
        the_first_answer_survives(Newsroom::postgres(url)).await;
    }
}

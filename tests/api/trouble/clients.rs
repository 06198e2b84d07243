//! Clients that dawdle.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::turn;
use crate::support::App;

async fn connect(app: &App) -> TcpStream {
    TcpStream::connect(app.url.strip_prefix("http://").unwrap())
        .await
        .unwrap()
}

#[actix_web::test]
async fn a_body_that_never_arrives_is_408() {
    let app = App::sqlite_with(|config| config.body_timeout = 1).await;
    let key = app.as_editor().key;
    let mut slow = connect(&app).await;
    let head = format!(
        "PUT /v1/editor/articles/langsam HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{\"head"
    );
    let began = Instant::now();
    slow.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = tokio::time::timeout(Duration::from_secs(5), slow.read(&mut answer))
        .await
        .unwrap()
        .unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("/problems/timeout"), "{answer}");
    assert!(
        (1..4).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
}

#[actix_web::test]
async fn many_that_say_nothing_hold_nobody_up() {
    let _turn = turn().await;
    let app = App::sqlite().await;
    let mut idle = Vec::new();
    for n in 0..300 {
        let mut connection = connect(&app).await;
        // Some say nothing, some half a request, some a body's beginning.
        let begun: &[u8] = match n % 3 {
            0 => b"",
            1 => b"GET /v1/si",
            _ => b"POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        };
        connection.write_all(begun).await.unwrap();
        idle.push(connection);
    }
    for path in ["/v1/site", "/v1/articles", "/health/ready"] {
        let began = Instant::now();
        app.get(path, 200).await;
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{path} took {:?}",
            began.elapsed()
        );
    }
}

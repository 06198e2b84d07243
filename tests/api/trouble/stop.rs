//! Being told to stop.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::turn;
use crate::support::process::{Newsroom, Served};

async fn connect(server: &Served) -> std::io::Result<TcpStream> {
    TcpStream::connect(server.url.strip_prefix("http://").unwrap()).await
}

/// An upload of which the end is still to come.
async fn begun(server: &Served, key: &str) -> (TcpStream, String) {
    let body =
        json!({"headline": "Unterwegs", "section": "politik", "body": {"markdown": "Text."}})
            .to_string();
    let (now, later) = body.split_at(20);
    let mut upload = connect(server).await.unwrap();
    let head = format!(
        "PUT /v1/editor/articles/unterwegs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{now}",
        body.len()
    );
    upload.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    (upload, later.to_owned())
}

#[actix_web::test]
async fn what_runs_is_finished_and_what_idles_is_closed() {
    let _turn = turn().await;
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    for signal in ["TERM", "INT"] {
        let mut server = newsroom.serve();
        if signal == "TERM" {
            server.section(&key).await;
        }
        assert_eq!(server.get("/health/ready").await.status, 200);
        let mut idle = connect(&server).await.unwrap();
        idle.write_all(b"GET /v1/site HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let (mut upload, later) = begun(&server, &key).await;

        server.signal(signal);
        tokio::time::sleep(Duration::from_millis(150)).await;
        // Not ready at once, while it still listens.
        let ready = server.get("/health/ready").await;
        assert_eq!(ready.status, 503, "{signal}: {}", ready.body);
        assert!(ready.body.contains("was told to stop"), "{}", ready.body);
        assert_eq!(ready.header("connection"), "close");
        assert_eq!(server.get("/v1/site").await.status, 200);
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert!(
            connect(&server).await.is_err(),
            "{signal}: it still listens"
        );
        assert!(server.ended(0).await.is_none(), "{signal}: it didn't wait");

        upload.write_all(later.as_bytes()).await.unwrap();
        let mut answer = String::new();
        upload.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{signal}: {answer}");
        assert!(answer.contains("connection: close"), "{signal}: {answer}");
        let ended = server
            .ended(5)
            .await
            .unwrap_or_else(|| panic!("{signal}: it doesn't end"));
        assert_eq!(ended.code(), Some(0), "{signal}: {}", server.log());
    }
}

#[actix_web::test]
async fn what_takes_too_long_is_cut_off_and_a_second_signal_ends_it_at_once() {
    let _turn = turn().await;
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    let mut server =
        newsroom.serve_with(&["--shutdown-timeout", "1", "--shutdown-delay", "0"], &[]);
    let _upload = begun(&server, &key).await;
    server.signal("TERM");
    assert_eq!(server.ended(4).await.unwrap().code(), Some(0));

    let mut server = newsroom.serve_with(&["--shutdown-timeout", "60"], &[]);
    let _upload = begun(&server, &key).await;
    server.signal("TERM");
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.signal("TERM");
    assert_eq!(server.ended(2).await.unwrap().code(), Some(1));
}

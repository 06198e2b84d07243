//! The disk is full under SQLite.

use std::path::Path;
use std::process::Command;

use super::{assert_unavailable, turn, until, walk};
use crate::support::note;
use crate::support::process::{Newsroom, Served};

/// A text that takes room.
fn long(n: usize) -> String {
    format!(
        "Text {n}. {}",
        "Am Ufer der Lauve steht ein Haus. ".repeat(300)
    )
}

/// Fills the disk, lives with it, and goes on when there is room again.
async fn fill(
    newsroom: &Newsroom,
    server: &Served,
    key: &str,
    fill: impl FnOnce(),
    empty: impl FnOnce(),
) {
    server.section(key).await;
    let mut acknowledged = Vec::new();
    for n in 0..5 {
        assert_eq!(
            server
                .put(key, &format!("vorher-{n}"), &long(n))
                .await
                .unwrap()
                .status,
            201
        );
        acknowledged.push((format!("vorher-{n}"), n));
    }
    fill();
    let mut refused = 0;
    for n in 0..400 {
        let slug = format!("voll-{n}");
        let got = server.put(key, &slug, &long(n)).await.unwrap();
        match got.status {
            201 => acknowledged.push((slug, n)),
            _ => {
                assert_unavailable("PUT on a full disk", &got);
                refused += 1;
            }
        }
        if refused == 5 {
            break;
        }
    }
    assert_eq!(refused, 5, "the disk was never full");
    // Reading goes on: what is in the cache, and what isn't.
    for (slug, _) in &acknowledged {
        let got = server.get(&format!("/v1/articles/{slug}")).await;
        assert_eq!(got.status, 200, "{slug}: {}", got.body);
    }
    assert_eq!(server.get("/v1/articles?limit=50").await.status, 200);
    assert_eq!(server.get("/health/ready").await.status, 200);

    empty();
    until("recovery", 5, async || {
        server.put(key, "nachher", "Text.").await.unwrap().status == 201
    })
    .await;
    for (slug, n) in &acknowledged {
        let got = server.get(&format!("/v1/articles/{slug}?body=text")).await;
        assert_eq!(got.status, 200, "{slug}: {}", got.body);
        assert!(got.body.contains(&format!("Text {n}.")), "{slug}");
    }
    walk::walk(newsroom);
}

/// A limit on the size of files stands in for the full disk where nothing can be
/// mounted.
#[actix_web::test]
async fn files_that_may_not_grow() {
    let _turn = turn().await;
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    // The system would end the process by a signal; a full disk is an error.
    let line = [
        "sh",
        "-c",
        "trap '' XFSZ; exec \"$@\"",
        "sh",
        env!("CARGO_BIN_EXE_perspektive"),
        "serve",
    ];
    let server = newsroom.serve_through(
        &[&line[..], &["--bind", "127.0.0.1:0"]].concat(),
        &[("LOG", "error")],
    );
    let limit = |bytes: &str| {
        let pid = server.pid().to_string();
        let set = Command::new("prlimit")
            .args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")])
            .status();
        assert!(set.unwrap().success());
    };
    fill(
        &newsroom,
        &server,
        &key,
        || limit("4096"),
        || limit("unlimited"),
    )
    .await;
}

/// A small disk that really is full.
#[actix_web::test]
async fn a_disk_that_is_full() {
    let _turn = turn().await;
    let place = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=4m", "perspektive"])
        .arg(place.path())
        .output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        note(
            "NOT RUN: the test on a disk that is full, because nothing may be mounted here; the one with a limit on files ran.",
        );
        return;
    }
    let _mount = Mount(place.path());
    let newsroom = Newsroom::sqlite_at(&place.path().join("data"));
    let key = newsroom.key();
    let server = newsroom.serve();
    let filler = place.path().join("filler");
    let everything = || {
        use std::io::Write;
        let mut file = std::fs::File::create(&filler).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
    };
    fill(&newsroom, &server, &key, everything, || {
        std::fs::remove_file(&filler).unwrap()
    })
    .await;
}

struct Mount<'a>(&'a Path);

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

//! An answer comes after the disk has it. Killing the process can't show that:
//! what was written and not synced survives it.

use std::process::Command;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::sql_types::Text;
use perspektive::db::{Conn, Database, Url};

use super::{turn, until};
use crate::support::note;
use crate::support::postgres::Cluster;
use crate::support::process::Newsroom;

#[actix_web::test]
async fn the_log_is_synced_before_the_answer_is_sent() {
    let _turn = turn().await;
    let tried = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "true"])
        .output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        assert!(
            std::env::var_os("REQUIRE_STRACE").is_none(),
            "strace is required and can't be used"
        );
        note(
            "NOT RUN: the test that traces fsync, because strace is missing or may not be used here.",
        );
        return;
    }
    let newsroom = Newsroom::sqlite();
    let key = newsroom.key();
    let trace = newsroom.folder().join("trace");
    let calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg,pwrite64";
    let line = [
        "strace",
        "-f",
        "-y",
        "-s",
        "32",
        "-e",
        calls,
        "-o",
        trace.to_str().unwrap(),
    ];
    let server = [
        env!("CARGO_BIN_EXE_perspektive"),
        "serve",
        "--bind",
        "127.0.0.1:0",
    ];
    let server = newsroom.serve_through(&[&line[..], &server[..]].concat(), &[("LOG", "error")]);
    server.section(&key).await;
    assert_eq!(
        server.put(&key, "erster", "Text.").await.unwrap().status,
        201
    );
    // By now the use of the key is noted, and nothing else writes.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(
        server.put(&key, "zweiter", "Text.").await.unwrap().status,
        201
    );
    let traced = async || {
        std::fs::read_to_string(&trace)
            .unwrap()
            .matches("HTTP/1.1 201")
            .count()
            == 3
    };
    until("the trace is complete", 10, traced).await;

    let trace = std::fs::read_to_string(&trace).unwrap();
    let lines: Vec<&str> = trace.lines().collect();
    let answers: Vec<usize> = (0..lines.len())
        .filter(|at| lines[*at].contains("HTTP/1.1 201"))
        .collect();
    let during = &lines[answers[1] + 1..answers[2]];
    let shown = during.join("\n");
    let written = during
        .iter()
        .rposition(|line| line.contains("pwrite64(") && line.contains("-wal>"));
    let written = written.unwrap_or_else(|| panic!("nothing was written to the log:\n{shown}"));
    // A call that another thread's interrupts in the trace ends in a line of its own.
    let ends = |at: usize, line: &str| {
        let thread = line.split_whitespace().next().unwrap();
        match line.contains("<unfinished") {
            false => Some(at),
            true => (at + 1..during.len()).find(|next| {
                during[*next].starts_with(thread) && during[*next].contains("resumed>")
            }),
        }
    };
    let synced = during[written..].iter().enumerate().find_map(|(at, line)| {
        let sync =
            (line.contains("fdatasync(") || line.contains("fsync(")) && line.contains("-wal>");
        sync.then(|| ends(written + at, line)).flatten()
    });
    assert!(
        synced.is_some(),
        "the answer came before the log was synced:\n{shown}"
    );
}

#[derive(diesel::QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
}

#[actix_web::test]
async fn postgres_commits_are_synchronous_whatever_the_server_says() {
    let Some(cluster) = Cluster::start(&["synchronous_commit=off"]) else {
        return;
    };
    let asking = tokio::task::spawn_blocking(move || {
        let url = cluster.new_database();
        let open = || Database::new(&Url::parse(&url).unwrap(), 2).unwrap();
        let ask = |conn: &mut Conn<'_>| {
            let Conn::Pg(conn) = conn else { unreachable!() };
            let setting: Setting =
                diesel::sql_query("SHOW synchronous_commit").get_result(*conn)?;
            Ok(setting.synchronous_commit)
        };
        // The migration sets what holds on its own connection; the others are new.
        perspektive::db::migrate::run(&open()).unwrap();
        let database = open();
        for setting in [
            database.read(ask),
            database.write(ask),
            database.maintain(ask),
        ] {
            assert_eq!(setting.unwrap(), "on");
        }
        let newsroom = Newsroom::postgres(url);
        let check = newsroom.run(&["check"]);
        let said = String::from_utf8(check.stdout).unwrap();
        assert!(check.status.success(), "{said}");
        assert!(said.contains("ok       synchronous_commit: on"), "{said}");
        assert!(said.contains("ok       schema: up to date"), "{said}");
    });
    asking.await.unwrap();
}

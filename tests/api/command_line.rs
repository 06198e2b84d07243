//! The commands, as somebody who types them sees them.

use std::process::Stdio;

use diesel::RunQueryDsl;
use perspektive::db::{Conn, Database};

use crate::support::process::Newsroom;

/// What a command that must fail says.
fn refusal(newsroom: &Newsroom, arguments: &[&str]) -> String {
    let output = newsroom.run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{arguments:?}: {said}");
    assert!(
        said.lines().any(|line| line.starts_with("perspektive: ")),
        "{said}"
    );
    said
}

#[test]
fn settings_come_from_env_in_the_working_folder_and_nowhere_above() {
    let newsroom = Newsroom::sqlite();
    let file = newsroom.folder().join(".env");
    std::fs::write(&file, "SITE_URL=https://datei.example\nMAX_AGE=nie\n").unwrap();
    let said = newsroom.run(&["check"]).stderr;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("'nie' for '--max-age"), "{said}");

    std::fs::write(&file, "SITE_URL=https://datei.example\n").unwrap();
    let mut check = newsroom.command(&["check"]);
    let said = check.env_remove("SITE_URL").output().unwrap().stdout;
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("SITE_URL: https://datei.example"), "{said}");
    let said = newsroom.must(&["check"]);
    assert!(
        said.contains("SITE_URL: https://flussblick.example"),
        "{said}"
    );

    let below = newsroom.folder().join("darunter");
    std::fs::create_dir(&below).unwrap();
    let mut check = newsroom.command(&["check"]);
    let said = check.env_remove("SITE_URL").current_dir(&below).output();
    let said = String::from_utf8(said.unwrap().stdout).unwrap();
    assert!(said.contains("SITE_URL is not set"), "{said}");
}

/// Where bytes of pictures lie, whether they can, and no secret of it.
#[test]
fn check_looks_at_the_media_storage() {
    let newsroom = Newsroom::sqlite();
    let check = |url: &str| {
        let output = newsroom.command(&["check"]).env("MEDIA_URL", url).output();
        let output = output.unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!said.contains("geheim"), "{said}");
        (output.status.success(), said)
    };
    let folder = newsroom.folder().join("bilder");
    let url = format!("file://{}", folder.display());
    let (good, said) = check(&url);
    assert!(good && said.contains("bilder is not there yet"), "{said}");
    std::fs::create_dir(&folder).unwrap();
    assert!(check(&url).1.contains("bilder can be written to"));
    let (good, said) = check("bilder");
    assert!(
        !good && said.contains("MEDIA_URL: an address of the media"),
        "{said}"
    );
    let (good, said) = check("s3://anna:geheim@bilder?endpoint=http://127.0.0.1:9");
    assert!(
        !good && said.contains("the bucket bilder can't be used"),
        "{said}"
    );
}

/// A cache that is purged, one that refuses, one that isn't there.
#[test]
fn check_purges_caches_in_front_of_what_they_do_not_have() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let cache = std::thread::spawn(move || {
        ["200 Purged", "403 Forbidden"].map(|answer| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                asked.push(byte[0]);
            }
            write!(
                stream,
                "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            String::from_utf8(asked).unwrap().to_lowercase()
        })
    });
    let newsroom = Newsroom::sqlite();
    let check = |url: &str| {
        let mut command = newsroom.command(&["check"]);
        let output = command.env("EDGE_PURGE_URLS", url).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.success(), said)
    };
    let (good, said) = check(&url);
    assert!(good && said.contains("lets itself be purged"), "{said}");
    let (good, said) = check(&url);
    assert!(!good && said.contains("it answers 403"), "{said}");
    for asked in cache.join().unwrap() {
        assert!(asked.starts_with("purge / http/1.1\r\n"), "{asked}");
        assert!(asked.contains("surrogate-key: "), "{asked}");
    }
    let (good, said) = check(&url);
    assert!(!good && said.contains("docs/edge.md"), "{said}");
}

#[test]
fn a_broken_env_is_refused_without_its_secrets() {
    let newsroom = Newsroom::sqlite();
    let broken = "LOG=warn\nDATABASE_URL=postgres://anna:ganz geheim@host/x\n";
    std::fs::write(newsroom.folder().join(".env"), broken).unwrap();
    let said = refusal(&newsroom, &["user", "list"]);
    assert!(said.contains(".env: line 2 can't be read"), "{said}");
    assert!(!said.contains("geheim"), "{said}");
    assert!(!newsroom.data().exists(), "it went on without its settings");
}

#[test]
fn what_would_make_a_server_that_serves_nobody_is_refused() {
    let newsroom = Newsroom::sqlite();
    for name in [
        "WORKERS",
        "MAX_BODY",
        "BODY_TIMEOUT",
        "DATABASE_CONNECTIONS",
    ] {
        let mut check = newsroom.command(&["check"]);
        let output = check.env(name, "0").output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let start = format!("error    settings: {name}: must be");
        assert!(said.starts_with(&start), "{said}");
    }
}

/// An empty token is what a request without one sends too.
#[test]
fn an_empty_metrics_token_is_refused() {
    let newsroom = Newsroom::sqlite();
    let mut check = newsroom.command(&["check"]);
    let output = check.env("METRICS_TOKEN", "").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("error    settings: METRICS_TOKEN: is empty"),
        "{said}"
    );
}

/// An older program would misread what a newer one has written.
#[test]
fn a_newer_schema_is_refused() {
    let newsroom = Newsroom::sqlite();
    newsroom.key();
    let database = Database::new(&newsroom.url(), 1).unwrap();
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')";
    let noted = database.maintain(|conn| {
        let Conn::Lite(conn) = conn else {
            unreachable!()
        };
        Ok(diesel::sql_query(newer).execute(*conn)?)
    });
    assert_eq!(noted.unwrap(), 1);
    for arguments in [&["user", "list"][..], &["migrate"]] {
        let said = refusal(&newsroom, arguments);
        assert!(
            said.contains("20990101000000") && said.contains("newer"),
            "{said}"
        );
    }
    assert!(!newsroom.run(&["check"]).status.success());
}

#[test]
fn whoever_stops_reading_early_gets_no_error() {
    let newsroom = Newsroom::sqlite();
    newsroom.key();
    for arguments in [
        &["openapi"][..],
        &["user", "list"],
        &["key", "list"],
        &["check"],
    ] {
        let mut command = newsroom.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && said.is_empty(),
            "{arguments:?}: {said}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_once() {
    let newsroom = Newsroom::sqlite();
    let said = refusal(&newsroom, &["user", "add", "Ä", "--role", "admin"]);
    assert_eq!(said.matches("must be 2 to 40").count(), 1, "{said}");
    newsroom.key();
    let said = refusal(&newsroom, &["user", "role", "anna", "viewer"]);
    assert!(said.contains("last admin"), "{said}");
}

/// A command's help shows the settings that it reads and no others.
#[test]
fn help_shows_what_concerns_the_command() {
    let newsroom = Newsroom::sqlite();
    let help = newsroom.must(&["key", "add", "--help"]);
    for shown in ["--expires", "--scope", "--database-url", "KEY=$("] {
        assert!(help.contains(shown), "{shown}: {help}");
    }
    for hidden in ["--site-url", "--database-connections", "--bind"] {
        assert!(!help.contains(hidden), "{hidden}: {help}");
    }
    let help = newsroom.must(&["serve", "--help"]);
    for shown in ["--site-url", "--database-connections", "--bind", "--demo"] {
        assert!(help.contains(shown), "{shown}: {help}");
    }
}

//! What editors send: one by one and durable, and in bulk.

use std::slice::from_ref;
use std::time::Instant;

use perspektive::articles::model::{ArticleRow, LinkRow, RevisionRow};
use perspektive::content;
use perspektive::db::{Database, Url};
use perspektive::error::{Result, internal};
use perspektive::store;

use crate::Scale;
use crate::corpus::{self, Corpus, Engine, Library};
use crate::generator::{self, Plan};
use crate::process::Server;
use crate::report::{Report, Row, Series, number, targets};
use crate::text::{self, Article};

/// The connections that send articles.
const CONNECTIONS: [usize; 2] = [1, 8];

/// What is stored of an article.
type Stored = (ArticleRow, RevisionRow, Vec<LinkRow>);

pub fn run(library: &Library, scale: &Scale, report: &mut Report) -> Result<()> {
    for engine in library.engines() {
        let base = library.corpus(engine, scale.small)?;
        put(library, scale, &base, report)?;
        bulk(library, scale, &base, report)?;
    }
    disk(library, report)
}

/// PUT of new articles, and the same rows written in transactions of their own.
fn put(library: &Library, scale: &Scale, base: &Corpus, report: &mut Report) -> Result<()> {
    let rounds = scale.rounds + 1;
    let articles = new_articles(base, rounds * scale.puts);
    let rows = stored(&library.copy(base)?, &articles)?;
    for connections in CONNECTIONS {
        let (bare, ours) = (library.copy(base)?, library.copy(base)?);
        let key = corpus::admin_key(&ours.url)?;
        let server = Server::start(&ours.url, None, &ours.data);
        let file = library.scratch().join("puts");
        let requests: Vec<Vec<u8>> = articles
            .iter()
            .map(|article| {
                let headers = [
                    ("Authorization", &*format!("Bearer {key}")),
                    ("Content-Type", "text/markdown"),
                ];
                let path = format!("/v1/editor/articles/{}", article.slug);
                generator::request("PUT", &path, &headers, article.markdown.as_bytes())
            })
            .collect();
        generator::write(&file, &requests)?;
        // SQLite has one writer at a time, however many ask.
        let writers = if base.engine == Engine::Sqlite {
            1
        } else {
            connections
        };
        let url = Url::parse(&bare.url).map_err(internal)?;
        let database = Database::new(&url, writers)?;
        let (mut bare_rates, mut our_rates, mut latencies) =
            (Series::default(), Series::default(), Series::default());
        for round in 0..rounds {
            let first = round * scale.puts;
            let rate = write_bare(&database, &rows[first..first + scale.puts], writers)?;
            let outcome = generator::run(&Plan {
                address: server.address,
                requests: file.clone(),
                first,
                count: Some(scale.puts),
                millis: 0,
                connections,
                threads: 1,
                status: 201,
            });
            // The first round only warms up.
            if round > 0 {
                bare_rates.0.push(rate);
                our_rates.0.push(outcome.rate());
                latencies.0.push(outcome.p99);
            }
        }
        report.add(Row {
            case: format!("PUT, {connections} at once, {}", base.engine.name()),
            value: format!(
                "{}/s (p99 {:.1} ms)",
                number(our_rates.median()),
                latencies.median()
            ),
            comparison: format!("bare transactions {}/s", number(bare_rates.median())),
            measured: our_rates.to(&bare_rates),
            is_ratio: true,
            target: (connections == 1 && base.engine == Engine::Sqlite).then_some(targets::PUT),
        });
    }
    Ok(())
}

/// Articles that a corpus doesn't have yet.
fn new_articles(base: &Corpus, count: usize) -> Vec<Article> {
    (base.articles..base.articles + count)
        .map(|number| text::article(number, base.articles + count))
        .collect()
}

/// The rows that the operations make of these articles.
fn stored(copy: &Corpus, articles: &[Article]) -> Result<Vec<Stored>> {
    let state = corpus::open(&copy.url)?;
    let mut rows = Vec::with_capacity(articles.len());
    for part in articles.chunks(500) {
        corpus::upload(&state, part, false)?;
    }
    state.read_blocking(|conn| {
        for article in articles {
            let missing = || internal("a row is missing");
            let row = store!(*conn, articles::by_slug(&article.slug))?.ok_or_else(missing)?;
            let revision = store!(*conn, articles::revision(row.id, 1))?.ok_or_else(missing)?;
            let links = store!(*conn, links::of_revision(row.id, 1))?;
            rows.push((row, revision, links));
        }
        Ok(())
    })?;
    Ok(rows)
}

/// Writes each article's rows in a transaction of its own, with the statements
/// that the operations use; articles a second.
fn write_bare(database: &Database, rows: &[Stored], writers: usize) -> Result<f64> {
    let began = Instant::now();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..writers)
            .map(|writer| {
                scope.spawn(move || {
                    rows.iter().skip(writer).step_by(writers).try_for_each(
                        |(row, revision, links)| {
                            database.write(|conn| {
                                let (row, revision) = (from_ref(row), from_ref(revision));
                                store!(*conn, articles::insert(row))?;
                                store!(*conn, articles::insert_revisions(revision))?;
                                store!(*conn, links::insert(links))?;
                                store!(*conn, links::bind(from_ref(&row[0].slug)))?;
                                Ok(())
                            })
                        },
                    )
                })
            })
            .collect();
        running
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| internal("a writer panicked"))?)
    })?;
    Ok(rows.len() as f64 / began.elapsed().as_secs_f64())
}

/// Lines of articles to `POST /v1/editor/bulk`, from the first byte of the request to
/// the last of the answer.
fn bulk(library: &Library, scale: &Scale, base: &Corpus, report: &mut Report) -> Result<()> {
    let copy = library.copy(base)?;
    let key = corpus::admin_key(&copy.url)?;
    let server = Server::start(&copy.url, None, &copy.data);
    let articles = new_articles(base, scale.bulk * 2 * scale.rounds);
    let (drafts, live) = articles.split_at(scale.bulk * scale.rounds);
    let (draft_target, live_target) = match base.engine {
        Engine::Sqlite => (targets::BULK_DRAFTS_SQLITE, targets::BULK_LIVE_SQLITE),
        Engine::Postgres => (targets::BULK_DRAFTS_POSTGRES, targets::BULK_LIVE_POSTGRES),
    };
    for (name, articles, publish, target) in [
        ("drafts", drafts, false, draft_target),
        ("live articles", live, true, live_target),
    ] {
        let mut rates = Series::default();
        for part in articles.chunks(scale.bulk) {
            let lines: Vec<Vec<u8>> = part
                .iter()
                .map(|article| line(article, publish))
                .collect::<Result<_>>()?;
            let began = Instant::now();
            let results = generator::upload(server.address, &key, &lines.concat())?;
            rates
                .0
                .push(part.len() as f64 / began.elapsed().as_secs_f64());
            let created = results.matches("\"status\":201").count();
            assert_eq!(created, part.len(), "{results}");
        }
        let memory = server.resident().map_or(String::new(), |bytes| {
            format!("{} MB resident", bytes / 1_000_000)
        });
        report.add(Row {
            case: format!("bulk upload, {name}, {}", base.engine.name()),
            value: format!("{}/s", number(rates.median())),
            comparison: memory,
            measured: rates,
            is_ratio: false,
            target: Some(target),
        });
    }
    Ok(())
}

/// A line of a bulk upload that makes an article.
fn line(article: &Article, publish: bool) -> Result<Vec<u8>> {
    let parsed = content::from_markdown(&article.markdown, &|_| None);
    let parsed = parsed.map_err(|_| internal("front matter that can't be read"))?;
    let text = article.markdown.splitn(3, "---\n").nth(2);
    let mut members = parsed.front_matter.unwrap_or_default();
    members.insert("slug".to_owned(), article.slug.clone().into());
    let body = serde_json::json!({"markdown": text.unwrap_or_default()});
    members.insert("body".to_owned(), body);
    members.insert("publish".to_owned(), publish.into());
    let mut line = serde_json::to_vec(&members).map_err(internal)?;
    line.push(b'\n');
    Ok(line)
}

/// How long the disk takes to have something for certain.
fn disk(library: &Library, report: &mut Report) -> Result<()> {
    use std::io::Write;
    let mut file = std::fs::File::create(library.scratch().join("synced"))?;
    let mut times = Series::default();
    for _ in 0..200 {
        let began = Instant::now();
        file.write_all(&[0; 8_192])?;
        file.sync_data()?;
        times.0.push(began.elapsed().as_secs_f64() * 1e3);
    }
    report.add(Row {
        case: "the disk: 8 KB written and synced".to_owned(),
        value: format!("{:.2} ms", times.median()),
        comparison: String::new(),
        measured: times,
        is_ratio: false,
        target: None,
    });
    Ok(())
}

//! What readers ask for, held against the ceiling.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use perspektive::http::text::slugify;

use crate::Scale;
use crate::ceiling;
use crate::corpus::{Corpus, Engine, Library};
use crate::generator::{self, Answer, Outcome, Plan};
use crate::process::Server;
use crate::report::{Report, Row, Series, Target, number, targets};
use crate::text::{self, AUTHORS, Dice, SECTIONS, TOPICS};

/// Articles that the cached cases ask for.
const HOT: usize = 500;

/// A kind of request.
struct Case {
    name: &'static str,
    cached: bool,
    status: u16,
    requests: fn(&Corpus, SocketAddr) -> Vec<Request>,
    target: Option<Target>,
    /// Whether it is to cost the same however many articles there are.
    flat: bool,
}

struct Request {
    path: String,
    etag: Option<String>,
}

impl From<String> for Request {
    fn from(path: String) -> Self {
        Request { path, etag: None }
    }
}

impl Request {
    fn headers(&self) -> Vec<(&str, &str)> {
        self.etag
            .iter()
            .map(|etag| ("If-None-Match", etag.as_str()))
            .collect()
    }
}

fn cases(engine: Engine) -> Vec<Case> {
    let article = match engine {
        Engine::Sqlite => targets::ARTICLE_SQLITE,
        Engine::Postgres => targets::ARTICLE_POSTGRES,
    };
    let case = |name, requests, target| Case {
        name,
        cached: false,
        status: 200,
        requests,
        target,
        flat: true,
    };
    vec![
        Case {
            cached: true,
            ..case("article, cached", hot, Some(targets::CACHED))
        },
        Case {
            cached: true,
            ..case("list of 20, cached", hot_lists, Some(targets::CACHED))
        },
        Case {
            cached: true,
            status: 304,
            ..case("304, cached", unchanged, Some(targets::CACHED))
        },
        case("article", articles, Some(article)),
        case("list of 20", list, Some(targets::LIST)),
        case("list of a section", sections, None),
        case("list of a topic", topics, None),
        case("list of an author", authors, None),
        case("deep page", deep, None),
        case("related", related, None),
        Case {
            flat: false,
            ..case("search", search, Some(targets::SEARCH))
        },
    ]
}

fn shuffled(count: usize) -> Vec<usize> {
    let mut numbers: Vec<usize> = (0..count).collect();
    Dice::new(7, 0).shuffle(&mut numbers);
    numbers
}

fn hot(corpus: &Corpus, _: SocketAddr) -> Vec<Request> {
    let numbers = shuffled(corpus.articles);
    numbers
        .iter()
        .take(HOT)
        .map(|number| format!("/v1/articles/{}", text::slug(*number)).into())
        .collect()
}

fn hot_lists(_: &Corpus, _: SocketAddr) -> Vec<Request> {
    let sections = SECTIONS
        .iter()
        .map(|(slug, ..)| format!("/v1/articles?section={slug}").into());
    [Request::from("/v1/articles".to_owned())]
        .into_iter()
        .chain(sections)
        .collect()
}

fn unchanged(corpus: &Corpus, address: SocketAddr) -> Vec<Request> {
    let mut requests = hot(corpus, address);
    for request in &mut requests {
        let answer = generator::fetch(address, &request.path, &[], 200);
        request.etag = Some(answer.header("etag").expect("an ETag").to_owned());
    }
    requests
}

fn articles(corpus: &Corpus, _: SocketAddr) -> Vec<Request> {
    let numbers = shuffled(corpus.articles);
    numbers
        .iter()
        .take(100_000)
        .map(|number| format!("/v1/articles/{}", text::slug(*number)).into())
        .collect()
}

fn list(_: &Corpus, _: SocketAddr) -> Vec<Request> {
    vec!["/v1/articles".to_owned().into()]
}

fn sections(_: &Corpus, _: SocketAddr) -> Vec<Request> {
    SECTIONS
        .iter()
        .map(|(slug, ..)| format!("/v1/articles?section={slug}").into())
        .collect()
}

fn topics(_: &Corpus, _: SocketAddr) -> Vec<Request> {
    TOPICS
        .iter()
        .map(|name| format!("/v1/articles?topic={}", slugify(name)).into())
        .collect()
}

fn authors(_: &Corpus, _: SocketAddr) -> Vec<Request> {
    AUTHORS
        .iter()
        .map(|name| format!("/v1/articles?author={}", slugify(name)).into())
        .collect()
}

/// Pages around the middle of the whole list.
fn deep(corpus: &Corpus, address: SocketAddr) -> Vec<Request> {
    let pages = corpus.articles / 100;
    let wanted = (pages / 2).saturating_sub(20)..pages / 2 + 1;
    let mut path = "/v1/articles?limit=100&fields=id".to_owned();
    let mut requests = Vec::new();
    for page in 0..wanted.end {
        let answer = generator::fetch(address, &path, &[], 200).json();
        let cursor = answer["next_cursor"].as_str().expect("a cursor").to_owned();
        if wanted.contains(&page) {
            requests.push(format!("/v1/articles?cursor={cursor}").into());
        }
        path = format!("/v1/articles?limit=100&fields=id&cursor={cursor}");
    }
    requests
}

fn related(corpus: &Corpus, _: SocketAddr) -> Vec<Request> {
    let numbers = shuffled(corpus.articles);
    numbers
        .iter()
        .take(20_000)
        .map(|number| format!("/v1/articles/{}/related", text::slug(*number)).into())
        .collect()
}

fn search(corpus: &Corpus, address: SocketAddr) -> Vec<Request> {
    crate::search::wait(address).expect("a server that searches");
    let paths = crate::search::mix(corpus);
    paths.into_iter().map(Request::from).collect()
}

/// The servers on one corpus, with and without a cache.
struct Pair {
    corpus: Corpus,
    cached: Server,
    uncached: Server,
}

impl Pair {
    fn start(corpus: Corpus, binary: &Path) -> Self {
        Pair {
            cached: Server::of(binary, &corpus.url, None, &corpus.data),
            uncached: Server::of(binary, &corpus.url, Some(0), &corpus.data),
            corpus,
        }
    }

    fn server(&self, cached: bool) -> &Server {
        if cached { &self.cached } else { &self.uncached }
    }
}

/// A server, the requests for it, and what was found.
struct Contender {
    address: SocketAddr,
    requests: PathBuf,
    outcomes: Vec<Outcome>,
}

impl Contender {
    fn rates(&self) -> Series {
        Series(self.outcomes.iter().map(Outcome::rate).collect())
    }

    fn shown(&self) -> String {
        let median =
            |get: fn(&Outcome) -> f64| Series(self.outcomes.iter().map(get).collect()).median();
        format!(
            "{}/s ({:.1}/{:.1} ms)",
            number(self.rates().median()),
            median(|outcome| outcome.p50),
            median(|outcome| outcome.p99)
        )
    }
}

/// Measures every case whose name contains `only`.
pub fn run(library: &Library, scale: &Scale, only: &str, report: &mut Report) {
    for engine in library.engines() {
        if cases(engine).iter().all(|case| !case.name.contains(only)) {
            continue;
        }
        let start = |binary: &Path, articles| {
            let corpus = library.corpus(engine, articles).expect("a corpus");
            Pair::start(corpus, binary)
        };
        let own = Path::new(env!("CARGO_BIN_EXE_perspektive"));
        let mut pairs = vec![start(own, scale.small), start(own, scale.large)];
        pairs.extend(
            scale
                .against
                .iter()
                .map(|binary| start(binary, scale.large)),
        );
        for case in cases(engine)
            .into_iter()
            .filter(|case| case.name.contains(only))
        {
            measure(library, scale, engine, &case, &pairs, report);
        }
    }
    if !only.is_empty() {
        report.leave_out(format!("reading cases without `{only}` in their names"));
    }
}

fn measure(
    library: &Library,
    scale: &Scale,
    engine: Engine,
    case: &Case,
    pairs: &[Pair],
    report: &mut Report,
) {
    let scratch = library.scratch();
    let mut contenders = Vec::new();
    let mut sample = None;
    for (index, pair) in pairs.iter().enumerate() {
        let server = pair.server(case.cached);
        let requests = (case.requests)(&pair.corpus, server.address);
        sample = Some(median_answer(server.address, &requests, case.status));
        let file = scratch.join(format!("requests-{index}"));
        let rendered: Vec<Vec<u8>> = requests
            .iter()
            .map(|request| generator::request("GET", &request.path, &request.headers(), b""))
            .collect();
        generator::write(&file, &rendered).expect("a file of requests");
        if case.cached {
            let plan = Plan {
                count: Some(rendered.len()),
                ..plan(scale, server.address, &file, case.status)
            };
            generator::run(&plan);
        }
        contenders.push(Contender {
            address: server.address,
            requests: file,
            outcomes: Vec::new(),
        });
    }
    let sample = sample.expect("an answer");
    let constant = scratch.join("constant");
    ceiling::write(&constant, &sample).expect("the constant answer");
    let ceiling = Server::ceiling(&constant);
    let requests = contenders[1].requests.clone();
    contenders.push(Contender {
        address: ceiling.address,
        requests,
        outcomes: Vec::new(),
    });

    for round in 0..=scale.rounds {
        for contender in &mut contenders {
            let outcome = generator::run(&plan(
                scale,
                contender.address,
                &contender.requests,
                case.status,
            ));
            // The first round only warms up.
            if round > 0 {
                contender.outcomes.push(outcome);
            }
        }
    }
    let (small, large, ceiling) = (&contenders[0], &contenders[1], &contenders[pairs.len()]);
    let busy = ceiling
        .outcomes
        .iter()
        .map(|outcome| outcome.processor / outcome.seconds);
    let busy = Series(busy.collect()).median() / scale.threads as f64;
    if busy > 0.95 {
        eprintln!(
            "  the load generator was busy {:.0} % of the time: the ceiling may be its own",
            busy * 100.0
        );
    }
    let name = |articles| {
        format!(
            "{}, {}, {}",
            case.name,
            engine.name(),
            number(articles as f64)
        )
    };
    for (contender, articles) in [(small, scale.small), (large, scale.large)] {
        report.add(Row {
            case: name(articles),
            value: contender.shown(),
            comparison: format!(
                "C {}, {} bytes",
                ceiling.shown(),
                number(sample.body.len() as f64)
            ),
            measured: contender.rates().to(&ceiling.rates()),
            is_ratio: true,
            target: case.target,
        });
    }
    if scale.against.is_some() {
        report.add(Row {
            case: format!("{}: this and the other binary", name(scale.large)),
            value: large.shown(),
            comparison: contenders[2].shown(),
            measured: large.rates().to(&contenders[2].rates()),
            is_ratio: true,
            target: None,
        });
    }
    if !case.cached {
        report.add(Row {
            case: format!(
                "{}, {}: cost of {} to {}",
                case.name,
                engine.name(),
                number(scale.large as f64),
                number(scale.small as f64)
            ),
            value: format!("{:.3} ms", 1e3 / large.rates().median()),
            comparison: format!("{:.3} ms", 1e3 / small.rates().median()),
            measured: small.rates().to(&large.rates()),
            is_ratio: true,
            target: case.flat.then_some(targets::FLATNESS),
        });
    }
}

fn plan(scale: &Scale, address: SocketAddr, requests: &Path, status: u16) -> Plan {
    Plan {
        address,
        requests: requests.to_owned(),
        first: 0,
        count: None,
        millis: scale.millis,
        connections: 32,
        threads: scale.threads,
        status,
    }
}

/// Of some answers the one of median size.
fn median_answer(address: SocketAddr, requests: &[Request], status: u16) -> Answer {
    let step = requests.len().div_ceil(21).max(1);
    let mut answers: Vec<Answer> = requests
        .iter()
        .step_by(step)
        .map(|request| generator::fetch(address, &request.path, &request.headers(), status))
        .collect();
    answers.sort_by_key(|answer| answer.body.len());
    answers.swap_remove(answers.len() / 2)
}

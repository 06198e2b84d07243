//! How well search finds things among generated articles: pieces of prose, which
//! were written and asked for by hand, and pairs of articles that share rare words.

use perspektive::error::{Result, internal};
use perspektive::search::Follower;
use perspektive::state::State;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::Scale;
use crate::corpus::{self, Corpus, Library};
use crate::generator;
use crate::process::Server;
use crate::report::{Report, Row, Series, Target, number, targets};
use crate::text::{self, Article, Dice, SECTIONS, TOPICS};

// Not all of it is needed here.
#[allow(dead_code)]
#[path = "../../tests/api/search/prose.rs"]
mod prose;

use prose::{PROSE, Prose};

/// Pairs of articles that share a topic and three rare words.
const PAIRS: usize = 200;

/// Brings the index of a newsroom up to date; the articles a second if it was made.
pub fn index(corpus: &Corpus, state: State) -> Result<Option<f64>> {
    let began = Instant::now();
    let state = Arc::new(state);
    let follower = Follower::new(&state.config);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        state.follow_from_here().await?;
        let before = perspektive::search::look(&state.config.data_dir)?;
        follower.catch_up(&state).await?;
        Ok(before
            .is_none()
            .then(|| corpus.articles as f64 / began.elapsed().as_secs_f64()))
    })
}

/// Measures everything.
pub fn run(library: &Library, scale: &Scale, report: &mut Report) -> Result<()> {
    for engine in library.engines() {
        let base = library.corpus(engine, scale.large)?;
        let corpus = library.copy(&base)?;
        plant(&corpus, scale.large)?;
        let began = Instant::now();
        index(&corpus, corpus::open_with_data(&corpus)?)?;
        eprintln!(
            "Planted and indexed in {:.1} s.",
            began.elapsed().as_secs_f64()
        );
        let server = Server::start(&corpus.url, None, &corpus.data);
        wait(server.address)?;
        let of = format!("{}, {}", engine.name(), number(scale.large as f64));
        let kinds: [(&str, fn(&Prose) -> &[&'static str], Target, Option<Target>); 3] = [
            (
                "as they stand there",
                |piece| piece.exact,
                targets::EXACT,
                None,
            ),
            (
                "inflected",
                |piece| piece.inflected,
                targets::INFLECTED,
                Some(targets::INFLECTED_RECALL),
            ),
            ("ae, oe, ue, ss", |piece| piece.spelt, targets::EXACT, None),
        ];
        for (name, queries, target, recall) in kinds {
            let found = quality(server.address, queries);
            report.add(figure(
                format!("words {name}: mean reciprocal rank, {of}"),
                found.0,
                Some(target),
            ));
            report.add(figure(
                format!("words {name}: among the first ten, {of}"),
                found.1,
                recall,
            ));
        }
        report.add(figure(
            format!("automatic related: partner among the first five, {of}"),
            partners(server.address),
            Some(targets::PARTNERS),
        ));
    }
    Ok(())
}

fn figure(case: String, value: f64, target: Option<Target>) -> Row {
    Row {
        case,
        value: format!("{value:.3}"),
        comparison: String::new(),
        measured: Series(vec![value]),
        is_ratio: false,
        target,
    }
}

/// Waits until the server searches.
pub fn wait(address: SocketAddr) -> Result<()> {
    for _ in 0..600 {
        if generator::try_fetch(address, "/v1/search?q=a", &[])
            .is_ok_and(|answer| answer.status == 200)
        {
            return Ok(());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Err(internal("the search index was not made within a minute"))
}

fn found(address: SocketAddr, query: &str) -> Vec<String> {
    let query = serde_urlencoded::to_string([("q", query)]).expect("a query");
    let page = generator::fetch(
        address,
        &format!("/v1/search?fields=slug&{query}"),
        &[],
        200,
    )
    .json();
    let items = page["items"].as_array().expect("items").iter();
    items
        .filter_map(|item| Some(item["slug"].as_str()?.to_owned()))
        .collect()
}

/// The mean reciprocal rank of the piece that a query means, and the part of the
/// queries that have it among the first ten.
fn quality(address: SocketAddr, queries: fn(&Prose) -> &[&'static str]) -> (f64, f64) {
    let (mut ranks, mut recalled, mut count) = (0.0, 0, 0);
    for piece in PROSE {
        for query in queries(piece) {
            let slugs = found(address, query);
            let rank = slugs.iter().position(|slug| slug == piece.slug);
            count += 1;
            ranks += rank.map_or(0.0, |rank| 1.0 / (rank + 1) as f64);
            recalled += usize::from(rank.is_some_and(|rank| rank < 10));
            if rank != Some(0) {
                eprintln!("  `{query}` finds {} at {rank:?}", piece.slug);
            }
        }
    }
    (ranks / f64::from(count), recalled as f64 / f64::from(count))
}

fn partners(address: SocketAddr) -> f64 {
    let mut found = 0;
    for pair in 0..PAIRS {
        let page = generator::fetch(
            address,
            &format!("/v1/articles/{}/related", name(pair, 0)),
            &[],
            200,
        )
        .json();
        let items = page["items"].as_array().expect("items").iter();
        let mut automatic = items.filter(|item| item["automatic"] == true).take(5);
        found += usize::from(automatic.any(|item| item["article"]["slug"] == name(pair, 1)));
    }
    found as f64 / PAIRS as f64
}

fn name(pair: usize, member: usize) -> String {
    format!("paar-{pair}-{member}")
}

/// Publishes the pieces of prose and the pairs among what is there.
fn plant(corpus: &Corpus, count: usize) -> Result<()> {
    let state = corpus::open_with_data(corpus)?;
    let mut dice = Dice::new(11, 0);
    let mut at = || text::article(dice.below(count), count).published_at;
    let prose = PROSE.iter().map(|piece| Article {
        slug: piece.slug.to_owned(),
        markdown: format!(
            "---\nheadline: \"{}\"\nteaser: \"{}\"\nsection: {}\nlanguage: de\n---\n\n{}\n",
            piece.headline, piece.teaser, piece.section, piece.text
        ),
        published_at: at(),
    });
    let prose: Vec<Article> = prose.collect();
    corpus::upload(&state, &prose, true)?;
    let mut dice = Dice::new(12, 0);
    let pairs = (0..PAIRS * 2).map(|number| member(number / 2, number % 2, count, &mut dice));
    let pairs: Vec<Article> = pairs.collect();
    corpus::upload(&state, &pairs, true)
}

/// A generated article, with other section and topic and three rare words.
fn member(pair: usize, member: usize, count: usize, dice: &mut Dice) -> Article {
    let like = text::article(dice.below(count), count);
    let body = like
        .markdown
        .splitn(3, "---\n")
        .nth(2)
        .unwrap_or_default()
        .to_owned();
    let mut paragraphs: Vec<String> = body.split("\n\n").map(str::to_owned).collect();
    for word in ["quar", "zwiv", "blon"] {
        let at = dice.below(paragraphs.len());
        let ending = ["", "s", "en"][dice.below(3)];
        let word = format!("{word}{}el", syllables(pair));
        paragraphs.insert(at, format!("Die Rede war auch vom {word}{ending}."));
    }
    let section = SECTIONS[(pair + member) % SECTIONS.len()].0;
    let topic = TOPICS[pair % TOPICS.len()];
    Article {
        slug: name(pair, member),
        markdown: format!(
            "---\nheadline: Sitzung Nummer {}\nsection: {section}\ntopics: [{topic}]\n---\n{}",
            pair * 2 + member,
            paragraphs.join("\n\n")
        ),
        published_at: like.published_at,
    }
}

fn syllables(number: usize) -> String {
    const SYLLABLES: [&str; 6] = ["ba", "do", "fi", "gu", "ke", "lo"];
    let mut left = number + 6;
    let mut word = String::new();
    while left > 0 {
        word.push_str(SYLLABLES[left % 6]);
        left /= 6;
    }
    word
}

/// Common, rare and absent words, alone and together: `/v1/search` addresses.
pub fn mix(corpus: &Corpus) -> Vec<String> {
    const COMMON: [&str; 12] = [
        "Stadtrat",
        "Nahverkehr",
        "Kosten",
        "Fraktionen",
        "Verwaltung",
        "Gutachten",
        "Fluss",
        "Vereine",
        "Frühjahr",
        "Sanierung",
        "Eltern Kinder",
        "Brücke Kosten",
    ];
    let mut dice = Dice::new(13, corpus.articles as u64);
    let mut queries = Vec::new();
    for number in 0..600 {
        queries.push(match number % 3 {
            0 => COMMON[number / 3 % COMMON.len()].to_owned(),
            // A number that a handful of tables have.
            1 => format!("{}", 1_000 + dice.below(8_000)),
            _ => format!("Quastenflosser{}", dice.below(1_000)),
        });
    }
    let path = |query: String| {
        let query = serde_urlencoded::to_string([("q", query)]).expect("a query");
        format!("/v1/search?{query}")
    };
    queries.into_iter().map(path).collect()
}

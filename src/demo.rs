//! A small newsroom to look at: the magazine *Flussblick* of an invented town.
//!
//! Its files lie in `demo/` and are part of the binary. They go through the
//! same operations as an editor's uploads, at instants relative to the first
//! load, so that the newsroom is as old as its articles say. Its pictures are drawn
//! then.

mod canvas;
mod pictures;
mod scenes;

use std::collections::HashMap;
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::articles::{input, ops};
use crate::auth::Actor;
use crate::content;
use crate::db::Time;
use crate::error::{Result, internal};
use crate::http::conditional::Expect;
use crate::lists::model::ListIn;
use crate::state::State;
use crate::taxonomy::terms;
use crate::{authors, lists, sections, site, topics};

/// In seconds.
const YEAR: i64 = 31_536_000;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/demo");

/// What an article's file says about its place in time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Plan {
    /// How long before the first load it was published.
    age: Option<String>,
    /// `draft`: never.
    state: Option<String>,
    /// How long after the first load it will be.
    schedule_in: Option<String>,
    corrections: Vec<Correction>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    /// How long after its publication.
    after: String,
    text: String,
}

struct Planned {
    slug: String,
    sent: input::Sent,
    plan: Plan,
    written_at: Time,
}

/// Loads the newsroom, unless there is one already. Returns how many articles
/// were loaded.
pub async fn load(state: &Arc<State>) -> Result<usize> {
    let any = state.read(|conn| {
        let sections = sections::ops::tree(conn)?;
        Ok(!sections.is_empty() || crate::store!(*conn, articles::any())?)
    });
    if any.await? {
        return Ok(0);
    }
    tracing::info!("making the demo newsroom, its pictures first");
    let drawn = pictures::draw(state).await?;
    let writing = Arc::clone(state);
    let loading = tokio::task::spawn_blocking(move || write(&writing, drawn));
    loading.await.map_err(internal)?
}

fn write(state: &State, drawn: Vec<pictures::Stored>) -> Result<usize> {
    let actor = Actor::command();
    let start = state.now();
    // A year is before all of it.
    let files = state.write_blocking_at(start.plus_seconds(-YEAR), |tx| {
        pictures::take(tx, &actor, drawn)
    })?;
    let articles = plan(start, input::Own::new(&state.config).with_files(&files))?;
    files.check()?;
    let born = Time(
        articles
            .iter()
            .map(|article| article.written_at.0)
            .min()
            .unwrap_or(start.0),
    )
    .plus_seconds(-86_400);

    state.write_blocking_at(born, |tx| {
        site::ops::put(tx, &actor, Expect::Unsaid, json("site.json")?)?;
        for section in json::<Vec<sections::SectionIn>>("sections.json")? {
            sections::ops::create(tx, &actor, section)?;
        }
        for topic in json::<Vec<topics::TopicIn>>("topics.json")? {
            terms::create::<topics::Topic>(tx, &actor, topic)?;
        }
        for author in json::<Vec<authors::AuthorIn>>("authors.json")? {
            terms::create::<authors::Author>(tx, &actor, author)?;
        }
        Ok(())
    })?;

    let count = articles.len();
    let mut corrections: Vec<(Time, String, String)> = Vec::new();
    for article in articles {
        let Planned {
            slug,
            sent,
            plan,
            written_at,
        } = article;
        let key: ops::Key = slug.parse().map_err(internal)?;
        let live = plan.state.is_none() && plan.schedule_in.is_none();
        state.write_blocking_at(written_at, |tx| {
            ops::put(tx, &actor, &key, Expect::Nothing, sent, false, live)?;
            if let Some(after) = &plan.schedule_in {
                let at = Some(start.plus_seconds(seconds(after)?));
                let input = ops::Schedule {
                    at,
                    ..ops::Schedule::default()
                };
                ops::schedule(tx, &actor, &key, Expect::Unsaid, &input, chrono_tz::UTC)?;
            }
            Ok(())
        })?;
        for Correction { after, text } in plan.corrections {
            corrections.push((
                written_at.plus_seconds(seconds(&after)?),
                slug.clone(),
                text,
            ));
        }
    }
    state.write_blocking_at(start, |tx| {
        for list in json::<Vec<ListIn>>("lists.json")? {
            lists::ops::create(tx, &actor, list)?;
        }
        Ok(())
    })?;
    corrections.sort();
    for (at, slug, text) in corrections {
        let key: ops::Key = slug.parse().map_err(internal)?;
        state.write_blocking_at(at, |tx| {
            ops::correct(
                tx,
                &actor,
                &key,
                Expect::Unsaid,
                &ops::Correct {
                    text,
                    revision: None,
                },
            )
            .map(drop)
        })?;
    }
    Ok(count)
}

/// Every article of the demo, the oldest first.
fn plan(start: Time, own: input::Own<'_>) -> Result<Vec<Planned>> {
    let folder = FILES
        .get_dir("articles")
        .ok_or_else(|| internal("demo/articles is missing"))?;
    let mut articles = Vec::new();
    for file in folder.files() {
        let name = file.path().display().to_string();
        let broken = |why: &dyn std::fmt::Display| internal(format!("demo/{name}: {why}"));
        let source = file.contents_utf8().ok_or_else(|| broken(&"isn't UTF-8"))?;
        let slug = file
            .path()
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default()
            .to_owned();
        let article = &|address: &str| own.article(address);
        let mut parsed = content::from_markdown_with(source, article, &|name| own.file(name))
            .map_err(|errors| broken(&format!("{errors:?}")))?;
        let plan: Plan = match parsed
            .front_matter
            .as_mut()
            .and_then(|members| members.shift_remove("demo"))
        {
            Some(plan) => serde_json::from_value(plan).map_err(|error| broken(&error))?,
            None => Plan::default(),
        };
        let sent = input::from_parsed(parsed, own).map_err(|error| broken(&error))?;
        let age = plan.age.as_deref().map_or(Ok(3_600), seconds)?;
        articles.push(Planned {
            slug,
            sent,
            plan,
            written_at: start.plus_seconds(-age),
        });
    }
    articles.sort_by(|a, b| (a.written_at, &a.slug).cmp(&(b.written_at, &b.slug)));
    Ok(articles)
}

fn json<T: DeserializeOwned>(name: &str) -> Result<T> {
    let file = FILES
        .get_file(name)
        .ok_or_else(|| internal(format!("demo/{name} is missing")))?;
    serde_json::from_slice(file.contents())
        .map_err(|error| internal(format!("demo/{name}: {error}")))
}

/// The seconds of a duration such as `2d4h30m`.
fn seconds(text: &str) -> Result<i64> {
    let units: HashMap<char, i64> = HashMap::from([('d', 86_400), ('h', 3_600), ('m', 60)]);
    let (mut total, mut number) = (0, 0);
    for c in text.chars() {
        match (c.to_digit(10), units.get(&c)) {
            (Some(digit), _) => number = number * 10 + i64::from(digit),
            (None, Some(unit)) => {
                total += number * unit;
                number = 0;
            }
            (None, None) => return Err(internal(format!("`{text}` is not a duration"))),
        }
    }
    Ok(total)
}

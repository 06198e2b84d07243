//! What many new articles name is looked up for all of them at once. Each is then made
//! by [`put`](super::put) as if it were alone, of what the write knows already.

use std::collections::BTreeSet;

use super::checks::slug_of;
use super::{Key, hold};
use crate::articles::input::{ArticleRefIn, Sent};
use crate::changes::{Known, Tx};
use crate::error::Result;
use crate::http::text;
use crate::taxonomy::{Kind, Term, uploads};
use crate::{authors, topics};

/// Looks up what is needed to make these articles: whether their names are free, which
/// stay locked, where their links lead, and their topics and authors.
pub fn look_up(tx: &mut Tx<'_>, articles: &mut [(&Key, &mut Sent)]) -> Result<()> {
    tx.write_gathered()?;
    hold(tx)?;
    let (mut externals, mut slugs) = (BTreeSet::new(), BTreeSet::new());
    let (mut linked, mut topics, mut authors) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (key, sent) in articles {
        externals.extend(external_id(key, sent).map(str::to_owned));
        slugs.extend(slug(key, sent));
        linked.extend(links(sent));
        topics.extend(sent.article.topics.iter().flatten().cloned());
        authors.extend(sent.article.authors.iter().flatten().cloned());
    }
    let externals: Vec<String> = externals.into_iter().collect();
    let named: Vec<String> = externals.iter().map(|id| external(id)).collect();
    let slugs: Vec<String> = slugs.into_iter().collect();
    tx.lock(&named)?;
    tx.lock(&slugs)?;
    linked.extend(slugs.iter().cloned());
    let linked: Vec<String> = linked.into_iter().collect();

    // The present ones first: whatever is renamed between the two queries is found by
    // its former slug.
    let present = crate::store!(tx.conn, articles::ids_of_slugs(&linked))?;
    let former = crate::store!(tx.conn, articles::ids_of_former_slugs(&linked))?;
    let taken = crate::store!(tx.conn, articles::ids_of_external_ids(&externals))?;
    uploads::look_up::<topics::Topic>(tx, topics.into_iter().collect())?;
    uploads::look_up::<authors::Author>(tx, authors.into_iter().collect())?;

    let Known { free, targets, .. } = &mut tx.known;
    free.clear();
    free.extend(named.into_iter().chain(slugs));
    for (id, _) in taken {
        free.remove(&external(&id.unwrap_or_default()));
    }
    targets.clear();
    targets.extend(linked.into_iter().map(|slug| (slug, None)));
    for (slug, id) in former.into_iter().chain(present) {
        free.remove(&slug);
        targets.insert(slug, Some(id));
    }
    Ok(())
}

/// Whether a write knows all that this article needs, and that it will be new.
pub fn is_new(known: &Known, key: &Key, sent: &Sent) -> bool {
    let free = |name: String| known.free.contains(&name);
    let are_there = |kind: Kind, names: &Option<Vec<String>>| {
        let is_there = |name: &String| known.names.contains_key(&(kind, name.clone()));
        names.iter().flatten().all(is_there)
    };
    slug(key, sent).is_some_and(free)
        && external_id(key, sent).is_none_or(|id| free(external(id)))
        && are_there(topics::Topic::KIND, &sent.article.topics)
        && are_there(authors::Author::KIND, &sent.article.authors)
}

fn external(id: &str) -> String {
    Key::External(id.to_owned()).to_string()
}

/// What a feed calls an article.
fn external_id<'a>(key: &'a Key, sent: &'a Sent) -> Option<&'a str> {
    match key {
        Key::External(id) => Some(id),
        _ => sent.article.external_id.as_deref(),
    }
}

/// The slug that an article gets if it is new; nothing if it can't get one.
fn slug(key: &Key, sent: &Sent) -> Option<String> {
    let slug = match (key, &sent.article.slug) {
        (Key::Id(_), _) => return None,
        (Key::Slug(slug), _) | (Key::External(_), Some(slug)) => slug.clone(),
        (Key::External(_), None) => slug_of(sent.article.headline.as_deref()).ok()?,
    };
    text::is_slug(&slug).then_some(slug)
}

/// The slugs that an article links to.
fn links(sent: &mut Sent) -> Vec<String> {
    let mut slugs = Vec::new();
    if let Some(body) = &mut sent.body {
        body.for_each_article_ref(|_, article| slugs.extend(article.slug.clone()));
    }
    for link in sent.article.related.iter().flatten() {
        match &link.article {
            Some(ArticleRefIn::Text(slug)) => slugs.push(slug.clone()),
            Some(ArticleRefIn::Named(named)) => slugs.extend(named.slug.clone()),
            None => {}
        }
    }
    slugs.retain(|slug| text::is_slug(slug));
    slugs
}

//! Lists and change log follow the live pointer.

use crate::articles::model::{ArticleRow, Content, ListingRow, RevisionHead, ids};
use crate::audit::model::Deed;
use crate::auth::Actor;
use crate::changes::{Action, Entity, Tag, Tx, record, record_links_to, relisted};
use crate::db::{Id, Time};
use crate::error::Result;
use crate::sections;
use crate::taxonomy::names;

/// How many articles are announced in one transaction.
const BATCH: i64 = 200;

/// Brings the lists in line with an article that has just been saved, and
/// records what readers notice. `before` is `None` for a new article.
pub(super) fn reflect(
    tx: &mut Tx<'_>,
    before: Option<&ArticleRow>,
    after: &ArticleRow,
) -> Result<()> {
    let was_live = before.is_some_and(|row| row.live_revision.is_some());
    if !was_live && after.live_revision.is_none() {
        return Ok(());
    }
    let was_visible = before.is_some_and(|row| row.is_visible(tx.now));
    let is_visible = after.is_visible(tx.now);
    // It came or went by time, and this write comes before the announcement.
    let overdue = before
        .and_then(|row| row.announce_at)
        .is_some_and(|at| at <= tx.now);
    let came_or_went = was_visible != is_visible || overdue;
    let mut lists = if was_live {
        crate::store!(tx.conn, lists::remove(after.id))?
    } else {
        Vec::new()
    };
    let was_in = lists.clone();
    if let (Some(head), Some(published_at)) = (after.live_head()?, after.published_at) {
        let now_in = lists_of_head(tx, &head)?;
        let rows = listings(after, &now_in, published_at);
        crate::store!(tx.conn, lists::insert(&rows))?;
        lists.extend(&now_in);
        if was_visible && is_visible && !overdue {
            let left = was_in.iter().filter(|list| !now_in.contains(list));
            let entered = now_in.iter().filter(|list| !was_in.contains(list));
            let differ: Vec<Id> = left.chain(entered).copied().collect();
            if !differ.is_empty() {
                relisted(tx, after.id, &differ);
            }
        }
    }
    if came_or_went {
        relisted(tx, after.id, &lists);
    }
    let action = match (was_visible, is_visible) {
        (_, true) => Action::Changed,
        (true, false) => Action::Gone,
        (false, false) => Action::Scheduled,
    };
    let moved = before.is_some_and(|row| row.slug != after.slug);
    announce_one(
        tx,
        after,
        &lists,
        action,
        came_or_went || action == Action::Scheduled || moved,
        &[before.and_then(|row| row.published_at), after.published_at],
    )
}

/// Records that an article is published as it is made, and tells its places in lists.
pub(super) fn introduce(
    tx: &mut Tx<'_>,
    row: &ArticleRow,
    content: &Content,
) -> Result<Vec<ListingRow>> {
    let Some(published_at) = row.published_at else {
        return Ok(Vec::new());
    };
    let named = [&content.topics[..], &content.authors].concat();
    let lists = lists_of(tx, content.section_id, named)?;
    let action = match row.is_visible(tx.now) {
        true => Action::Changed,
        false => Action::Scheduled,
    };
    if action == Action::Changed {
        relisted(tx, row.id, &lists);
    }
    let tags = tags_of(row, &lists, &[row.published_at]);
    record(tx, Entity::Article, row.id, action, &tags);
    record_links_to(tx, row.id, action);
    Ok(listings(row, &lists, published_at))
}

/// An article's places in these lists.
fn listings(row: &ArticleRow, lists: &[Id], published_at: Time) -> Vec<ListingRow> {
    let place = |list_id: &Id| ListingRow {
        list_id: *list_id,
        published_at,
        article_id: row.id,
        updated_at: row.updated_at.unwrap_or(published_at),
        expires_at: row.expires_at,
    };
    lists.iter().map(place).collect()
}

/// What is found under the name that a feed has for an article.
fn external_tag(row: &ArticleRow) -> Option<Tag> {
    let external_id = row.external_id.as_ref()?;
    Some(Tag::slug(&format!("external:{external_id}")))
}

/// Records one article, which is or was of the months of these publications. If it
/// came or went, so did links to it in other articles, which are recorded too.
fn announce_one(
    tx: &mut Tx<'_>,
    row: &ArticleRow,
    lists: &[Id],
    action: Action,
    came_or_went: bool,
    published: &[Option<Time>],
) -> Result<()> {
    let mut tags = tags_of(row, lists, published);
    if came_or_went {
        for slug in crate::store!(tx.conn, articles::former_slugs_of(row.id))? {
            tags.push(Tag::slug(&slug));
        }
    }
    record(tx, Entity::Article, row.id, action, &tags);
    if came_or_went {
        record_links_to(tx, row.id, action);
    }
    Ok(())
}

/// What answers that show an article of these lists and months are made of.
fn tags_of(row: &ArticleRow, lists: &[Id], published: &[Option<Time>]) -> Vec<Tag> {
    let mut tags = vec![
        Tag::article(row.id),
        Tag::slug(&row.slug),
        Tag::slug(&row.id.to_string()),
        Tag::all_articles(),
    ];
    tags.extend(external_tag(row));
    tags.extend(published.iter().flatten().map(|at| Tag::month_of(*at)));
    tags.extend(lists.iter().map(|list| Tag::list(*list)));
    tags
}

/// The lists that a revision belongs in.
fn lists_of_head(tx: &mut Tx<'_>, head: &RevisionHead) -> Result<Vec<Id>> {
    let named = [ids(&head.topics)?, ids(&head.authors)?].concat();
    lists_of(tx, head.section_id, named)
}

/// The lists that an article belongs in: its section and each above it, each topic and
/// each author that it names.
fn lists_of(tx: &mut Tx<'_>, section: Option<Id>, named: Vec<Id>) -> Result<Vec<Id>> {
    let mut lists = Vec::new();
    if let Some(section) = section {
        let tree = sections::ops::hold(tx)?;
        lists.extend(tree.ancestors(section).iter().map(|section| section.id));
    }
    if named.iter().all(|id| tx.known.present.contains(id)) {
        lists.extend(named);
    } else {
        lists.extend(names::present(&mut tx.conn, named)?);
    }
    lists.sort_unstable();
    lists.dedup();
    Ok(lists)
}

/// Records every article that became visible, or stopped being so, by time
/// since the last call. Readers saw that at the instant itself; this tells the
/// log. Returns whether more are waiting.
pub fn announce(tx: &mut Tx<'_>) -> Result<bool> {
    tx.done_by(&Actor::schedule(), None);
    super::hold(tx)?;
    tx.lock(&["announce"])?;
    let due = crate::store!(tx.conn, articles::to_announce(tx.now, BATCH))?;
    let more = due.len() as i64 == BATCH;
    for row in due {
        let mut after = row.clone();
        after.announce_at = next_announcement(&row, tx.now);
        let expired = row.expires_at.is_some_and(|at| at <= tx.now);
        if expired {
            hide(&mut after, tx.now);
        }
        if !crate::store!(tx.conn, articles::update(&after, row.version))? {
            // Somebody is writing it; their write announces it, or the next call does.
            continue;
        }
        super::note_deed(tx, &after, Deed::Announced);
        if expired {
            let lists = crate::store!(tx.conn, lists::remove(row.id))?;
            relisted(tx, row.id, &lists);
            announce_one(tx, &after, &lists, Action::Gone, true, &[row.published_at])?;
        } else if let Some(head) = row.live_head()? {
            let lists = lists_of_head(tx, &head)?;
            relisted(tx, row.id, &lists);
            announce_one(
                tx,
                &after,
                &lists,
                Action::Changed,
                true,
                &[row.published_at],
            )?;
        }
    }
    Ok(more)
}

/// The next instant at which this article's visibility changes by itself.
pub(super) fn next_announcement(row: &ArticleRow, now: crate::db::Time) -> Option<crate::db::Time> {
    row.live_revision?;
    [row.published_at, row.expires_at]
        .into_iter()
        .flatten()
        .filter(|at| *at > now)
        .min()
}

/// Takes the live pointer away.
pub(super) fn hide(row: &mut ArticleRow, now: crate::db::Time) {
    row.live_revision = None;
    row.live_head = None;
    row.published_at = None;
    row.expires_at = None;
    row.announce_at = None;
    if !row.was_public(now) {
        row.first_published_at = None;
    }
}

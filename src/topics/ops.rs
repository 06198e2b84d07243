//! What is a topic's own in the writes that [`taxonomy`](crate::taxonomy) has
//! for topics and authors.

use super::model::DESCRIPTION_MAX;
use super::{Topic, TopicIn, TopicPatch};
use crate::auth::Actor;
use crate::changes::Tx;
use crate::db::{Id, Time};
use crate::error::{FieldError, Result};
use crate::http::text;
use crate::taxonomy::{Kept, Kind, NAME_MAX, Term, uploads};

/// The ids of the topics that an upload names; see
/// [`uploads::resolve_or_create`].
pub fn resolve_or_create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    names: &[String],
) -> Result<Result<Vec<Id>, Vec<FieldError>>> {
    uploads::resolve_or_create::<Topic>(tx, actor, names)
}

impl Term for Topic {
    const KIND: Kind = Kind::Topic;
    const ONE_OF_A_NAME: bool = true;
    type In = TopicIn;
    type Patch = TopicPatch;

    crate::term_rows!(topics);

    fn plain(name: String, slug: String, now: Time) -> Self {
        Topic {
            id: Id::new(),
            name_key: text::name_key(&name),
            sort_key: text::slugify(&name),
            name,
            slug,
            description: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(
        old: Option<&Self>,
        input: TopicIn,
        now: Time,
        errors: &mut Vec<FieldError>,
    ) -> (Self, Option<Vec<String>>) {
        let TopicIn {
            name,
            slug,
            description,
            aliases,
            former_slugs: _,
            id,
            version: _,
            created_at: _,
            updated_at: _,
        } = input;
        let stored = old.map(|old| old.id);
        text::check_same(id.as_ref(), stored.as_ref(), "#/id", errors);
        let name = text::clean(&name);
        text::check_required(&name, "#/name", NAME_MAX, errors);
        let slug = text::slug_or_made(slug, &name, errors);
        let description = text::clean_optional(description);
        if let Some(description) = &description {
            text::check(description, "#/description", DESCRIPTION_MAX, true, errors);
        }
        let mut topic = Topic {
            description,
            ..Topic::plain(name, slug, now)
        };
        if let Some(old) = old {
            (topic.id, topic.version) = (old.id, old.version);
            (topic.created_at, topic.updated_at) = (old.created_at, old.updated_at);
        }
        (topic, aliases)
    }

    fn patched(old: &Kept<Self>, patch: TopicPatch) -> TopicIn {
        let TopicPatch {
            name,
            slug,
            description,
            aliases,
        } = patch;
        let Kept { item, .. } = old;
        let mut input = TopicIn {
            name: name.or(item.name.clone()),
            slug: Some(slug.or(item.slug.clone())),
            description: item.description.clone(),
            aliases: aliases.said(),
            former_slugs: Default::default(),
            id: None,
            version: Default::default(),
            created_at: Default::default(),
            updated_at: Default::default(),
        };
        description.apply(&mut input.description);
        input
    }

    fn sent_slug(input: &mut TopicIn) -> &mut Option<String> {
        &mut input.slug
    }
}

//! What is an author's own in the writes that [`taxonomy`](crate::taxonomy) has
//! for topics and authors.

use super::model::{BIO_MAX, ROLE_MAX};
use super::{Author, AuthorIn, AuthorPatch};
use crate::auth::Actor;
use crate::changes::Tx;
use crate::db::{Id, Time};
use crate::error::{FieldError, Result};
use crate::http::text;
use crate::taxonomy::{Kept, Kind, NAME_MAX, Term, uploads};

/// The ids of the authors that an upload names; see
/// [`uploads::resolve_or_create`].
pub fn resolve_or_create(
    tx: &mut Tx<'_>,
    actor: &Actor,
    names: &[String],
) -> Result<Result<Vec<Id>, Vec<FieldError>>> {
    uploads::resolve_or_create::<Author>(tx, actor, names)
}

impl Term for Author {
    const KIND: Kind = Kind::Author;
    const ONE_OF_A_NAME: bool = false;
    type In = AuthorIn;
    type Patch = AuthorPatch;

    crate::term_rows!(authors);

    fn plain(name: String, slug: String, now: Time) -> Self {
        Author {
            id: Id::new(),
            name_key: text::name_key(&name),
            sort_key: text::slugify(&name),
            name,
            slug,
            role: None,
            bio: None,
            email: None,
            url: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn read(
        old: Option<&Self>,
        input: AuthorIn,
        now: Time,
        errors: &mut Vec<FieldError>,
    ) -> (Self, Option<Vec<String>>) {
        let AuthorIn {
            name,
            slug,
            role,
            bio,
            email,
            url,
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
        let [role, bio, email, url] = [role, bio, email, url].map(text::clean_optional);
        if let Some(role) = &role {
            text::check(role, "#/role", ROLE_MAX, false, errors);
        }
        if let Some(bio) = &bio {
            text::check(bio, "#/bio", BIO_MAX, true, errors);
        }
        if let Some(email) = &email {
            text::check_email(email, "#/email", errors);
        }
        if let Some(url) = &url {
            text::check_url(url, "#/url", errors);
        }
        let mut author = Author {
            role,
            bio,
            email,
            url,
            ..Author::plain(name, slug, now)
        };
        if let Some(old) = old {
            (author.id, author.version) = (old.id, old.version);
            (author.created_at, author.updated_at) = (old.created_at, old.updated_at);
        }
        (author, aliases)
    }

    fn patched(old: &Kept<Self>, patch: AuthorPatch) -> AuthorIn {
        let AuthorPatch {
            name,
            slug,
            role,
            bio,
            email,
            url,
            aliases,
        } = patch;
        let Kept { item, .. } = old;
        let mut input = AuthorIn {
            name: name.or(item.name.clone()),
            slug: Some(slug.or(item.slug.clone())),
            role: item.role.clone(),
            bio: item.bio.clone(),
            email: item.email.clone(),
            url: item.url.clone(),
            aliases: aliases.said(),
            former_slugs: Default::default(),
            id: None,
            version: Default::default(),
            created_at: Default::default(),
            updated_at: Default::default(),
        };
        role.apply(&mut input.role);
        bio.apply(&mut input.bio);
        email.apply(&mut input.email);
        url.apply(&mut input.url);
        input
    }

    fn sent_slug(input: &mut AuthorIn) -> &mut Option<String> {
        &mut input.slug
    }
}

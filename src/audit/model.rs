//! What is noted of a deed, and how it is kept.

use diesel::prelude::*;

use crate::auth::{Actor, Via};
use crate::db::schema::audit;
use crate::db::{Id, Time};

crate::text_enum! {
    /// What somebody did. This list may grow.
    pub enum Deed {
        /// Made it.
        Created = "created",
        /// Changed it.
        Updated = "updated",
        /// Removed it.
        Deleted = "deleted",
        /// Joined it to another.
        Merged = "merged",
        /// Put it into the trash.
        Trashed = "trashed",
        /// Got it out of the trash, or an old revision back.
        Restored = "restored",
        /// Marked it as ready for review.
        Submitted = "submitted",
        /// Sent it back to its author.
        SentBack = "sent_back",
        /// Made it visible.
        Published = "published",
        /// Made it visible from an instant on.
        Scheduled = "scheduled",
        /// Made it a draft again.
        Unpublished = "unpublished",
        /// Took it down.
        Withdrawn = "withdrawn",
        /// Corrected it for readers.
        Corrected = "corrected",
        /// By time alone: it became visible, or stopped being so.
        Announced = "announced",
        /// Made it work no more.
        Revoked = "revoked",
        /// Signed in.
        SignedIn = "signed_in",
        /// Tried what isn't theirs to do.
        Denied = "denied",
    }
}

crate::text_enum! {
    /// What it was done to. This list may grow.
    pub enum Subject {
        /// An article.
        Article = "article",
        /// A section.
        Section = "section",
        /// A topic.
        Topic = "topic",
        /// An author.
        Author = "author",
        /// The newsroom's settings.
        Site = "site",
        /// A curated list.
        List = "list",
        /// A medium.
        Media = "media",
        /// A redirect.
        Redirect = "redirect",
        /// A preview link.
        PreviewLink = "preview_link",
        /// A user.
        User = "user",
        /// A key.
        Key = "key",
    }
}

crate::text_enum! {
    /// How it ended. This list may grow.
    pub enum Outcome {
        /// It was done.
        Done = "done",
        /// It was refused: 401 or 403.
        Denied = "denied",
    }
}

crate::text_enum! {
    /// How the actor came in. This list may grow.
    pub enum Way {
        /// With an access token.
        Token = "token",
        /// With a key.
        Key = "key",
        /// With name and password.
        Password = "password",
        /// On the command line.
        Command = "command",
        /// By itself, because an instant had come.
        Schedule = "schedule",
    }
}

/// Where a request came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, as far as proxies are trusted.
    pub address: String,
    /// The request's id, under which the log has more.
    pub request_id: String,
}

/// An entry of the audit log: ids, never copies, and nothing that is secret.
#[derive(Queryable, Selectable, Insertable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = audit, treat_none_as_default_value = false)]
pub struct Entry {
    /// Its id.
    pub id: Id,
    /// When.
    pub at: Time,
    /// Who: a user's id; nil for the command line and what happens by time.
    pub actor_id: Id,
    /// How they came in.
    pub way: Way,
    /// With which key.
    pub key_id: Option<Id>,
    /// What they did.
    pub action: Deed,
    /// How it ended.
    pub outcome: Outcome,
    /// What it was done to.
    pub subject: Option<Subject>,
    /// Its id.
    pub subject_id: Option<Id>,
    /// Its revision, or its version if it has none.
    pub revision: Option<i64>,
    /// Of what was denied: method and route.
    pub operation: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
}

impl Entry {
    /// Somebody did something to something.
    pub fn done(
        at: Time,
        actor: &Actor,
        origin: Option<&Origin>,
        action: Deed,
        (subject, subject_id): (Subject, Id),
        revision: Option<i64>,
    ) -> Self {
        let (way, key_id) = way(actor);
        Entry {
            id: Id::new(),
            at,
            actor_id: actor.id,
            way,
            key_id,
            action,
            outcome: Outcome::Done,
            subject: Some(subject),
            subject_id: Some(subject_id),
            revision,
            operation: None,
            address: origin.map(|origin| origin.address.clone()),
            request_id: origin.map(|origin| origin.request_id.clone()),
        }
    }
}

/// How an actor came in.
pub fn way(actor: &Actor) -> (Way, Option<Id>) {
    match &actor.via {
        Via::Token { .. } => (Way::Token, None),
        Via::Key { id, .. } => (Way::Key, Some(*id)),
        Via::Command => (Way::Command, None),
        Via::Schedule => (Way::Schedule, None),
    }
}

/// Which entries somebody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only this actor's.
    pub actor: Option<Id>,
    /// Only these deeds.
    pub actions: Vec<Deed>,
    /// Only what was done to such things.
    pub subjects: Vec<Subject>,
    /// Only what was done to this one.
    pub subject_id: Option<Id>,
    /// Only what ended like this.
    pub outcome: Option<Outcome>,
    /// Not before this instant.
    pub after: Option<Time>,
    /// Before this instant.
    pub before: Option<Time>,
    /// Only after this place.
    pub place: Option<(Time, Id)>,
    /// How many at most.
    pub limit: i64,
}

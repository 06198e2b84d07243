//! Actors, roles and rights.

use crate::db::{Id, Time};
use crate::error::{Result, forbidden};

crate::text_enum! {
    /// What a person is in the newsroom. Each role can do what the one before
    /// it can. This list may grow.
    pub enum Role {
        /// Reads drafts.
        Viewer = "viewer",
        /// Writes their own articles and publishes nothing.
        Author = "author",
        /// Writes and publishes everything; keeps sections, topics, authors, lists, redirects and the site.
        Editor = "editor",
        /// Keeps users and keys too.
        Admin = "admin",
    }
}

crate::text_enum! {
    /// Something that an actor may do; a key's scopes are a list of these.
    /// This list may grow.
    pub enum Right {
        /// Read everything the newsroom has, drafts included.
        Read = "read",
        /// Write articles: authors their own, editors all.
        Write = "write",
        /// Publish, schedule, unpublish, correct, take down.
        Publish = "publish",
        /// Keep sections, topics, authors, lists, redirects and the site.
        Manage = "manage",
        /// Keep users and everybody's keys; erase for good.
        Administer = "administer",
    }
}

impl Role {
    /// What this role may do.
    pub fn rights(self) -> &'static [Right] {
        use Right::*;
        match self {
            Role::Viewer => &[Read],
            Role::Author => &[Read, Write],
            Role::Editor => &[Read, Write, Publish, Manage],
            Role::Admin => &[Read, Write, Publish, Manage, Administer],
        }
    }
}

/// How an actor came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// With an access token.
    Token {
        /// The sign-in it belongs to.
        session: Id,
        /// When it expires.
        expires_at: Time,
    },
    /// With a key, whose scopes limit it.
    Key {
        /// The key's id.
        id: Id,
        /// The key's name.
        name: String,
        /// What it was given of its owner's rights.
        scopes: Vec<Right>,
        /// When it stops working, if ever.
        expires_at: Option<Time>,
    },
    /// On the command line of the machine.
    Command,
    /// Nobody came: an instant did.
    Schedule,
}

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user's id.
    pub id: Id,
    /// The user's name.
    pub name: String,
    /// The user's role.
    pub role: Role,
    /// How they came in.
    pub via: Via,
}

impl Actor {
    /// Whoever runs a command on the machine itself.
    pub fn command() -> Self {
        let id = Id(uuid::Uuid::nil());
        Actor {
            id,
            name: "perspektive".to_owned(),
            role: Role::Admin,
            via: Via::Command,
        }
    }

    /// What happens by time.
    pub fn schedule() -> Self {
        Actor {
            via: Via::Schedule,
            ..Actor::command()
        }
    }

    /// Whether role and scopes include a right.
    pub fn may(&self, right: Right) -> bool {
        self.why_not(right).is_none()
    }

    /// A 403 that names the missing right, unless the actor has it.
    pub fn require(&self, right: Right) -> Result<()> {
        match self.why_not(right) {
            None => Ok(()),
            Some(why) => Err(forbidden(why)),
        }
    }

    /// A 403 unless the actor has every one of these rights: nobody hands on
    /// what they don't have.
    pub fn require_all(&self, rights: &[Right]) -> Result<()> {
        rights.iter().try_for_each(|right| self.require(*right))
    }

    /// Why the actor lacks a right, as a sentence; `None` if they have it.
    pub fn why_not(&self, right: Right) -> Option<String> {
        if !self.role.rights().contains(&right) {
            let lowest = [Role::Viewer, Role::Author, Role::Editor, Role::Admin]
                .into_iter()
                .find(|role| role.rights().contains(&right))
                .unwrap_or(Role::Admin);
            return Some(format!(
                "This needs the right `{right}`, which the role {} doesn't have; {lowest} is the lowest that does.",
                self.role
            ));
        }
        match &self.via {
            Via::Key { name, scopes, .. } if !scopes.contains(&right) => Some(format!(
                "This needs the right `{right}`, which isn't among the scopes of the key `{name}`; make a key with it."
            )),
            _ => None,
        }
    }

    /// Whether the actor may change an article: all of them, or their own.
    pub fn may_edit_all(&self) -> bool {
        self.role >= Role::Editor
    }
}

//! Signing in, staying signed in, signing out.
//!
//! A sign-in is a family of refresh tokens. Each is exchanged once, for an
//! access token and the next one; whoever exchanges one again holds a copy, and
//! nobody can tell whether they or the other one stole it, so the family ends
//! for both. The exception is an answer that was lost on its way: for
//! [`GRACE`] seconds after the first exchange the same token works again, as
//! long as nothing that it was exchanged for has been exchanged in its turn.

use super::opaque::{self, Kind};
use super::passwords::Hash;
use super::{Actor, RefreshToken, User, Via};
use crate::audit::model::{Deed, Origin, Subject};
use crate::changes::{Tx, note};
use crate::db::Id;
use crate::error::{Error, Problem, Result, WRONG_PASSWORD, forbidden};

/// How long a refresh token is good for, in seconds.
pub const LIFETIME: i64 = 30 * 86_400;

/// How long a token that was exchanged works again, in seconds.
pub const GRACE: i64 = 20;

/// Somebody who is signed in.
#[derive(Debug)]
pub struct Session {
    /// Who.
    pub user: User,
    /// The sign-in's id.
    pub id: Id,
    /// The refresh token to be handed out.
    pub refresh_token: String,
}

/// What comes of a refresh token. A refusal is no error here: it may have ended
/// a sign-in, and that must be committed.
#[derive(Debug)]
pub enum Renewal {
    /// The sign-in goes on.
    Renewed(Session),
    /// It doesn't, for this reason.
    Refused(String),
}

/// The 401 for a name and a password that don't match.
pub fn wrong_password() -> Error {
    Problem::new(
        &WRONG_PASSWORD,
        "Name and password don't match, or the account is disabled. An admin can set a new password with `perspektive user password NAME --password-stdin`.",
    )
    .header("WWW-Authenticate", "Bearer realm=\"perspektive\"")
    .into()
}

/// Signs in a user whose password was just checked against `checked`.
pub fn sign_in(
    tx: &mut Tx<'_>,
    origin: &Origin,
    id: Id,
    checked: &str,
    rehashed: Option<Hash>,
) -> Result<Session> {
    crate::store!(tx.conn, sessions::lock(id))?;
    // Between the check and now the password may have changed, which ends all
    // sign-ins; this one would have been missed.
    let user = crate::store!(tx.conn, users::find(id))?
        .filter(|user| user.disabled_at.is_none())
        .filter(|user| user.password_hash.as_deref() == Some(checked))
        .ok_or_else(wrong_password)?;
    if let Some(hash) = rehashed {
        crate::store!(tx.conn, users::rehash(id, checked, &hash.into_string()))?;
    }
    crate::store!(tx.conn, sessions::prune(id, tx.now))?;
    let session = Id::new();
    let actor = Actor {
        id,
        name: user.name.clone(),
        role: user.role,
        via: Via::Token {
            session,
            expires_at: tx.now,
        },
    };
    tx.done_by(&actor, Some(origin));
    note(tx, Deed::SignedIn, (Subject::User, id), user.version);
    hand_out(tx, user, session)
}

/// Exchanges a refresh token.
pub fn renew(tx: &mut Tx<'_>, token: &str) -> Result<Renewal> {
    let digest = opaque::digest(token);
    let refused = |why: &str| Ok(Renewal::Refused(why.to_owned()));
    let Some(found) = crate::store!(tx.conn, sessions::by_digest(&digest))? else {
        return refused("This refresh token is unknown here, or expired long ago. Sign in again.");
    };
    crate::store!(tx.conn, sessions::lock(found.user_id))?;
    // Again, now that nobody else can be at it.
    let found = crate::store!(tx.conn, sessions::by_digest(&digest))?;
    let user = match &found {
        Some(found) => crate::store!(tx.conn, users::find(found.user_id))?,
        None => None,
    };
    let (Some(found), Some(user)) = (found, user) else {
        return refused("This refresh token is unknown here, or expired long ago. Sign in again.");
    };
    if let Some(at) = found.revoked_at {
        return Ok(Renewal::Refused(format!(
            "This sign-in ended at {at}: by signing out, by a new password, or because a refresh token was used twice. Sign in again."
        )));
    }
    if user.disabled_at.is_some() {
        return refused("The account is disabled; an admin can enable it again.");
    }
    if found.expires_at <= tx.now {
        return Ok(Renewal::Refused(format!(
            "This refresh token expired at {}. Sign in again.",
            found.expires_at
        )));
    }
    match found.used_at {
        None => crate::store!(tx.conn, sessions::mark_used(found.id, tx.now))?,
        Some(at)
            if tx.now.seconds_since(at) < GRACE
                && !crate::store!(tx.conn, sessions::successor_used(&found))? => {}
        Some(at) => {
            crate::store!(tx.conn, sessions::end_family(found.family_id, tx.now))?;
            tracing::warn!(
                user = user.name,
                "a refresh token was used twice; its sign-in has ended"
            );
            return Ok(Renewal::Refused(format!(
                "This refresh token was exchanged at {at} already. Somebody may have a copy, so the whole sign-in has ended. Sign in again."
            )));
        }
    }
    crate::store!(tx.conn, sessions::prune(user.id, tx.now))?;
    Ok(Renewal::Renewed(hand_out(tx, user, found.family_id)?))
}

/// Ends the sign-in that a refresh token belongs to, if there is one.
pub fn sign_out(tx: &mut Tx<'_>, token: &str) -> Result<()> {
    let digest = opaque::digest(token);
    if let Some(found) = crate::store!(tx.conn, sessions::by_digest(&digest))? {
        crate::store!(tx.conn, sessions::lock(found.user_id))?;
        crate::store!(tx.conn, sessions::end_family(found.family_id, tx.now))?;
    }
    Ok(())
}

/// The sign-in with which somebody changes their own password; a 403 for keys.
pub fn own_session(actor: &Actor) -> Result<Id> {
    match actor.via {
        Via::Token { session, .. } => Ok(session),
        Via::Key { .. } | Via::Command | Via::Schedule => Err(forbidden(
            "A key can't change its owner's password. Sign in at POST /v1/auth/login, or let an admin set it.",
        )),
    }
}

/// Sets the password of somebody whose present one was just checked against
/// `checked`, and ends their other sign-ins.
pub fn change_password(tx: &mut Tx<'_>, actor: &Actor, checked: &str, new: Hash) -> Result<()> {
    let session = own_session(actor)?;
    crate::store!(tx.conn, sessions::lock(actor.id))?;
    let mut user = crate::store!(tx.conn, users::find(actor.id))?
        .filter(|user| user.disabled_at.is_none())
        .filter(|user| user.password_hash.as_deref() == Some(checked))
        .ok_or_else(wrong_password)?;
    let before = user.version;
    user.version += 1;
    user.password_hash = Some(new.into_string());
    if !crate::store!(tx.conn, users::update(&user, before))? {
        // An admin was at it at the same moment.
        return Err(wrong_password());
    }
    tx.done_by(actor, None);
    note(tx, Deed::Updated, (Subject::User, actor.id), user.version);
    crate::store!(tx.conn, sessions::end_all(actor.id, Some(session), tx.now))?;
    Ok(())
}

fn hand_out(tx: &mut Tx<'_>, user: User, family: Id) -> Result<Session> {
    let refresh_token = Kind::Refresh.generate()?;
    let row = RefreshToken {
        id: Id::new(),
        family_id: family,
        user_id: user.id,
        digest: opaque::digest(&refresh_token),
        created_at: tx.now,
        expires_at: tx.now.plus_seconds(LIFETIME),
        used_at: None,
        revoked_at: None,
    };
    crate::store!(tx.conn, sessions::insert(&row))?;
    Ok(Session {
        user,
        id: family,
        refresh_token,
    })
}

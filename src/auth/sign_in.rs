//! Passwords on their way from a request to the database: limited, hashed off
//! the async threads, and outside any transaction.

use std::net::IpAddr;
use std::sync::Arc;

use super::ops::{self, Session};
use super::passwords::{MAX_BYTES, Password, Verdict};
use super::{Access, Actor, Known};
use crate::audit::model::Origin;
use crate::db::Time;
use crate::error::{Result, invalid, invalid_all};
use crate::http::limited::Standing;
use crate::state::State;

impl Access {
    /// Signs somebody in who sent their name and password. `known` is the account
    /// that was tried, if there is one.
    pub async fn sign_in(
        &self,
        state: &Arc<State>,
        address: IpAddr,
        origin: Origin,
        name: &str,
        password: Password,
        known: &mut Option<Known>,
    ) -> Result<Session> {
        if !password.is_plausible() {
            let detail = format!("must have 1 to {MAX_BYTES} bytes");
            return Err(invalid("#/password", "too-long", detail));
        }
        let name: String = name.trim().to_lowercase().chars().take(41).collect();
        let attempt = self.limits.begin(address, &name, state.now())?;
        let user = state
            .read(move |c| Ok(crate::store!(*c, users::by_name(&name))?))
            .await?;
        *known = user.as_ref().map(|user| Known::Password { user: user.id });
        let (id, hash) = user
            .filter(|user| user.disabled_at.is_none())
            .map_or((None, None), |user| (Some(user.id), user.password_hash));
        let verdict = self.passwords.verify(password, hash.clone()).await?;
        let (Some(id), Some(hash), Verdict::Right { rehashed }) = (id, hash, verdict) else {
            attempt.failed(state.now());
            return Err(ops::wrong_password());
        };
        attempt.succeeded();
        state
            .write(move |tx| ops::sign_in(tx, &origin, id, &hash, rehashed))
            .await
    }

    /// How an address stands with wrong passwords.
    pub fn sign_in_standing(&self, address: IpAddr, now: Time) -> Option<Standing> {
        self.limits.standing(address, now)
    }

    /// Sets somebody's own password.
    pub async fn change_password(
        &self,
        state: &Arc<State>,
        address: IpAddr,
        actor: Actor,
        current: Password,
        new: Password,
    ) -> Result<()> {
        ops::own_session(&actor)?;
        let mut errors = Vec::new();
        new.check("#/new_password", &mut errors);
        if !errors.is_empty() {
            return Err(invalid_all(errors));
        }
        let attempt = self.limits.begin(address, &actor.name, state.now())?;
        let id = actor.id;
        let user = state
            .read(move |c| Ok(crate::store!(*c, users::find(id))?))
            .await?;
        let hash = user.and_then(|user| user.password_hash);
        let verdict = self.passwords.verify(current, hash.clone()).await?;
        let (Some(hash), Verdict::Right { .. }) = (hash, verdict) else {
            attempt.failed(state.now());
            return Err(ops::wrong_password());
        };
        attempt.succeeded();
        let new = self.passwords.hash(new).await?;
        state
            .write(move |tx| ops::change_password(tx, &actor, &hash, new))
            .await
    }
}

//! Passwords: the rules for them, and argon2id.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::error::{FieldError, Problem, Result, TOO_MANY_REQUESTS, internal};

/// The shortest new password, in characters.
pub const MIN_CHARACTERS: usize = 12;
/// The longest password, in bytes.
pub const MAX_BYTES: usize = 1_024;

/// Memory in KiB, passes, lanes: what OWASP recommends for argon2id. A hash of
/// other parameters is replaced when its owner signs in.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// How many passwords are hashed at once; each takes 19 MiB.
const AT_ONCE: usize = 2;
/// How long a sign-in waits for its turn.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// A hash of no password that anybody knows. It is checked where there is no
/// account, so that this takes as long as where there is one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cGVyc3Bla3RpdmUtbm9ib2R5$6mUmWXZnpGyKfYMaBAdR3PQ1lDcEzVHTIxhMj7xq0Bs";

/// A password somebody typed. In NFC: the same letters are the same password
/// on every keyboard.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Takes what was typed.
    pub fn new(text: &str) -> Self {
        Password(text.nfc().collect::<String>().into())
    }

    fn bytes(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }

    /// Whether it is short enough to be anybody's password at all.
    pub fn is_plausible(&self) -> bool {
        (1..=MAX_BYTES).contains(&self.bytes().len())
    }

    /// Checks a new password; the errors point to it.
    pub fn check(&self, pointer: &str, errors: &mut Vec<FieldError>) {
        let text = self.0.expose_secret();
        let characters = text.chars().count();
        if text.len() > MAX_BYTES {
            let detail = format!("has {} bytes; {MAX_BYTES} are the most", text.len());
            errors.push(FieldError::new(pointer, "too-long", detail));
        } else if characters < MIN_CHARACTERS {
            let detail = format!(
                "has {characters} characters; {MIN_CHARACTERS} are the fewest (four words make a good one)"
            );
            errors.push(FieldError::new(pointer, "too-short", detail));
        }
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = secret_text(deserializer, "a password is a string")?;
        Ok(Password::new(&text))
    }
}

/// Reads a text that must not be repeated in a message, as serde's own would if it is
/// of another type.
pub fn secret_text<'de, D: Deserializer<'de>>(
    deserializer: D,
    otherwise: &str,
) -> Result<String, D::Error> {
    // Not as a `String`: an error of that may also say that there is none.
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        _ => Err(serde::de::Error::custom(otherwise)),
    }
}

/// A password's hash, in PHC form.
#[derive(Clone)]
pub struct Hash(String);

impl Hash {
    /// Hashes a password that was checked. Blocks for some ten milliseconds.
    pub fn of(password: &Password) -> Result<Self> {
        let hash: phc::PasswordHash = argon2()?
            .hash_password(password.bytes())
            .map_err(internal)?;
        Ok(Hash(hash.to_string()))
    }

    /// As it is kept.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash")
    }
}

/// What came of checking a password.
#[derive(Debug)]
pub enum Verdict {
    /// It is another one, or there is none.
    Wrong,
    /// It is the one.
    Right {
        /// The same password hashed with today's parameters, if it was hashed
        /// with others.
        rehashed: Option<Hash>,
    },
}

/// Hashes passwords off the async threads, a few at a time.
pub struct Hasher {
    turns: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Hasher {
    /// Hashes a password that was checked.
    pub async fn hash(&self, password: Password) -> Result<Hash> {
        self.run(move || Hash::of(&password)).await
    }

    /// Checks a password against a hash; takes as long where there is none.
    pub async fn verify(&self, password: Password, hash: Option<String>) -> Result<Verdict> {
        self.run(move || verify(&password, hash.as_deref())).await
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(turn) = turn else {
            let detail =
                "More people are signing in than can be checked at once. Try again in 2 seconds.";
            return Err(Problem::new(&TOO_MANY_REQUESTS, detail)
                .header("Retry-After", "2")
                .into());
        };
        let turn = turn.map_err(internal)?;
        // The turn goes with the job: it is over when the job is, even if the
        // client has gone by then.
        let ran = tokio::task::spawn_blocking(move || {
            let result = job();
            drop(turn);
            result
        });
        ran.await.map_err(internal)?
    }
}

fn verify(password: &Password, hash: Option<&str>) -> Result<Verdict> {
    let known = phc::PasswordHash::new(hash.unwrap_or(NOBODY)).map_err(internal)?;
    let fits = argon2()?.verify_password(password.bytes(), &known).is_ok();
    if !fits || hash.is_none() {
        return Ok(Verdict::Wrong);
    }
    let params = Params::try_from(&known).map_err(internal)?;
    let cost = (params.m_cost(), params.t_cost(), params.p_cost());
    let rehashed = (cost != COST).then(|| Hash::of(password)).transpose()?;
    Ok(Verdict::Right { rehashed })
}

fn argon2() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_hashed_anew_when_the_cost_changes() {
        let password = Password::new("Spree fließt durch Berlin");
        let same = Password::new("Spree fließt durch Berlin");
        let hash = Hash::of(&password).unwrap().into_string();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(matches!(
            verify(&same, Some(&hash)).unwrap(),
            Verdict::Right { rehashed: None }
        ));
        assert!(matches!(
            verify(&Password::new("Spree"), Some(&hash)).unwrap(),
            Verdict::Wrong
        ));
        assert!(matches!(verify(&same, None).unwrap(), Verdict::Wrong));

        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(8_192, 1, 1, None).unwrap(),
        );
        let weak: phc::PasswordHash = weak.hash_password(password.bytes()).unwrap();
        assert!(matches!(
            verify(&same, Some(&weak.to_string())).unwrap(),
            Verdict::Right { rehashed: Some(_) }
        ));
    }

    #[test]
    fn the_spelling_of_an_umlaut_makes_no_difference() {
        let (composed, decomposed) = (
            Password::new("\u{fc}ber Berlin"),
            Password::new("u\u{308}ber Berlin"),
        );
        assert_eq!(composed.bytes(), decomposed.bytes());
    }
}

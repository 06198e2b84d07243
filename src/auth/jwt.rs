//! Access tokens: JWTs (RFC 7519, RFC 9068, with the care RFC 8725 asks for).
//!
//! One algorithm, bound to the one secret, whatever a token's header says. All
//! claims must be there and are checked against the server's own clock, so that
//! each refusal can say what is wrong; the library checks the signature.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::db::{Id, Time};
use crate::error::{Result, internal};

/// How long an access token is good for, in seconds.
pub const LIFETIME: i64 = 600;

/// How far the clocks of two nodes may be apart, in seconds.
const LEEWAY: i64 = 5;

const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "perspektive";

/// What an access token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// The API that handed it out.
    pub iss: String,
    /// Whom it is for: this API.
    pub aud: String,
    /// The user's id.
    pub sub: Id,
    /// The sign-in's id.
    pub sid: Id,
    /// The token's own id.
    pub jti: Id,
    /// When it was handed out, in seconds since 1970.
    pub iat: i64,
    /// From when it is good, in seconds since 1970.
    pub nbf: i64,
    /// Until when it is good, in seconds since 1970.
    pub exp: i64,
}

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It isn't three parts of which the first says what it is.
    Unreadable,
    /// The header names another algorithm.
    Algorithm(String),
    /// The header names another type.
    Type(Option<String>),
    /// The signature doesn't fit.
    Signature,
    /// A claim is missing or of the wrong type.
    Claims,
    /// Another API handed it out.
    Issuer(String),
    /// It is for somebody else.
    Audience(String),
    /// It is good from a later instant on.
    Early {
        /// Seconds until then.
        seconds: i64,
    },
    /// It is no longer good.
    Expired {
        /// Seconds since then.
        seconds: i64,
    },
}

/// Signs and reads access tokens.
pub struct Tokens {
    issuer: String,
    signing: EncodingKey,
    reading: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// With this secret, for the API at this address.
    pub fn new(secret: &SecretString, issuer: &str) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        // The rest is checked in `read`, on our clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Tokens {
            issuer: issuer.to_owned(),
            signing: EncodingKey::from_secret(secret),
            reading: DecodingKey::from_secret(secret),
            validation,
        }
    }

    /// What a token says that is handed out now.
    pub fn claims(&self, user: Id, session: Id, now: Time) -> Claims {
        let now = now.0.div_euclid(1_000_000);
        Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            sid: session,
            jti: Id::new(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
        }
    }

    /// Signs a token.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(internal)
    }

    /// Reads a token that is good now.
    pub fn read(&self, token: &str, now: Time) -> Result<Claims, Refusal> {
        #[derive(Deserialize)]
        struct Head {
            alg: String,
            typ: Option<String>,
        }
        let head = token.split('.').next().unwrap_or_default();
        let head = URL_SAFE_NO_PAD
            .decode(head)
            .map_err(|_| Refusal::Unreadable)?;
        let head: Head = serde_json::from_slice(&head).map_err(|_| Refusal::Unreadable)?;
        if head.alg != "HS256" {
            return Err(Refusal::Algorithm(head.alg));
        }
        // RFC 7515, section 4.1.9: `application/` may stand before it, and case
        // makes no difference.
        let named = head.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        if named.trim_start_matches("application/") != TYPE {
            return Err(Refusal::Type(head.typ));
        }
        let claims: Claims = jsonwebtoken::decode(token, &self.reading, &self.validation)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::InvalidSignature => Refusal::Signature,
                jsonwebtoken::errors::ErrorKind::Json(_) => Refusal::Claims,
                _ => Refusal::Unreadable,
            })?
            .claims;
        if claims.iss != self.issuer {
            return Err(Refusal::Issuer(claims.iss));
        }
        if claims.aud != AUDIENCE {
            return Err(Refusal::Audience(claims.aud));
        }
        let now = now.0.div_euclid(1_000_000);
        let early = claims.nbf.max(claims.iat).saturating_sub(now);
        if early > LEEWAY {
            return Err(Refusal::Early { seconds: early });
        }
        let expired = now.saturating_sub(claims.exp);
        if expired >= LEEWAY {
            return Err(Refusal::Expired { seconds: expired });
        }
        Ok(claims)
    }
}

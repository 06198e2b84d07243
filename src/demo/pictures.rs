//! The demo's pictures: drawn when it is loaded, and taken in as any upload is.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use super::json;
use super::scenes::ALL;
use crate::articles::form::Files;
use crate::auth::Actor;
use crate::changes::Tx;
use crate::db::Id;
use crate::error::{Result, internal};
use crate::http::received::Receiving;
use crate::media::model::Said;
use crate::media::ops;
use crate::media::receive::{Desk, Picture};
use crate::state::State;

/// What `demo/pictures.json` says about a picture.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    alt: String,
    caption: String,
}

/// Who draws them.
const CREDIT: &str = "Illustration: Flussblick";

/// A picture whose bytes are stored.
pub struct Stored {
    name: &'static str,
    picture: Picture,
    id: Option<Id>,
}

/// Draws all pictures, and stores their bytes.
pub async fn draw(state: &Arc<State>) -> Result<Vec<Stored>> {
    let drawn = ALL.map(|(name, scene)| {
        let drawing = tokio::task::spawn_blocking(move || scene().to_webp());
        (name, drawing)
    });
    let desk = Desk::new(0);
    let config = &state.config;
    let mut stored = Vec::with_capacity(ALL.len());
    for (name, drawing) in drawn {
        let bytes = drawing.await.map_err(internal)??;
        let mut receiving = Receiving::new(config.data_dir.clone(), bytes.len() as u64).await?;
        receiving.take(bytes.into()).await?;
        let picture = desk.look_at(receiving.finish().await?, config).await?;
        let id = ops::store_bytes(state, &picture).await?;
        stored.push(Stored { name, picture, id });
    }
    Ok(stored)
}

/// Makes media of them; articles name them by these files.
pub fn take(tx: &mut Tx<'_>, actor: &Actor, stored: Vec<Stored>) -> Result<Files> {
    let mut told: HashMap<String, Told> = json("pictures.json")?;
    let mut files = Vec::with_capacity(stored.len());
    for Stored { name, picture, id } in stored {
        let Told { alt, caption } = told
            .remove(name)
            .ok_or_else(|| internal(format!("demo/pictures.json: {name} is missing")))?;
        let said = Said {
            alt: Some(alt),
            caption: Some(caption),
            credit: Some(CREDIT.to_owned()),
            ..Said::default()
        };
        let sha256 = &picture.received.sha256;
        let (saved, _) = ops::take(tx, actor, id, sha256, &picture.facts, said)?;
        files.push((name.to_owned(), saved.item.id));
    }
    Ok(Files::new(files))
}

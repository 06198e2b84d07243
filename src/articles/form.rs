//! An article and the pictures it names, in one form (`multipart/form-data`).
//!
//! The part `article` is the article, in any of the types it may be sent in; every
//! other part is a picture, named in the article by its file name. All of it is
//! received and looked at before anything is written, and one transaction makes the
//! media and the article: it is all there, or nothing is. Until then a picture stands
//! in the article under an id of its own, which becomes the medium's in the
//! transaction, because a picture may be there already.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::input::{ArticleIn, Sent};
use crate::auth::Actor;
use crate::changes::Tx;
use crate::db::Id;
use crate::editing::Edit;
use crate::error::{
    Error, FieldError, Problem, Result, TOO_LARGE, invalid_all, malformed, malformed_all,
};
use crate::http::idempotency::{self, Digest};
use crate::http::multipart::{Part, Parts};
use crate::http::received::{Received, Receiving};
use crate::http::upload::Upload;
use crate::media;
use crate::media::model::Said;
use crate::media::receive::{Desk, Picture};
use crate::state::State;

/// The most pictures in one form.
const PICTURES_MAX: usize = 50;
/// The most that all of them have together, in times of the largest one.
const TOGETHER: u64 = 8;

/// An article and the pictures it names.
#[derive(ToSchema)]
#[allow(dead_code)]
#[schema(example = json!({
    "article": {"headline": "Die neue Tuba", "body": {"markdown": "![Eine Tuba](tuba.jpg)\n\nSie glänzt."}},
    "pictures": ["tuba.jpg"],
}))]
pub struct ArticleForm {
    /// The article: JSON, Markdown or HTML, by the part's content type or else by its
    /// file name; without either, JSON. It names the pictures by their file names:
    /// `"image": {"file": "tuba.jpg"}`, `![Eine Tuba](tuba.jpg)`,
    /// `<img src="tuba.jpg">`, `{"type": "image", "file": "tuba.jpg"}`.
    article: ArticleIn,
    /// The pictures, each a part with a file name, whatever the part is called.
    #[schema(value_type = Option<Vec<String>>, nullable = false)]
    pictures: Option<Vec<String>>,
}

/// What has arrived.
pub struct Bundle {
    /// The article, as it was sent.
    pub article: Vec<u8>,
    /// Its media type.
    pub content_type: &'static str,
    pictures: Vec<Named>,
}

struct Named {
    name: String,
    /// Its id in the article until the medium's is known.
    stand_in: Id,
    picture: Picture,
    /// Where its bytes are stored; nowhere if they were there already.
    stored: Option<Id>,
}

/// The pictures of a form, as an article names them: by the name of the file, with its
/// folders, or by the last part of either where only one has it.
#[derive(Default)]
pub struct Files {
    by_name: BTreeMap<String, Id>,
    named: RefCell<BTreeSet<String>>,
    missing: RefCell<BTreeSet<String>>,
}

impl Files {
    /// Pictures by the names of their files.
    pub fn new(files: impl IntoIterator<Item = (String, Id)>) -> Self {
        Files {
            by_name: files.into_iter().collect(),
            ..Files::default()
        }
    }

    /// The picture that an address without a scheme names; notes what there isn't.
    pub fn find(&self, address: &str) -> Option<Id> {
        // `data:` and the like name no file.
        if address.is_empty() || address.contains(':') {
            return None;
        }
        let decoded = percent_decode_str(address).decode_utf8_lossy();
        for address in [address, decoded.as_ref()] {
            let name = path_of(address);
            if let Some((name, id)) = self.called(&name) {
                self.named.borrow_mut().insert(name.clone());
                return Some(*id);
            }
        }
        self.missing.borrow_mut().insert(path_of(&decoded));
        None
    }

    fn called(&self, name: &str) -> Option<(&String, &Id)> {
        self.by_name.get_key_value(name).or_else(|| {
            let mut same = self.by_name.iter().filter(|(known, _)| {
                let bare = !known.contains('/') || !name.contains('/');
                bare && last_part(known) == last_part(name)
            });
            let first = same.next()?;
            same.next().is_none().then_some(first)
        })
    }

    /// Replaces `"file": "…"` in an article's JSON by an id.
    pub fn name_in(&self, article: &mut Value) {
        let name = |picture: &mut Value| {
            let Some(members) = picture.as_object_mut() else {
                return;
            };
            let file = members.get("file").and_then(Value::as_str);
            let Some(file) = file.filter(|file| !file.contains(':')) else {
                return;
            };
            // What is missing gets an id too: it is refused by `check`, which says
            // better what is wrong than whoever reads on.
            let id = self.find(file).unwrap_or_default();
            members.shift_remove("file");
            members.insert("id".to_owned(), id.to_string().into());
        };
        if let Some(picture) = article.get_mut("image") {
            name(picture);
        }
        let blocks = article.pointer_mut("/body/blocks");
        for block in blocks.and_then(Value::as_array_mut).into_iter().flatten() {
            name(block);
            let images = block.get_mut("images").and_then(Value::as_array_mut);
            images.into_iter().flatten().for_each(name);
        }
    }

    /// 422 if the article names a picture that isn't in the form, or the form holds
    /// one that the article doesn't name.
    pub fn check(&self) -> Result<()> {
        let missing = self.missing.borrow();
        let named = self.named.borrow();
        let missing = missing.iter().map(|name| {
            let detail = format!(
                "names the picture `{name}`, which isn't in the form; add it: -F \"bild=@{name};filename={name}\""
            );
            FieldError::new("#/article", "missing-file", detail)
        });
        let unused = self.by_name.keys().filter(|name| !named.contains(*name));
        let unused = unused.map(|name| {
            let detail = format!(
                "doesn't name the picture `{name}`, which is in the form; name it, as in ![…]({name}), or leave it out"
            );
            FieldError::new("#/article", "unused-file", detail)
        });
        let errors: Vec<FieldError> = missing.chain(unused).collect();
        match errors.is_empty() {
            true => Ok(()),
            false => Err(invalid_all(errors)),
        }
    }
}

impl Bundle {
    /// Receives a form and looks at its pictures.
    pub async fn receive(edit: &Edit, desk: &Desk, upload: Upload) -> Result<Self> {
        let mut arrival = desk.receiving();
        let config = Arc::clone(&edit.state().config);
        let mut digest = Digest::default();
        let mut article: Option<(Vec<u8>, &'static str)> = None;
        let mut received: BTreeMap<String, Received> = BTreeMap::new();
        let mut together = 0;
        let mut parts: Parts = upload.parts();
        while let Some(mut part) = parts.next().await? {
            digest.add(part.name.as_bytes());
            let file_name = part.file_name.as_deref().unwrap_or_default();
            digest.add(file_name.as_bytes());
            if part.name == "article" {
                if article.is_some() {
                    let detail = "The form holds two parts `article`; send one article a request.";
                    return Err(malformed(detail));
                }
                let told = type_of(&part);
                let mut bytes = Vec::new();
                while let Some(piece) = part.piece().await? {
                    arrival.admit(piece.len()).await?;
                    part.within(bytes.len() + piece.len(), config.max_body)?;
                    bytes.extend_from_slice(&piece);
                }
                let is_object = bytes.trim_ascii_start().starts_with(b"{");
                let content_type = told
                    .or(is_object.then_some("application/json"))
                    .ok_or_else(untold)?;
                digest.add(content_type.as_bytes());
                digest.add(&bytes);
                article = Some((bytes, content_type));
                continue;
            }
            let name = path_of(file_name);
            let known = received.contains_key(&name);
            check_name(&part, &name, known, received.len())?;
            let mut receiving =
                Receiving::new(config.data_dir.clone(), config.media_max_bytes).await?;
            while let Some(piece) = part.piece().await? {
                together += piece.len() as u64;
                let most = config.media_max_bytes.saturating_mul(TOGETHER);
                if together > most {
                    let detail = format!(
                        "The form's pictures are larger than {most} bytes together, which is the most this API takes."
                    );
                    return Err(Problem::new(&TOO_LARGE, detail).with("limit", most).into());
                }
                arrival.admit(piece.len()).await?;
                receiving.take(piece).await?;
            }
            let done = receiving.finish().await?;
            digest.add(done.sha256.as_bytes());
            received.insert(name, done);
        }
        if idempotency::wants_body(edit.request()) {
            idempotency::note_body(edit.request(), digest);
        }
        drop(arrival);
        let (article, content_type) = article.ok_or_else(|| {
            malformed("The form holds no part `article`; add it: curl -F article=@artikel.md.")
        })?;
        let mut pictures = Vec::with_capacity(received.len());
        for (name, received) in received {
            let looked = desk.look_at(received, &config).await;
            let picture = looked.map_err(|error| about(&name, error))?;
            pictures.push(Named {
                name,
                stand_in: Id::new(),
                picture,
                stored: None,
            });
        }
        Ok(Bundle {
            article,
            content_type,
            pictures,
        })
    }

    /// Its pictures, to be named by the article.
    pub fn files(&self) -> Files {
        let pictures = self.pictures.iter();
        Files::new(pictures.map(|named| (named.name.clone(), named.stand_in)))
    }

    /// Stores the bytes of its pictures, unless this is a dry run. Returns the ids
    /// under which there are any, for [`sweep`].
    pub async fn store(&mut self, edit: &Edit) -> Result<Vec<Id>> {
        let mut stored = Vec::new();
        for named in &mut self.pictures {
            named.stored = match edit.by().dry_run {
                true => Some(Id::new()),
                false => media::ops::store_bytes(edit.state(), &named.picture).await?,
            };
            if !edit.by().dry_run {
                stored.extend(named.stored);
            }
        }
        Ok(stored)
    }

    /// Makes media of its pictures, and puts their ids into the article.
    pub fn settle(self, tx: &mut Tx<'_>, actor: &Actor, sent: &mut Sent) -> Result<()> {
        let mut ids: BTreeMap<Id, Id> = BTreeMap::new();
        for named in self.pictures {
            let Picture { received, facts } = &named.picture;
            let (sha256, said) = (&received.sha256, Said::default());
            let taken = media::ops::take(tx, actor, named.stored, sha256, facts, said);
            let (saved, warnings) = taken.map_err(|error| about(&named.name, error))?;
            ids.insert(named.stand_in, saved.item.id);
            sent.warnings.extend(warnings);
        }
        let settled = |id: Id| ids.get(&id).copied().unwrap_or(id);
        if let Some(picture) = &mut sent.article.image {
            picture.id = picture.id.map(settled);
        }
        if let Some(body) = &mut sent.body {
            body.retain_images(|image| {
                image.id = image.id.map(|id| settled(Id(id)).0);
                true
            });
        }
        Ok(())
    }
}

/// Has bytes removed that have become no medium, because the write failed or another
/// picture was the same.
pub async fn sweep(state: &Arc<State>, stored: Vec<Id>) -> Result<()> {
    if stored.is_empty() {
        return Ok(());
    }
    state
        .write(move |tx| {
            let media = crate::store!(tx.conn, media::existing(&stored))?;
            for id in stored.iter().filter(|id| !media.contains(id)) {
                crate::store!(tx.conn, media::add_leftover(*id, tx.now))?;
            }
            Ok(())
        })
        .await
}

/// What the article is sent as: what the part says, or else what its name ends with.
fn type_of(part: &Part) -> Option<&'static str> {
    let name = part.file_name.as_deref().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    let by_name = match ending.map(str::to_ascii_lowercase).as_deref() {
        Some("md" | "markdown") => Some("text/markdown"),
        Some("html" | "htm") => Some("text/html"),
        Some("json") => Some("application/json"),
        _ => None,
    };
    let said = match part.content_type.as_deref() {
        Some("text/markdown") => Some("text/markdown"),
        Some("text/html") => Some("text/html"),
        Some("application/json") => Some("application/json"),
        // What clients say who don't know.
        _ => None,
    };
    said.or(by_name)
}

fn untold() -> Error {
    malformed(
        "What the part `article` is can't be told; send it with a type (curl -F 'article=@artikel.md;type=text/markdown'), or with a file name that ends in .md, .html or .json.",
    )
}

fn check_name(part: &Part, name: &str, known: bool, count: usize) -> Result<()> {
    let wrong = |code, detail: &str| {
        let shown: String = part.name.chars().take(80).collect();
        let pointer = format!("#/{shown}");
        Err(malformed_all(vec![FieldError::new(pointer, code, detail)]))
    };
    if name.is_empty() {
        let detail = "is neither `article` nor a file; every other part is a picture with a file name, such as curl -F bild=@tuba.jpg";
        return wrong("unknown-field", detail);
    }
    if known {
        let detail = "has the file name of another part; each picture has its own";
        return wrong("duplicate-field", detail);
    }
    if count >= PICTURES_MAX {
        return Err(malformed(format!(
            "The form holds more than {PICTURES_MAX} pictures, which is the most this API takes; upload them to /v1/editor/media and name them by id."
        )));
    }
    Ok(())
}

/// The name of a file with its folders, in the one form in which two that mean the same
/// are equal: composed (NFC), because macOS decomposes the umlauts of file names.
fn path_of(name: &str) -> String {
    let name: String = name.replace('\\', "/").nfc().collect();
    let parts = name.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What is wrong with a picture, with its name.
fn about(name: &str, error: Error) -> Error {
    match error {
        Error::Problem(mut problem) => {
            problem.detail = format!("`{name}`: {}", problem.detail);
            Error::Problem(problem)
        }
        error => error,
    }
}

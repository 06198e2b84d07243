//! Where the bytes of media lie: in a folder, or in S3 or what speaks like it.
//!
//! Keys are made of an id and a name (`0192…/original`). What is written once
//! under a key is never overwritten with other bytes, so a reader needs no lock.
//! Nothing is opened or made before it is needed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt, try_unfold};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    ClientOptions, GetOptions, GetRange, GetResultPayload, ObjectStore, ObjectStoreExt, PutPayload,
    RetryConfig,
};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result, internal};

/// Bytes that are read from a file, and sent to S3, at once.
const PIECE: u64 = 128 << 10;
/// Bytes of a part of what is sent to S3 in parts (S3 takes no smaller ones than
/// 5 MB), and up to which nothing is sent in parts.
const PART: u64 = 8 << 20;

/// Where bytes are to lie.
#[derive(Clone, Debug)]
pub enum Place {
    /// In a folder of this machine.
    Folder(PathBuf),
    /// In a bucket.
    S3(Bucket),
}

/// A bucket, and how to get at it. What is missing is taken from the usual
/// variables (`AWS_ACCESS_KEY_ID`, `AWS_REGION` …) or the machine's own role.
#[derive(Clone, Debug, Default)]
pub struct Bucket {
    name: String,
    prefix: String,
    endpoint: Option<String>,
    region: Option<String>,
    key: Option<(String, SecretString)>,
}

impl Place {
    /// Reads `file:///PATH` or
    /// `s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=URL&region=REGION]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file://") {
            let path = decoded(path)?;
            if !path.starts_with('/') {
                return Err("file:// needs a whole path, such as file:///srv/media".to_owned());
            }
            return Ok(Place::Folder(PathBuf::from(path)));
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return Err("an address of the media starts with file:/// or s3://".to_owned());
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (Some(login), rest),
            None => (None, rest),
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let good = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
        if name.is_empty() || !name.chars().all(good) {
            return Err("s3:// needs a bucket, such as s3://flussblick-media/bilder".to_owned());
        }
        let mut bucket = Bucket {
            name: name.to_owned(),
            prefix: decoded(prefix.trim_matches('/'))?,
            ..Bucket::default()
        };
        if let Some(login) = login {
            let (key, secret) = login
                .split_once(':')
                .ok_or("what stands before the @ is KEY:SECRET")?;
            bucket.key = Some((decoded(key)?, decoded(secret)?.into()));
        }
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|error| error.to_string())?;
        for (name, value) in pairs {
            match name.as_str() {
                "endpoint" => bucket.endpoint = Some(value),
                "region" => bucket.region = Some(value),
                other => {
                    return Err(format!(
                        "the parameter `{other}` is unknown; known are endpoint and region"
                    ));
                }
            }
        }
        Ok(Place::S3(bucket))
    }

    /// Whether other machines get at the same bytes under this address. Of a
    /// folder nobody can tell.
    pub fn is_remote(&self) -> bool {
        matches!(self, Place::S3(_))
    }

    fn open(&self) -> Result<(Arc<dyn ObjectStore>, Path)> {
        match self {
            Place::Folder(folder) => {
                crate::db::private_folder(folder)?;
                // Durable when it is answered, as rows are.
                let store = LocalFileSystem::new_with_prefix(folder).map_err(away)?;
                let store = store.with_fsync(true).with_automatic_cleanup(true);
                Ok((Arc::new(store), Path::default()))
            }
            Place::S3(bucket) => {
                let options = ClientOptions::new()
                    .with_connect_timeout(Duration::from_secs(3))
                    .with_timeout(Duration::from_secs(60));
                let retry = RetryConfig {
                    max_retries: 3,
                    retry_timeout: Duration::from_secs(10),
                    ..RetryConfig::default()
                };
                let mut builder = AmazonS3Builder::from_env()
                    .with_bucket_name(&bucket.name)
                    .with_client_options(options)
                    .with_retry(retry);
                if let Some(region) = &bucket.region {
                    builder = builder.with_region(region);
                }
                if let Some(endpoint) = &bucket.endpoint {
                    builder = builder
                        .with_endpoint(endpoint)
                        .with_allow_http(endpoint.starts_with("http://"));
                }
                if let Some((key, secret)) = &bucket.key {
                    builder = builder
                        .with_access_key_id(key)
                        .with_secret_access_key(secret.expose_secret());
                }
                let store = builder.build().map_err(away)?;
                let prefix = Path::parse(&bucket.prefix).map_err(internal)?;
                Ok((Arc::new(store), prefix))
            }
        }
    }
}

/// As it is said to whoever runs the server; without secrets.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Folder(folder) => write!(f, "the folder {}", folder.display()),
            Place::S3(bucket) => write!(f, "the bucket {}", bucket.name),
        }
    }
}

fn decoded(text: &str) -> Result<String, String> {
    percent_encoding::percent_decode_str(text)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| "isn't UTF-8 when its percent signs are decoded".to_owned())
}

/// The bytes of media.
pub struct Storage {
    place: Place,
    opened: OnceLock<(Arc<dyn ObjectStore>, Path)>,
}

/// Bytes on their way out.
pub type Pieces = BoxStream<'static, Result<Bytes>>;

impl Storage {
    /// The bytes that lie there.
    pub fn new(place: Place) -> Self {
        Storage {
            place,
            opened: OnceLock::new(),
        }
    }

    fn at(&self, key: &str) -> Result<(&dyn ObjectStore, Path)> {
        if self.opened.get().is_none() {
            // Two at once open it twice, and one of the two is dropped.
            let _ = self.opened.set(self.place.open()?);
        }
        let Some((store, prefix)) = self.opened.get() else {
            return Err(internal("the media storage was not opened"));
        };
        let path = Path::parse(format!("{prefix}/{key}")).map_err(internal)?;
        Ok((store.as_ref(), path))
    }

    /// Writes bytes. They are there for good when this returns.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let (store, path) = self.at(key)?;
        store.put(&path, bytes.into()).await.map_err(away)?;
        Ok(())
    }

    /// Writes the first bytes of a file, a part at a time.
    pub async fn put_file(&self, key: &str, file: &File, length: u64) -> Result<()> {
        if length <= PART {
            return self.put(key, piece(file, 0, length).await?).await;
        }
        let (store, path) = self.at(key)?;
        let mut upload = store.put_multipart(&path).await.map_err(away)?;
        let mut written = async || {
            let mut at = 0;
            while at < length {
                let part = piece(file, at, (length - at).min(PART)).await?;
                at += part.len() as u64;
                upload
                    .put_part(PutPayload::from_bytes(part))
                    .await
                    .map_err(away)?;
            }
            upload.complete().await.map_err(away)
        };
        if let Err(error) = written().await {
            // What was sent so far would be kept, and paid for, for ever.
            if let Err(error) = upload.abort().await {
                tracing::warn!(%error, key, "a part of an upload is left behind");
            }
            return Err(error);
        }
        Ok(())
    }

    /// All bytes under a key; `None` if there are none.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let (store, path) = self.at(key)?;
        match store.get(&path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(away),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(away(error)),
        }
    }

    /// Some of the bytes under a key, as fast as whoever asks takes them; `None`
    /// if there are none.
    pub async fn read(&self, key: &str, range: std::ops::Range<u64>) -> Result<Option<Pieces>> {
        let (store, path) = self.at(key)?;
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range)));
        let found = match store.get_opts(&path, options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(away(error)),
        };
        let range = found.range.clone();
        Ok(Some(match found.payload {
            GetResultPayload::File(file, _) => {
                let pieces = try_unfold((file, range.start), move |(file, at)| async move {
                    if at >= range.end {
                        return Ok(None);
                    }
                    let read = piece(&file, at, (range.end - at).min(PIECE)).await?;
                    let next = at + read.len() as u64;
                    Ok(Some((read, (file, next))))
                });
                pieces.boxed()
            }
            GetResultPayload::Stream(stream) => stream.map_err(away).boxed(),
        }))
    }

    /// Removes all that lies under an id. Goes through all of it even where
    /// something can't be removed; the error then names the first of those.
    pub async fn remove(&self, id: &str) -> Result<()> {
        let (store, path) = self.at(id)?;
        let mut failed = None;
        let mut listed = store.list(Some(&path));
        while let Some(found) = listed.next().await {
            let removed = match found {
                Ok(found) => store.delete(&found.location).await,
                Err(error) => Err(error),
            };
            match removed {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), |error| Err(away(error)))
    }
}

async fn piece(file: &File, at: u64, length: u64) -> Result<Bytes> {
    let mut file = file.try_clone()?;
    let reading = move || {
        let mut piece = vec![0; length as usize];
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut piece)?;
        Ok::<_, std::io::Error>(piece)
    };
    let piece = tokio::task::spawn_blocking(reading)
        .await
        .map_err(internal)??;
    Ok(piece.into())
}

/// Whatever the storage can't do just now, it may do later.
fn away(error: object_store::Error) -> Error {
    Error::Unavailable(format!("media storage: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_media_is_read_whole_or_refused() {
        let Ok(Place::S3(bucket)) = Place::parse(
            "s3://AKIA:se%2Fcret@flussblick/media/2026/?endpoint=http://127.0.0.1:9000&region=eu-central-1",
        ) else {
            panic!("not read");
        };
        assert_eq!(
            (bucket.name.as_str(), bucket.prefix.as_str()),
            ("flussblick", "media/2026")
        );
        assert_eq!(bucket.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert!(!format!("{bucket:?}").contains("se/cret"));
        assert_eq!(bucket.key.unwrap().1.expose_secret(), "se/cret");
        for wrong in [
            "media",
            "file://media",
            "s3://",
            "s3:///x",
            "s3://a b",
            "s3://x?farbe=rot",
            "https://x.example",
        ] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! Pictures: taking them in, what is made of them, and who gets to see it.

mod articles;
mod bucket;
mod forms;
mod refused;
mod renditions;
mod seeing;
mod storing;
mod taking;

use serde_json::Value;

use crate::support::App;
use crate::support::clients::{Client, expect};

const MEDIA: &str = "/v1/editor/media";

/// Uploads a picture as the body itself, expecting a status.
async fn upload(who: &Client<'_>, query: &str, picture: Vec<u8>, status: u16) -> Value {
    let request = who.request("POST", &format!("{MEDIA}{query}"));
    expect(request.body(picture), status).await
}

/// Makes all renditions that wait, and reads a medium.
async fn rendered(app: &App, medium: &Value) -> Value {
    perspektive::media::work::finish(&app.state).await.unwrap();
    let path = format!("{MEDIA}/{}", medium["id"].as_str().unwrap());
    app.as_editor().get(&path, 200).await
}

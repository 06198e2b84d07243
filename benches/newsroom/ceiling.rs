//! The ceiling: the least that an actix-web server can do. It answers every
//! request with the same bytes and the same headers.

use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde::{Deserialize, Serialize};

use crate::generator::Answer;

/// The answer that it gives.
#[derive(Clone, Serialize, Deserialize)]
struct Constant {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Writes the answer that a ceiling is to give: the same as this one.
pub fn write(path: &Path, answer: &Answer) -> std::io::Result<()> {
    // These three are written by actix-web for every answer.
    let own = ["date", "content-length", "connection"];
    let constant = Constant {
        status: answer.status,
        headers: answer
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .cloned()
            .collect(),
        body: String::from_utf8_lossy(&answer.body).into_owned(),
    };
    std::fs::write(path, serde_json::to_vec(&constant)?)
}

/// The server itself.
pub fn main(file: &PathBuf) -> std::io::Result<()> {
    let constant: Constant = serde_json::from_slice(&std::fs::read(file)?)?;
    let status = StatusCode::from_u16(constant.status).map_err(std::io::Error::other)?;
    let mut headers = Vec::new();
    for (name, value) in constant.headers {
        let name = HeaderName::try_from(name).map_err(std::io::Error::other)?;
        headers.push((
            name,
            HeaderValue::try_from(value).map_err(std::io::Error::other)?,
        ));
    }
    let body = Bytes::from(constant.body);
    let workers = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    actix_web::rt::System::new().block_on(async move {
        let server = HttpServer::new(move || {
            let (headers, body) = (headers.clone(), body.clone());
            App::new().default_service(web::to(move || {
                let mut response = HttpResponse::build(status);
                for header in &headers {
                    response.insert_header(header.clone());
                }
                std::future::ready(response.body(body.clone()))
            }))
        })
        .workers(workers)
        .bind("127.0.0.1:0")?;
        println!("http://{}", server.addrs()[0]);
        server.run().await
    })
}

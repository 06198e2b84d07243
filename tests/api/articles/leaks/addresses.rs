//! Addresses of the website tell no more than articles do, and redirects to what is
//! hidden lead nowhere.

use serde_json::{Value, json};

use super::{Fate, Forbidden, Piece, former, got, slug};
use crate::support::App;

/// Some articles have an old address of their own; a pattern leads to all.
pub async fn make(app: &App, pieces: &[Piece]) {
    let mut table = "/nach/{slug}/,{slug}\n".to_owned();
    for piece in pieces.iter().filter(|piece| piece.number % 3 == 0) {
        let number = piece.number;
        table.push_str(&format!("/alt/{number}.html,{}\n", slug(number)));
    }
    let request = app.as_editor().request("POST", "/v1/editor/redirects");
    let request = request.header("Content-Type", "text/csv").body(table);
    got(request, 200).await;
}

/// The answer for an address that nothing is known of, but for the address.
async fn nothing(app: &App, address: &str, name: &str) -> (String, String, Vec<String>) {
    let answer = got(
        app.request("GET", &format!("/v1/resolve?url={address}")),
        404,
    )
    .await;
    let mut problem = answer.json.clone();
    problem.as_object_mut().unwrap().remove("request_id");
    let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort();
    let kept = format!(
        "{} {}",
        answer.header("cache-control"),
        answer.header("surrogate-key")
    );
    (problem.to_string().replace(name, "NAME"), kept, headers)
}

/// Asks for every address that articles have, had, or are led to from.
pub async fn crawl(app: &App, forbidden: &Forbidden, pieces: &[Piece], hours: i64) {
    let unheard = "gab-es-nie";
    for piece in pieces {
        let number = piece.number;
        let name = slug(number);
        let mut ways = vec![
            (format!("/1999/01/{name}/"), name.clone()),
            (format!("/nach/{name}"), name.clone()),
            (format!("/1999/01/{}", piece.id), piece.id.clone()),
        ];
        if number % 3 == 0 {
            ways.push((format!("/alt/{number}.html"), format!("alt/{number}.html")));
        }
        let new = piece.fate.is_new() || matches!(piece.fate, Fate::Draft | Fate::InReview);
        if let Some(old) = former(number).filter(|_| !new) {
            ways.push((format!("/1999/01/{old}"), old));
        }
        for (address, asked) in ways {
            let path = format!("/v1/resolve?url={address}");
            if piece.fate.is_visible(hours) {
                // The old slug is in what is asked for, and nowhere else.
                let found = got(app.request("GET", &path), 200).await;
                let text = found.text.replace(&asked, "");
                forbidden.search(&path, &text, &Default::default());
                assert_eq!(
                    (&found.json["status"], &found.json["article"]["slug"]),
                    (&json!(301), &Value::from(name.as_str())),
                    "{path}"
                );
            } else if piece.fate == Fate::Withdrawn {
                // As its own address says it, and no more.
                let gone = got(app.request("GET", &path), 200).await;
                assert_eq!(gone.json, json!({"status": 410}), "{path}");
            } else {
                let other = address.replace(&asked, unheard);
                let expected = nothing(app, &other, unheard).await;
                assert_eq!(nothing(app, &address, &asked).await, expected, "{path}");
            }
        }
    }
}

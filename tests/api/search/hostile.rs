//! Whatever is asked, the answer is cheap or says what is wrong.

use std::time::{Duration, Instant};

use super::{found, prosaic, q};
use crate::articles::got;
use crate::support::App;

#[actix_web::test]
async fn hostile_queries_are_answered_or_refused_and_cost_little() {
    let app = App::sqlite().await;
    prosaic(&app).await;
    let long: String = (0..60).map(|number| format!("wort{number} ")).collect();
    let all =
        "der die das und ist in den mit von zu im am auf aus an bei nach vor um als".to_owned();
    for text in [
        "",
        " ",
        "-",
        "\"\"",
        "- - -",
        "*",
        "***",
        "a*",
        "?",
        "\\",
        "(((((",
        "AND OR NOT",
        "field:wert",
        "\"-\"",
        "-\"",
        "\u{202E}",
        "🦊",
        "🦊 🦊",
        "ﬀ",
        "\u{300}\u{301}",
        "İ",
        "ß",
        "a",
        "e",
        "1",
        "%",
        "\"a",
        "a\" \"b",
        "--a",
        "e-e-e-e-e-e-e",
        "ﷺ",
        "„“",
        "'; DROP TABLE articles; --",
        &long[..390],
        &all,
        &"e ".repeat(200)[..400],
        &"\"a b\" ".repeat(60)[..350],
        &"-a ".repeat(130)[..390],
        &"ü".repeat(400),
        &"a-".repeat(199),
    ] {
        let began = Instant::now();
        found(&app, &q(text)).await;
        got(
            app.request("GET", &format!("/v1/search/suggest?{}", q(text))),
            200,
        )
        .await;
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "{text}: {:?}",
            began.elapsed()
        );
    }
    for text in ["ü".repeat(401), "wort ".repeat(2_000)] {
        for path in ["/v1/search", "/v1/search/suggest"] {
            let refused = got(app.request("GET", &format!("{path}?{}", q(&text))), 400).await;
            assert!(
                refused.detail().contains("400 characters"),
                "{}",
                refused.detail()
            );
        }
    }
    got(app.request("GET", "/v1/search?q=%ff"), 400).await;
    for cursor in ["", "AAAA", "%00", "QUJD", &"A".repeat(5_000)] {
        got(
            app.request("GET", &format!("/v1/search?q=a&cursor={cursor}")),
            400,
        )
        .await;
    }
    // What is too much is not looked for, and that is said.
    let page = app
        .get(&format!("/v1/search?{}", q(&long[..390])), 200)
        .await;
    assert!(!page["left_out"].as_array().unwrap().is_empty());
}

#[actix_web::test]
async fn one_address_may_search_so_often() {
    let app = App::sqlite_with(|config| config.searches_per_minute = 3).await;
    prosaic(&app).await;
    for word in ["Fähre", "Wolf", "Eis", "Fähre", "Wolf"] {
        found(&app, &q(word)).await;
    }
    let refused = got(
        app.request("GET", &format!("/v1/search?{}", q("Honig"))),
        429,
    )
    .await;
    assert_eq!(refused.header("ratelimit-policy"), "\"searches\";q=3;w=60");
    assert_eq!(refused.header("retry-after"), "20");
    got(
        app.request("GET", &format!("/v1/search/suggest?{}", q("Honig"))),
        429,
    )
    .await;
    // What is in the cache costs nothing.
    found(&app, &q("Eis")).await;
    app.get("/v1/articles", 200).await;
}

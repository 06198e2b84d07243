//! Who gets in, how they stay in, and what those are told who don't.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use perspektive::auth::jwt::Claims;
use perspektive::auth::passwords::{Hash, Password};
use perspektive::auth::{Actor, Role};
use perspektive::db::{Id, Url};
use perspektive::{keys, users};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::both;
use crate::support::App;
use crate::support::clients::expect;

const PASSWORD: &str = "vier Wörter sind gut";
const INVALID: &str = "Bearer realm=\"perspektive\", error=\"invalid_token\"";

impl App {
    /// Adds a user with [`PASSWORD`].
    fn with_password(&self, name: &str, role: Role) -> Id {
        self.blocking(|| {
            let password = Some(Hash::of(&Password::new(PASSWORD)).unwrap());
            let name = name.to_owned();
            let new = users::ops::New {
                name,
                role,
                password,
            };
            self.state
                .write_blocking(|tx| users::ops::add(tx, &Actor::command(), new))
                .unwrap()
                .id
        })
    }

    fn log_in(&self, name: &str, password: &str) -> RequestBuilder {
        self.request("POST", "/v1/auth/login")
            .json(&json!({"name": name, "password": password}))
    }

    async fn tokens(&self, name: &str) -> (String, String) {
        pair(&expect(self.log_in(name, PASSWORD), 200).await)
    }

    fn refresh(&self, token: &str) -> RequestBuilder {
        self.request("POST", "/v1/auth/refresh")
            .json(&json!({"refresh_token": token}))
    }

    fn whoami(&self, credential: &str) -> RequestBuilder {
        self.request("GET", "/v1/auth/whoami")
            .bearer_auth(credential)
    }

    /// Guesses so often that the next guess has to wait for 8 seconds.
    async fn guess_until_slow(&self, guess: impl Fn() -> RequestBuilder) {
        for wait in [0, 0, 0, 0, 0, 1, 2, 4] {
            self.state.travel(wait);
            expect(guess(), 401).await;
        }
    }

    fn change_user(&self, name: &str, change: users::ops::Change) {
        self.blocking(|| {
            let any = perspektive::http::conditional::Expect::Anything;
            self.state
                .write_blocking(|tx| users::ops::change(tx, &Actor::command(), name, any, change))
                .unwrap()
        });
    }

    fn disable(&self, name: &str, disabled: bool) {
        let disabled = Some(disabled);
        self.change_user(
            name,
            users::ops::Change {
                disabled,
                ..Default::default()
            },
        );
    }
}

fn pair(tokens: &Value) -> (String, String) {
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// Sends a request that is to be refused with 401 and a challenge; the detail.
async fn refused(request: RequestBuilder, challenge: &str) -> String {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, 401, "{body}");
    assert_eq!(headers["www-authenticate"], challenge, "{body}");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert_eq!(headers["cache-control"], "private, no-store");
    assert_eq!(body["type"], "/problems/unauthenticated");
    body["detail"].as_str().unwrap().to_owned()
}

/// The same for credentials that are no good: on `whoami` and elsewhere alike.
async fn no_good(app: &App, credential: &str, says: &str) {
    for path in ["/v1/auth/whoami", "/v1/editor/keys"] {
        let request = app.request("GET", path).bearer_auth(credential);
        let detail = refused(request, INVALID).await;
        assert!(detail.contains(says), "{detail:?} doesn't say {says:?}");
        assert!(
            !detail.contains(credential),
            "{detail:?} repeats the credential"
        );
    }
}

both! {
    /// A key opens the door as long as it is whole, known, not expired and not
    /// revoked, and its owner is not disabled; each refusal says which it was.
    async fn a_key_is_refused_with_the_reason(app: App) {
        let anna = app.as_user("anna", Role::Author);
        let me = anna.get("/v1/auth/whoami", 200).await;
        assert_eq!(me["user"], json!({"id": anna.id.to_string(), "name": "anna", "role": "author"}));
        assert_eq!(me["via"], "key");
        assert_eq!(me["key"]["name"], "test");

        no_good(&app, &anna.key[..40], "has 40 characters; keys have 45").await;
        let mut typo = anna.key.clone();
        typo.replace_range(20..21, if &typo[20..21] == "x" { "y" } else { "x" });
        no_good(&app, &typo, "checksum is wrong").await;
        let other = perspektive::auth::opaque::Kind::Key.generate().unwrap();
        no_good(&app, &other, "unknown here").await;
        no_good(&app, PASSWORD.replace(['ö', ' '], "").as_str(), "neither a key").await;
        let refresh = perspektive::auth::opaque::Kind::Refresh.generate().unwrap();
        no_good(&app, &refresh, "refresh token").await;

        let made = anna.send("POST", "/v1/editor/keys", &json!({"name": "short", "expires_at": app.state.now().plus_seconds(100)}), 201).await;
        let short = made["key"].as_str().unwrap();
        expect(app.whoami(short), 200).await;
        app.state.travel(101);
        no_good(&app, short, "`short` expired at").await;
        expect(app.whoami(&anna.key), 200).await;

        app.disable("anna", true);
        no_good(&app, &anna.key, "`anna` was disabled at").await;
        app.disable("anna", false);
        expect(app.whoami(&anna.key), 200).await;

        let id = me["key"]["id"].as_str().unwrap();
        expect(anna.request("DELETE", &format!("/v1/editor/keys/{id}")), 204).await;
        no_good(&app, &anna.key, "`test` was revoked at").await;
    }

    /// A credential in the address is refused, good or not, alone or not.
    async fn credentials_in_the_address_are_refused(app: App) {
        let admin = app.as_admin();
        for name in ["access_token", "api_key", "key", "Token"] {
            let path = format!("/v1/auth/whoami?{name}={}", admin.key);
            let problem = app.get(&path, 400).await;
            assert!(problem["detail"].as_str().unwrap().contains("not read: addresses end in logs"));
            assert!(!problem.to_string().contains(&admin.key));
            admin.get(&path, 400).await;
        }
    }

    /// Every claim and the header of an access token are checked, and each
    /// refusal says what was wrong.
    async fn an_access_token_is_refused_with_the_reason(app: App) {
        let id = app.with_password("anna", Role::Editor);
        let (access, _) = app.tokens("anna").await;
        let me = expect(app.whoami(&access), 200).await;
        assert_eq!(me["via"], "token");
        assert!(me["expires_at"].is_string() && me.get("key").is_none());

        let parts: Vec<&str> = access.split('.').collect();
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        assert_eq!(header, json!({"typ": "at+jwt", "alg": "HS256"}));
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
        assert_eq!((claims.sub, claims.exp - claims.iat), (id, 600));
        assert_eq!(claims.iss, "https://api.flussblick.example");

        let change = |change: fn(&mut Claims)| {
            let mut claims = claims.clone();
            change(&mut claims);
            app.access.tokens.sign(&claims).unwrap()
        };
        expect(app.whoami(&change(|_| {})), 200).await;
        no_good(&app, &change(|c| c.iss = "https://other.example".into()), "issued by https://other.example").await;
        no_good(&app, &change(|c| c.aud = "billing".into()), "meant for billing").await;
        no_good(&app, &change(|c| c.nbf += 100), "good only in").await;
        no_good(&app, &change(|c| c.iat += 100), "good only in").await;
        no_good(&app, &change(|c| c.exp -= 660), "expired").await;
        no_good(&app, &change(|c| c.sub = Id::new()), "user doesn't exist").await;
        no_good(&app, &change(|c| c.sid = Id::new()), "sign-in").await;
        expect(app.whoami(&change(|c| c.nbf += 3)), 200).await;

        // A secret of somebody else's, and other headers with the right one.
        let secret = secret(&app);
        let forge = |secret: &str, algorithm: Algorithm, typ: Option<&str>| {
            let mut header = Header::new(algorithm);
            header.typ = typ.map(str::to_owned);
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
        };
        expect(app.whoami(&forge(&secret, Algorithm::HS256, Some("application/AT+JWT"))), 200).await;
        no_good(&app, &forge("another secret", Algorithm::HS256, Some("at+jwt")), "signature is wrong").await;
        no_good(&app, &forge(&secret, Algorithm::HS512, Some("at+jwt")), "alg: HS512").await;
        no_good(&app, &forge(&secret, Algorithm::HS256, Some("JWT")), "typ: JWT").await;
        no_good(&app, &forge(&secret, Algorithm::HS256, None), "no `typ`").await;
        let none = URL_SAFE_NO_PAD.encode(r#"{"typ":"at+jwt","alg":"none"}"#);
        no_good(&app, &format!("{none}.{}.", parts[1]), "alg: none").await;
        no_good(&app, &format!("{none}.{}.{}", parts[1], parts[2]), "alg: none").await;
        no_good(&app, &format!("{}.{}.", parts[0], parts[1]), "access token").await;
        no_good(&app, &access[..access.len() - 3], "access token").await;
        no_good(&app, "a.b.c", "can't be read").await;
        let unsaid = json!({"iss": claims.iss, "aud": claims.aud, "sub": claims.sub, "exp": claims.exp});
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        let unsaid = jsonwebtoken::encode(&header, &unsaid, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
        no_good(&app, &unsaid, "lacks a claim").await;

        // Good for another moment, because clocks differ.
        let mut late = claims.clone();
        late.exp = app.state.now().0 / 1_000_000 + 1_000;
        let late = app.access.tokens.sign(&late).unwrap();
        app.state.travel(1_001);
        expect(app.whoami(&late), 200).await;
        app.state.travel(5);
        no_good(&app, &late, "seconds ago").await;
    }

    /// Disabling, demoting and signing out hold from the next request on, though
    /// the token is good for longer.
    async fn a_token_is_worth_what_its_user_is_worth_now(app: App) {
        app.with_password("anna", Role::Admin);
        app.with_password("berta", Role::Admin);
        let (access, refresh) = app.tokens("anna").await;
        expect(app.request("GET", "/v1/editor/users").bearer_auth(&access), 200).await;
        app.change_user("anna", users::ops::Change { role: Some(Role::Viewer), ..Default::default() });
        expect(app.request("GET", "/v1/editor/users").bearer_auth(&access), 403).await;
        app.disable("anna", true);
        no_good(&app, &access, "was disabled at").await;
        expect(app.refresh(&refresh), 401).await;
        expect(app.log_in("anna", PASSWORD), 401).await;
        app.disable("anna", false);
        no_good(&app, &access, "sign-in").await;
        expect(app.refresh(&refresh), 401).await;

        let (access, refresh) = app.tokens("anna").await;
        let out = || app.request("POST", "/v1/auth/logout").json(&json!({"refresh_token": refresh}));
        expect(out(), 204).await;
        no_good(&app, &access, "has ended").await;
        let problem = expect(app.refresh(&refresh), 401).await;
        assert!(problem["detail"].as_str().unwrap().contains("ended at"), "{problem}");
        expect(out(), 204).await;
    }

    /// Name and password open; nothing tells an unknown name from a wrong
    /// password or a disabled account.
    async fn a_wrong_password_says_nothing_of_the_account(app: App) {
        app.with_password("anna", Role::Editor);
        app.with_password("carl", Role::Editor);
        app.disable("carl", true);
        app.as_user("keys-only", Role::Editor);
        let tokens = expect(app.log_in(" Anna ", PASSWORD), 200).await;
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(600)));
        assert_eq!(tokens["user"]["name"], "anna");
        // The same letters, typed on another system.
        let decomposed: String = PASSWORD.replace('ö', "o\u{308}");
        expect(app.log_in("anna", &decomposed), 200).await;

        let mut answers = std::collections::HashSet::new();
        for (name, password) in [("anna", "falsch"), ("nobody", PASSWORD), ("carl", PASSWORD), ("keys-only", PASSWORD), ("'; --", "")] {
            if password.is_empty() {
                expect(app.log_in(name, password), 422).await;
                continue;
            }
            let mut problem = expect(app.log_in(name, password), 401).await;
            problem["request_id"] = json!("");
            assert_eq!(problem["type"], "/problems/wrong-password");
            answers.insert(problem.to_string());
        }
        assert_eq!(answers.len(), 1, "{answers:?}");
        expect(app.log_in("anna", &"x".repeat(1_025)), 422).await;
        let login = |body: &Value| app.request("POST", "/v1/auth/login").json(body);
        let missing = expect(login(&json!({"name": "anna"})), 400).await;
        assert_eq!(missing["errors"], json!([{"pointer": "#", "code": "missing-field", "detail": "missing field `password`; add it: {\"password\": …}"}]));
        let wrong = expect(login(&json!({"name": "anna", "password": 424_242_424_242_u64})), 400).await;
        assert!(!wrong.to_string().contains("424242"), "{wrong}");
        assert_eq!(wrong["errors"][0]["pointer"], "#/password");
    }

    /// A refresh token works once; used again, it ends the sign-in for everybody
    /// who holds a token of it.
    async fn a_refresh_token_used_again_ends_the_sign_in(app: App) {
        app.with_password("anna", Role::Editor);
        let (_, first) = app.tokens("anna").await;
        let (other_access, other) = app.tokens("anna").await;
        let (_, second) = pair(&expect(app.refresh(&first), 200).await);
        assert_ne!(first, second);
        app.state.travel(500);
        let (access, third) = pair(&expect(app.refresh(&second), 200).await);
        expect(app.whoami(&access), 200).await;

        app.state.travel(20);
        let problem = expect(app.refresh(&second), 401).await;
        assert!(problem["detail"].as_str().unwrap().contains("whole sign-in has ended"), "{problem}");
        expect(app.refresh(&third), 401).await;
        no_good(&app, &access, "has ended").await;
        // Another sign-in of the same user isn't touched.
        expect(app.whoami(&other_access), 200).await;
        expect(app.refresh(&other), 200).await;
    }

    /// For 20 seconds a token works again if the answer may have been lost, and
    /// not if something it was exchanged for has been used.
    async fn an_answer_that_was_lost_can_be_asked_for_again(app: App) {
        app.with_password("anna", Role::Editor);
        let (_, first) = app.tokens("anna").await;
        expect(app.refresh(&first), 200).await;
        app.state.travel(10);
        let (access, second) = pair(&expect(app.refresh(&first), 200).await);
        expect(app.whoami(&access), 200).await;
        expect(app.refresh(&second), 200).await;
        // Now the answer has arrived: `first` is a copy.
        expect(app.refresh(&first), 401).await;
        expect(app.whoami(&access), 401).await;

        let (_, first) = app.tokens("anna").await;
        expect(app.refresh(&first), 200).await;
        app.state.travel(10);
        expect(app.refresh(&first), 200).await;
        // The grace is counted from the first use, not from the last.
        app.state.travel(10);
        expect(app.refresh(&first), 401).await;
    }

    /// Two tabs that refresh at once both go on.
    async fn parallel_refreshes_all_get_an_answer(app: App) {
        app.with_password("anna", Role::Editor);
        let (_, first) = app.tokens("anna").await;
        let answers = (0..6).map(|_| expect(app.refresh(&first), 200));
        let answers = futures_util::future::join_all(answers).await;
        let tokens: std::collections::HashSet<String> = answers.iter().map(|answer| pair(answer).1).collect();
        assert_eq!(tokens.len(), 6);
        for answer in &answers {
            expect(app.whoami(&pair(answer).0), 200).await;
        }
    }

    /// After 30 days without a visit one signs in again; what was exchanged in
    /// time goes on.
    async fn a_sign_in_that_is_used_goes_on(app: App) {
        app.with_password("anna", Role::Editor);
        let (_, idle) = app.tokens("anna").await;
        let (_, mut token) = app.tokens("anna").await;
        for _ in 0..2 {
            app.state.travel(29 * 86_400);
            token = pair(&expect(app.refresh(&token), 200).await).1;
        }
        expect(app.refresh(&idle), 401).await;
        app.state.travel(30 * 86_400);
        expect(app.refresh(&token), 401).await;

        for (wrong, says) in [("psp_refresh_x", "has 13 characters"), ("x", "begin with"), (&token.replace("psp_refresh_", "psp_refresh_0")[..48], "checksum")] {
            let problem = expect(app.refresh(wrong), 422).await;
            assert_eq!(problem["errors"][0]["pointer"], "#/refresh_token");
            assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        }
    }

    /// A new password needs the old one and ends every other sign-in.
    async fn a_new_password_ends_the_other_sign_ins(app: App) {
        let id = app.with_password("anna", Role::Editor);
        let (here, here_refresh) = app.tokens("anna").await;
        let (there, there_refresh) = app.tokens("anna").await;
        let change = |token: &str, current: &str, new: &str| {
            app.request("POST", "/v1/auth/password").bearer_auth(token)
                .json(&json!({"current_password": current, "new_password": new}))
        };
        let problem = expect(change(&here, PASSWORD, "zu kurz"), 422).await;
        assert_eq!(problem["errors"][0]["code"], "too-short");
        expect(change(&here, PASSWORD, &"ü".repeat(513)), 422).await;
        let problem = expect(change(&here, "geraten", "fünf Wörter sind besser"), 401).await;
        assert_eq!(problem["type"], "/problems/wrong-password");
        expect(app.whoami(&there), 200).await;

        expect(change(&here, PASSWORD, "fünf Wörter sind besser"), 204).await;
        expect(app.whoami(&here), 200).await;
        expect(app.refresh(&here_refresh), 200).await;
        no_good(&app, &there, "by a new password").await;
        expect(app.refresh(&there_refresh), 401).await;
        expect(app.log_in("anna", PASSWORD), 401).await;
        expect(app.log_in("anna", "fünf Wörter sind besser"), 200).await;

        // A key acts for its owner but is not its owner.
        let key = app.blocking(|| app.state.write_blocking(|tx| {
            let key = keys::KeyIn { user: Some(id.to_string()), name: "script".into(), scopes: None, expires_at: None };
            keys::ops::add(tx, &Actor::command(), key)
        }).unwrap().secret);
        expect(change(&key, "fünf Wörter sind besser", PASSWORD), 403).await;
    }

    /// Guessing becomes slow; the owner, elsewhere, doesn't notice.
    async fn guessing_becomes_slow(app: App) {
        app.with_password("anna", Role::Editor);
        app.guess_until_slow(|| app.log_in("anna", "geraten")).await;
        let answer = app.log_in("anna", PASSWORD).send().await.unwrap();
        assert_eq!(answer.status(), 429);
        let wait: i64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=8).contains(&wait), "{wait}");
        // Nobody is believed about X-Forwarded-For who isn't a known proxy.
        let elsewhere = app.log_in("anna", PASSWORD).header("X-Forwarded-For", "198.51.100.7");
        expect(elsewhere, 429).await;
        app.state.travel(wait);
        expect(app.log_in("anna", PASSWORD), 200).await;
        // That was its owner: what failed before is forgotten.
        expect(app.log_in("anna", "geraten"), 401).await;
        expect(app.log_in("anna", PASSWORD), 200).await;

        // So many wrong ones from one address, whatever the names.
        let mut guesses = 0;
        let problem = loop {
            let guess = app.log_in(&format!("user{guesses}"), "geraten");
            let answer = guess.send().await.unwrap();
            if answer.status() == 429 {
                break answer.json::<Value>().await.unwrap();
            }
            guesses += 1;
            assert!(guesses < 40, "nobody is slowed down");
        };
        assert_eq!(problem["type"], "/problems/too-many-requests");
        app.state.travel(6);
        expect(app.log_in("anna", PASSWORD), 200).await;
    }

    /// `whoami` tells what arrived instead of a credential.
    async fn whoami_explains_what_arrived(app: App) {
        let nothing = "Bearer realm=\"perspektive\"";
        let ask = || app.request("GET", "/v1/auth/whoami");
        let says = async |request: RequestBuilder, parts: &[&str]| {
            let detail = refused(request, nothing).await;
            for part in parts {
                assert!(detail.contains(part), "{detail:?} doesn't say {part:?}");
            }
            detail
        };
        let curl = "curl https://api.flussblick.example/v1/auth/whoami -H \"Authorization: Bearer $KEY\"";
        let detail = says(ask(), &["No Authorization header arrived.", curl]).await;
        assert!(!detail.contains("proxy"));
        says(
            ask().header("X-Forwarded-For", "192.0.2.1").header("Via", "1.1 gate"),
            &["via, x-forwarded-for", "proxy_set_header Authorization", "CGIPassAuth On", curl],
        ).await;
        says(ask().header("X-Api-Key", "x"), &["x-api-key did"]).await;
        says(ask().basic_auth("anna", Some("x")), &["Authorization: Basic", "not -u"]).await;
        says(ask().header("Authorization", "Bearer "), &["nothing behind it"]).await;
        let key = perspektive::auth::opaque::Kind::Key.generate().unwrap();
        let detail = says(ask().header("Authorization", &key), &["doesn't begin with `Bearer`"]).await;
        assert!(!detail.contains(&key));
        says(ask().header("Authorization", "Bearer a").header("Authorization", "Bearer b"), &["More than one"]).await;

        let rights = app.as_author().get("/v1/auth/whoami", 200).await["rights"].clone();
        let of = |name: &str| rights.as_array().unwrap().iter().find(|right| right["right"] == name).unwrap().clone();
        assert_eq!(of("write"), json!({"right": "write", "allowed": true}));
        assert_eq!(of("publish")["allowed"], false);
        assert!(of("publish")["why_not"].as_str().unwrap().contains("editor is the lowest that does"));
        app.as_author().get("/v1/auth/whoami?x=1", 400).await;
    }

    /// A key's use is noted, at most once a minute.
    async fn the_use_of_a_key_is_noted(app: App) {
        let anna = app.as_user("anna", Role::Viewer);
        let used = async || anna.get("/v1/editor/keys", 200).await["items"][0]["last_used_at"].clone();
        let mut first = used().await;
        for _ in 0..100 {
            if first.is_string() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            first = used().await;
        }
        assert!(first.is_string(), "never noted");
        app.state.travel(30);
        used().await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(used().await, first);
        app.state.travel(31);
        for _ in 0..100 {
            if used().await != first {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("a later use was not noted");
    }

    /// The secret survives a restart, and all nodes of one newsroom share it.
    async fn another_node_reads_the_same_tokens(app: App) {
        app.with_password("anna", Role::Editor);
        let (access, refresh) = app.tokens("anna").await;
        let other = app.another_node().await;
        expect(other.whoami(&access), 200).await;
        expect(other.refresh(&refresh), 200).await;
        app.disable("anna", true);
        no_good(&other, &access, "was disabled at").await;
    }

    /// The binary itself, with the log at its most talkative: what it is told in
    /// confidence it tells nobody.
    async fn no_secret_gets_into_an_answer_or_the_log(app: App) {
        let id = app.with_password("anna", Role::Admin);
        let mut server = Command::new(env!("CARGO_BIN_EXE_perspektive"))
            .args(["serve", "--bind", "127.0.0.1:0"])
            .env("DATABASE_URL", database_url(&app))
            .env("DATA_DIR", &app.state.config.data_dir)
            .env("LOG", "trace")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (lines, reading) = (std::sync::Arc::new(std::sync::Mutex::new(String::new())), server.stderr.take().unwrap());
        let log = std::sync::Arc::clone(&lines);
        let reader = std::thread::spawn(move || {
            use std::io::BufRead;
            for line in std::io::BufReader::new(reading).lines().map_while(Result::ok) {
                *log.lock().unwrap() += &(line + "\n");
            }
        });
        let mut url = None;
        for _ in 0..500 {
            url = lines.lock().unwrap().split("listens on ").nth(1).and_then(|rest| rest.lines().next()).map(str::to_owned);
            if url.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let url = url.expect("the server did not start");
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut answers = String::new();
        let login = json!({"name": "anna", "password": PASSWORD});
        let tokens = http.post(format!("{url}/v1/auth/login")).json(&login).send().await.unwrap().text().await.unwrap();
        let (access, refresh) = pair(&serde_json::from_str(&tokens).unwrap());
        let new = json!({"name": "n", "password": "noch ein langes Passwort", "role": "author"});
        let mut secrets = vec![PASSWORD.to_owned(), access.clone(), refresh.clone(), "noch ein langes Passwort".to_owned()];
        for (method, path, body) in [
            ("POST", "/v1/editor/users", new),
            ("POST", "/v1/editor/users", json!({"name": "bert", "password": "noch ein langes Passwort", "role": "author"})),
            ("GET", "/v1/editor/users", Value::Null),
            ("GET", "/v1/editor/keys?user=*", Value::Null),
            ("GET", "/v1/auth/whoami", Value::Null),
            ("POST", "/v1/auth/password", json!({"current_password": "noch ein langes Passwort", "new_password": PASSWORD})),
            ("POST", "/v1/auth/login", json!({"name": "anna", "password": "noch ein langes Passwort"})),
        ] {
            let answer = http.request(method.parse().unwrap(), format!("{url}{path}")).bearer_auth(&access).json(&body).send().await.unwrap();
            answers += &answer.text().await.unwrap();
        }
        let made = http.post(format!("{url}/v1/editor/keys")).bearer_auth(&access).json(&json!({"name": "nightly"})).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        secrets.push(made["key"].as_str().unwrap().to_owned());
        answers += &http.get(format!("{url}/v1/editor/keys")).bearer_auth(made["key"].as_str().unwrap()).send().await.unwrap().text().await.unwrap();
        http.post(format!("{url}/v1/auth/refresh")).json(&json!({"refresh_token": refresh})).send().await.unwrap();
        http.get(format!("{url}/v1/auth/whoami?access_token={access}")).send().await.unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        reader.join().unwrap();

        let hash = app.state.read(move |c| users::ops::find(c, &id.to_string())).await.unwrap().password_hash.unwrap();
        secrets.push(hash);
        secrets.push(perspektive::auth::opaque::digest(made["key"].as_str().unwrap()));
        secrets.push(secret(&app));
        let log = lines.lock().unwrap();
        assert!(log.contains("/v1/auth/login"), "the log is empty");
        for (number, secret) in secrets.iter().enumerate() {
            assert!(!answers.contains(secret), "secret {number} in {answers}");
            assert!(!log.contains(secret.as_str()), "secret {number} in the log");
        }
        assert!(!answers.contains("$argon2id") && !log.contains("$argon2id"));
    }
}

/// Behind a proxy that is known, each client is counted by itself.
#[actix_web::test]
async fn a_known_proxy_is_believed_about_its_clients() {
    let app =
        App::sqlite_with(|config| config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()])
            .await;
    app.with_password("anna", Role::Editor);
    let from = |address: &str, password: &str| {
        app.log_in("anna", password)
            .header("X-Forwarded-For", address)
    };
    app.guess_until_slow(|| from("198.51.100.7", "geraten"))
        .await;
    expect(from("198.51.100.7", PASSWORD), 429).await;
    expect(from("198.51.100.7, 192.0.2.1", PASSWORD), 200).await;
}

/// On SQLite the secret is a file that its owner alone can read.
#[actix_web::test]
async fn the_secret_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let app = App::sqlite().await;
    let path = app.state.config.data_dir.join("signing-secret");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).unwrap().trim().len(), 64);
    let left: Vec<_> = std::fs::read_dir(&app.state.config.data_dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".signing"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What tokens are signed with.
fn secret(app: &App) -> String {
    match &app.state.config.database {
        Url::Sqlite(_) => std::fs::read_to_string(app.state.config.data_dir.join("signing-secret"))
            .unwrap()
            .trim()
            .to_owned(),
        Url::Postgres(_) => app.blocking(|| {
            let keep = |tx: &mut perspektive::changes::Tx<'_>| {
                Ok(perspektive::store!(
                    tx.conn,
                    secrets::keep("signing-secret", "")
                )?)
            };
            app.state.write_blocking(keep).unwrap()
        }),
    }
}

fn database_url(app: &App) -> String {
    match &app.state.config.database {
        Url::Sqlite(path) => format!("sqlite://{}", path.display()),
        Url::Postgres(url) => url.expose_secret().to_owned(),
    }
}

/// What a command printed and said.
struct Ran {
    good: bool,
    out: String,
    said: String,
}

fn run(app: &App, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_perspektive"))
        .args(arguments)
        .env("DATABASE_URL", database_url(app))
        .env("DATA_DIR", &app.state.config.data_dir)
        .current_dir(&app.state.config.data_dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Ran {
        good: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        said: String::from_utf8(output.stderr).unwrap(),
    }
}

both! {
    /// The commands, while a server runs on the same database.
    async fn the_commands_work_beside_a_server(app: App) {
        let ran = run(&app, &["user", "add", "anna", "--role", "admin", "--password-stdin"], &format!("{PASSWORD}\n"));
        assert!(ran.good, "{}", ran.said);
        assert!(!ran.said.contains(PASSWORD));
        expect(app.log_in("anna", PASSWORD), 200).await;
        let ran = run(&app, &["user", "add", "anna", "--role", "admin"], "");
        assert!(!ran.good && ran.said.contains("There is a user `anna` already"), "{}", ran.said);
        let ran = run(&app, &["user", "add", "bert", "--role", "author", "--password-stdin"], "kurz\n");
        assert!(!ran.good && ran.said.contains("12 are the fewest"), "{}", ran.said);
        let ran = run(&app, &["user", "add", "Bert", "--role", "author"], "");
        assert!(!ran.good && ran.said.contains("2 to 40"), "{}", ran.said);

        let ran = run(&app, &["key", "add", "--user", "anna", "--name", "nightly", "--scope", "read", "--scope", "write", "--expires", "90d"], "");
        assert!(ran.good, "{}", ran.said);
        let key = ran.out.strip_suffix('\n').unwrap();
        let me = expect(app.whoami(key), 200).await;
        assert_eq!(me["key"]["scopes"], json!(["read", "write"]));
        assert!(me["expires_at"].is_string());
        let why = me["rights"].as_array().unwrap().iter().find(|right| right["right"] == "administer").unwrap();
        assert!(why["why_not"].as_str().unwrap().contains("scopes of the key `nightly`"), "{why}");

        let list = run(&app, &["key", "list"], "").out;
        assert!(list.contains("nightly") && list.contains(&key[..13]) && !list.contains(key), "{list}");
        assert!(run(&app, &["key", "revoke", "--user", "anna", "--name", "nightly"], "").good);
        no_good(&app, key, "was revoked at").await;

        let ran = run(&app, &["user", "disable", "anna"], "");
        assert!(!ran.good && ran.said.contains("the last admin"), "{}", ran.said);
        assert!(run(&app, &["user", "add", "bert", "--role", "viewer"], "").good);
        assert!(run(&app, &["user", "role", "bert", "admin"], "").good);
        assert!(run(&app, &["user", "disable", "anna"], "").good);
        expect(app.log_in("anna", PASSWORD), 401).await;
        assert!(run(&app, &["user", "enable", "anna"], "").good);
        assert!(run(&app, &["user", "password", "anna", "--password-stdin"], "ein ganz neues Passwort\n").good);
        expect(app.log_in("anna", "ein ganz neues Passwort"), 200).await;
        let list = run(&app, &["user", "list"], "").out;
        assert!(list.contains("anna") && list.contains("bert") && !list.contains("argon2"), "{list}");
    }
}

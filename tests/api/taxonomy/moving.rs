//! Moving a section with all that is below it.

use perspektive::changes::{Action, Entity};
use serde_json::json;

use super::{about, at, change, held, slugs};
use crate::articles::{live, newsroom, put, slugs as listed};
use crate::both;
use crate::support::seed::id;

both! {
    /// Paths, breadcrumbs and lists follow at the next request, whatever was in the
    /// cache; each article below is in the log, and none is written to.
    async fn all_below_moves_along(app: App) {
        let editor = newsroom(&app).await;
        let body = json!({"name": "Anfragen", "parent": "stadtrat"});
        let anfragen = id(&editor.send("PUT", &at("section", "anfragen"), &body, 201).await);
        let rat = id(&editor.get(&at("section", "stadtrat"), 200).await);
        let mut ids = Vec::new();
        for (slug, of) in [("rat", "stadtrat"), ("frage", "anfragen"), ("buehne", "kultur")] {
            ids.push(id(&live(&app, slug, &about(slug, "section", &[of])).await));
        }
        put(&app, "entwurf", &about("Entwurf", "section", &["anfragen"])).await;
        let paths = [
            "/v1/sections", "/v1/sections/anfragen", "/v1/site?include=sections", "/v1/articles?section=politik",
            "/v1/articles?section=kultur", "/v1/articles?section=stadtrat", "/v1/articles/frage", "/v1/articles/frage/more",
        ];
        for path in paths {
            app.get(path, 200).await;
        }
        let (log, before) = (app.log().len(), held(&app));
        let versions = crate::articles::stored(&app).1;
        let moved = change(&app, "section", "stadtrat", json!({"parent": "kultur"}), 200).await;
        assert_eq!(moved.json["path"], "kultur/stadtrat");
        assert_eq!(app.log()[log..], [
            (Entity::Section, rat, Action::Changed),
            (Entity::Section, anfragen, Action::Changed),
            (Entity::Article, ids[0], Action::Changed),
            (Entity::Article, ids[1], Action::Changed),
        ]);
        assert_eq!((held(&app), crate::articles::stored(&app).1), (before, versions));
        assert_eq!(listed(&app, "/v1/articles?section=politik").await, Vec::<String>::new());
        assert_eq!(listed(&app, "/v1/articles?section=kultur").await, ["buehne", "frage", "rat"]);
        assert_eq!(listed(&app, "/v1/articles?section=stadtrat").await, ["frage", "rat"]);
        assert_eq!(app.get("/v1/articles/frage", 200).await["section"]["path"], "kultur/stadtrat/anfragen");
        let page = app.get("/v1/sections/anfragen", 200).await;
        assert_eq!(slugs(&page["breadcrumb"]), ["kultur", "stadtrat", "anfragen"]);
        for path in ["/v1/sections", "/v1/site?include=sections"] {
            assert!(app.get(path, 200).await.to_string().contains("\"kultur/stadtrat/anfragen\""), "{path}");
        }
        // What is published afterwards is filed where its section is now.
        crate::articles::verb(&app, "entwurf", "publish", json!({}), 200).await;
        assert_eq!(listed(&app, "/v1/articles?section=kultur").await[0], "entwurf");
        assert!(listed(&app, "/v1/articles?section=politik").await.is_empty());
    }
}

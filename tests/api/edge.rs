//! What holds for every answer.

use crate::both;

both! {
    /// An address without a route, and a route without that method.
    async fn what_no_route_answers_is_a_problem_document(app: App) {
        let answer = app.request("GET", "/nirgends").send().await.unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem = app.get("/v1/articles/", 404).await;
        assert_eq!(problem["detail"], "No route leads to `/v1/articles/`. Leave the slash at its end out: `/v1/articles`.");
        let answer = app.request("POST", "/problems").send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "GET, HEAD, OPTIONS");
    }
}

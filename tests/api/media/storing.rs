//! Where the bytes lie, and that none are left behind.

use serde_json::Value;

use super::{MEDIA, rendered, upload};
use crate::both;
use crate::support::App;
use crate::support::pictures;

/// Names of what lies in the media folder, sorted.
fn stored(app: &App) -> Vec<String> {
    let mut found = Vec::new();
    let folder = app.state.config.data_dir.join("media");
    for id in std::fs::read_dir(folder).into_iter().flatten() {
        let id = id.unwrap();
        for file in std::fs::read_dir(id.path()).unwrap() {
            let (id, name) = (id.file_name(), file.unwrap().file_name());
            found.push(format!("{}/{}", id.display(), name.display()));
        }
    }
    found.sort();
    found
}

async fn sweep(app: &App) {
    perspektive::media::work::sweep(&app.state).await.unwrap();
}

both! {
    /// Deleting a medium removes its bytes, those of its renditions included.
    async fn nothing_is_left_of_a_deleted_medium(app: App) {
        let medium = upload(&app.as_author(), "", pictures::png(700, 20, 0), 201).await;
        rendered(&app, &medium).await;
        let kept = upload(&app.as_author(), "", pictures::png(700, 20, 1), 201).await;
        assert_eq!(stored(&app).len(), 2 + 4);
        let path = format!("{MEDIA}/{}", medium["id"].as_str().unwrap());
        let gone = app.as_author().request("DELETE", &path).header("If-Match", "*").send().await.unwrap();
        assert_eq!(gone.status(), 204);
        app.get(&format!("/media/{}/320.jpg", medium["id"].as_str().unwrap()), 404).await;
        sweep(&app).await;
        assert_eq!(stored(&app), [format!("{}/original", kept["id"].as_str().unwrap())]);
        assert!(crate::matrix::dump(&app).contains("media_leftovers\n\n"));
    }

    /// A refusal, a dry run and a repetition store nothing; bytes of an upload that
    /// didn't end with a medium go when its time is over, and not before.
    async fn nothing_is_left_of_an_upload_that_failed(app: App) {
        let author = app.as_author();
        upload(&author, "?dry_run=true", pictures::png(40, 30, 0), 201).await;
        upload(&author, "", b"%PDF-1.4".to_vec(), 415).await;
        upload(&app.as_viewer(), "", pictures::png(40, 30, 0), 403).await;
        assert_eq!(stored(&app), [] as [&str; 0]);
        // The write is refused after the bytes were stored.
        upload(&author, "?focal_point=2,2", pictures::png(40, 30, 0), 422).await;
        assert_eq!(stored(&app).len(), 1);
        sweep(&app).await;
        assert_eq!(stored(&app).len(), 1);
        let medium = upload(&author, "", pictures::png(40, 30, 0), 201).await;
        app.state.travel(3_601);
        sweep(&app).await;
        assert_eq!(stored(&app), [format!("{}/original", medium["id"].as_str().unwrap())]);
        assert!(crate::matrix::dump(&app).contains("media_leftovers\n\n"));
    }

    /// Twenty who send the same file at once get the same medium.
    async fn the_same_file_at_once_is_one_medium(app: App) {
        let author = app.as_author();
        let picture = pictures::png(40, 30, 0);
        let sending = (0..20).map(|_| author.request("POST", MEDIA).body(picture.clone()).send());
        let mut ids = std::collections::BTreeSet::new();
        let mut created = 0;
        for answer in futures_util::future::join_all(sending).await {
            let answer = answer.unwrap();
            match answer.status().as_u16() {
                status @ (200 | 201) => {
                    created += usize::from(status == 201);
                    let medium: Value = answer.json().await.unwrap();
                    ids.insert(medium["id"].as_str().unwrap().to_owned());
                }
                // More than the database has turns for in time.
                503 => {}
                other => panic!("{other}: {}", answer.text().await.unwrap()),
            }
        }
        assert_eq!((ids.len(), created), (1, 1));
        app.state.travel(3_601);
        sweep(&app).await;
        assert_eq!(stored(&app), [format!("{}/original", ids.first().unwrap())]);
    }
}

//! The same newsroom, seen through preview links: each opens its own draft, and
//! of the others it shows what anyone may see.

use super::*;

both! {
    async fn a_preview_shows_its_own_draft_and_no_other(app: App) {
        let pieces = make(&app, 2).await;
        let editor = app.as_editor();
        let until = app.state.now().plus_seconds(86_400).to_string();
        let mut previews = Vec::new();
        // Each fate several times, with and without a newer revision.
        for piece in pieces.iter().filter(|piece| piece.fate != Fate::Trashed).take(66) {
            let path = format!("{EDITOR}/{}/preview-links", slug(piece.number));
            let made = editor.send("POST", &path, &json!({"expires_at": until}), 201).await;
            previews.push((piece, format!("/v1/preview/{}", made["token"].as_str().unwrap())));
        }
        let mut led = 0;
        for (hours, seconds) in [(0, 0), (1, 3_600), (3, 7_200)] {
            app.state.travel(seconds);
            let everything = Forbidden::new(&pieces, hours);
            for (piece, path) in &previews {
                let is_seen = |to: &To| matches!(to, To::Slug(to) | To::Id(to) if pieces[*to].fate.is_visible(hours));
                let preview = app.get(path, 200).await;
                let revision = preview["preview"]["revision"].as_u64().unwrap() as usize;
                let mut words = everything.words.clone();
                let mut own = vec![marker(piece.number, revision), slug(piece.number), piece.id.clone()];
                own.push(marker(piece.number, 3));
                own.extend(piece.medium.clone());
                for to in piece.inline.iter().chain(&piece.end).filter(|to| is_seen(to)) {
                    let (To::Slug(to) | To::Id(to) | To::Nothing(to)) = to;
                    own.push(link_marker(piece.number, *to));
                    led += 1;
                }
                words.retain(|word| !own.contains(word));
                // What it links to without being seen is hidden all the same.
                for to in piece.inline.iter().chain(&piece.end).filter(|to| !is_seen(to)) {
                    if let To::Slug(to) | To::Id(to) = to {
                        assert!(words.contains(&link_marker(piece.number, *to)) || own.contains(&link_marker(piece.number, *to)));
                    }
                }
                let forbidden = Forbidden { words, tags: everything.tags.clone() };
                let whole = look(&app, &forbidden, &format!("{path}?body=blocks,html,markdown,text&include=more,related_auto")).await;
                assert!(whole["headline"].as_str().unwrap().contains(&marker(piece.number, revision)), "{whole}");
                assert_eq!(whole["preview"]["live"], revision == 1 && piece.fate.is_visible(hours));
            }
        }
        assert!(led > 20, "only {led} links lead anywhere");
        // And the public side is none the wiser.
        crawl(&app, &pieces, 3).await;
    }
}

//! What became of an address of the website, of now or of long ago.
//!
//! An article that readers see at the address comes first, by its present slug or
//! an old one; then the redirects. What they lead to is asked for in turn, a few
//! times. An article that readers don't see is nowhere, and the answer says
//! nothing that it wouldn't say if there were none.

use std::collections::HashSet;

use actix_web::{HttpRequest, HttpResponse, get, web};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::{CardLinks, unique};
use super::context::{Context, Contexts};
use super::serve::serve;
use crate::articles;
use crate::articles::model::{ArticleRow, LiveRow, RevisionHead};
use crate::articles::ops::Key;
use crate::changes::{self, Entity, Tag};
use crate::config::Config;
use crate::db::{Conn, Id, Time};
use crate::error::{Error, NOT_FOUND, Problem, Result, bad_parameter};
use crate::http::address;
use crate::http::answer::{Constants, Draft};
use crate::http::query::Params;
use crate::http::spec::{IfNoneMatch, Missing, PublicProblems, Unchanged};
use crate::redirects::address::Address;
use crate::redirects::find::{self, HOPS, Hit, Patterns};
use crate::state::State;

/// What is escaped in an address that is answered, beside all that isn't ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\');

/// What became of an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Resolved {
    /// What a website should answer there: 200, the article is there; 301, it has
    /// moved; 410, it is gone. Open: take what you don't know for a 404.
    #[schema(example = 301)]
    pub status: u16,
    /// With 301: where it is, or the article's address at this API if the website
    /// isn't known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        format = "uri",
        example = "https://flussblick.example/2026/11/stadtrat-beschliesst-kostenlosen-nahverkehr/"
    )]
    pub url: Option<String>,
    /// The article that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub article: Option<ResolvedArticle>,
}

/// The article at an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResolvedArticle {
    /// Its id.
    pub id: Id,
    /// Its slug.
    #[schema(example = "stadtrat-beschliesst-kostenlosen-nahverkehr")]
    pub slug: String,
    /// Its headline.
    #[schema(example = "Stadtrat beschließt kostenlosen Nahverkehr")]
    pub headline: String,
    /// Where to go on.
    pub links: CardLinks,
}

/// Resolve an address of the website
///
/// What became of it, as data: the article that is there (`status` 200), where it
/// has moved (301: by a new slug, or by a redirect of the newsroom), or that it is
/// gone (410). For apps that are opened by a link, and for a website that is
/// asked for a page it doesn't know. An address that nothing is known of is 404.
#[utoipa::path(
    tag = "redirects",
    security(()),
    params(
        ("url" = String, Query, description = "An address, or a path of the website, percent-encoded", example = "https://flussblick.example/2026/11/stadtrat-beschliesst-kostenlosen-nahverkehr/"),
        IfNoneMatch,
    ),
    responses(
        (status = 200, description = "What became of it", body = Resolved),
        Unchanged, PublicProblems, Missing,
    ),
)]
#[get("/v1/resolve")]
pub async fn resolve_address(
    request: HttpRequest,
    state: web::Data<State>,
    constants: web::Data<Constants>,
    contexts: web::Data<Contexts>,
) -> Result<HttpResponse> {
    let mut params = Params::of(&request)?;
    let url = params.one("url")?;
    params.finish()?;
    let url = url.ok_or_else(|| {
        bad_parameter(
            "`url` is missing; send an address of the website, such as url=/2026/11/rat/.",
        )
    })?;
    let address = Address::read(&url).map_err(|why| bad_parameter(format!("`url` {why}.")))?;
    let (shared, key) = (state.clone(), format!("resolve/{address}"));
    serve(&request, &state, &constants, key, move |conn, now| {
        let patterns = contexts.patterns(conn, &shared)?;
        let context = contexts.get(conn, &shared)?;
        let mut search = Search {
            now,
            context: &context,
            patterns: &patterns,
            tags: vec![Tag::site()],
            waits: false,
        };
        search.run(conn, address)
    })
    .await
}

/// A search for what became of an address.
struct Search<'a> {
    now: Time,
    context: &'a Context,
    patterns: &'a Patterns,
    /// What the answer hangs on.
    tags: Vec<Tag>,
    /// Whether an article that appears would change it.
    waits: bool,
}

/// What readers see of an article.
enum Seen {
    Live(Box<(LiveRow, RevisionHead)>),
    Withdrawn(Id),
    Nothing,
}

impl Search<'_> {
    fn run(&mut self, conn: &mut Conn<'_>, asked: Address) -> Result<Draft> {
        let config = &*self.context.config;
        let mut at = asked.clone();
        if at.host.is_none() {
            at.host = find::site_host(config);
        }
        let mut met = HashSet::new();
        let mut moved_to: Option<String> = None;
        loop {
            let mut withdrawn = false;
            if let Some(key) = article_at(config, &at) {
                match self.named(conn, &key)? {
                    Seen::Live(found) => {
                        let (row, head) = *found;
                        let there = moved_to.is_none() && self.is_at(&row, &head, &key, &at);
                        return self.article(conn, row, head, there);
                    }
                    Seen::Withdrawn(id) => {
                        self.tags.push(Tag::article(id));
                        withdrawn = true;
                    }
                    Seen::Nothing => {}
                }
            }
            self.waits = true;
            self.tags.push(Tag::index(Entity::Redirect));
            met.insert(at.clone());
            let mut next = None;
            for hit in find::hits(conn, self.patterns, &at)? {
                let seen = match hit {
                    Hit::Gone => return self.gone(conn),
                    Hit::Url(url) => {
                        next = find::on_site(&url, config);
                        moved_to = Some(url);
                        break;
                    }
                    Hit::Article(id) => {
                        let row = crate::store!(*conn, articles::find(id))?;
                        match self.seen(conn, row)? {
                            // An entry for it alone leads nowhere else.
                            Seen::Nothing => return Err(self.missing(&asked)),
                            seen => seen,
                        }
                    }
                    Hit::Named(key) => self.named(conn, &key)?,
                };
                match seen {
                    Seen::Live(found) => {
                        let (row, head) = *found;
                        return self.article(conn, row, head, false);
                    }
                    Seen::Withdrawn(id) => {
                        self.tags.push(Tag::article(id));
                        withdrawn = true;
                        break;
                    }
                    Seen::Nothing => {}
                }
            }
            match next {
                Some(address) if met.contains(&address) => return Err(self.missing(&asked)),
                Some(address) if met.len() <= HOPS => at = address,
                _ if withdrawn => return self.gone(conn),
                _ => {
                    return match moved_to.take() {
                        Some(url) => {
                            let url = Some(whole(config, &url));
                            self.answer(conn, 301, url, None)
                        }
                        None => Err(self.missing(&asked)),
                    };
                }
            }
        }
    }

    /// The article with a name, or that once had it as its slug.
    fn named(&mut self, conn: &mut Conn<'_>, key: &Key) -> Result<Seen> {
        self.tags.push(Tag::slug(&key.to_string()));
        let row = match (articles::ops::find(conn, key)?, key) {
            (None, Key::Slug(slug)) => crate::store!(*conn, articles::by_former_slug(slug))?,
            (row, _) => row,
        };
        self.seen(conn, row)
    }

    fn seen(&self, conn: &mut Conn<'_>, row: Option<ArticleRow>) -> Result<Seen> {
        let Some(row) = row else {
            return Ok(Seen::Nothing);
        };
        if row.is_visible(self.now) {
            let found = crate::store!(*conn, lists::cards(&[row.id]))?;
            return Ok(match found.into_iter().next() {
                Some(found) => Seen::Live(Box::new(found)),
                None => Seen::Nothing,
            });
        }
        Ok(match row.withdrawn_at {
            Some(_) => Seen::Withdrawn(row.id),
            None => Seen::Nothing,
        })
    }

    /// Whether this is the address that the article has on the website. Where the
    /// website isn't known, any is that names it as it is called now.
    fn is_at(&self, row: &LiveRow, head: &RevisionHead, key: &Key, at: &Address) -> bool {
        let web = self.context.web(row, head.section_id);
        match web.and_then(|web| Address::read(&web).ok()) {
            Some(web) => (&web.host, &web.path) == (&at.host, &at.path),
            None => match key {
                Key::Slug(slug) => *slug == row.slug,
                Key::Id(_) | Key::External(_) => true,
            },
        }
    }

    fn article(
        &mut self,
        conn: &mut Conn<'_>,
        row: LiveRow,
        head: RevisionHead,
        there: bool,
    ) -> Result<Draft> {
        self.context.tag_card(&row, &head, &mut self.tags);
        let links = CardLinks {
            this: self.context.api(&row.slug),
            web: self.context.web(&row, head.section_id),
        };
        let url = links.web.clone().unwrap_or_else(|| links.this.clone());
        let article = ResolvedArticle {
            id: row.id,
            slug: row.slug,
            headline: head.headline,
            links,
        };
        let (status, url) = match there {
            true => (200, None),
            false => (301, Some(url)),
        };
        let mut draft = self.answer(conn, status, url, Some(article))?;
        draft.disappears_at(row.expires_at);
        Ok(draft)
    }

    fn gone(&mut self, conn: &mut Conn<'_>) -> Result<Draft> {
        self.answer(conn, 410, None, None)
    }

    fn answer(
        &mut self,
        conn: &mut Conn<'_>,
        status: u16,
        url: Option<String>,
        article: Option<ResolvedArticle>,
    ) -> Result<Draft> {
        let resolved = Resolved {
            status,
            url,
            article,
        };
        let mut draft = Draft::json(&resolved, unique(std::mem::take(&mut self.tags)))?;
        if self.waits {
            // Any that appears: of which it is, not even this may tell.
            draft.appears_at(crate::store!(*conn, taxonomy::next_appearance(self.now))?);
        }
        Ok(draft)
    }

    /// A 404, which names nothing but what was asked for.
    fn missing(&mut self, asked: &Address) -> Error {
        let shown: String = asked.to_string().chars().take(200).collect();
        let detail = format!("Nothing is known of the address `{shown}`.");
        // An article may come to be there, or be what a redirect leads to.
        let of_names = [Tag::index(Entity::Redirect), Tag::all_articles()];
        Problem::new(&NOT_FOUND, detail)
            .header("Cache-Control", "public, max-age=5")
            .header("Surrogate-Key", changes::join(&of_names))
            .into()
    }
}

/// What the article is called that has this address on the website, or at this
/// API.
fn article_at(config: &Config, at: &Address) -> Option<Key> {
    let below = |base: &str, pattern: &str| {
        let base = Address::read(base).ok()?;
        if base.host != at.host {
            return None;
        }
        let path = at.path.strip_prefix(base.path.trim_end_matches('/'))?;
        let name = address::find(pattern, path)?;
        name.parse().ok()
    };
    let on_site = match &config.site_url {
        Some(site) => below(site, &config.site_article_path),
        None => {
            address::find(&config.site_article_path, &at.path).and_then(|name| name.parse().ok())
        }
    };
    on_site.or_else(|| below(&config.public_url, "/v1/articles/{slug}"))
}

/// A target as a whole address, as far as that is known.
fn whole(config: &Config, target: &str) -> String {
    let escaped = utf8_percent_encode(target, ESCAPED).to_string();
    let origin = config.site_url.as_deref().map(|site| {
        let host = site.find("://").map_or(0, |at| at + 3);
        let end = site[host..].find('/').map_or(site.len(), |at| host + at);
        &site[..end]
    });
    match (target.starts_with('/'), origin) {
        (true, Some(origin)) => format!("{origin}{escaped}"),
        _ => escaped,
    }
}

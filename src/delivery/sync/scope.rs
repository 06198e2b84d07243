//! What a client follows: the sections it named, as they are meant at present, and the
//! kinds of things.

use super::cursor::KINDS;
use crate::articles::model::ListFilter;
use crate::changes::Entity;
use crate::db::Id;
use crate::delivery::context::Context;
use crate::error::{Result, bad_parameter};
use crate::http::cursor::fingerprint;
use crate::http::query::Params;
use crate::http::reference::Reference;
use crate::http::text;

/// The most sections that a client may follow at once.
const SECTIONS_MAX: usize = 20;

/// The kinds of things that `types` may name.
const TYPES: [&str; 7] = [
    "article", "author", "list", "media", "section", "site", "topic",
];

/// What a client says that it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Sections by slug or id; none means all.
    pub sections: Vec<String>,
    /// Kinds of things; none means all.
    pub types: Vec<&'static str>,
}

impl Named {
    /// Reads the parameters `section` and `types`.
    pub fn of(params: &mut Params) -> Result<Self> {
        let mut sections = Vec::new();
        if let Some(value) = params.one("section")? {
            let names = value.split(',').map(str::trim);
            sections.extend(names.filter(|name| !name.is_empty()).map(str::to_owned));
            sections.sort();
            sections.dedup();
            if sections.is_empty() {
                return Err(bad_parameter(
                    "`section` is empty; leave it out or name something.",
                ));
            }
            if sections.len() > SECTIONS_MAX {
                return Err(bad_parameter(format!(
                    "`section` lists {} sections; {SECTIONS_MAX} are the most.",
                    sections.len()
                )));
            }
        }
        Ok(Named {
            sections,
            types: params.names("types", &TYPES)?,
        })
    }

    /// The parameters again.
    pub fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.sections.is_empty() {
            pairs.push(("section", self.sections.join(",")));
        }
        if !self.types.is_empty() {
            pairs.push(("types", self.types.join(",")));
        }
        pairs
    }
}

/// What a client follows, as it is meant at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The sections, in the order of their ids; none means all.
    pub sections: Vec<Id>,
    /// The kinds of things.
    pub kinds: Vec<Entity>,
    /// Stands for what the client said: a cursor belongs to it.
    pub said: u32,
    /// Stands for what it means, and for what all addresses are made of: a cursor
    /// expires when that changes.
    pub meant: u32,
}

impl Scope {
    /// What the names mean; an error if one means nothing.
    pub fn of(named: &Named, context: &Context) -> Result<Self> {
        let mut sections = Vec::new();
        for name in &named.sections {
            let Some(section) = context.tree.led_to(&Reference::of(name)) else {
                let in_order = context.tree.in_order();
                let known: Vec<&str> = in_order.iter().map(|it| it.slug.as_str()).collect();
                return Err(bad_parameter(format!(
                    "`section`: {}.",
                    text::unknown(name, &known)
                )));
            };
            sections.push(section.id);
        }
        sections.sort_unstable();
        sections.dedup();
        let mut meant = context.addresses();
        for section in &sections {
            meant.push('\n');
            meant.push_str(&section.to_string());
        }
        let all = [&KINDS[..], &[Entity::Media]].concat();
        let wanted = |kind: &Entity| named.types.is_empty() || named.types.contains(&kind.as_str());
        let said = serde_urlencoded::to_string(named.parameters());
        Ok(Scope {
            sections,
            kinds: all.into_iter().filter(wanted).collect(),
            said: fingerprint(&said.unwrap_or_default()),
            meant: fingerprint(&meant),
        })
    }

    /// Everything there is, for tests.
    #[cfg(test)]
    pub fn everything() -> Self {
        Scope {
            sections: Vec::new(),
            kinds: KINDS.to_vec(),
            said: 0,
            meant: 0,
        }
    }

    /// Whether it has things of this kind.
    pub fn has(&self, kind: Entity) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether an article in a section belongs to it.
    pub fn holds(&self, section: Option<Id>, context: &Context) -> bool {
        if self.sections.is_empty() {
            return true;
        }
        let above = section.map(|section| context.tree.ancestors(section));
        let mut above = above.iter().flatten();
        above.any(|section| self.sections.contains(&section.id))
    }

    /// The same for lists.
    pub fn filter(&self) -> ListFilter {
        let lists = match self.sections.as_slice() {
            [] => Vec::new(),
            sections => vec![sections.to_vec()],
        };
        ListFilter {
            lists,
            ..ListFilter::default()
        }
    }
}

//! The section as it is stored, as editors see it, and the tree.

use std::collections::HashMap;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::schema::sections;
use crate::db::{Id, Time};
use crate::error::FieldError;
use crate::http::patch::{Ignored, Patch};
use crate::http::reference::Reference;
use crate::http::text;
use crate::taxonomy::{OtherName, Others, Way};

/// How many levels the tree may have.
pub const DEPTH_MAX: usize = 8;
/// How many sections there may be.
pub const SECTIONS_MAX: usize = 500;
/// The longest description, in characters.
pub const DESCRIPTION_MAX: usize = 1_000;

/// A section as it is stored.
#[derive(Queryable, Selectable, Insertable, AsChangeset, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = sections, treat_none_as_null = true)]
pub struct Section {
    /// Its id.
    pub id: Id,
    /// The section it lies in; none at the top.
    pub parent_id: Option<Id>,
    /// Its name in addresses, which no other section has.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Its place among its siblings; equal ones are sorted by name.
    pub position: i32,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

/// A section as a client sends it.
#[derive(Deserialize, ToSchema, Clone, Debug)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Musik", "parent": "kultur", "description": "Konzerte, Alben, Clubs"}))]
pub struct SectionIn {
    /// Its name, at most 120 characters.
    pub name: String,
    /// Its name in addresses. Made from the name if left out.
    #[serde(default)]
    #[schema(nullable = false)]
    pub slug: Option<String>,
    /// The section it lies in: slug, id or exact name. At the top if left out.
    #[serde(default)]
    #[schema(nullable = false)]
    pub parent: Option<String>,
    /// What it is about, at most 1000 characters.
    #[serde(default)]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Its place among its siblings; equal ones are sorted by name.
    #[serde(default)]
    pub position: i32,
    /// What else it is called, 100 at most: an upload finds it by these too. They
    /// stay as they are if left out.
    #[serde(default)]
    #[schema(nullable = false, max_items = 100, example = json!(["Konzerte"]))]
    pub aliases: Option<Vec<String>>,
    /// Kept by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub former_slugs: Ignored,
    /// Can't be changed; may come back as it was.
    #[serde(default)]
    #[schema(nullable = false)]
    pub id: Option<Id>,
    /// Follows from the tree; ignored.
    #[serde(default)]
    #[schema(value_type = String)]
    pub path: Ignored,
    /// Counted by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = i64)]
    pub version: Ignored,
    /// Set by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Time)]
    pub created_at: Ignored,
    /// Set by Perspektive; ignored.
    #[serde(default)]
    #[schema(value_type = Time)]
    pub updated_at: Ignored,
}

/// Changes to a section, as a merge patch: what is left out stays.
#[derive(Deserialize, ToSchema, Clone, Debug, Default)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"parent": "gesellschaft", "description": null}))]
pub struct SectionPatch {
    /// Its name, at most 120 characters.
    #[serde(default)]
    #[schema(value_type = String)]
    pub name: Patch<String>,
    /// Its name in addresses.
    #[serde(default)]
    #[schema(value_type = String)]
    pub slug: Patch<String>,
    /// The section it lies in: slug, id or exact name; null moves it to the top.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub parent: Patch<String>,
    /// What it is about; null removes it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub description: Patch<String>,
    /// Its place among its siblings; null means 0.
    #[serde(default)]
    #[schema(value_type = Option<i32>)]
    pub position: Patch<i32>,
    /// What else it is called; null removes all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub aliases: Patch<Vec<String>>,
}

/// A section as editors see it.
#[derive(Serialize, ToSchema, Clone, Debug)]
pub struct SectionOut {
    /// Its id.
    pub id: Id,
    /// Its name in addresses.
    #[schema(example = "musik")]
    pub slug: String,
    /// Its name.
    #[schema(example = "Musik")]
    pub name: String,
    /// Slug of the section it lies in. Missing at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "kultur")]
    pub parent: Option<String>,
    /// The slugs from the top down to it.
    #[schema(example = "kultur/musik")]
    pub path: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Its place among its siblings.
    pub position: i32,
    /// What else it is called.
    #[schema(example = json!(["Konzerte"]))]
    pub aliases: Vec<String>,
    /// Slugs that lead to it because it had them, or what was merged into it.
    #[schema(example = json!(["konzerte"]))]
    pub former_slugs: Vec<String>,
    /// Counts the writes to it.
    pub version: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last written to.
    pub updated_at: Time,
}

impl SectionOut {
    /// What editors see of a section of this tree.
    pub fn of(section: &Section, tree: &Tree) -> Self {
        let Section {
            id,
            parent_id,
            slug,
            name,
            description,
            position,
            version,
            created_at,
            updated_at,
        } = section.clone();
        let parent = parent_id.and_then(|parent| tree.by_id(parent));
        let Others {
            aliases,
            former_slugs,
        } = tree.others(id);
        SectionOut {
            id,
            parent: parent.map(|parent| parent.slug.clone()),
            path: tree.path(id),
            slug,
            name,
            description,
            position,
            aliases,
            former_slugs,
            version,
            created_at,
            updated_at,
        }
    }
}

/// All sections, as a tree, with their other names.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    sections: Vec<Section>,
    by_id: HashMap<Id, usize>,
    children: HashMap<Option<Id>, Vec<usize>>,
    others: Vec<OtherName>,
}

impl Tree {
    /// Puts sections in order. One whose parent doesn't exist stands at the top.
    pub fn new(mut sections: Vec<Section>, others: Vec<OtherName>) -> Self {
        sections.sort_by_cached_key(|section| {
            (section.position, text::slugify(&section.name), section.id)
        });
        let by_id: HashMap<Id, usize> = sections
            .iter()
            .enumerate()
            .map(|(place, section)| (section.id, place))
            .collect();
        let mut children: HashMap<Option<Id>, Vec<usize>> = HashMap::new();
        for (place, section) in sections.iter().enumerate() {
            let parent = section.parent_id.filter(|id| by_id.contains_key(id));
            children.entry(parent).or_default().push(place);
        }
        let mut tree = Tree {
            sections,
            by_id,
            children,
            others,
        };
        // What was merged is found where it is now, but is no section itself.
        for (old, place) in tree.merged() {
            tree.by_id.insert(old, place);
        }
        tree
    }

    /// The ids that lead to others, and the places of these.
    fn merged(&self) -> Vec<(Id, usize)> {
        let merged = self.others.iter().filter(|row| row.way == Way::Id);
        merged
            .filter_map(|row| Some((row.name_key.parse().ok()?, *self.by_id.get(&row.target_id)?)))
            .collect()
    }

    /// How many sections there are.
    pub fn len(&self) -> usize {
        self.sections.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// The section with this id, or what that was merged into: what a revision
    /// means by it.
    pub fn by_id(&self, id: Id) -> Option<&Section> {
        self.by_id.get(&id).map(|place| &self.sections[*place])
    }

    /// The section with this slug.
    pub fn by_slug(&self, slug: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.slug == slug)
    }

    /// The section that a path names: by its present slug or its own id.
    pub fn get(&self, reference: &Reference) -> Option<&Section> {
        match reference {
            Reference::Id(id) => self.by_id(*id).filter(|section| section.id == *id),
            Reference::Slug(slug) => self.by_slug(slug),
        }
    }

    /// The section that has this slug, or had it, or took in whoever had it; and
    /// likewise of an id.
    pub fn led_to(&self, reference: &Reference) -> Option<&Section> {
        match reference {
            Reference::Id(id) => self.by_id(*id),
            Reference::Slug(slug) => self
                .by_slug(slug)
                .or_else(|| self.by_other_name(Way::Slug, slug)),
        }
    }

    fn by_other_name(&self, way: Way, key: &str) -> Option<&Section> {
        let named = |row: &&OtherName| row.way == way && row.name_key == key;
        self.by_id(self.others.iter().find(named)?.target_id)
    }

    /// The other names of a section.
    pub fn others(&self, id: Id) -> Others {
        Others::of(id, &self.others)
    }

    /// All sections' other names.
    pub fn all_others(&self) -> &[OtherName] {
        &self.others
    }

    /// The ids by which revisions may name any of these sections.
    pub fn ids_of(&self, sections: &[&Section]) -> Vec<Id> {
        let ids = self.by_id.iter();
        ids.filter(|(_, place)| {
            let id = self.sections[**place].id;
            sections.iter().any(|section| section.id == id)
        })
        .map(|(id, _)| *id)
        .collect()
    }

    /// The section that a text in a document means: its id, a slug that it has or
    /// had, its exact name, or an alias. An error says which slugs the name could mean, or which
    /// section has the nearest name.
    pub fn resolve(&self, text: &str, pointer: &str) -> Result<&Section, FieldError> {
        if let Some(section) = self.led_to(&Reference::of(text)) {
            return Ok(section);
        }
        let key = text::name_key(text);
        let same: Vec<&Section> = self
            .sections
            .iter()
            .filter(|section| text::name_key(&section.name) == key)
            .collect();
        match same.as_slice() {
            [only] => Ok(only),
            [] => {
                if let Some(section) = self.by_other_name(Way::Alias, &key) {
                    return Ok(section);
                }
                let in_order = self.in_order().into_iter();
                let slugs: Vec<&str> = in_order.map(|s| s.slug.as_str()).collect();
                let detail = format!("the section {}", text::unknown(text, &slugs));
                Err(FieldError::new(pointer, "unknown-section", detail))
            }
            several => {
                let slugs: Vec<&str> = several.iter().map(|s| s.slug.as_str()).collect();
                let detail = format!(
                    "several sections have this name; send one of the slugs {}",
                    slugs.join(", ")
                );
                Err(FieldError::new(pointer, "ambiguous", detail))
            }
        }
    }

    /// The sections directly below one, or those at the top, in their order.
    pub fn children(&self, parent: Option<Id>) -> impl Iterator<Item = &Section> {
        self.children
            .get(&parent)
            .into_iter()
            .flatten()
            .map(|place| &self.sections[*place])
    }

    /// A section and all those above it, from the top down to itself.
    pub fn ancestors(&self, id: Id) -> Vec<&Section> {
        let mut found = Vec::new();
        let mut next = self.by_id(id);
        while let Some(section) = next {
            found.push(section);
            // More levels than there may be: whatever made them, this ends.
            next = (found.len() < 2 * DEPTH_MAX)
                .then(|| self.by_id(section.parent_id?))
                .flatten();
        }
        found.reverse();
        found
    }

    /// A section and all those below it, each before its children.
    pub fn descendants(&self, id: Id) -> Vec<&Section> {
        let mut found = Vec::new();
        if let Some(section) = self.by_id(id) {
            self.collect(section, &mut found);
        }
        found
    }

    /// All sections, each before its children.
    pub fn in_order(&self) -> Vec<&Section> {
        let mut found = Vec::new();
        for section in self.children(None) {
            self.collect(section, &mut found);
        }
        found
    }

    fn collect<'a>(&'a self, section: &'a Section, found: &mut Vec<&'a Section>) {
        found.push(section);
        for child in self.children(Some(section.id)) {
            self.collect(child, found);
        }
    }

    /// The slugs from the top down to a section, such as `kultur/musik`.
    pub fn path(&self, id: Id) -> String {
        let slugs: Vec<&str> = self
            .ancestors(id)
            .iter()
            .map(|section| section.slug.as_str())
            .collect();
        slugs.join("/")
    }

    /// How many levels a section and those below it make up.
    pub fn height(&self, id: Id) -> usize {
        1 + self
            .children(Some(id))
            .map(|child| self.height(child.id))
            .max()
            .unwrap_or(0)
    }

    /// The tree as nested values: `show` gets a section and what was made of
    /// its children.
    pub fn nest<T>(&self, parent: Option<Id>, show: &impl Fn(&Section, Vec<T>) -> T) -> Vec<T> {
        self.children(parent)
            .map(|section| show(section, self.nest(Some(section.id), show)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::Kind;

    fn section(slug: &str, parent: Option<&Section>, position: i32) -> Section {
        Section {
            id: Id::new(),
            parent_id: parent.map(|parent| parent.id),
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
            description: None,
            position,
            version: 1,
            created_at: Time(0),
            updated_at: Time(0),
        }
    }

    #[test]
    fn a_tree_knows_paths_ancestors_and_descendants() {
        let kultur = section("kultur", None, 2);
        let politik = section("politik", None, 1);
        let musik = section("musik", Some(&kultur), 0);
        let klassik = section("klassik", Some(&musik), 0);
        let film = section("film", Some(&kultur), 0);
        let all = vec![&klassik, &musik, &kultur, &film, &politik];
        let tree = Tree::new(all.into_iter().cloned().collect(), vec![]);
        let slugs = |sections: Vec<&Section>| -> Vec<String> {
            sections.iter().map(|s| s.slug.clone()).collect()
        };
        assert_eq!(tree.path(klassik.id), "kultur/musik/klassik");
        assert_eq!(slugs(tree.ancestors(musik.id)), ["kultur", "musik"]);
        assert_eq!(
            slugs(tree.in_order()),
            ["politik", "kultur", "film", "musik", "klassik"]
        );
        assert_eq!(slugs(tree.descendants(musik.id)), ["musik", "klassik"]);
        assert_eq!(tree.height(kultur.id), 3);
        assert_eq!(tree.resolve("Film", "#/section").map(|s| s.id), Ok(film.id));
        assert_eq!(
            tree.resolve("kultr", "#/section").unwrap_err().code,
            "unknown-section"
        );
    }

    #[test]
    fn other_names_lead_to_sections_and_are_none() {
        let kultur = section("kultur", None, 0);
        let old = Id::new();
        let other = |way, key: &str| OtherName {
            way,
            name_key: key.to_owned(),
            kind: Kind::Section,
            target_id: kultur.id,
            name: key.to_owned(),
            position: 0,
        };
        let others = vec![
            other(Way::Id, &old.to_string()),
            other(Way::Slug, "feuilleton"),
            other(Way::Alias, "kunst und kultur"),
        ];
        let tree = Tree::new(vec![kultur.clone()], others);
        for text in ["feuilleton", "Kunst und KULTUR", &old.to_string()] {
            assert_eq!(tree.resolve(text, "").map(|s| s.id), Ok(kultur.id));
        }
        assert_eq!(tree.by_id(old), Some(&kultur));
        assert_eq!(tree.get(&Reference::Id(old)), None);
        assert_eq!(tree.get(&Reference::of("feuilleton")), None);
        assert_eq!((tree.len(), tree.in_order().len()), (1, 1));
        let mut ids = tree.ids_of(&[&kultur]);
        ids.sort();
        assert_eq!(ids, [kultur.id, old]);
    }

    #[test]
    fn a_cycle_in_the_data_ends() {
        let (mut a, mut b) = (section("a", None, 0), section("b", None, 0));
        (a.parent_id, b.parent_id) = (Some(b.id), Some(a.id));
        let tree = Tree::new(vec![a.clone(), b], vec![]);
        assert_eq!(tree.ancestors(a.id).len(), 2 * DEPTH_MAX);
        assert!(tree.in_order().is_empty());
    }
}

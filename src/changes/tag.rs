//! What answers are made of, in words that fit into a header.

use std::collections::BTreeSet;

use super::Entity;
use crate::db::{Id, Time};

/// How many groups of tags there are.
const GROUPS: usize = 64;

/// What an answer is made of, as a number of 40 bits. In a `Surrogate-Key`
/// header it is written as 8 characters, which tell nobody what they stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u64);

impl Tag {
    /// An article, as a page, as a card, as the target of a link.
    pub fn article(id: Id) -> Self {
        Tag::of(b'a', id)
    }

    /// A section's name and place in the tree.
    pub fn section(id: Id) -> Self {
        Tag::of(b's', id)
    }

    /// A topic's name.
    pub fn topic(id: Id) -> Self {
        Tag::of(b't', id)
    }

    /// An author's name and profile.
    pub fn author(id: Id) -> Self {
        Tag::of(b'u', id)
    }

    /// A picture: what is said about it and what was made of it.
    pub fn media(id: Id) -> Self {
        Tag::of(b'm', id)
    }

    /// Which articles are in the list of a section, topic or author, and in
    /// what order.
    pub fn list(id: Id) -> Self {
        Tag::of(b'l', id)
    }

    /// A curated list: its name, and what was put into it.
    pub fn curated(id: Id) -> Self {
        Tag::of(b'c', id)
    }

    /// The curated list with a slug, if only that there is none.
    pub fn curated_slug(slug: &str) -> Self {
        Tag(xxhash_rust::xxh3::xxh3_64_with_seed(slug.as_bytes(), u64::from(b'c')) >> 24)
    }

    /// Which articles there are at all, and in what order.
    pub fn all_articles() -> Self {
        Tag::of(b'l', Id(uuid::Uuid::nil()))
    }

    /// Which articles were published in the month (UTC) that an instant lies in, and
    /// when they last changed.
    pub fn month_of(at: Time) -> Self {
        use chrono::Datelike;
        let date = at.to_datetime();
        let months = i64::from(date.year()) * 12 + i64::from(date.month0());
        Tag::of(b'd', Id(uuid::Uuid::from_u128(months as u128)))
    }

    /// Which sections, topics, authors, lists or redirects there are.
    pub fn index(entity: Entity) -> Self {
        let nil = Id(uuid::Uuid::nil());
        match entity {
            Entity::Article => Tag::all_articles(),
            Entity::Section => Tag::of(b's', nil),
            Entity::Topic => Tag::of(b't', nil),
            Entity::Author => Tag::of(b'u', nil),
            Entity::Media => Tag::of(b'm', nil),
            Entity::Site => Tag::site(),
            Entity::List => Tag::of(b'c', nil),
            Entity::Redirect => Tag::of(b'r', nil),
        }
    }

    /// What a search finds: nobody knows beforehand which words an article will have.
    pub fn search() -> Self {
        Tag::of(b'f', Id(uuid::Uuid::nil()))
    }

    /// What may be wrong after anything is said about such a thing, beside what the
    /// entry says.
    pub(super) fn of_any(entity: Entity) -> Option<Self> {
        let searched = matches!(entity, Entity::Article | Entity::Topic | Entity::Author);
        searched.then(Tag::search)
    }

    /// The newsroom's own settings.
    pub fn site() -> Self {
        Tag::of(b'n', Id(uuid::Uuid::nil()))
    }

    /// What is found under a slug, if only that nothing is.
    pub fn slug(slug: &str) -> Self {
        Tag(xxhash_rust::xxh3::xxh3_64_with_seed(slug.as_bytes(), u64::from(b'p')) >> 24)
    }

    /// Everything that anyone may read.
    pub fn everything() -> Self {
        Tag::of(b'e', Id(uuid::Uuid::nil()))
    }

    /// The group that this tag is in. Where a header has no room for all tags, groups
    /// stand for those left out, and whoever purges a tag purges its group as well.
    pub fn group(self) -> Self {
        let number = u128::from(self.0 % GROUPS as u64);
        Tag::of(b'g', Id(uuid::Uuid::from_u128(number)))
    }

    /// Writes tags as [`join`] does, in so many bytes at most: the first of them, and for
    /// the others their groups.
    pub fn join_within(tags: &[Tag], bytes: usize) -> String {
        let room = (bytes + 1) / 9;
        if tags.len() <= room {
            return join(tags);
        }
        let (first, others) = tags.split_at(room.saturating_sub(GROUPS));
        let groups: BTreeSet<Tag> = others.iter().map(|tag| tag.group()).collect();
        join(&first.iter().copied().chain(groups).collect::<Vec<_>>())
    }

    fn of(kind: u8, id: Id) -> Self {
        let mut bytes = [kind; 17];
        bytes[1..].copy_from_slice(id.0.as_bytes());
        Tag(xxhash_rust::xxh3::xxh3_64(&bytes) >> 24)
    }

    /// The 8 characters that stand for this tag in headers and in the log.
    pub fn write_to(self, text: &mut String) {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        text.extend(
            (0..8)
                .rev()
                .map(|place| char::from(ALPHABET[(self.0 >> (place * 5)) as usize & 31])),
        );
    }

    fn parse(text: &str) -> Option<Self> {
        const ALPHABET: &str = "0123456789abcdefghjkmnpqrstvwxyz";
        (text.len() == 8)
            .then(|| {
                text.chars()
                    .try_fold(0, |sum, c| Some(sum << 5 | ALPHABET.find(c)? as u64))
            })
            .flatten()
            .map(Tag)
    }
}

/// Writes tags separated by spaces.
pub fn join(tags: &[Tag]) -> String {
    let mut text = String::with_capacity(tags.len() * 9);
    for tag in tags {
        if !text.is_empty() {
            text.push(' ');
        }
        tag.write_to(&mut text);
    }
    text
}

/// Reads what [`join`] wrote.
pub(super) fn parse_keys(keys: &str) -> impl Iterator<Item = Tag> + '_ {
    keys.split(' ').filter_map(Tag::parse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_survive_being_written() {
        let tags = [Tag::article(Id::new()), Tag::site(), Tag::all_articles()];
        assert_eq!(parse_keys(&join(&tags)).collect::<Vec<_>>(), tags);
    }

    /// Whatever is purged, a header that was too long for it has a key that is.
    #[test]
    fn a_header_without_room_names_groups() {
        let tags: Vec<Tag> = (0..1_000).map(|_| Tag::article(Id::new())).collect();
        assert_eq!(Tag::join_within(&tags[..455], 4_096), join(&tags[..455]));
        let cut = Tag::join_within(&tags, 4_096);
        assert!(cut.len() <= 4_096 && cut.len() > 3_500, "{}", cut.len());
        let there: Vec<Tag> = parse_keys(&cut).collect();
        assert_eq!(there[..391], tags[..391]);
        for tag in &tags {
            assert!(there.contains(tag) || there.contains(&tag.group()));
        }
    }
}

//! The one schema, for both databases. What the columns mean is written in the
//! migrations.
#![allow(missing_docs)]

use super::types::Uid;

diesel::table! {
    site (id) {
        id -> Integer,
        settings -> Text,
        version -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    secrets (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    users (id) {
        id -> Uid,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    api_keys (id) {
        id -> Uid,
        user_id -> Uid,
        name -> Text,
        prefix -> Text,
        digest -> Text,
        scopes -> Text,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    refresh_tokens (id) {
        id -> Uid,
        family_id -> Uid,
        user_id -> Uid,
        digest -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    sections (id) {
        id -> Uid,
        parent_id -> Nullable<Uid>,
        slug -> Text,
        name -> Text,
        description -> Nullable<Text>,
        position -> Integer,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    topics (id) {
        id -> Uid,
        slug -> Text,
        name -> Text,
        name_key -> Text,
        sort_key -> Text,
        description -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    authors (id) {
        id -> Uid,
        slug -> Text,
        name -> Text,
        name_key -> Text,
        sort_key -> Text,
        role -> Nullable<Text>,
        bio -> Nullable<Text>,
        email -> Nullable<Text>,
        url -> Nullable<Text>,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    articles (id) {
        id -> Uid,
        slug -> Text,
        external_id -> Nullable<Text>,
        version -> BigInt,
        revision -> Integer,
        live_revision -> Nullable<Integer>,
        published_at -> Nullable<BigInt>,
        first_published_at -> Nullable<BigInt>,
        updated_at -> Nullable<BigInt>,
        corrections -> Nullable<Text>,
        expires_at -> Nullable<BigInt>,
        announce_at -> Nullable<BigInt>,
        kind -> Text,
        language -> Text,
        submitted_at -> Nullable<BigInt>,
        sent_back_at -> Nullable<BigInt>,
        sent_back_by -> Nullable<Uid>,
        sent_back_remark -> Nullable<Text>,
        withdrawn_at -> Nullable<BigInt>,
        withdrawn_reason -> Nullable<Text>,
        trashed_at -> Nullable<BigInt>,
        created_at -> BigInt,
        created_by -> Uid,
        edited_at -> BigInt,
        edited_by -> Uid,
        live_head -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    revisions (article_id, number) {
        article_id -> Uid,
        number -> Integer,
        created_at -> BigInt,
        created_by -> Uid,
        revision_note -> Nullable<Text>,
        restored_from -> Nullable<Integer>,
        kind -> Text,
        language -> Text,
        kicker -> Nullable<Text>,
        headline -> Text,
        subheadline -> Nullable<Text>,
        teaser -> Nullable<Text>,
        section_id -> Nullable<Uid>,
        topics -> Text,
        authors -> Text,
        image -> Nullable<Text>,
        priority -> Text,
        access -> Text,
        source -> Nullable<Text>,
        seo -> Nullable<Text>,
        note -> Nullable<Text>,
        embargo_until -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        word_count -> Integer,
        search_text -> Text,
        body -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    links (article_id, revision, position) {
        article_id -> Uid,
        revision -> Integer,
        position -> Integer,
        placement -> Text,
        relation -> Text,
        headline -> Nullable<Text>,
        slug -> Nullable<Text>,
        target_id -> Nullable<Uid>,
        url -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    listings (list_id, published_at, article_id) {
        list_id -> Uid,
        published_at -> BigInt,
        article_id -> Uid,
        updated_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    former_slugs (slug) {
        slug -> Text,
        article_id -> Uid,
        retired_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    other_names (way, name_key, kind) {
        way -> Text,
        name_key -> Text,
        kind -> Text,
        target_id -> Uid,
        name -> Text,
        position -> Integer,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    changes (seq) {
        seq -> BigInt,
        at -> BigInt,
        entity -> Text,
        entity_id -> Uid,
        action -> Text,
        keys -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    preview_links (id) {
        id -> Uid,
        article_id -> Uid,
        digest -> Text,
        note -> Nullable<Text>,
        created_at -> BigInt,
        created_by -> Uid,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    lists (id) {
        id -> Uid,
        slug -> Text,
        name -> Text,
        sort_key -> Text,
        description -> Nullable<Text>,
        kind -> Text,
        filter -> Text,
        size -> Integer,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    list_entries (list_id, position) {
        list_id -> Uid,
        position -> Integer,
        article_id -> Uid,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    redirects (id) {
        id -> Uid,
        source -> Text,
        literals -> Nullable<Integer>,
        status -> Integer,
        article_id -> Nullable<Uid>,
        target -> Nullable<Text>,
        search_text -> Text,
        version -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (scope) {
        scope -> Text,
        fingerprint -> Text,
        status -> Integer,
        headers -> Text,
        body -> Nullable<Text>,
        expires_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    audit (at, id) {
        id -> Uid,
        at -> BigInt,
        actor_id -> Uid,
        way -> Text,
        key_id -> Nullable<Uid>,
        action -> Text,
        outcome -> Text,
        subject -> Nullable<Text>,
        subject_id -> Nullable<Uid>,
        revision -> Nullable<BigInt>,
        operation -> Nullable<Text>,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    media (id) {
        id -> Uid,
        sha256 -> Text,
        format -> Text,
        bytes -> BigInt,
        width -> Integer,
        height -> Integer,
        orientation -> Integer,
        alt -> Nullable<Text>,
        decorative -> Bool,
        caption -> Nullable<Text>,
        credit -> Nullable<Text>,
        copyright -> Nullable<Text>,
        focal_x -> Nullable<Double>,
        focal_y -> Nullable<Double>,
        search_text -> Text,
        thumbhash -> Nullable<Text>,
        renditions -> Text,
        rendered_at -> Nullable<BigInt>,
        failure -> Nullable<Text>,
        attempts -> Integer,
        claimed_until -> Nullable<BigInt>,
        version -> BigInt,
        edited_version -> BigInt,
        created_at -> BigInt,
        created_by -> Uid,
        updated_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::Uid;
    media_uses (media_id, article_id, revision) {
        media_id -> Uid,
        article_id -> Uid,
        revision -> Integer,
    }
}

diesel::table! {
    use super::Uid;
    use diesel::sql_types::*;
    media_leftovers (media_id) {
        media_id -> Uid,
        due_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    api_keys,
    articles,
    audit,
    authors,
    changes,
    former_slugs,
    links,
    list_entries,
    listings,
    lists,
    media,
    media_leftovers,
    media_uses,
    other_names,
    preview_links,
    redirects,
    refresh_tokens,
    revisions,
    sections,
    topics,
    users,
);

diesel::joinable!(listings -> articles (article_id));

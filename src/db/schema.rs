//! The tables as diesel sees them, the same on both databases. A test compares this with the live schema.

diesel::table! {
    facts (name) {
        name -> Text,
        value -> Text,
    }
}
diesel::table! {
    revisions (slot) {
        slot -> Integer,
        number -> BigInt,
    }
}
diesel::table! {
    use crate::db::sql::*;
    leases (name) {
        name -> Text,
        holder -> Text,
        until -> Ts,
    }
}
diesel::table! {
    use crate::db::sql::*;
    settings (name) {
        name -> Text,
        value -> Js,
    }
}
diesel::table! {
    use crate::db::sql::*;
    users (id) {
        id -> Text,
        email -> Nullable<Text>,
        email_norm -> Nullable<Text>,
        email_verified -> Bool,
        phone -> Nullable<Text>,
        phone_verified -> Bool,
        display_name -> Text,
        name_norm -> Text,
        role -> Text,
        status -> Text,
        status_reason -> Nullable<Text>,
        schema_id -> Text,
        traits -> Js,
        metadata_public -> Js,
        metadata_admin -> Js,
        password_hash -> Nullable<Text>,
        invite_id -> Nullable<Text>,
        terms_version -> Nullable<Text>,
        terms_accepted_at -> Nullable<Ts>,
        created_at -> Ts,
        updated_at -> Ts,
        last_seen_at -> Nullable<Ts>,
    }
}
diesel::table! {
    use crate::db::sql::*;
    groups (id) {
        id -> Text,
        name -> Text,
        name_norm -> Text,
        description -> Text,
        owner_id -> Text,
        created_at -> Ts,
    }
}
diesel::table! {
    use crate::db::sql::*;
    group_members (group_id, user_id) {
        group_id -> Text,
        user_id -> Text,
        level -> Text,
        created_at -> Ts,
    }
}

diesel::table! {
    use crate::db::sql::*;
    sessions (id) {
        id -> Text,
        digest -> Binary,
        user_id -> Text,
        created_at -> Ts,
        authenticated_at -> Ts,
        last_seen_at -> Ts,
        ip -> Nullable<Text>,
        agent -> Text,
    }
}

diesel::table! {
    use crate::db::sql::*;
    one_time_links (id) {
        id -> Text,
        kind -> Text,
        digest -> Binary,
        user_id -> Nullable<Text>,
        mailed_to -> Nullable<Text>,
        created_at -> Ts,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    codes (id) {
        id -> Text,
        purpose -> Text,
        subject -> Text,
        address_norm -> Text,
        digest -> Binary,
        tries_left -> Integer,
        created_at -> Ts,
        expires_at -> Ts,
        used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    logins (id) {
        id -> Text,
        user_id -> Text,
        kind -> Text,
        address -> Text,
        address_norm -> Text,
        verified_at -> Ts,
        created_at -> Ts,
        last_used_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    api_keys (id) {
        id -> Text,
        owner_id -> Text,
        name -> Text,
        note -> Text,
        prefix -> Text,
        last_four -> Text,
        digest -> Binary,
        scopes -> Text,
        created_at -> Ts,
        expires_at -> Nullable<Ts>,
        revoked_at -> Nullable<Ts>,
        revoked_by -> Nullable<Text>,
        revoked_reason -> Nullable<Text>,
        last_used_at -> Nullable<Ts>,
        last_used_ip -> Nullable<Text>,
        last_used_agent -> Nullable<Text>,
        successor_id -> Nullable<Text>,
        successor_used_at -> Nullable<Ts>,
        ends_on_first_use -> Bool,
        is_untried -> Bool,
        next_notice_at -> Nullable<Ts>,
        alerted_at -> Nullable<Ts>,
        is_imported -> Bool,
    }
}

diesel::table! {
    use crate::db::sql::*;
    invites (id) {
        id -> Text,
        state -> Text,
        address -> Text,
        address_norm -> Text,
        name_norm -> Text,
        delivery -> Text,
        role -> Text,
        schema_id -> Text,
        traits -> Js,
        metadata_public -> Js,
        metadata_admin -> Js,
        label -> Text,
        message -> Text,
        locale -> Text,
        redirect_url -> Nullable<Text>,
        lifetime_seconds -> BigInt,
        expires_at -> Ts,
        created_at -> Ts,
        created_by -> Nullable<Text>,
        ended_at -> Nullable<Ts>,
        ended_by -> Nullable<Text>,
        accepted_at -> Nullable<Ts>,
        accepted_by -> Nullable<Text>,
        mail_id -> Nullable<Text>,
        template_id -> Text,
        matching -> Text,
        domains -> Js,
        max_uses -> Integer,
        uses -> Integer,
        sent_at -> Nullable<Ts>,
        reminded -> Integer,
        erased_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    schemas (id) {
        id -> Text,
        name -> Text,
        document -> Text,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use crate::db::sql::*;
    invite_templates (id) {
        id -> Text,
        name -> Text,
        name_norm -> Text,
        schema_id -> Text,
        policy -> Js,
        created_at -> Ts,
        updated_at -> Ts,
    }
}

diesel::table! {
    use crate::db::sql::*;
    invite_acceptances (invite_id, user_id) {
        invite_id -> Text,
        user_id -> Text,
        accepted_at -> Ts,
    }
}

diesel::table! {
    use crate::db::sql::*;
    invite_applications (invite_id) {
        invite_id -> Text,
        user_id -> Nullable<Text>,
        display_name -> Text,
        password_hash -> Nullable<Text>,
        traits -> Js,
        terms_version -> Nullable<Text>,
        address_proved -> Bool,
        created_at -> Ts,
    }
}

diesel::table! {
    invite_groups (invite_id, group_id) {
        invite_id -> Text,
        group_id -> Text,
    }
}

diesel::table! {
    use crate::db::sql::*;
    suppressions (address) {
        address -> Binary,
        created_at -> Ts,
    }
}

diesel::table! {
    use crate::db::sql::*;
    invite_links (id) {
        id -> Text,
        invite_id -> Text,
        digest -> Binary,
        shown -> Bool,
        created_at -> Ts,
        dead_at -> Nullable<Ts>,
        opened_at -> Nullable<Ts>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    invite_batches (id) {
        id -> Text,
        state -> Text,
        lines -> Integer,
        ready -> Integer,
        already_member -> Integer,
        already_invited -> Integer,
        invalid -> Integer,
        key_id -> Nullable<Text>,
        ip -> Nullable<Text>,
        request_id -> Text,
        created_at -> Ts,
        created_by -> Text,
        touched_at -> Ts,
        busy -> Bool,
    }
}
diesel::table! {
    invite_batch_pieces (batch_id, number) {
        batch_id -> Text,
        number -> Integer,
        lines -> Text,
    }
}
diesel::table! {
    invite_batch_rows (batch_id, line) {
        batch_id -> Text,
        line -> Integer,
        email -> Text,
        name -> Text,
        verdict -> Text,
        code -> Nullable<Text>,
        detail -> Nullable<Text>,
        invite_id -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    audit (id) {
        id -> Text,
        at -> Ts,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        action -> Text,
        target_kind -> Text,
        target_id -> Text,
        result -> Text,
        ip -> Nullable<Text>,
        request_id -> Text,
        before -> Js,
        after -> Js,
        seq -> Nullable<BigInt>,
        seal -> Nullable<Binary>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    events (id) {
        id -> Text,
        #[sql_name = "type"]
        kind -> Text,
        at -> Ts,
        actor_kind -> Text,
        actor_id -> Nullable<Text>,
        data -> Js,
        seq -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::db::sql::*;
    outbox (id) {
        id -> Text,
        channel -> Text,
        kind -> Text,
        recipient -> Text,
        subject -> Text,
        about -> Nullable<Text>,
        body -> Nullable<Binary>,
        state -> Text,
        attempts -> Integer,
        next_attempt_at -> Ts,
        last_error -> Nullable<Text>,
        leased_until -> Nullable<Ts>,
        fence -> BigInt,
        created_at -> Ts,
        sent_at -> Nullable<Ts>,
        urgent -> Bool,
    }
}
diesel::table! {
    use crate::db::sql::*;
    idempotent_answers (credential, route, key_digest) {
        credential -> Text,
        route -> Text,
        key_digest -> Binary,
        body_digest -> Binary,
        status -> Integer,
        answer -> Binary,
        made -> Nullable<Text>,
        created_at -> Ts,
    }
}

diesel::joinable!(group_members -> groups (group_id));
diesel::joinable!(group_members -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(one_time_links -> users (user_id));
diesel::joinable!(logins -> users (user_id));
diesel::joinable!(api_keys -> users (owner_id));
diesel::joinable!(invite_groups -> invites (invite_id));
diesel::joinable!(invite_groups -> groups (group_id));
diesel::joinable!(invite_batch_rows -> invites (invite_id));
diesel::joinable!(invite_links -> invites (invite_id));
diesel::joinable!(invite_acceptances -> invites (invite_id));
diesel::joinable!(invite_acceptances -> users (user_id));
diesel::joinable!(invite_applications -> invites (invite_id));
diesel::joinable!(invites -> outbox (mail_id));
diesel::joinable!(invite_templates -> schemas (schema_id));
diesel::allow_tables_to_appear_in_same_query! {
    api_keys, group_members, groups, invite_acceptances, invite_applications, invite_batch_rows,
    invite_groups, invite_links, invite_templates, invites, logins, one_time_links, outbox, schemas,
    sessions, users,
}

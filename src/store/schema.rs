//! The tables, as the migrations make them.

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        canonical -> Text,
        password_hash -> Nullable<Text>,
        password_version -> BigInt,
        role -> Text,
        disabled_at -> Nullable<BigInt>,
        tokens_valid_from -> BigInt,
        locale -> Nullable<Text>,
        created_at -> BigInt,
        password_changed_at -> Nullable<BigInt>,
        last_login_at -> Nullable<BigInt>,
        failed_attempts -> BigInt,
        untold_reuse_at -> Nullable<BigInt>,
        disable_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
        untold_guessing_at -> Nullable<BigInt>,
        skeleton -> Nullable<Text>,
        uid -> Text,
        display_name -> Nullable<Text>,
        mail -> Nullable<Text>,
        mail_canonical -> Nullable<Text>,
        mail_verified_at -> Nullable<BigInt>,
        notes -> Nullable<Text>,
        factors -> BigInt,
        factors_version -> BigInt,
        enrol_by_link -> Bool,
        untold_factor_change -> Nullable<Text>,
        untold_factor_change_at -> Nullable<BigInt>,
        untold_factor_change_ip -> Nullable<Text>,
        imported_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (sid) {
        sid -> Text,
        user_id -> BigInt,
        transport -> Text,
        remembered -> Bool,
        created_at -> BigInt,
        auth_time -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        access_until -> BigInt,
        ip -> Text,
        user_agent -> Text,
        #[sql_name = "gen"]
        generation -> BigInt,
        #[sql_name = "issue_count"]
        issue -> BigInt,
        previous_issue -> BigInt,
        rotated_at -> BigInt,
        seen -> Bool,
        csrf_seed -> Text,
        steps -> BigInt,
        odd -> Bool,
        ended_at -> Nullable<BigInt>,
        end_reason -> Nullable<Text>,
        ended_by -> Nullable<BigInt>,
        receipt -> Nullable<Text>,
        settled -> Bool,
        recovered -> BigInt,
        made_ip -> Text,
        made_agent -> Text,
        confirmations -> BigInt,
        proved_password -> Nullable<BigInt>,
        wrong_passwords -> BigInt,
        amr -> Text,
        factor_time -> Nullable<BigInt>,
    }
}

diesel::table! {
    factors (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        name -> Text,
        secret -> Binary,
        last_step -> BigInt,
        created_at -> BigInt,
        active_since -> Nullable<BigInt>,
        last_used_at -> Nullable<BigInt>,
        last_used_ip -> Nullable<Text>,
        last_used_agent -> Nullable<Text>,
    }
}

diesel::table! {
    passkeys (factor_id) {
        factor_id -> BigInt,
        credential_id -> Text,
        credential -> Text,
        counter -> BigInt,
        may_be_copied -> Bool,
        backed_up -> Bool,
        host -> Text,
        marked_at -> Nullable<BigInt>,
        told -> Bool,
    }
}

diesel::table! {
    spent_challenges (id) {
        id -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, hash) {
        user_id -> BigInt,
        hash -> Text,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_attempts (id) {
        id -> Text,
        user_id -> BigInt,
        began_at -> BigInt,
        expires_at -> BigInt,
        tries -> BigInt,
        from_known_browser -> Bool,
        spent -> Bool,
        told -> Bool,
        ip -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    trusted_browsers (id) {
        id -> BigInt,
        user_id -> BigInt,
        device -> Text,
        password_version -> BigInt,
        factors_version -> BigInt,
        since -> BigInt,
        until -> BigInt,
        sid -> Text,
        used_at -> BigInt,
        ip -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    session_steps (sid, nth) {
        sid -> Text,
        nth -> BigInt,
        kind -> Text,
        at -> BigInt,
        until -> BigInt,
        times -> BigInt,
        ip -> Text,
        user_agent -> Text,
        odd -> Bool,
    }
}

diesel::table! {
    session_addresses (sid, ip) {
        sid -> Text,
        ip -> Text,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    token_blocklist (jti) {
        jti -> Text,
        token_type -> Text,
        user_id -> BigInt,
        sid -> Nullable<Text>,
        revoked_at -> BigInt,
        expires_at -> Nullable<BigInt>,
        reason -> Text,
        revoked_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    one_time_links (hash) {
        hash -> Text,
        purpose -> Text,
        user_id -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        address -> Nullable<Text>,
    }
}

diesel::table! {
    audit_events (n) {
        n -> BigInt,
        at -> BigInt,
        what -> Text,
        user_id -> Nullable<BigInt>,
        by_user -> Nullable<BigInt>,
        sid -> Nullable<Text>,
        ip -> Nullable<Text>,
        ip_hash -> Nullable<Binary>,
        details -> Nullable<Text>,
        mac -> Nullable<Binary>,
    }
}

diesel::table! {
    audit_head (one) {
        one -> BigInt,
        n -> BigInt,
        mac -> Binary,
    }
}

diesel::table! {
    audit_checkpoint (one) {
        one -> BigInt,
        n -> BigInt,
        mac -> Binary,
        seal -> Binary,
    }
}

diesel::table! {
    instance (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    hourly_counts (hour, what) {
        hour -> BigInt,
        what -> Text,
        count -> BigInt,
    }
}

diesel::table! {
    sign_in_failures (name) {
        name -> Text,
        failures -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    known_networks (user_id, network) {
        user_id -> BigInt,
        network -> Text,
        password_version -> BigInt,
        signed_in_at -> BigInt,
    }
}

diesel::table! {
    password_forms (form) {
        form -> Text,
        users -> BigInt,
    }
}

diesel::table! {
    signing_keys (id) {
        id -> BigInt,
        kid -> Text,
        algorithm -> Text,
        state -> Text,
        file -> Text,
        created_at -> BigInt,
        since -> BigInt,
        purpose -> Text,
    }
}

diesel::table! {
    apps (id) {
        id -> BigInt,
        client_id -> Text,
        name -> Text,
        created_at -> BigInt,
        introspects -> Bool,
        allows -> Text,
        level -> Text,
        max_age -> Nullable<BigInt>,
        sends_identity -> Bool,
        observes -> Bool,
        passes_preflights -> Bool,
        takes_tokens -> Bool,
        backchannel_logout_uri -> Nullable<Text>,
    }
}

diesel::table! {
    app_secrets (id) {
        id -> BigInt,
        hash -> Text,
        app_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    app_origins (id) {
        id -> BigInt,
        origin -> Text,
        app_id -> BigInt,
    }
}

diesel::table! {
    app_access (app_id, kind, subject) {
        app_id -> BigInt,
        kind -> Text,
        subject -> Text,
    }
}

diesel::table! {
    app_open_paths (app_id, path) {
        app_id -> BigInt,
        path -> Text,
    }
}

diesel::table! {
    app_openid (app_id) {
        app_id -> BigInt,
        is_public -> Bool,
        is_trusted -> Bool,
        needs_pkce -> Bool,
        algorithm -> Text,
        tells_in_id_token -> Bool,
        reads_status_list -> Bool,
    }
}

diesel::table! {
    status_lists (id) {
        id -> BigInt,
        given -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    session_statuses (sid) {
        sid -> Text,
        number -> BigInt,
    }
}

diesel::table! {
    app_drills (app_id) {
        app_id -> BigInt,
        at -> BigInt,
        outcome -> Text,
        lasted_ms -> BigInt,
        let_in -> BigInt,
        acknowledged -> Bool,
    }
}

diesel::table! {
    drill_accounts (user_id) {
        user_id -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    app_uris (app_id, kind, uri) {
        app_id -> BigInt,
        kind -> Text,
        uri -> Text,
    }
}

diesel::table! {
    grants (id) {
        id -> BigInt,
        code_hash -> Text,
        sid -> Text,
        app_id -> BigInt,
        redirect_uri -> Text,
        challenge -> Nullable<Text>,
        nonce -> Nullable<Text>,
        scopes -> Text,
        amr -> Text,
        auth_time -> BigInt,
        factor_time -> Nullable<BigInt>,
        made_at -> BigInt,
        redeemed_at -> Nullable<BigInt>,
        refreshes -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    consents (user_id, app_id) {
        user_id -> BigInt,
        app_id -> BigInt,
        scopes -> Text,
        agreed_at -> BigInt,
    }
}

diesel::table! {
    passes (id) {
        id -> BigInt,
        hash -> Text,
        sid -> Text,
        origin_id -> BigInt,
        made_at -> BigInt,
        expires_at -> BigInt,
        amr -> Text,
        auth_time -> BigInt,
        factor_time -> Nullable<BigInt>,
        user_id -> BigInt,
    }
}

diesel::table! {
    gate_codes (hash) {
        hash -> Text,
        sid -> Text,
        origin_id -> BigInt,
        nonce_hash -> Text,
        path -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    app_entries (sid, app_id) {
        sid -> Text,
        app_id -> BigInt,
        app_name -> Text,
        first_at -> BigInt,
        last_at -> BigInt,
        times -> BigInt,
    }
}

diesel::table! {
    past_names (canonical) {
        canonical -> Text,
        username -> Text,
        user_id -> BigInt,
        until -> BigInt,
        skeleton -> Nullable<Text>,
    }
}

diesel::table! {
    name_parts (part, user_id) {
        part -> Text,
        user_id -> BigInt,
    }
}

diesel::table! {
    users_present (one) {
        one -> BigInt,
        users -> BigInt,
    }
}

diesel::table! {
    mass_ends (receipt) {
        receipt -> Text,
        since -> BigInt,
        at -> BigInt,
        except_sid -> Text,
        ended_by -> Nullable<BigInt>,
        operator -> Nullable<Text>,
        ip -> Nullable<Text>,
        ended -> BigInt,
    }
}

diesel::joinable!(passkeys -> factors (factor_id));

diesel::table! {
    logout_deliveries (id) {
        id -> BigInt,
        sid -> Nullable<Text>,
        app_id -> BigInt,
        app_name -> Text,
        made_at -> BigInt,
        accepted_until -> BigInt,
        tries -> BigInt,
        next_try_at -> Nullable<BigInt>,
        told_at -> Nullable<BigInt>,
        acknowledged_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        status -> Nullable<BigInt>,
        claimed_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    outbox (id) {
        id -> BigInt,
        uid -> Text,
        act -> Text,
        user_id -> BigInt,
        kind -> Text,
        made_at -> BigInt,
        expires_at -> BigInt,
        sealed -> Nullable<Binary>,
        tries -> BigInt,
        next_try_at -> Nullable<BigInt>,
        claimed_until -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        status -> Nullable<BigInt>,
        link_hash -> Nullable<Text>,
        address_hash -> Text,
        report_hash -> Nullable<Text>,
        reported_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    user_groups (id) {
        id -> BigInt,
        name -> Text,
        canonical -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    user_group_members (id) {
        id -> BigInt,
        group_id -> BigInt,
        user_id -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    changes (number) {
        number -> BigInt,
        id -> BigInt,
        node -> Text,
        at -> BigInt,
        words -> Text,
    }
}

diesel::table! {
    nodes (node) {
        node -> Text,
        name -> Text,
        version -> Text,
        settings -> Text,
        lease -> BigInt,
        follows -> Nullable<BigInt>,
        beat -> BigInt,
        beat_at -> BigInt,
        joined_at -> BigInt,
        joined_after -> BigInt,
    }
}

diesel::table! {
    past_nodes (id) {
        id -> BigInt,
        node -> Text,
        name -> Text,
        version -> Text,
        lease -> BigInt,
        follows -> Nullable<BigInt>,
        beat_at -> BigInt,
        joined_after -> BigInt,
        gone_at -> BigInt,
        gone_after -> BigInt,
        struck_off -> Bool,
    }
}

diesel::table! {
    claimed_jobs (job) {
        job -> Text,
        node -> Text,
        until -> BigInt,
    }
}

diesel::table! {
    receipt_commits (receipt) {
        receipt -> Text,
        number -> BigInt,
        at -> BigInt,
        everywhere_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    shared_keys (file) {
        file -> Text,
        sealed -> Binary,
        master_key -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    mass_ends,
    session_addresses,
    token_blocklist,
    one_time_links,
    audit_events,
    audit_head,
    past_names,
    name_parts,
    passes,
    app_origins,
    app_access,
    apps,
    consents,
    grants,
    app_secrets,
    user_groups,
    user_group_members,
    factors,
    passkeys,
    app_entries,
    logout_deliveries,
    outbox,
    session_statuses,
    drill_accounts
);

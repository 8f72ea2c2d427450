//! Settings that are valid one by one and wrong together.

use super::parse::human;
use super::reader::Reader;
use super::settings::{ClientIpHeader, Config};
use crate::domain::DatabaseUrl;
use crate::tokens::options::{Lifetime, Location, SameSite};

impl Config {
    /// Adds faults for settings that contradict each other, and warnings about doubtful ones.
    pub(super) fn cross_check(&self, r: &mut Reader) {
        let (https, jwt, session) = (self.is_https(), &self.jwt, &self.session);
        r.check(
            &["listen", "public_url", "allow_plain_http"],
            self.listen.is_local() || https || self.allow_plain_http,
            "people on the network would send passwords and tokens as plain http, for anyone on the way to read; set public_url \
             to the https:// address of the proxy in front, or listen on 127.0.0.1, or set allow_plain_http = true",
        );
        r.check(
            &["metrics_listen", "listen"],
            self.metrics_listen.is_none_or(|metrics| metrics.port() == 0 || Some(metrics) != self.listen.tcp()),
            "metrics need a port of their own, because everybody reaches this one",
        );
        match self.listen.tcp() {
            _ if self.public_url.is_some() => {}
            Some(address) if !address.ip().is_unspecified() => {}
            Some(_) => r.warn(
                "public_url",
                "Portero listens on every address of this machine and can't know by which one people reach it: links come without their \
                 beginning until this is set, such as http://portero.lan:8080",
            ),
            None => r.warn(
                "public_url",
                "Portero listens on a Unix socket and can't know by which address people reach the proxy before it: links come without \
                 their beginning until this is set, such as https://login.example.org",
            ),
        }
        r.check(
            &["throttle", "public_url"],
            self.throttle || !https,
            "throttling can be off for tests only, not behind https",
        );
        r.check(
            &["password.bcrypt_cost", "public_url"],
            self.password.bcrypt_cost >= 10 || !https,
            "a cost under 10 is for tests only, not behind https",
        );
        let lifetime = |length| format!("nothing can last longer than the session; {} or less is right", human(length));
        let fits = |length: i64| length <= session.absolute;
        let absolute = "session.absolute";
        r.check(&["session.idle", absolute], fits(session.idle), &lifetime(session.absolute));
        r.check(&["session.short_absolute", absolute], fits(session.short_absolute), &lifetime(session.absolute));
        let access = match jwt.access_token_expires {
            Lifetime::Seconds(length) => length,
            Lifetime::Never => 0,
        };
        r.check(&["jwt.access_token_expires", absolute], fits(access), &lifetime(session.absolute));
        r.check(
            &["session.grace", "jwt.access_token_expires"],
            access == 0 || session.grace < access,
            "within the grace a renewal gives the same access token again, which must still be good then; shorten the grace",
        );
        if session.idle < access {
            r.warn(
                "session.idle",
                "idleness is looked at when a session renews, and by upkeep about an hour after the limit; until one of them comes, \
                 an access token is good for longer than this",
            );
        }
        r.check(
            &["second_factor_from", "second_factor"],
            self.second_factor.from.is_none() || self.second_factor.asks_somebody(),
            "without admins or everyone, nothing begins then; leave the date out",
        );
        if self.second_factor.asks_somebody() && self.foreign_tokens.are_trusted() {
            r.warn(
                "foreign_tokens",
                "tokens of peers say nothing of a second factor, and with trust or observe they open everything all the same",
            );
        }
        r.check(
            &["status_list", "public_url"],
            !self.status_list || self.public_url.is_some(),
            "tokens say where the list is, so Portero has to know its own address; set public_url",
        );
        r.check(
            &["mail.url", "public_url"],
            self.mail.is_none() || self.public_url.is_some() || self.is_local(),
            "mails contain links, so Portero has to know its own address; set public_url",
        );
        if https && self.trusted_proxies.is_empty() {
            r.warn(
                "trusted_proxies",
                "with https there is a proxy in front, and everybody seems to come from its address: too many wrong passwords from one \
                 shut out all strangers; name the proxy here",
            );
        }
        r.check(
            &["cluster.lease", "database_url"],
            self.cluster_lease.is_none() || matches!(self.database, DatabaseUrl::Postgres(_)),
            "several nodes need a database that all of them reach: name a PostgreSQL server in database_url, or leave the lease out",
        );
        let master_keys =
            if r.is_set("cluster.master_keys_file") { "cluster.master_keys_file" } else { "cluster.master_keys" };
        r.check(
            &[master_keys, "database_url"],
            self.master_keys.is_empty() || matches!(self.database, DatabaseUrl::Postgres(_)),
            "they seal keys in a database that several nodes share: name a PostgreSQL server in database_url, or leave them out",
        );
        if self.trusted_proxies.is_empty() && self.client_ip_header != ClientIpHeader::XForwardedFor {
            r.warn("client_ip_header", "it counts only from a peer in trusted_proxies, and there is none");
        }
        if self.trusted_proxies.iter().any(|net| net.prefix_len() == 0) {
            r.warn("trusted_proxies", "every peer is believed whatever address it claims to forward for");
        }

        r.check(
            &["jwt.decode_issuer", "jwt.encode_issuer"],
            jwt.decode_issuer.is_none() || jwt.decode_issuer == jwt.encode_issuer,
            "Portero would refuse the tokens it makes; both have to be the same",
        );
        r.check(
            &["jwt.decode_audience", "jwt.encode_audience"],
            jwt.decode_audience.is_empty()
                || jwt.decode_audience.iter().any(|wanted| jwt.encode_audience.contains(wanted)),
            "Portero would refuse the tokens it makes; they need an audience in common",
        );
        r.check(
            &["jwt.cookie_samesite", "jwt.cookie_secure"],
            jwt.cookie_samesite != Some(SameSite::None) || jwt.cookie_secure,
            "browsers drop a cookie with SameSite=None that is not secure; set jwt.cookie_secure = true",
        );
        r.check(
            &["jwt.cookie_secure", "public_url"],
            jwt.cookie_secure || !https,
            "with https, cookies have to be secure; leave jwt.cookie_secure out",
        );
        if let (Some(domain), Some(url)) = (&jwt.cookie_domain, &self.public_url) {
            let host = url.host_str().unwrap_or_default();
            let covers = host == domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
            let text =
                format!("browsers drop cookies for {domain} that come from {host}; set that host or a domain it is in");
            r.check(&["jwt.cookie_domain", "public_url"], covers, &text);
        }
        if jwt.token_location.contains(&Location::QueryString) {
            r.warn(
                "jwt.token_location",
                "tokens in addresses end up in logs, histories and Referer headers of others; use it for short-lived ones only",
            );
        }
        let cookies = [
            ("jwt.access_cookie_name", &jwt.access_cookie_name, "jwt.access_cookie_path", &jwt.access_cookie_path),
            ("jwt.refresh_cookie_name", &jwt.refresh_cookie_name, "jwt.refresh_cookie_path", &jwt.refresh_cookie_path),
            (
                "jwt.access_csrf_cookie_name",
                &jwt.access_csrf_cookie_name,
                "jwt.access_csrf_cookie_path",
                &jwt.access_csrf_cookie_path,
            ),
            (
                "jwt.refresh_csrf_cookie_name",
                &jwt.refresh_csrf_cookie_name,
                "jwt.refresh_csrf_cookie_path",
                &jwt.refresh_csrf_cookie_path,
            ),
        ];
        for (i, (key, name, path_key, path)) in cookies.into_iter().enumerate() {
            for (other_key, other, ..) in cookies.into_iter().skip(i + 1) {
                r.check(&[key, other_key], name != other, "each cookie needs a name of its own");
            }
            let lower = name.to_lowercase();
            let secure = ["jwt.cookie_secure", "jwt.cookie_domain", path_key];
            r.check(
                &[key, secure[0], secure[1], secure[2]],
                !lower.starts_with("__host-") || (jwt.cookie_secure && jwt.cookie_domain.is_none() && path == "/"),
                "browsers drop a __Host- cookie unless it is secure, has the path / and no domain",
            );
            r.check(
                &[key, secure[0]],
                !lower.starts_with("__secure-") || jwt.cookie_secure,
                "browsers drop a __Secure- cookie that is not secure",
            );
        }
    }
}

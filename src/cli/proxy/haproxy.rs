//! Settings of HAProxy, and the script with which it asks.

use super::site::{IDENTITY, Listener, MISLEADING, Site, lines};
use crate::gate::forwarded::Style;

pub(super) const SCRIPT: &str = include_str!("portero.lua");

pub(super) fn print(site: &Site, script: &str) -> String {
    let mut text = format!(
        "# Portero before the app {}, as `portero proxy print` wrote it.
# HAProxy's address has to be in Portero's trusted_proxies. {script} is what `portero proxy lua` prints.
global
    lua-load \"{script}\"
",
        site.name
    );
    for listener in &site.origins {
        text.push_str(&part(site, listener));
    }
    text
}

fn part(site: &Site, listener: &Listener) -> String {
    let (origin, port, word, portero) = (&listener.origin, listener.port, listener.word(), &site.portero);
    let (authority, certificate) = (listener.authority(), &site.certificate);
    let address = site.upstream_address();
    // Certificates inside a private network are seldom signed by anybody that HAProxy knows.
    let tls = if site.upstream_speaks_tls() { " ssl verify none" } else { "" };
    let token = if site.takes_tokens {
        "    # A token is for Portero alone.\n    http-request del-header Authorization unless is_portero\n"
    } else {
        ""
    };
    let check = Style::Haproxy.check_path();
    let removed = lines(MISLEADING.iter().chain(&IDENTITY), |name| {
        // HAProxy has names in lower case.
        let pattern = name.to_ascii_lowercase().replace('-', "[^a-z0-9]");
        format!("    http-request del-header '^{pattern}$' -m reg")
    });
    format!(
        "
frontend portero-{word}
    mode http
    timeout client 1h
    bind :{port} ssl crt \"{certificate}\" alpn h2,http/1.1
    http-request deny deny_status 421 unless {{ req.hdr(host) -i {authority} }}
    # Who it is, Portero says; never the client. Also in the spellings that apps take for these.
{removed}    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Host {authority}
    http-request set-header X-Forwarded-Proto https
    # What a client names here, an app may leave out.
    http-request del-header Connection unless {{ req.hdr(upgrade) -i websocket }}
    http-request set-header Connection upgrade if {{ req.hdr(upgrade) -i websocket }}
    # Where people come back from signing in, and sign out of this app.
    acl is_portero path_beg /.portero/
    # Nothing else reaches the app without asking Portero.
    http-request lua.portero_check http://{portero}{check} {origin} unless is_portero
{token}    use_backend portero-{word} if is_portero
    default_backend app-{word}

backend portero-{word}
    mode http
    timeout connect 5s
    timeout server 30s
    server portero {portero}

backend app-{word}
    mode http
    timeout connect 5s
    timeout server 1h
    timeout tunnel 1h
    server app {address}{tls}
"
    )
}

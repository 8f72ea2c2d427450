//! Settings of nginx: a file for `conf.d` or `sites-enabled`.

use super::site::{IDENTITY, Listener, MISLEADING, Site, lines};
use crate::config::ClientIpHeader;
use crate::gate::forwarded::Style;

pub(super) fn print(site: &Site) -> String {
    let mut text = format!(
        "# Portero before the app {}, as `portero proxy print` wrote it.
# nginx's address has to be in Portero's trusted_proxies.

# Of protocols to change to, apps are asked for websockets only.
map $http_upgrade $portero_upgrade {{ default \"\"; \"~*^websocket$\" websocket; }}
map $http_upgrade $portero_connection {{ default \"\"; \"~*^websocket$\" upgrade; }}
",
        site.name
    );
    for listener in &site.origins {
        text.push_str(&server(site, listener));
    }
    text
}

fn server(site: &Site, listener: &Listener) -> String {
    let (origin, host, port) = (&listener.origin, &listener.host, listener.port);
    let (authority, word, portero) = (listener.authority(), listener.word(), &site.portero);
    let (certificate, key, upstream) = (&site.certificate, &site.key, site.upstream_origin());
    let address = client_address(&site.address_header);
    let whole_answer = Style::Haproxy.check_path();
    let check = Style::Nginx.check_path();
    let to_the_app = to_the_app(site);
    let kept = lines(&IDENTITY, |name| {
        format!("        auth_request_set ${} $upstream_http_{};", variable(name), underscored(name))
    });
    let told = lines(&IDENTITY, |name| format!("        proxy_set_header {name} ${};", variable(name)));
    let ask = format!(
        "proxy_http_version 1.1;
        proxy_pass_request_body off;
        proxy_set_header Connection \"\";
        proxy_set_header Content-Length \"\";
        proxy_set_header Upgrade \"\";
        proxy_set_header Host {authority};
        proxy_set_header X-Forwarded-Proto https;
        {address}
        proxy_set_header X-Original-Method $request_method;
        proxy_set_header X-Original-URL {origin}$request_uri;"
    );
    let plain_http = if port == 443 {
        format!(
            "
server {{
    listen 80;
    server_name {host};
    return 308 {origin}$request_uri;
}}
"
        )
    } else {
        String::new()
    };
    format!(
        "
upstream portero-for-{word} {{ server {portero}; keepalive 32; }}

server {{
    listen {port} ssl;
    server_name {host};
    ssl_certificate \"{certificate}\";
    ssl_certificate_key \"{key}\";
    # A header with _ is taken for the one with - by many apps.
    underscores_in_headers off;
    ignore_invalid_headers on;
    # How much may be sent is for the app to say.
    client_max_body_size 0;

    # Nothing reaches the app without asking Portero.
    location / {{
        auth_request /.portero-check;
        auth_request_set $portero_to $upstream_http_location;
{kept}        error_page 401 403 = @portero_refused;
        proxy_pass {upstream};
        proxy_http_version 1.1;
        proxy_set_header Host {authority};
        proxy_set_header Upgrade $portero_upgrade;
        proxy_set_header Connection $portero_connection;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Host {authority};
        proxy_set_header X-Forwarded-Proto https;
{to_the_app}        # Who it is, as Portero says; never as the client says. nginx sends no header whose value is empty.
{told}    }}

    location = /.portero-check {{
        internal;
        proxy_pass http://portero-for-{word}{check};
        {ask}
        # For long lists of groups, and the assertion.
        proxy_buffer_size 32k;
        proxy_buffers 4 32k;
    }}

    # Only pages are led to sign in. Scripts, and who may not enter, get Portero's answer.
    location @portero_refused {{
        if ($portero_to) {{ return 303 $portero_to; }}
        rewrite ^ {whole_answer}? break;
        proxy_pass http://portero-for-{word};
        proxy_method GET;
        {ask}
    }}

    # Where people come back from signing in, and sign out of this app.
    location /.portero/ {{
        client_max_body_size 64k;
        proxy_pass http://portero-for-{word};
        proxy_http_version 1.1;
        proxy_set_header Connection \"\";
        proxy_set_header Upgrade \"\";
        proxy_set_header Host {authority};
        proxy_set_header X-Forwarded-Host {authority};
        proxy_set_header X-Forwarded-Proto https;
        {address}
    }}
}}
{plain_http}"
    )
}

/// What an app is told, or not told, by the connection to it.
fn to_the_app(site: &Site) -> String {
    let mut text = lines(&MISLEADING, |name| format!("        proxy_set_header {name} \"\";"));
    if site.takes_tokens {
        text.push_str("        # A token is for Portero alone.\n        proxy_set_header Authorization \"\";\n");
    }
    if site.upstream_speaks_tls() {
        text.push_str("        proxy_ssl_server_name on;\n");
    }
    text
}

fn client_address(header: &ClientIpHeader) -> String {
    match header {
        ClientIpHeader::XForwardedFor => "proxy_set_header X-Forwarded-For $remote_addr;".into(),
        ClientIpHeader::Forwarded => "proxy_set_header Forwarded \"for=\\\"$remote_addr\\\"\";".into(),
        ClientIpHeader::Single(name) => format!("proxy_set_header {name} $remote_addr;"),
    }
}

fn underscored(name: &str) -> String {
    name.to_ascii_lowercase().replace('-', "_")
}

fn variable(name: &str) -> String {
    format!("portero_{}", underscored(name))
}

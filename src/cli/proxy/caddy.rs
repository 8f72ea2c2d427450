//! Settings of Caddy: sites for a Caddyfile.

use super::site::{IDENTITY, Listener, MISLEADING, Site, lines};
use crate::gate::forwarded::Style;

pub(super) fn print(site: &Site) -> String {
    let mut text = format!(
        "# Portero before the app {}, as `portero proxy print` wrote it.
# Caddy's address has to be in Portero's trusted_proxies.
",
        site.name
    );
    for listener in &site.origins {
        text.push_str(&block(site, listener));
    }
    text
}

fn block(site: &Site, listener: &Listener) -> String {
    let (origin, portero, upstream) = (&listener.origin, &site.portero, site.upstream_origin());
    let (certificate, key) = (&site.certificate, &site.key);
    // The `?` in the address ends it: without, Caddy adds the query of the request.
    let check = Style::Forward.check_path();
    let names = IDENTITY.join(" ");
    let removed = lines(&IDENTITY, |name| format!("\t\t\trequest_header -{name}"));
    // What the client names in `Connection` is taken out before this: it can't make Caddy leave a header out.
    let told = lines(&IDENTITY, |name| format!("\t\t\t\theader_up {name} {{http.request.header.{name}}}"));
    let token = if site.takes_tokens {
        "\t\t\t\t# A token is for Portero alone.\n\t\t\t\theader_up -Authorization\n"
    } else {
        ""
    };
    let misleading = lines(&MISLEADING, |name| format!("\t\t\t\theader_up -{name}"));
    format!(
        "
{origin} {{
\ttls \"{certificate}\" \"{key}\"

\t# Where people come back from signing in, and sign out of this app.
\thandle /.portero/* {{
\t\treverse_proxy {portero}
\t}}

\t# Nothing else reaches the app without asking Portero.
\thandle {{
\t\t# In this order, which Caddy would change otherwise.
\t\troute {{
\t\t\t# Who it is, Portero says; never the client.
{removed}\t\t\tforward_auth {portero} {{
\t\t\t\turi {check}?
\t\t\t\theader_up -Connection
\t\t\t\theader_up -Upgrade
\t\t\t\tcopy_headers {names}
\t\t\t}}
\t\t\treverse_proxy {upstream} {{
\t\t\t\theader_up X-Real-IP {{remote_host}}
{token}{misleading}{told}\t\t\t}}
\t\t}}
\t}}
}}
"
    )
}

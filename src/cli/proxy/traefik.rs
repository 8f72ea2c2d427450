//! Settings of Traefik: a file of its dynamic configuration, for the file provider.

use super::site::{IDENTITY, MISLEADING, Site, lines};
use crate::gate::forwarded::Style;

pub(super) fn print(site: &Site) -> String {
    let (portero, upstream, check) = (&site.portero, site.upstream_origin(), Style::Forward.check_path());
    let (certificate, key) = (&site.certificate, &site.key);
    let word = site.origins.first().map(|listener| listener.word().replace('.', "-")).unwrap_or_default();
    let hosts: Vec<_> = site.origins.iter().map(|listener| format!("Host(`{}`)", listener.host)).collect();
    let hosts = hosts.join(" || ");
    let told = lines(&IDENTITY, |name| format!("          - {name}"));
    let removed = lines(MISLEADING.iter().chain(&IDENTITY), |name| format!("          {name}: \"\""));
    let (then, token) = if site.takes_tokens {
        let removes = format!(
            "    # A token is for Portero alone.
    token-{word}:
      headers:
        customRequestHeaders:
          Authorization: \"\"
"
        );
        (format!(", token-{word}"), removes)
    } else {
        (String::new(), String::new())
    };
    format!(
        "# Portero before the app {}, as `portero proxy print` wrote it.
# Traefik's address has to be in Portero's trusted_proxies. The entry point websecure is the one for https.
http:
  routers:
    # Where people come back from signing in, and sign out of this app.
    portero-{word}:
      entryPoints: [websecure]
      rule: \"({hosts}) && PathPrefix(`/.portero/`)\"
      priority: 2000
      service: portero-{word}
      tls: {{}}
    # Nothing else reaches the app without asking Portero.
    app-{word}:
      entryPoints: [websecure]
      rule: \"{hosts}\"
      priority: 1000
      middlewares: [clean-{word}, portero-{word}{then}]
      service: app-{word}
      tls: {{}}
  middlewares:
    # Who it is, Portero says; never the client. An empty value takes a header out.
    clean-{word}:
      headers:
        customRequestHeaders:
{removed}    portero-{word}:
      forwardAuth:
        address: \"http://{portero}{check}\"
        trustForwardHeader: false
        authResponseHeaders:
{told}{token}  services:
    portero-{word}:
      loadBalancer:
        servers:
          - url: \"http://{portero}\"
    app-{word}:
      loadBalancer:
        servers:
          - url: \"{upstream}\"
tls:
  certificates:
    - certFile: \"{certificate}\"
      keyFile: \"{key}\"
",
        site.name
    )
}

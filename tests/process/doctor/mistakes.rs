//! What can go wrong in the settings of each proxy, as changes of what is printed.

use super::Patient;
use crate::support::proxies::{HOSTS, Kind};

/// A mistake in a proxy's settings, and what the doctor calls it.
pub(super) struct Mistake {
    pub(super) name: &'static str,
    pub(super) fault: &'static str,
    /// In the printed settings the first of each pair is replaced by the other.
    pub(super) changes: Vec<(String, String)>,
}

fn mistake(name: &'static str, fault: &'static str, changes: &[(&str, &str)]) -> Mistake {
    let changes = changes.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
    Mistake { name, fault, changes }
}

/// What stands in the printed settings from here to there, both included.
fn part(patient: &Patient, from: &str, to: &str) -> String {
    let settings = &patient.gate.settings[0];
    let begin = settings.find(from).unwrap_or_else(|| panic!("{from:?} is not in what is printed"));
    let end = settings[begin..].find(to).unwrap_or_else(|| panic!("{to:?} is not in what is printed"));
    settings[begin..begin + end + to.len()].to_owned()
}

fn in_nginx(patient: &Patient) -> Vec<Mistake> {
    let (app, plain_http) = (patient.app, patient.plain_http);
    let word = patient.gate.origin(0).trim_start_matches("https://").replace(':', "-");
    let before_check = "    location = /.portero-check {";
    let location = |line: &str| format!("    location {line} {{ proxy_pass http://{app}; }}\n{before_check}");
    let check = format!("location /gate/ {{ proxy_pass http://portero-for-{word}; }}\n{before_check}");
    let server =
        format!("server {{ listen 127.0.0.1:{plain_http}; location / {{ proxy_pass http://{app}; }} }}\n\nupstream");
    let cache = format!("proxy_cache_path {}/cache keys_zone=answers:1m;\n\nupstream", patient.gate.path().display());
    let kept = "internal; proxy_cache answers; proxy_cache_key $http_cookie; proxy_cache_valid 200 1m;
        proxy_ignore_headers Cache-Control Expires Set-Cookie Vary;";
    let no_headers = "internal; proxy_pass_request_headers off; proxy_set_header Cookie $http_cookie;";
    vec![
        mistake("a location for static files", "path", &[(before_check, &location("/static/"))]),
        mistake("a location for endings", "path", &[(before_check, &location("~* \\.(css|js|png)$"))]),
        mistake("no check", "open", &[("        auth_request /.portero-check;\n", "")]),
        mistake(
            "a header that is passed on",
            "identity",
            &[("        proxy_set_header Remote-Groups $portero_remote_groups;\n", "")],
        ),
        mistake(
            "underscores",
            "alias",
            &[("underscores_in_headers off", "underscores_in_headers on"), ("internal;", no_headers)],
        ),
        mistake(
            "the client's own address",
            "origin",
            &[("X-Forwarded-For $remote_addr", "X-Forwarded-For $proxy_add_x_forwarded_for")],
        ),
        mistake("the client's own target", "origin", &[("        proxy_set_header X-Original-URL \"\";\n", "")]),
        mistake("plain http", "plain_http", &[("upstream", &server)]),
        mistake("no way back", "loop", &[("location /.portero/ {", "location /.portero-gone/ {")]),
        mistake("a cache", "kept", &[("upstream", &cache), ("internal;", kept)]),
        mistake("the check shown", "check_from_outside", &[(before_check, &check)]),
        mistake(
            "the assertion shown",
            "identity_comes_back",
            &[(
                "        error_page",
                "        add_header X-Portero-Assertion $portero_x_portero_assertion;\n        error_page",
            )],
        ),
        mistake("cookies changed", "cookie", &[("client_max_body_size 64k;", "proxy_cookie_flags ~ nosecure;")]),
        mistake("no websockets", "websocket", &[("        proxy_set_header Upgrade $portero_upgrade;\n", "")]),
    ]
}

fn in_haproxy(patient: &Patient) -> Vec<Mistake> {
    let plain_http = patient.plain_http;
    let word = patient.gate.origin(0).trim_start_matches("https://").replace(':', "-");
    let unless = |more: &str| format!(" unless is_portero or {more}\n");
    let is_portero = " unless is_portero\n";
    let plain = format!(
        "\nfrontend plain\n    mode http\n    timeout client 1h\n    bind 127.0.0.1:{plain_http}\n    default_backend app-{word}\n\nbackend"
    );
    let shown = format!("    use_backend portero-{word} if {{ path_beg /gate/ }}\n    default_backend");
    let to_portero = format!("    use_backend portero-{word} if is_portero\n");
    let told = "    http-request set-var(txn.told) req.hdr(x-portero-assertion)
    http-response set-header X-Portero-Assertion %[var(txn.told)] if { var(txn.told) -m found }\n    use_backend";
    vec![
        mistake("static files", "path", &[(is_portero, &unless("{ path_beg /static/ }"))]),
        mistake("endings", "path", &[(is_portero, &unless("{ path_end .css .js .png }"))]),
        mistake("a health check", "bypass", &[(is_portero, &unless("{ req.hdr(user-agent) -m beg GoogleHC }"))]),
        mistake("forms", "bypass", &[(is_portero, &unless("{ method POST }"))]),
        mistake("no check", "open", &[("    http-request lua.portero_check", "    #")]),
        mistake("a header of the client's", "origin", &[("    http-request del-header '^forwarded$' -m reg\n", "")]),
        mistake(
            "the client's own address",
            "origin",
            &[("http-request set-header X-Forwarded-For", "http-request add-header X-Forwarded-For")],
        ),
        mistake("plain http", "plain_http", &[("\nbackend", &plain)]),
        mistake("no way back", "loop", &[("path_beg /.portero/", "path_beg /.portero-gone/")]),
        mistake("beneath portero is the app", "spelling", &[(&to_portero, "")]),
        mistake(
            "the check shown",
            "check_from_outside",
            &[("    default_backend", &shown), (is_portero, &unless("{ path_beg /gate/ }"))],
        ),
        mistake("the assertion shown", "identity_comes_back", &[("    use_backend", told)]),
        mistake(
            "scripts are led",
            "scripts_led",
            &[(
                "    http-request lua.portero_check",
                "    http-request redirect location /.portero/start unless is_portero or { cook(__Host-portero_pass) -m found }\n    \
             http-request lua.portero_check",
            )],
        ),
        mistake(
            "cookies changed",
            "cookie",
            &[(
                "    use_backend",
                "    http-response replace-header Set-Cookie '(.*); Secure(.*)' '\\1\\2'\n    use_backend",
            )],
        ),
    ]
}

fn in_caddy(patient: &Patient) -> Vec<Mistake> {
    let (app, plain_http) = (patient.app, patient.plain_http);
    let portero = patient.gate.server.address;
    let all = "\t# Nothing else reaches the app";
    let handle = |matcher: &str| format!("{matcher} {{\n\t\treverse_proxy {app}\n\t}}\n\n{all}");
    let check = format!("\thandle /gate/* {{\n\t\treverse_proxy {portero}\n\t}}\n\n{all}");
    let plain = format!("http://{}:{plain_http} {{\n\treverse_proxy {app}\n}}\n\nhttps", HOSTS[0]);
    let groups = "\t\t\t\theader_up Remote-Groups {http.request.header.Remote-Groups}\n";
    let to_app = "\t\t\t\theader_up X-Real-IP";
    let asks = part(patient, "\t\t\tforward_auth", "\n\t\t\t}\n");
    let to_portero = format!("reverse_proxy {portero}\n");
    let another = format!(
        "https://:{} {{\n\ttls \"{}\" \"{}\"\n\treverse_proxy {app}\n}}\n\nhttps",
        patient.gate.ports[0],
        patient.gate.certificates.certificate.display(),
        patient.gate.certificates.key.display()
    );
    let shows_a_pass = "header Cookie *__Host-portero_pass=*";
    let holds = handle(&format!("\t@holders {shows_a_pass}\n\thandle @holders"));
    let new = format!("\t@new not {shows_a_pass}\n\n{all}");
    let led = format!("\t\t\tredir @new /.portero/start\n{asks}");
    let small = format!("\t\t\trequest_body {{\n\t\t\t\tmax_size 1KB\n\t\t\t}}\n{asks}");
    let last = "\t\t\t\theader_up -Upgrade\n";
    let underscores = mistake("underscores", "alias", &[(last, &format!("{last}\t\t\t\theader_up -Remote_User\n"))]);
    let mut mistakes = vec![
        mistake("static files", "path", &[(all, &handle("\thandle /static/*"))]),
        mistake("endings", "path", &[(all, &handle("\t@files path *.css *.js *.png\n\thandle @files"))]),
        mistake(
            "a health check",
            "bypass",
            &[(all, &handle("\t@health header User-Agent GoogleHC*\n\thandle @health"))],
        ),
        mistake("forms", "bypass", &[(all, &handle("\t@forms method POST\n\thandle @forms"))]),
        mistake("no check", "open", &[(&asks, "")]),
        mistake("whoever shows a pass", "kept", &[(all, &holds)]),
        mistake(
            "a header that is passed on",
            "identity",
            &[("\t\t\trequest_header -Remote-Groups\n", ""), (" Remote-Groups X-Portero", " X-Portero"), (groups, "")],
        ),
        mistake("a header of the client's", "origin", &[("\t\t\t\theader_up -Forwarded\n", "")]),
        mistake(
            "the client's own address",
            "origin",
            &[("\t\t\t\theader_up X-Real-IP {remote_host}\n", "\t\t\t\theader_up X-Real-IP {header.X-Real-IP}\n")],
        ),
        mistake("plain http", "plain_http", &[("https", &plain)]),
        mistake("every host", "host", &[("https", &another)]),
        mistake("no way back", "loop", &[("handle /.portero/*", "handle /.portero-gone/*")]),
        mistake("beneath portero is the app", "spelling", &[(&to_portero, &format!("reverse_proxy {app}\n"))]),
        mistake("scripts are led", "scripts_led", &[(all, &new), (&asks, &led)]),
        mistake("no websockets", "websocket", &[(to_app, &format!("\t\t\t\theader_up -Upgrade\n{to_app}"))]),
        mistake("small bodies", "body", &[(&asks, &small)]),
        mistake("the check shown", "check_from_outside", &[(all, &check)]),
        mistake(
            "the assertion shown",
            "identity_comes_back",
            &[(
                "\t\t\treverse_proxy",
                "\t\t\theader X-Portero-Assertion {http.request.header.X-Portero-Assertion}\n\t\t\treverse_proxy",
            )],
        ),
        mistake(
            "cookies changed",
            "cookie",
            &[(
                &to_portero,
                &format!("reverse_proxy {portero} {{\n\t\t\theader_down Set-Cookie \"; Secure\" \"\"\n\t\t}}\n"),
            )],
        ),
    ];
    // From 2.11 on, Caddy passes no such header on.
    if patient.gate.kind == Kind::OldCaddy {
        mistakes.push(underscores);
    }
    mistakes
}

fn in_traefik(patient: &Patient) -> Vec<Mistake> {
    let word = patient.gate.origin(0).trim_start_matches("https://").replace([':', '.'], "-");
    let router = |rule: &str, service: &str| {
        let rule = rule.replace("{host}", HOSTS[0]);
        format!(
            "  routers:\n    mistake:\n      entryPoints: [websecure]\n      rule: \"{rule}\"\n      priority: 3000\n      \
             service: {service}-{word}\n      tls: {{}}"
        )
    };
    let routers = "  routers:";
    let middlewares = format!("      middlewares: [clean-{word}, portero-{word}]\n");
    let unclean = format!("      middlewares: [portero-{word}]\n");
    let shown = "      headers:\n        customResponseHeaders:\n          X-Portero-Assertion: shown\n";
    let plain = router("Host(`{host}`)", "app").replace("[websecure]", "[web]").replace("      tls: {}", "");
    let without_pass = "!HeaderRegexp(`Cookie`, `__Host-portero_pass=`) && !PathPrefix(`/.portero/`)";
    let led = router(without_pass, "app") + &format!("\n      middlewares: [led-{word}]");
    let leads = format!(
        "  middlewares:\n    led-{word}:\n      redirectRegex:\n        regex: \".*\"\n        replacement: \"{}/.portero/start\"\n",
        patient.gate.origin(0)
    );
    let small = format!("  middlewares:\n    small-{word}:\n      buffering:\n        maxRequestBodyBytes: 1000\n");
    let then_small = format!("      middlewares: [clean-{word}, portero-{word}, small-{word}]\n");
    vec![
        mistake("static files", "path", &[(routers, &router("PathPrefix(`/static/`)", "app"))]),
        mistake("endings", "path", &[(routers, &router("PathRegexp(`[.](css|js|png)$`)", "app"))]),
        mistake("an api", "path", &[(routers, &router("PathPrefix(`/api`)", "app"))]),
        mistake("a health check", "bypass", &[(routers, &router("HeaderRegexp(`User-Agent`, `^GoogleHC`)", "app"))]),
        mistake("forms", "bypass", &[(routers, &router("Method(`POST`)", "app"))]),
        mistake("no check", "open", &[(&middlewares, "")]),
        mistake(
            "whoever shows a pass",
            "kept",
            &[(routers, &router("HeaderRegexp(`Cookie`, `__Host-portero_pass=`)", "app"))],
        ),
        mistake(
            "a header that is passed on",
            "identity",
            &[("          Remote-Groups: \"\"\n", ""), ("          - Remote-Groups\n", "")],
        ),
        mistake(
            "underscores",
            "alias",
            &[(
                "        authResponseHeaders:\n",
                "        authRequestHeaders: [Accept, Cookie]\n        authResponseHeaders:\n",
            )],
        ),
        mistake("plain http", "plain_http", &[(routers, &plain)]),
        mistake("every host", "host", &[(routers, &router("!Host(`{host}`)", "app"))]),
        mistake(
            "beneath portero is the app",
            "spelling",
            &[(&format!("service: portero-{word}"), &format!("service: app-{word}"))],
        ),
        mistake("scripts are led", "scripts_led", &[(routers, &led), ("  middlewares:\n", &leads)]),
        mistake(
            "no websockets",
            "websocket",
            &[("          Forwarded: \"\"\n", "          Forwarded: \"\"\n          Upgrade: \"\"\n")],
        ),
        mistake("small bodies", "body", &[("  middlewares:\n", &small), (&middlewares, &then_small)]),
        mistake("a header of the client's", "origin", &[("          Forwarded: \"\"\n", "")]),
        mistake("nothing is cleaned", "origin", &[(&middlewares, &unclean)]),
        mistake("no way back", "loop", &[("PathPrefix(`/.portero/`)", "PathPrefix(`/.portero-gone/`)")]),
        mistake("the check shown", "check_from_outside", &[(routers, &router("PathPrefix(`/gate/`)", "portero"))]),
        mistake("the assertion shown", "identity_comes_back", &[("      headers:\n", shown)]),
    ]
}

/// The mistakes that this proxy's settings can have.
pub(super) fn all(patient: &Patient) -> Vec<Mistake> {
    match patient.gate.kind {
        Kind::Nginx => in_nginx(patient),
        Kind::Haproxy => in_haproxy(patient),
        Kind::OldCaddy | Kind::Caddy => in_caddy(patient),
        Kind::Traefik => in_traefik(patient),
    }
}

//! Promise: what nobody should send gets a clear answer, changes nothing and loses nothing.

use serde_json::json;

use crate::common::{JSON, app, login};
use crate::support::{PASSWORD, TestApp};

#[test]
fn json_of_the_wrong_shape_is_refused_with_what_is_wrong() {
    let app = app();
    for (body, text) in [
        ("", "not a JSON object"),
        ("[]", "not a JSON object"),
        ("\"ana\"", "not a JSON object"),
        ("{\"username\":\"ana\"", "not a JSON object"),
        ("{\"username\":\"ana\"}", "missing field `password`"),
        ("{\"username\":1,\"password\":\"x\"}", "expected a string"),
        ("{\"username\":null,\"password\":\"x\"}", "expected a string"),
        ("{\"username\":\"ana\",\"password\":\"x\",\"admin\":true}", "unknown field `admin`"),
        ("{\"username\":\"ana\",\"username\":\"bea\",\"password\":\"x\"}", "duplicate field `username`"),
        ("{\"username\":\"\\ud800\",\"password\":\"x\"}", "not a JSON object"),
    ] {
        let answer = login(&app, "application/json", body.as_bytes());
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.msg().contains(text), "{body}: {}", answer.body);
    }
}

#[test]
fn bytes_that_are_not_text_are_refused_and_not_replaced() {
    let app = app();
    for body in
        [&b"{\"username\":\"ana\",\"password\":\"\xff\"}"[..], b"{\"username\":\"\xc0\x80\",\"password\":\"x\"}"]
    {
        assert_eq!(login(&app, "application/json", body).status, 400);
    }
    for body in ["username=ana&password=%ff", "username=%C0%80&password=x", "username=ana&password=%zz"] {
        let answer = login(&app, "application/x-www-form-urlencoded", body.as_bytes());
        assert_eq!((answer.status, answer.msg().as_str()), (400, "The form is not valid UTF-8"), "{body}");
    }
}

#[test]
fn json_with_more_fields_than_any_call_has_is_refused_before_they_are_compared() {
    let app = app();
    let body = |count: usize| {
        let members: Vec<_> = (0..count).map(|n| format!("\"{n}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    let many = login(&app, "application/json", body(1500).as_bytes());
    assert!(many.status == 400 && many.msg().contains("more than 64 fields"), "{}", many.body);
    let some = login(&app, "application/json", body(64).as_bytes());
    assert!(some.status == 400 && some.msg().contains("unknown field"), "{}", some.body);
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    let app = app();
    let answer = login(&app, "application/x-www-form-urlencoded", b"username=ana&username=bea&password=x");
    assert_eq!((answer.status, answer.msg().as_str()), (400, "The field username is there twice"));
}

#[test]
fn a_body_of_a_megabyte_is_refused_announced_or_not() {
    let app = app();
    let large = vec![b'a'; 1_000_000];
    for content_type in ["application/json", "application/x-www-form-urlencoded"] {
        assert_eq!(login(&app, content_type, &large).status, 413, "{content_type}");
    }
    let mut chunked =
        b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    chunked.extend_from_slice(b"10000\r\n");
    chunked.extend_from_slice(&large[..0x10000]);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    assert!(app.raw(&chunked).starts_with("HTTP/1.1 413"));
}

#[test]
fn a_content_type_we_do_not_read_is_refused() {
    let app = app();
    let body = json!({ "username": "ana", "password": PASSWORD }).to_string();
    for content_type in ["text/plain", "multipart/form-data; boundary=x", "application/xml", "application/jsonp", ""] {
        let answer = login(&app, content_type, body.as_bytes());
        assert_eq!(answer.status, 415, "{content_type}");
    }
    assert_eq!(app.client().send("POST", "/login", None, &[], body.as_bytes()).status, 415);
    assert_eq!(login(&app, "Application/JSON; charset=utf-8", body.as_bytes()).status, 200);
}

#[test]
fn a_compressed_body_is_not_unpacked() {
    let app = app();
    let headers = [JSON, ("content-encoding", "br")];
    let answer = app.client().send("POST", "/login", None, &headers, b"\x8b\x02\x80hello\x03");
    assert!((400..500).contains(&answer.status), "{}", answer.status);
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    let app = app();
    for (method, path, allow) in [
        ("GET", "/refresh", "POST, OPTIONS"),
        ("DELETE", "/login", "GET, HEAD, POST, OPTIONS"),
        ("PUT", "/logout", "GET, HEAD, POST, DELETE, OPTIONS"),
        ("POST", "/protected", "GET, HEAD, OPTIONS"),
        ("POST", "/healthz", "GET, HEAD, OPTIONS"),
        ("TRACE", "/account", "GET, HEAD, OPTIONS"),
        ("PATCH", "/admin/revoked", "GET, HEAD, OPTIONS"),
    ] {
        let answer = app.client().send(method, path, None, &[], b"");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
    }
}

#[test]
fn a_script_of_another_origin_is_told_by_no_answer_that_it_may_call() {
    let app = app();
    let token = app.tokens("ana").access;
    let preflight = [
        ("origin", "https://other.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    for (path, status, allow) in [
        ("/login", 204, Some("GET, HEAD, POST, OPTIONS")),
        ("/refresh", 204, Some("POST, OPTIONS")),
        ("/protected", 204, Some("GET, HEAD, OPTIONS")),
        ("/logout", 204, Some("GET, HEAD, POST, DELETE, OPTIONS")),
        ("/account/sessions/x/end", 204, Some("GET, HEAD, POST, OPTIONS")),
        ("/static/style.css", 204, Some("GET, HEAD, OPTIONS")),
        ("/nowhere", 404, None),
        ("/admin/nowhere", 404, None),
    ] {
        for token in [None, Some(token.as_str())] {
            let answer = app.client().send("OPTIONS", path, token, &preflight, b"");
            assert_eq!((answer.status, answer.header("allow")), (status, allow), "{path}");
            assert!(
                answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-")),
                "{:?}",
                answer.headers
            );
            assert!(answer.set_cookies().is_empty() && (status == 404 || answer.body.is_empty()), "{path}");
        }
    }
    let answer = app.client().send("GET", "/protected", Some(&token), &preflight[..1], b"");
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}

#[test]
fn tokens_of_every_broken_kind_are_refused_as_the_library_does() {
    let app = app();
    let good = app.tokens("ana").access;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    // {"alg":"none","typ":"JWT"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let long = "a".repeat(5000);
    let broken = [
        ("", 422),
        ("a", 422),
        ("a.b", 422),
        ("a.b.c", 422),
        ("a.b.c.d", 422),
        (&format!("{none}.{payload}."), 422),
        (&format!("{none}.{payload}.{signature}"), 422),
        (&format!("{header}.{payload}."), 422),
        (&format!("{header}.{payload}.{}", &signature[1..]), 422),
        (&format!("{header}.{}.{signature}", &payload[4..]), 422),
        (&format!("{good}="), 422),
        (&format!("{good}.x"), 422),
        (&long, 422),
    ];
    for (token, status) in broken {
        let answer = app.client().get("/protected", Some(token));
        assert_eq!(answer.status, status, "{token}: {}", answer.body);
        assert!(!answer.msg().is_empty(), "{token}");
    }
    assert_eq!(app.client().get("/protected", Some(&good)).status, 200);
}

#[test]
fn a_header_of_the_wrong_shape_is_told_the_right_one() {
    let app = app();
    for (header, status, text) in [
        ("Bearer", 422, "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
        ("Bearer a b", 422, "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'"),
        ("Basic YW5hOng=", 401, "Missing 'Bearer' type in 'Authorization' header"),
        ("bearer x", 401, "Missing 'Bearer' type in 'Authorization' header"),
    ] {
        let answer = app.client().send("GET", "/protected", None, &[("authorization", header)], b"");
        assert_eq!(answer.status, status, "{header}: {}", answer.body);
        assert!(answer.msg().contains(text), "{header}: {}", answer.body);
    }
}

#[test]
fn a_password_that_is_too_long_or_has_a_nul_is_wrong_and_costs_nothing_more() {
    let app = app();
    for password in ["x".repeat(5000), format!("{PASSWORD}\0"), format!("{PASSWORD}\0{PASSWORD}")] {
        let answer = app.client().post_json("/login", None, &json!({ "username": "ana", "password": password }));
        assert_eq!((answer.status, answer.msg().as_str()), (401, "Bad username or password"));
    }
}

#[test]
fn a_name_that_can_be_no_name_is_answered_like_a_wrong_one() {
    let app = app();
    for name in ["", " ", "a\0b", "<script>", "a\u{202e}b", &"x".repeat(3000)] {
        let answer = app.client().post_json("/login", None, &json!({ "username": name, "password": "x" }));
        assert_eq!((answer.status, answer.msg().as_str()), (401, "Bad username or password"), "{name:?}");
    }
}

#[test]
fn a_space_or_line_end_around_a_name_changes_nothing_and_around_a_password_everything() {
    let app = app();
    for name in ["ana ", " ana", "ana\n"] {
        let answer = app.client().post_json("/login", None, &json!({ "username": name, "password": PASSWORD }));
        assert_eq!(answer.status, 200, "{name:?}: {}", answer.body);
        assert_eq!(app.browser().sign_in(name, PASSWORD).status, 303, "{name:?}");
    }
    for password in [format!("{PASSWORD} "), format!(" {PASSWORD}"), format!("{PASSWORD}\n")] {
        assert_eq!(app.browser().sign_in("ana", &password).status, 401, "{password:?}");
    }
    let mut browser = app.browser();
    browser.get("/login");
    let nobody = browser.post("/login", &[("username", " "), ("password", PASSWORD)]);
    assert!(nobody.status == 400 && nobody.body.contains("Enter your username"), "{}", nobody.body);

    app.add_admin("adm");
    let mut admin = app.signed_in("adm");
    let list = admin.get("/admin/sessions/end?user=%20ana%0A");
    assert!(list.status == 200 && list.body.contains("ana"), "{}", list.body);
    assert!(admin.get("/admin/users?name=ana%20").body.contains(">ana</a>"));
    admin.get("/admin/users/add");
    assert_eq!(admin.post("/admin/users/add", &[("username", "ana ")]).status, 409, "the name is taken");
    assert_eq!(admin.post("/admin/users/add", &[("username", " bea")]).status, 303);
    assert!(admin.get("/admin/users?name=bea").body.contains(">bea</a>"));
}

#[test]
fn a_query_that_makes_no_sense_is_refused_or_ignored_but_never_an_error_of_ours() {
    let app = app();
    app.add_admin("adm");
    let mut admin = app.signed_in("adm");
    for (path, status) in [
        ("/admin/revoked?reason=nonsense", 400),
        ("/account?before=nonsense", 400),
        ("/admin/revoked?before=nonsense", 400),
        ("/admin/revoked?before=99999999999999999999.x", 400),
        ("/admin/revoked?user=ana&user=bea", 400),
        ("/admin/revoked?user=%ff", 200),
        ("/admin/revoked?unknown=x", 200),
        ("/confirm?next=%ff", 200),
        ("/account/x.css", 404),
        ("/admin/..;/account", 404),
        ("/setup/", 404),
        ("/setup/%00", 410),
    ] {
        assert_eq!(admin.get(path).status, status, "{path}");
    }
}

#[test]
fn requests_that_are_hardly_http_are_closed_without_a_word_or_refused() {
    let app = app();
    for request in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
    ] {
        let answer = app.raw(request);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
    }
    assert_eq!(app.client().get("/healthz", None).status, 200);
}

#[test]
fn forwarded_headers_of_strangers_are_not_believed() {
    let app = app();
    let mut browser = app.browser();
    browser.headers.push(("x-forwarded-for".into(), "203.0.113.9".into()));
    browser.headers.push(("x-forwarded-host".into(), "evil.example".into()));
    browser.sign_in("ana", PASSWORD);
    let page = browser.get("/account").body;
    assert!(page.contains("127.0.0.1") && !page.contains("203.0.113.9") && !page.contains("evil.example"), "{page}");
}

/// The address that a server with this header's setting sees, behind a trusted proxy, of a request with these headers. Raw, because
/// the library behind the other visitors sends only text.
fn seen_behind_a_proxy(header: &str, headers: &[&[u8]]) -> String {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1, 10.0.0.0/8"), ("client_ip_header", header)]);
    app.add_admin("ana");
    let token = app.tokens("ana").access;
    let mut request = b"GET /admin/about HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ".to_vec();
    request.extend(token.as_bytes());
    for header in headers {
        request.extend(b"\r\n");
        request.extend(*header);
    }
    request.extend(b"\r\n\r\n");
    let answer = app.raw(&request);
    let told: serde_json::Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    told["address"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[test]
fn a_proxy_may_tell_the_client_with_a_port_in_brackets_or_in_quotes() {
    for (line, address) in [
        (&b"x-forwarded-for: 203.0.113.7:5544"[..], "203.0.113.7"),
        (b"x-forwarded-for: [2001:db8::1]:443", "2001:db8::1"),
        (b"x-forwarded-for: \"203.0.113.7\", 10.1.1.1:8", "203.0.113.7"),
        (b"x-forwarded-for: \xff, 203.0.113.7", "203.0.113.7"),
        (b"x-forwarded-for: 203.0.113.7, \xff", "unknown"),
        (b"x-forwarded-for: 203.0.113.7, unknown", "unknown"),
        (b"x-forwarded-for:", "unknown"),
    ] {
        assert_eq!(seen_behind_a_proxy("X-Forwarded-For", &[line]), address, "{}", line.escape_ascii());
    }
    let lines: [&[u8]; 2] =
        [b"forwarded: for=\"6.6.6.6", b"forwarded: for=\"[2001:db8::1]:4\";proto=https, for=10.1.1.1"];
    assert_eq!(seen_behind_a_proxy("Forwarded", &lines), "2001:db8::1");
    assert_eq!(seen_behind_a_proxy("X-Real-IP", &[b"x-real-ip: 203.0.113.7"]), "203.0.113.7");
    assert_eq!(seen_behind_a_proxy("X-Real-IP", &[b"x-real-ip: 6.6.6.6", b"x-real-ip: 203.0.113.7"]), "unknown");
}

#[test]
fn only_the_header_that_the_settings_name_tells_the_client() {
    let all: [&[u8]; 4] = [
        b"x-forwarded-for: 203.0.113.1",
        b"forwarded: for=203.0.113.2",
        b"x-real-ip: 203.0.113.3",
        b"cf-connecting-ip: 203.0.113.4",
    ];
    for (header, address) in [
        ("X-Forwarded-For", "203.0.113.1"),
        ("Forwarded", "203.0.113.2"),
        ("X-Real-IP", "203.0.113.3"),
        ("CF-Connecting-IP", "203.0.113.4"),
        ("X-Client-IP", "127.0.0.1"),
    ] {
        assert_eq!(seen_behind_a_proxy(header, &all), address, "{header}");
    }
}

#[test]
fn a_trusted_proxy_tells_who_is_behind_it_and_clients_can_not() {
    let app = TestApp::with(&[("trusted_proxies", "127.0.0.1, 10.0.0.0/8")]);
    app.add_user("ana");
    for (forwarded, shown) in
        [("203.0.113.9", "203.0.113.9"), ("6.6.6.6, 203.0.113.9, 10.1.1.1", "203.0.113.9"), ("nonsense", "Unknown")]
    {
        let mut browser = app.browser();
        browser.headers.push(("x-forwarded-for".into(), forwarded.into()));
        browser.sign_in("ana", PASSWORD);
        let page = browser.get("/account").body;
        assert!(page.contains(shown) && !page.contains("6.6.6.6"), "{forwarded}: {page}");
    }
}

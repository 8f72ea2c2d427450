//! Requests of programs: `/token`, `/userinfo`, `/introspect`, `/revoke`, discovery and the keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::requests::{CAMERA, FORM, Fields, SCRIPT, Side, VERIFIER, WIKI, fields, told};
use super::{Case, Facts, case};
use crate::support::Answer;

pub(super) fn cases() -> Vec<Case> {
    let mut all = codes();
    all.extend(callers());
    all.extend(refresh_tokens());
    all.extend(userinfo());
    all.extend(introspection());
    all.extend(revocation());
    all.extend(discovery());
    all
}

fn asks(name: impl Into<String>, ask: impl Fn(&mut Side) -> Answer + 'static) -> Case {
    case(name, move |side| {
        let answer = ask(side);
        told(side, &answer)
    })
}

/// Redeems a code of the wiki's as the wiki does, with these fields in the place of some.
fn redeems(name: &'static str, others: &'static [(&'static str, &'static str)]) -> Case {
    asks(format!("token, code: {name}"), move |side| {
        let code = side.code(WIKI, &[]);
        side.call("/token", WIKI, &side.redemption(WIKI, &code, others))
    })
}

fn twice(form: &Fields, name: &str) -> Fields {
    let again = form.iter().find(|(found, _)| found == name).cloned();
    [form.clone(), again.into_iter().collect()].concat()
}

fn codes() -> Vec<Case> {
    let mut all = vec![
        redeems("as usual", &[]),
        redeems("no grant type", &[("grant_type", "")]),
        redeems("an unknown grant type", &[("grant_type", "unknown")]),
        redeems("grant type password", &[("grant_type", "password")]),
        redeems("grant type client_credentials", &[("grant_type", "client_credentials")]),
        redeems("grant type implicit", &[("grant_type", "implicit")]),
        redeems("grant type of the device flow", &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code")]),
        redeems("grant type in capitals", &[("grant_type", "AUTHORIZATION_CODE")]),
        redeems("grant type of a refresh token", &[("grant_type", "refresh_token")]),
        redeems("no code", &[("code", "")]),
        redeems("another code", &[("code", "another")]),
        asks("token, code: a code of 5000 characters", |side| {
            side.call("/token", WIKI, &side.redemption(WIKI, &"c".repeat(5000), &[]))
        }),
        redeems("a code that is no text", &[("code", "\0")]),
        redeems("no address", &[("redirect_uri", "")]),
        redeems("another address", &[("redirect_uri", "https://wiki.example.org/other")]),
        redeems("the address with a slash", &[("redirect_uri", "https://wiki.example.org/callback/")]),
        redeems("no verifier", &[("code_verifier", "")]),
        redeems("another verifier", &[("code_verifier", "another-verifier-that-is-at-least-forty-three-characters")]),
        redeems("a short verifier", &[("code_verifier", "short")]),
        asks("token, code: a verifier of 200 characters", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[("code_verifier", &"v".repeat(200))]))
        }),
        redeems(
            "a verifier with other characters",
            &[("code_verifier", "ñandú ñandú ñandú ñandú ñandú ñandú ñandú ñandú")],
        ),
        redeems("a scope", &[("scope", "openid")]),
        redeems("an unknown field", &[("unknown", "1")]),
        redeems("a resource", &[("resource", "https://api.example.org")]),
        asks("token, code: twice", |side| {
            let code = side.code(WIKI, &[]);
            let form = side.redemption(WIKI, &code, &[]);
            assert_eq!(side.call("/token", WIKI, &form).status, 200);
            side.call("/token", WIKI, &form)
        }),
        asks("token, code: what it gave, after it was shown twice", |side| {
            let code = side.code(WIKI, &[]);
            let form = side.redemption(WIKI, &code, &[]);
            let access = side.call("/token", WIKI, &form).json()["access_token"].as_str().unwrap().to_owned();
            side.call("/token", WIKI, &form);
            side.send("GET", "/userinfo", &[("authorization", &format!("Bearer {access}"))], "")
        }),
        asks("token, code: after a wrong verifier", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[("code_verifier", &"x".repeat(43))]));
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[]))
        }),
        asks("token, code: after another app showed it", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/token", CAMERA, &side.redemption(CAMERA, &code, &[]));
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[]))
        }),
        asks("token, code: another app's", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/token", CAMERA, &side.redemption(CAMERA, &code, &[]))
        }),
        asks("token, code: another app's, with that one's address", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/token", CAMERA, &side.redemption(WIKI, &code, &[]))
        }),
        asks("token, code: a public app's", |side| {
            let code = side.code(SCRIPT, &[]);
            side.call("/token", SCRIPT, &side.redemption(SCRIPT, &code, &[]))
        }),
        asks("token, code: of an app by a public one", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/token", SCRIPT, &side.redemption(WIKI, &code, &[]))
        }),
        asks("token, code: of a public app by another", |side| {
            let code = side.code(SCRIPT, &[]);
            side.call("/token", WIKI, &side.redemption(SCRIPT, &code, &[]))
        }),
        asks("token, code: the refresh token in its place", |side| {
            let refresh = side.given("refresh_token");
            side.call("/token", WIKI, &side.redemption(WIKI, &refresh, &[]))
        }),
        asks("token, code: without a nonce", |side| {
            let code = side.code(WIKI, &[("nonce", "")]);
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[]))
        }),
        asks("token, code: with max_age", |side| {
            let code = side.code(WIKI, &[("max_age", "10000")]);
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[]))
        }),
    ];
    for scope in [
        "openid profile",
        "openid email",
        "openid groups",
        "openid profile email groups",
        "openid unknown",
        "openid offline_access",
    ] {
        all.push(asks(format!("token, code: scope {scope}"), move |side| {
            let code = side.code(WIKI, &[("scope", scope)]);
            side.call("/token", WIKI, &side.redemption(WIKI, &code, &[]))
        }));
    }
    all.push(asks("token, code: scope openid offline_access, prompt=consent", |side| {
        let code = side.code(WIKI, &[("scope", "openid offline_access"), ("prompt", "consent")]);
        side.call("/token", WIKI, &side.redemption(WIKI, &code, &[]))
    }));
    for name in ["grant_type", "code", "redirect_uri", "code_verifier"] {
        all.push(asks(format!("token, code: {name} twice"), move |side| {
            let code = side.code(WIKI, &[]);
            let form = twice(&side.redemption(WIKI, &code, &[]), name);
            side.call("/token", WIKI, &form)
        }));
    }
    all
}

/// Redeems a code with this header and these fields besides.
fn calls(name: &'static str, make: impl Fn(&Side) -> (Option<String>, Fields) + 'static) -> Case {
    asks(format!("token, caller: {name}"), move |side| {
        let code = side.code(WIKI, &[]);
        let (header, more) = make(side);
        let form = [side.redemption(WIKI, &code, &[]), more].concat();
        let headers: Vec<_> = header.iter().map(|header| ("authorization", header.as_str())).collect();
        side.post("/token", &headers, &form)
    })
}

fn callers() -> Vec<Case> {
    let basic = |text: String| Some(format!("Basic {}", STANDARD.encode(text)));
    let mut all = vec![
        calls("nothing", |_| (None, Fields::new())),
        calls("id alone", |side| (None, fields(&[("client_id", &side.apps[WIKI].id)]))),
        calls("id and secret in the form", |side| {
            let app = &side.apps[WIKI];
            (None, fields(&[("client_id", &app.id), ("client_secret", &app.secret)]))
        }),
        calls("id and a wrong secret in the form", |side| {
            (None, fields(&[("client_id", &side.apps[WIKI].id), ("client_secret", "wrong")]))
        }),
        calls("id and an empty secret in the form", |side| {
            (None, fields(&[("client_id", &side.apps[WIKI].id), ("client_secret", "")]))
        }),
        calls("a secret alone in the form", |side| (None, fields(&[("client_secret", &side.apps[WIKI].secret)]))),
        calls("an unknown id in the form", |_| (None, fields(&[("client_id", "nobody"), ("client_secret", "x")]))),
        calls("another app's secret", move |side| {
            (basic(format!("{}:{}", side.apps[WIKI].id, side.apps[CAMERA].secret)), Fields::new())
        }),
        calls("a wrong secret", move |side| (basic(format!("{}:wrong", side.apps[WIKI].id)), Fields::new())),
        calls("an empty secret", move |side| (basic(format!("{}:", side.apps[WIKI].id)), Fields::new())),
        calls("an unknown id", move |_| (basic("nobody:x".into()), Fields::new())),
        calls("an empty id", move |_| (basic(":x".into()), Fields::new())),
        calls("no colon", move |_| (basic("nobody".into()), Fields::new())),
        calls("no base64", |_| (Some("Basic !!!".into()), Fields::new())),
        calls("Basic alone", |_| (Some("Basic".into()), Fields::new())),
        calls("an empty header", |_| (Some(String::new()), Fields::new())),
        calls("another scheme", |side| (Some(format!("Bearer {}", side.given("access_token"))), Fields::new())),
        calls("basic in small letters", |side| (Some(side.basic(WIKI).replace("Basic", "basic")), Fields::new())),
        calls("by both ways", |side| {
            let app = &side.apps[WIKI];
            (Some(side.basic(WIKI)), fields(&[("client_id", &app.id), ("client_secret", &app.secret)]))
        }),
        calls("Basic, and the id in the form", |side| {
            (Some(side.basic(WIKI)), fields(&[("client_id", &side.apps[WIKI].id)]))
        }),
        calls("Basic, and another id in the form", |side| {
            (Some(side.basic(WIKI)), fields(&[("client_id", &side.apps[CAMERA].id)]))
        }),
        calls("Basic, percent-encoded", move |side| {
            let app = &side.apps[WIKI];
            let encoded: String = app.secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
            (basic(format!("{}:{encoded}", app.id)), Fields::new())
        }),
        calls("Basic, broken percent encoding", move |side| {
            (basic(format!("{}:%zz", side.apps[WIKI].id)), Fields::new())
        }),
        calls("an assertion", |side| {
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
            let id = &side.apps[WIKI].id;
            (None, fields(&[("client_id", id), ("client_assertion_type", kind), ("client_assertion", "a.b.c")]))
        }),
        asks("token, caller: a public app with a secret", |side| {
            let code = side.code(SCRIPT, &[]);
            let more = fields(&[("client_id", &side.apps[SCRIPT].id), ("client_secret", "x")]);
            side.post("/token", &[], &[side.redemption(SCRIPT, &code, &[]), more].concat())
        }),
        asks("token, caller: a public app by Basic", |side| {
            let code = side.code(SCRIPT, &[]);
            let header = side.basic(SCRIPT);
            side.post("/token", &[("authorization", &header)], &side.redemption(SCRIPT, &code, &[]))
        }),
        asks("token, caller: fields in the query", |side| {
            let code = side.code(WIKI, &[]);
            let query = super::requests::encoded(&side.redemption(WIKI, &code, &[]));
            let header = side.basic(WIKI);
            side.post(&format!("/token?{query}"), &[("authorization", &header)], &Fields::new())
        }),
        asks("token, by GET", |side| side.send("GET", "/token", &[], "")),
        asks("token, by PUT", |side| side.send("PUT", "/token", &[("content-type", FORM)], "grant_type=x")),
        asks("token, without a body", |side| {
            let header = side.basic(WIKI);
            side.send("POST", "/token", &[("authorization", &header)], "")
        }),
        asks("token, a preflight of a stranger", |side| preflight(side, "/token", "https://evil.example")),
        asks("token, a preflight of a public app's page", |side| {
            preflight(side, "/token", "https://script.example.org")
        }),
        asks("token, from a public app's page", |side| {
            let code = side.code(SCRIPT, &[]);
            let more = fields(&[("client_id", &side.apps[SCRIPT].id)]);
            let form = [side.redemption(SCRIPT, &code, &[]), more].concat();
            side.post("/token", &[("origin", "https://script.example.org")], &form)
        }),
        asks("token, a public app's code from a stranger's page", |side| {
            let code = side.code(SCRIPT, &[]);
            let more = fields(&[("client_id", &side.apps[SCRIPT].id)]);
            let form = [side.redemption(SCRIPT, &code, &[]), more].concat();
            side.post("/token", &[("origin", "https://evil.example")], &form)
        }),
        asks("token, an error at a public app's page", |side| {
            let form =
                [side.redemption(SCRIPT, "wrong", &[]), fields(&[("client_id", &side.apps[SCRIPT].id)])].concat();
            side.post("/token", &[("origin", "https://script.example.org")], &form)
        }),
    ];
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=utf-8",
        "",
    ] {
        all.push(asks(format!("token, content type {kind}"), move |side| {
            let code = side.code(WIKI, &[]);
            let body = super::requests::encoded(&side.redemption(WIKI, &code, &[]));
            let header = side.basic(WIKI);
            let headers = [("authorization", header.as_str()), ("content-type", kind)];
            let headers = if kind.is_empty() { &headers[..1] } else { &headers[..] };
            side.send("POST", "/token", headers, &body)
        }));
    }
    all
}

fn preflight(side: &Side, path: &str, origin: &str) -> Answer {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization"),
    ];
    side.send("OPTIONS", path, &headers, "")
}

fn refresh(token: &str, more: &[(&str, &str)]) -> Fields {
    fields(&[&[("grant_type", "refresh_token"), ("refresh_token", token)], more].concat())
}

fn text(answer: &serde_json::Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

fn refresh_tokens() -> Vec<Case> {
    let mut all = Vec::new();
    let scopes = [
        "",
        "openid",
        "openid profile",
        "openid offline_access",
        "profile",
        "openid unknown",
        "openid profile email groups offline_access",
    ];
    for scope in scopes {
        all.push(asks(format!("token, refresh: scope {scope}"), move |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            let more = [("scope", scope)];
            side.call("/token", WIKI, &refresh(&token, if scope.is_empty() { &[] } else { &more }))
        }));
    }
    all.extend([
        asks("token, refresh: more than was given", |side| {
            let code = side.code(WIKI, &[("scope", "openid offline_access"), ("prompt", "consent")]);
            let given = side.call("/token", WIKI, &side.redemption(WIKI, &code, &[])).json();
            side.call("/token", WIKI, &refresh(&text(&given, "refresh_token"), &[("scope", "openid profile")]))
        }),
        asks("token, refresh: twice", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", WIKI, &refresh(&token, &[]));
            side.call("/token", WIKI, &refresh(&token, &[]))
        }),
        asks("token, refresh: the successor, after the first was shown twice", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            let next = text(&side.call("/token", WIKI, &refresh(&token, &[])).json(), "refresh_token");
            side.call("/token", WIKI, &refresh(&token, &[]));
            side.call("/token", WIKI, &refresh(&next, &[]))
        }),
        asks("token, refresh: the access token, after the first was shown twice", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            let access = text(&side.call("/token", WIKI, &refresh(&token, &[])).json(), "access_token");
            side.call("/token", WIKI, &refresh(&token, &[]));
            side.send("GET", "/userinfo", &[("authorization", &format!("Bearer {access}"))], "")
        }),
        asks("token, refresh: the access token from before", |side| {
            let given = side.tokens(WIKI);
            side.call("/token", WIKI, &refresh(&text(&given, "refresh_token"), &[]));
            let bearer = format!("Bearer {}", text(&given, "access_token"));
            side.send("GET", "/userinfo", &[("authorization", &bearer)], "")
        }),
        asks("token, refresh: another app's", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", CAMERA, &refresh(&token, &[]))
        }),
        asks("token, refresh: an app's by a public one", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", SCRIPT, &refresh(&token, &[]))
        }),
        asks("token, refresh: its own, after another app showed it", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", CAMERA, &refresh(&token, &[]));
            side.call("/token", WIKI, &refresh(&token, &[]))
        }),
        asks("token, refresh: a public app's", |side| {
            let token = text(&side.tokens(SCRIPT), "refresh_token");
            side.call("/token", SCRIPT, &refresh(&token, &[]))
        }),
        asks("token, refresh: garbage", |side| side.call("/token", WIKI, &refresh("garbage", &[]))),
        asks("token, refresh: none", |side| side.call("/token", WIKI, &fields(&[("grant_type", "refresh_token")]))),
        asks("token, refresh: empty", |side| side.call("/token", WIKI, &refresh("", &[]))),
        asks("token, refresh: the access token", |side| {
            side.call("/token", WIKI, &refresh(&side.given("access_token"), &[]))
        }),
        asks("token, refresh: the ID token", |side| side.call("/token", WIKI, &refresh(&side.given("id_token"), &[]))),
        asks("token, refresh: a wrong secret", |side| {
            let header = format!("Basic {}", STANDARD.encode(format!("{}:wrong", side.apps[WIKI].id)));
            side.post("/token", &[("authorization", &header)], &refresh(&side.given("refresh_token"), &[]))
        }),
        asks("token, refresh: twice in the form", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", WIKI, &twice(&refresh(&token, &[]), "refresh_token"))
        }),
        asks("token, refresh: with a verifier", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", WIKI, &refresh(&token, &[("code_verifier", VERIFIER)]))
        }),
    ]);
    all
}

fn shows(
    name: &'static str,
    method: &'static str,
    header: fn(&Side) -> Vec<String>,
    body: fn(&Side) -> Fields,
) -> Case {
    asks(format!("userinfo: {name}"), move |side| {
        side.renew();
        let headers = header(side);
        let body = body(side);
        let mut all: Vec<_> = headers.iter().map(|header| ("authorization", header.as_str())).collect();
        if !body.is_empty() {
            all.push(("content-type", FORM));
        }
        side.send(method, "/userinfo", &all, &super::requests::encoded(&body))
    })
}

fn userinfo() -> Vec<Case> {
    let none: fn(&Side) -> Fields = |_| Fields::new();
    let bearer: fn(&Side) -> Vec<String> = |side| vec![format!("Bearer {}", side.given("access_token"))];
    let nothing: fn(&Side) -> Vec<String> = |_| Vec::new();
    let field: fn(&Side) -> Fields = |side| fields(&[("access_token", &side.given("access_token"))]);
    let mut all = vec![
        shows("as usual", "GET", bearer, none),
        shows("by POST, in the header", "POST", bearer, none),
        shows("by POST, in the form", "POST", nothing, field),
        shows("by POST, in both", "POST", bearer, field),
        shows("by POST, a wrong one in the form", "POST", nothing, |_| fields(&[("access_token", "wrong")])),
        shows("by POST, an empty one in the form", "POST", nothing, |_| fields(&[("access_token", "")])),
        shows("by POST, twice in the form", "POST", nothing, |side| {
            let token = side.given("access_token");
            fields(&[("access_token", &token), ("access_token", &token)])
        }),
        shows("by POST, something else in the form", "POST", bearer, |_| fields(&[("x", "1")])),
        shows("nothing", "GET", nothing, none),
        shows("nothing, by POST", "POST", nothing, none),
        shows("a wrong token", "GET", |_| vec!["Bearer wrong".into()], none),
        shows("a wrong token, by POST", "POST", |_| vec!["Bearer wrong".into()], none),
        shows("an empty token", "GET", |_| vec!["Bearer ".into()], none),
        shows("Bearer alone", "GET", |_| vec!["Bearer".into()], none),
        shows("bearer in small letters", "GET", |side| vec![format!("bearer {}", side.given("access_token"))], none),
        shows("another scheme", "GET", |side| vec![side.basic(WIKI)], none),
        shows("a token with a word more", "GET", |side| vec![format!("Bearer {} x", side.given("access_token"))], none),
        shows("two spaces", "GET", |side| vec![format!("Bearer  {}", side.given("access_token"))], none),
        shows("a changed token", "GET", |side| vec![format!("Bearer {}x", side.given("access_token"))], none),
        shows(
            "a token cut short",
            "GET",
            |side| {
                let token = side.given("access_token");
                vec![format!("Bearer {}", &token[..token.len() - 1])]
            },
            none,
        ),
        shows("the refresh token", "GET", |side| vec![format!("Bearer {}", side.given("refresh_token"))], none),
        shows("the ID token", "GET", |side| vec![format!("Bearer {}", side.given("id_token"))], none),
        shows("by HEAD", "HEAD", bearer, none),
        shows("by PUT", "PUT", bearer, none),
        shows("by DELETE", "DELETE", bearer, none),
        asks("userinfo: in the query", |side| {
            side.renew();
            let token = side.given("access_token");
            side.send("GET", &format!("/userinfo?access_token={token}"), &[], "")
        }),
        asks("userinfo: DPoP", |side| {
            side.renew();
            let token = format!("DPoP {}", side.given("access_token"));
            side.send("GET", "/userinfo", &[("authorization", &token)], "")
        }),
        asks("userinfo: after it was revoked", |side| {
            let token = text(&side.tokens(WIKI), "access_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token)]));
            side.send("GET", "/userinfo", &[("authorization", &format!("Bearer {token}"))], "")
        }),
        asks("userinfo: after the refresh token was revoked", |side| {
            let given = side.tokens(WIKI);
            side.call("/revoke", WIKI, &fields(&[("token", &text(&given, "refresh_token"))]));
            let bearer = format!("Bearer {}", text(&given, "access_token"));
            side.send("GET", "/userinfo", &[("authorization", &bearer)], "")
        }),
        asks("userinfo: a preflight of a public app's page", |side| {
            preflight(side, "/userinfo", "https://script.example.org")
        }),
        asks("userinfo: a preflight of a stranger", |side| preflight(side, "/userinfo", "https://evil.example")),
    ];
    for scope in
        ["openid", "openid profile", "openid email", "openid groups", "openid profile email groups", "openid unknown"]
    {
        all.push(asks(format!("userinfo: scope {scope}"), move |side| {
            let code = side.code(WIKI, &[("scope", scope)]);
            let access = text(&side.call("/token", WIKI, &side.redemption(WIKI, &code, &[])).json(), "access_token");
            side.send("GET", "/userinfo", &[("authorization", &format!("Bearer {access}"))], "")
        }));
    }
    all
}

/// Asks `/introspect` or `/revoke` about a token, as an app.
fn about(path: &'static str, name: &str, app: usize, form: fn(&Side) -> Fields) -> Case {
    asks(format!("{path}: {name}"), move |side| {
        side.renew();
        side.call(path, app, &form(side))
    })
}

fn introspection() -> Vec<Case> {
    let path = "/introspect";
    vec![
        about(path, "an access token", WIKI, |side| fields(&[("token", &side.given("access_token"))])),
        about(path, "a refresh token", WIKI, |side| fields(&[("token", &side.given("refresh_token"))])),
        about(path, "an ID token", WIKI, |side| fields(&[("token", &side.given("id_token"))])),
        about(path, "an access token, with its kind", WIKI, |side| {
            fields(&[("token", &side.given("access_token")), ("token_type_hint", "access_token")])
        }),
        about(path, "an access token, with another kind", WIKI, |side| {
            fields(&[("token", &side.given("access_token")), ("token_type_hint", "refresh_token")])
        }),
        about(path, "an access token, with an unknown kind", WIKI, |side| {
            fields(&[("token", &side.given("access_token")), ("token_type_hint", "unknown")])
        }),
        about(path, "a refresh token, with its kind", WIKI, |side| {
            fields(&[("token", &side.given("refresh_token")), ("token_type_hint", "refresh_token")])
        }),
        about(path, "garbage", WIKI, |_| fields(&[("token", "garbage")])),
        about(path, "an empty token", WIKI, |_| fields(&[("token", "")])),
        about(path, "no token", WIKI, |_| fields(&[("x", "1")])),
        about(path, "two tokens", WIKI, |side| {
            let token = side.given("access_token");
            fields(&[("token", &token), ("token", &token)])
        }),
        about(path, "another app's access token", CAMERA, |side| fields(&[("token", &side.given("access_token"))])),
        about(path, "another app's refresh token", CAMERA, |side| fields(&[("token", &side.given("refresh_token"))])),
        about(path, "by a public app", SCRIPT, |side| fields(&[("token", &side.given("access_token"))])),
        asks("/introspect: nobody asks", |side| {
            side.post("/introspect", &[], &fields(&[("token", &side.given("access_token"))]))
        }),
        asks("/introspect: with a wrong secret", |side| {
            let header = format!("Basic {}", STANDARD.encode(format!("{}:wrong", side.apps[WIKI].id)));
            side.post("/introspect", &[("authorization", &header)], &fields(&[("token", "x")]))
        }),
        asks("/introspect: with the access token as the caller's", |side| {
            let header = format!("Bearer {}", side.given("access_token"));
            side.post("/introspect", &[("authorization", &header)], &fields(&[("token", "x")]))
        }),
        asks("/introspect: a used refresh token", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/token", WIKI, &refresh(&token, &[]));
            side.call("/introspect", WIKI, &fields(&[("token", &token)]))
        }),
        asks("/introspect: a revoked access token", |side| {
            let token = text(&side.tokens(WIKI), "access_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token)]));
            side.call("/introspect", WIKI, &fields(&[("token", &token)]))
        }),
        asks("/introspect: a code", |side| {
            let code = side.code(WIKI, &[]);
            side.call("/introspect", WIKI, &fields(&[("token", &code)]))
        }),
        asks("/introspect: a public app's access token, by itself", |side| {
            let token = text(&side.tokens(SCRIPT), "access_token");
            side.call("/introspect", SCRIPT, &fields(&[("token", &token)]))
        }),
        asks("/introspect: by GET", |side| side.send("GET", "/introspect", &[], "")),
        asks("/introspect: JSON", |side| {
            let header = side.basic(WIKI);
            let headers = [("authorization", header.as_str()), ("content-type", "application/json")];
            side.send("POST", "/introspect", &headers, "{\"token\":\"x\"}")
        }),
    ]
}

fn after_revoking(name: &'static str, revoked: &'static str, looked_at: &'static str) -> Case {
    asks(format!("/revoke: {name}"), move |side| {
        let given = side.tokens(WIKI);
        let answer = side.call("/revoke", WIKI, &fields(&[("token", &text(&given, revoked))]));
        assert_eq!(answer.status, 200);
        side.call("/introspect", WIKI, &fields(&[("token", &text(&given, looked_at))]))
    })
}

fn revocation() -> Vec<Case> {
    let path = "/revoke";
    vec![
        asks("/revoke: an access token", |side| {
            let token = text(&side.tokens(WIKI), "access_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token)]))
        }),
        asks("/revoke: a refresh token", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token)]))
        }),
        asks("/revoke: the same twice", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token)]));
            side.call("/revoke", WIKI, &fields(&[("token", &token)]))
        }),
        asks("/revoke: a refresh token, with another kind", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token), ("token_type_hint", "access_token")]))
        }),
        asks("/revoke: a refresh token, with an unknown kind", |side| {
            let token = text(&side.tokens(WIKI), "refresh_token");
            side.call("/revoke", WIKI, &fields(&[("token", &token), ("token_type_hint", "unknown")]))
        }),
        asks("/revoke: a public app's, by itself", |side| {
            let token = text(&side.tokens(SCRIPT), "refresh_token");
            side.call("/revoke", SCRIPT, &fields(&[("token", &token)]))
        }),
        after_revoking("the refresh token, after the access token", "access_token", "refresh_token"),
        after_revoking("the access token, after the refresh token", "refresh_token", "access_token"),
        after_revoking("the refresh token, after itself", "refresh_token", "refresh_token"),
        about(path, "garbage", WIKI, |_| fields(&[("token", "garbage")])),
        about(path, "an ID token", WIKI, |side| fields(&[("token", &side.given("id_token"))])),
        about(path, "an empty token", WIKI, |_| fields(&[("token", "")])),
        about(path, "no token", WIKI, |_| fields(&[("x", "1")])),
        about(path, "another app's access token", CAMERA, |side| fields(&[("token", &side.given("access_token"))])),
        about(path, "another app's refresh token", CAMERA, |side| fields(&[("token", &side.given("refresh_token"))])),
        about(path, "another app's, by a public one", SCRIPT, |side| fields(&[("token", &side.given("access_token"))])),
        asks("/revoke: what another app tried to revoke", |side| {
            side.renew();
            side.call("/revoke", CAMERA, &fields(&[("token", &side.given("access_token"))]));
            side.call("/introspect", WIKI, &fields(&[("token", &side.given("access_token"))]))
        }),
        asks("/revoke: nobody asks", |side| side.post("/revoke", &[], &fields(&[("token", "x")]))),
        asks("/revoke: with a wrong secret", |side| {
            let header = format!("Basic {}", STANDARD.encode(format!("{}:wrong", side.apps[WIKI].id)));
            side.post("/revoke", &[("authorization", &header)], &fields(&[("token", "x")]))
        }),
        asks("/revoke: by GET", |side| side.send("GET", "/revoke", &[], "")),
        asks("/revoke: JSON", |side| {
            let header = side.basic(WIKI);
            let headers = [("authorization", header.as_str()), ("content-type", "application/json")];
            side.send("POST", "/revoke", &headers, "{\"token\":\"x\"}")
        }),
    ]
}

/// Every member of what discovery says, with its value.
fn metadata(side: &mut Side, path: &str) -> Facts {
    let answer = side.send("GET", path, &[], "");
    let mut facts = told(side, &answer);
    facts.retain(|name, _| !name.starts_with("member "));
    let Some(said) = answer.json().as_object().cloned() else { return facts };
    for (name, value) in said {
        let text = match value.as_array() {
            Some(all) => {
                let mut all: Vec<_> = all.iter().map(|one| one.as_str().unwrap_or_default()).collect();
                all.sort_unstable();
                all.join(" ")
            }
            None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        facts.insert(name, side.plain(&text));
    }
    facts
}

fn discovery() -> Vec<Case> {
    let path = "/.well-known/openid-configuration";
    let keys = "/.well-known/portero/apps.jwks.json";
    let mut all = vec![
        case("discovery", move |side| metadata(side, path)),
        case("discovery: by its OAuth name", |side| metadata(side, "/.well-known/oauth-authorization-server")),
        asks("discovery: with another name", |side| side.send("GET", "/.well-known/openid-configuration/x", &[], "")),
        case("keys: their members", move |side| {
            let answer = side.send("GET", keys, &[], "");
            let mut facts = told(side, &answer);
            let said = answer.json();
            let one = said["keys"].as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap();
            let mut names: Vec<_> = one.as_object().unwrap().keys().cloned().collect();
            names.sort_unstable();
            facts.insert("a key's members".into(), names.join(" "));
            facts.insert("a key's alg".into(), one["alg"].as_str().unwrap_or_default().into());
            facts.insert("a key's use".into(), one["use"].as_str().unwrap_or_default().into());
            facts
        }),
    ];
    for (what, path) in [("discovery", path), ("keys", keys)] {
        for method in ["HEAD", "POST", "PUT", "DELETE"] {
            all.push(asks(format!("{what}: by {method}"), move |side| side.send(method, path, &[], "")));
        }
        all.push(asks(format!("{what}: from a page"), move |side| {
            let mut answer = side.send("GET", path, &[("origin", "https://anybody.example")], "");
            answer.body.clear();
            answer
        }));
        all.push(asks(format!("{what}: a preflight"), move |side| preflight(side, path, "https://anybody.example")));
    }
    all
}

//! What can be used once or only so often, at several nodes at once.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::nodes::Nodes;
use crate::portero::{PASSWORD, Reply};
use crate::totp;

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Sends the same to every node at the same moment; the statuses of the answers.
fn at_once(nodes: &Nodes, path: &str, body: &Value) -> Vec<u16> {
    std::thread::scope(|scope| {
        let ask = |node: usize| nodes.ask(node, "POST", path, None, Some(body)).unwrap().status;
        let asking: Vec<_> = (0..nodes.count()).map(|node| scope.spawn(move || ask(node))).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

/// How many of them were a yes.
fn yes(statuses: &[u16]) -> usize {
    assert!(statuses.iter().all(|status| matches!(status, 200 | 303 | 400 | 401 | 403 | 410)), "{statuses:?}");
    statuses.iter().filter(|status| matches!(status, 200 | 303)).count()
}

/// Sends a request in a connection of its own, and returns the whole answer.
fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Chooses a password by a one-time link, as a browser does; the status of the answer.
fn choose_password(node: SocketAddr, path: &str, password: &str) -> u16 {
    let asks = format!("HTTP/1.1\r\nhost: {node}\r\naccept: text/html\r\nconnection: close\r\n");
    let page = exchange(node, &format!("GET {path} {asks}\r\n"));
    let after = |before: &str| page.split_once(before).map(|(_, rest)| rest);
    let Some(csrf) = after("name=\"csrf_token\" value=\"").and_then(|rest| rest.split('"').next()) else {
        // Somebody else was so quick that there is no form any more.
        return status_of(&page);
    };
    let cookies: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect();
    let cookies: Vec<_> = cookies.iter().filter_map(|cookie| cookie.split(';').next()).collect();
    let password = password.replace(' ', "+");
    let form = format!("csrf_token={csrf}&new_password={password}&new_password_again={password}");
    let head = format!(
        "cookie: {}\r\norigin: http://{node}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}",
        cookies.join("; "),
        form.len()
    );
    status_of(&exchange(node, &format!("POST {path} {asks}{head}\r\n\r\n{form}")))
}

fn status_of(answer: &str) -> u16 {
    answer.split(' ').nth(1).unwrap_or_else(|| panic!("{answer}")).parse().unwrap()
}

#[test]
fn a_one_time_link_that_is_used_at_all_nodes_at_once_lets_exactly_one_choose_the_password() {
    let nodes = Nodes::start(3, &[("PORTERO_THROTTLE", "on")]);
    for round in 0..5 {
        let name = format!("guest{round}");
        let link = nodes.command(&["user", "invite", &name]);
        let path = format!("/link/{}", link.split_whitespace().next().unwrap().split_once("/link/").unwrap().1);
        let (nodes, path) = (&nodes, &path);
        let statuses = std::thread::scope(|scope| {
            let choose = |node: usize| {
                let password = format!("a password of node {node} alone");
                choose_password(nodes.address(node), path, &password)
            };
            let choosing: Vec<_> = (0..3).map(|node| scope.spawn(move || choose(node))).collect();
            choosing.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(yes(&statuses), 1, "{statuses:?}");
        let winner = statuses.iter().position(|status| *status == 303).unwrap();
        for node in 0..3 {
            let password = format!("a password of node {node} alone");
            let body = json!({ "username": name, "password": password });
            let answer = nodes.ask((node + 1) % 3, "POST", "/login", None, Some(&body)).unwrap();
            assert_eq!(answer.status == 200, node == winner, "{}", answer.body);
        }
    }
}

/// Ana gets an authenticator app and recovery codes.
fn add_totp(nodes: &Nodes) -> (String, Vec<String>) {
    let token = nodes.sign_in(0).unwrap();
    let ask = |path: &str, body: &Value| nodes.ask(0, "POST", path, Some(&token), Some(body)).unwrap();
    let new = ask("/account/factors/totp", &json!({ "name": "Phone" }));
    let secret = new.text("secret");
    let path = format!("/account/factors/totp/{}/confirm", new.body["id"]);
    let confirmed = ask(&path, &json!({ "code": totp::code(&secret, now()) }));
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    let codes = confirmed.body["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

fn attempt(nodes: &Nodes, node: usize) -> String {
    let body = json!({ "username": "ana", "password": PASSWORD });
    nodes.ask(node, "POST", "/login", None, Some(&body)).unwrap().text("attempt")
}

#[test]
fn a_code_or_an_attempt_that_is_used_at_all_nodes_at_once_lets_exactly_one_in() {
    let nodes = Nodes::start(3, &[]);
    let (secret, recovery_codes) = add_totp(&nodes);
    // The same recovery code in different attempts, and in the same.
    let body = |attempt: &str, method: &str, code: &str| json!({ "attempt": attempt, "method": method, "code": code });
    for code in &recovery_codes[..3] {
        let attempts = [0, 1, 2].map(|node| attempt(&nodes, node));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asking = attempts.iter().enumerate().map(|(node, attempt)| {
                let (nodes, body) = (&nodes, body(attempt, "recovery_code", code));
                scope.spawn(move || nodes.ask(node, "POST", "/login/factor", None, Some(&body)).unwrap().status)
            });
            asking.collect::<Vec<_>>().into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(yes(&statuses), 1, "{statuses:?}");
    }
    let statuses = at_once(&nodes, "/login/factor", &body(&attempt(&nodes, 0), "recovery_code", &recovery_codes[3]));
    assert_eq!(yes(&statuses), 1, "{statuses:?}");
    // The step with which the app was added is used up, so the next one.
    let code = totp::code(&secret, now() + 30);
    let statuses = at_once(&nodes, "/login/factor", &body(&attempt(&nodes, 1), "totp", &code));
    assert_eq!(yes(&statuses), 1, "{statuses:?}");
    let again = nodes.ask(2, "POST", "/login/factor", None, Some(&body(&attempt(&nodes, 2), "totp", &code))).unwrap();
    assert_eq!(again.status, 401, "{}", again.body);
}

#[test]
fn an_attempt_has_five_wrong_codes_however_many_nodes_they_are_given_to() {
    let nodes = Nodes::start(3, &[]);
    let (secret, recovery_codes) = add_totp(&nodes);
    let attempt = attempt(&nodes, 0);
    let give = |node: usize, method: &str, code: &str| -> Reply {
        let body = json!({ "attempt": attempt, "method": method, "code": code });
        nodes.ask(node, "POST", "/login/factor", None, Some(&body)).unwrap()
    };
    for wrong in 0..5 {
        let answer = give(wrong % 3, "totp", &totp::wrong_code(&secret, now()));
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    assert_eq!(give(2, "recovery_code", &recovery_codes[0]).status, 401, "the right one comes too late");
}

#[test]
fn three_nodes_allow_hardly_more_wrong_passwords_than_one() {
    let nodes = Nodes::start(3, &[("PORTERO_THROTTLE", "on")]);
    let wrong = json!({ "username": "eva", "password": "not the password of eva" });
    let mut tried = 0;
    for number in 0..24 {
        match nodes.ask(number % 3, "POST", "/login", None, Some(&wrong)).unwrap().status {
            401 => tried += 1,
            429 => {}
            other => panic!("{other}"),
        }
        // Nodes tell each other ten times a second.
        std::thread::sleep(Duration::from_millis(250));
    }
    assert!((5..=6).contains(&tried), "{tried} of 24 were checked; one node allows 5");
}

//! By the time that an answer takes, nobody learns whether there is a user of that name. What is measured is the CPU time that the
//! password workers spend, in nanoseconds: how long somebody waits depends on what else the machine does.

use std::fs;

use portero::domain::Username;
use portero::store::{Upkeep, users};
use serde_json::json;

use crate::support::database::Behind;
use crate::support::{PASSWORD, TestApp};

/// The CPU time of this process's password workers so far.
fn hashing_time() -> f64 {
    let threads = fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().path());
    // A thread that ends between the two looks is no worker.
    let workers = threads
        .filter(|thread| fs::read_to_string(thread.join("comm")).is_ok_and(|name| name.starts_with("password-")));
    let times = workers.map(|worker| {
        let counted = fs::read_to_string(worker.join("schedstat")).unwrap();
        counted.split(' ').next().unwrap().parse::<f64>().unwrap()
    });
    times.sum()
}

/// What a wrong password for this name costs.
fn cost_of(app: &TestApp, name: &str) -> f64 {
    let before = hashing_time();
    let answer = app.client().post_json("/login", None, &json!({ "username": name, "password": "wrong" }));
    assert_eq!(answer.status, 401, "{}", answer.body);
    hashing_time() - before
}

fn app() -> TestApp {
    TestApp::with(&[("throttle", "off")])
}

/// What bcrypt makes of some password with this cost.
fn made(cost: u32) -> String {
    bcrypt::hash("nobody's", cost).unwrap()
}

/// Adds a user with a hash that bcrypt `made`: as it would be stored here, or plain, as it was brought along from elsewhere.
fn add_user(app: &TestApp, name: &str, made: &str, is_plain: bool) {
    app.add_user(name);
    let (parsed, made) = (Username::parse(name).unwrap(), made.to_owned());
    let set = app.accounts.db.write(Upkeep, app.clock.now(), move |tx, _| {
        let user = users::find_by_name(tx.conn, &parsed)?.unwrap();
        let from = user.password_hash.unwrap();
        let (start, _) = from.split_at(from.find("$2b$").unwrap());
        let to = if is_plain { made.replacen("$2b$", "$2y$", 1) } else { format!("{start}{made}") };
        users::upgrade_hash(tx.conn, user.id, &from, &to)
    });
    set.committed().unwrap();
}

/// Welch's t of two samples.
fn t(one: &[f64], other: &[f64]) -> f64 {
    let mean_and_error = |sample: &[f64]| {
        let n = sample.len() as f64;
        let mean = sample.iter().sum::<f64>() / n;
        let variance = sample.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n)
    };
    let ((a, error_a), (b, error_b)) = (mean_and_error(one), mean_and_error(other));
    (a - b) / (error_a + error_b).sqrt()
}

/// 200 names with a user, whose hashes have these costs in turn, and 200 without, asked by turns.
fn t_of_names(hashes: &[(u32, bool)]) -> f64 {
    let app = app();
    let made: Vec<_> = hashes.iter().map(|(cost, is_plain)| (made(*cost), *is_plain)).collect();
    for (nth, (made, is_plain)) in (0..200).zip(made.iter().cycle()) {
        add_user(&app, &format!("known{nth}"), made, *is_plain);
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    cost_of(&app, "warm-up");
    for nth in 0..200 {
        known.push(cost_of(&app, &format!("known{nth}")));
        unknown.push(cost_of(&app, &format!("nobody{nth}")));
    }
    t(&known, &unknown)
}

#[test]
fn a_name_without_a_user_costs_what_one_with_a_user_does_though_the_setting_has_changed() {
    // Cheaper hashes would show what else differs: noting the failure, a hundredth of this hash, and a thousandth of one of cost 12.
    let t = t_of_names(&[(8, false)]);
    assert!(t.abs() < 4.5, "{t}");
}

#[test]
fn a_name_without_a_user_costs_what_one_with_a_user_does_though_their_hashes_cost_different_amounts() {
    let t = t_of_names(&[(5, false), (5, false), (6, true), (7, false), (7, true)]);
    assert!(t.abs() < 4.5, "{t}");
}

/// The answers to a wrong password for this name, to a program and on the page, and to a code after it: what cookies they set, and what
/// they say.
fn answers(app: &TestApp, name: &str) -> Vec<String> {
    let program = app.client().post_json("/login", None, &json!({ "username": name, "password": "wrong" }));
    let mut browser = app.browser();
    let page = browser.sign_in(name, "wrong");
    // How long a sealed cookie is depends on how its bytes are spelled.
    let names =
        page.set_cookies().into_iter().filter_map(|cookie| cookie.split('=').next()).collect::<Vec<_>>().join(" ");
    let csrf = page.body.split_once("name=\"csrf_token\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let said = page.body.replace(name, "NAME").replace(&csrf, "CSRF");
    // The code of nobody's attempt.
    let code = json!({ "attempt": "none", "method": "totp", "code": "123456" });
    let second = app.client().post_json("/login/factor", None, &code);
    let mut answers = vec![names, said];
    answers.extend([program, second].map(|answer| format!("{} {}", answer.status, answer.body)));
    answers.push(browser.get("/login/factor").location().to_owned());
    answers
}

/// Who can ask for a name learns nothing of its second factor before they know its password: the step after that names nobody. Asks for
/// 200 names of each kind, or as many as `PORTERO_TEST_NAMES` says, at most 9,999.
#[test]
fn a_name_with_a_second_factor_costs_and_answers_what_one_without_and_nobodys_do() {
    let names: usize = std::env::var("PORTERO_TEST_NAMES").map_or(200, |text| text.parse().unwrap());
    let app = app();
    let made = made(8);
    for nth in 0..names {
        add_user(&app, &format!("with{nth:04}"), &made, false);
        add_user(&app, &format!("none{nth:04}"), &made, false);
    }
    let with = "SELECT id FROM users WHERE username LIKE 'with%'";
    let mut behind = Behind::of(app.folder());
    let secret = behind.bytes("00");
    behind.execute(&format!(
        "UPDATE users SET factors = 1, factors_version = 1 WHERE id IN ({with});
         INSERT INTO factors (user_id, kind, name, secret, last_step, created_at, active_since)
         SELECT id, 'totp', 'Phone', {secret}, 0, 0, 0 FROM users WHERE id IN ({with})"
    ));
    assert_eq!(answers(&app, "with0000"), answers(&app, "none0000"));
    assert_eq!(answers(&app, "with0000"), answers(&app, "gone0000"));
    let mut costs = [const { Vec::new() }; 3];
    cost_of(&app, "warm-up");
    for nth in 0..names {
        for (kind, costs) in ["with", "none", "gone"].into_iter().zip(&mut costs) {
            costs.push(cost_of(&app, &format!("{kind}{nth:04}")));
        }
    }
    let [with, none, gone] = &costs;
    let ts = [t(with, none), t(with, gone), t(none, gone)];
    println!("t of names with and without a second factor, with one and nobody's, without and nobody's: {ts:.2?}");
    assert!(ts.iter().all(|t| t.abs() < 4.5), "{ts:?}");
}

#[test]
fn the_same_unknown_name_costs_the_same_however_often_and_however_it_is_written() {
    let app = app();
    add_user(&app, "ana", &made(4), false);
    add_user(&app, "bea", &made(8), false);
    // A hash of cost 8 takes 16 times as long as one of cost 4.
    let is_dear = |name: &str| cost_of(&app, name) > 4.0 * cost_of(&app, "ana");
    let names: Vec<_> = (0..24).map(|nth| format!("nobody{nth}")).collect();
    let dear: Vec<_> = names.iter().map(|name| is_dear(name)).collect();
    assert!(dear.contains(&true) && dear.contains(&false), "{dear:?}");
    assert_eq!(names.iter().map(|name| is_dear(&name.to_uppercase())).collect::<Vec<_>>(), dear);
    // Nor does a name that no user could have stand out.
    let impossible: Vec<_> = (0..24).map(|nth| is_dear(&format!("no name {nth}!"))).collect();
    assert!(impossible.contains(&true) && impossible.contains(&false), "{impossible:?}");
}

#[test]
fn what_unknown_names_cost_follows_the_users_at_once() {
    let folder = tempfile::TempDir::new().unwrap();
    let with_cost =
        |cost: &str| TestApp::in_folder(folder.path(), &[("throttle", "off"), ("password.bcrypt_cost", cost)]);
    let app = with_cost("8");
    let dear = cost_of(&app, "nobody");
    app.add_user("ana");
    drop(app);

    let app = with_cost("4");
    assert!(cost_of(&app, "nobody") > dear / 2.0, "the only hash that is stored has cost 8");
    app.tokens("ana");
    assert!(cost_of(&app, "nobody") < dear / 4.0, "it was made again when ana signed in");
    drop(app);

    let app = with_cost("8");
    assert!(cost_of(&app, "nobody") < dear / 4.0);
    app.disable("ana");
    assert!(cost_of(&app, "nobody") < dear / 4.0, "a disabled user's password is still compared");
    let name = Username::parse("ana").unwrap();
    portero::accounts::people::state::delete_user(&app.accounts, crate::support::operator(), name).committed().unwrap();
    assert!(cost_of(&app, "nobody") > dear / 2.0, "nobody is left, so the setting counts");
    assert_eq!(app.client().post_json("/login", None, &json!({ "username": "ana", "password": PASSWORD })).status, 401);
    assert!(cost_of(&app, "ana") > dear / 2.0, "and a deleted name is like any other");
}

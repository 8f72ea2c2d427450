//! No table is wider than its window, at any width, in any language, whatever stands in it; and the admin's lists stay dense.

use std::collections::{BTreeSet, VecDeque};
use std::io::Read;
use std::path::Path;

use fantoccini::Locator;
use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};

const WIDTHS: [u32; 8] = [320, 400, 640, 768, 960, 1024, 1280, 1600];
/// As long as a name can be, and nowhere may it be broken.
const LONG_NAME: &str = "wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenh";
const LONG_ADDRESS: &str = "2001:db8:1234:5678:9abc:def0:1234:5678";
const OTHER_ADDRESS: &str = "2001:db8:fedc:ba98:7654:3210:fedc:ba98";
const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/// The width up to which rows are cards. (`static/style.css`)
const CARDS: u32 = 960;

/// What sticks out of the window, of a table or of a cell, each in a few words. What is cut on purpose is left out, and so is the head
/// of a table whose rows are cards: nobody sees it.
const STICKING_OUT: &str = "
    const found = [];
    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) found.push(`the page: ${page.scrollWidth} px`);
    for (const table of document.querySelectorAll('table')) {
        const edge = table.getBoundingClientRect();
        for (const one of table.querySelectorAll('caption, tbody *')) {
            const cut = one.closest('.cut');
            if (cut && cut !== one) continue;
            const box = one.getBoundingClientRect();
            if (box.width === 0) continue;
            if (box.right > edge.right + 1 || box.left < edge.left - 1) found.push(`${one.className} ${one.textContent.trim()}`);
            if (one.matches('th, td') && one.scrollWidth > one.clientWidth + 1) found.push(`in its cell: ${one.textContent.trim()}`);
        }
    }
    return found;";

/// The heights of the rows of the page's dense tables, in pixels. The cards of a receipt leave nothing out and are as high as that needs.
const HEIGHTS: &str = "
    const rows = [...document.querySelectorAll(innerWidth > 960 ? '.compact tbody tr' : '.compact:not(.receipt) tbody tr')];
    return rows.map((row) => Math.ceil(row.getBoundingClientRect().height));";

/// The lists whose rows are dense.
const DENSE: [&str; 5] =
    ["/admin/sessions?", "/admin/revoked?", "/admin/users?", "/admin/audit?", "/account/activity?"];

/// The paths that the page links to.
const LINKS: &str = "return [...document.querySelectorAll('main a[href^=\"/\"]:not([download]), nav a')].map((link) => link.getAttribute('href'))";

async fn strings(browser: &Browser, script: &str) -> Vec<String> {
    let Value::Array(found) = browser.client.execute(script, Vec::new()).await.unwrap() else { panic!("no list") };
    found.into_iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect()
}

/// Sends a request from this address and returns the first token in the answer. Empty: there is none.
fn from(server: &Server, address: &str, user_agent: &str, request: &str, headers: &str, body: &str) -> String {
    let request = format!(
        "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: {address}\r\nuser-agent: {user_agent}\r\n\
         content-length: {}\r\n{headers}\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    server.connect(request.as_bytes()).read_to_string(&mut answer).unwrap();
    let token = answer.split_once("\"access_token\":\"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
    let refresh = answer.split_once("\"refresh_token\":\"").map(|(_, rest)| rest.split('"').next().unwrap().to_owned());
    refresh.or(token).unwrap_or_default()
}

fn log_in(server: &Server, name: &str, address: &str, user_agent: &str) -> String {
    let body = format!("{{\"username\":\"{name}\",\"password\":\"{PASSWORD}\"}}");
    let token = from(server, address, user_agent, "POST /login", "content-type: application/json\r\n", &body);
    assert!(!token.is_empty());
    token
}

fn refresh(server: &Server, token: &str, address: &str, user_agent: &str) -> String {
    from(server, address, user_agent, "POST /refresh", &format!("authorization: Bearer {token}\r\n"), "")
}

/// Fills the lists with long names and addresses: open sessions, an odd one, ended ones, a stolen one and a single token.
fn fill(folder: &Path, server: &Server) {
    ok(folder, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder, &["user", "add", LONG_NAME, "--admin", "--password-stdin"], PASSWORD);
    log_in(server, LONG_NAME, LONG_ADDRESS, CHROME);
    log_in(server, "ana", LONG_ADDRESS, &"x".repeat(200));
    let odd = log_in(server, LONG_NAME, LONG_ADDRESS, CHROME);
    assert!(!refresh(server, &odd, OTHER_ADDRESS, "else").is_empty());

    let stolen = log_in(server, LONG_NAME, LONG_ADDRESS, CHROME);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let owners = refresh(server, &stolen, LONG_ADDRESS, CHROME);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert!(!refresh(server, &owners, LONG_ADDRESS, CHROME).is_empty());
    assert_eq!(refresh(server, &stolen, OTHER_ADDRESS, "else"), "", "a spent token");
    let ended = server.log_in(LONG_NAME, PASSWORD).unwrap();
    let confirm = serde_json::json!({ "password": PASSWORD });
    server.ask("POST", "/confirm", Some(&ended.text("access_token")), Some(&confirm)).unwrap();
    server.ask("DELETE", "/logout", Some(&ended.text("refresh_token")), None).unwrap();
}

/// What pages have in common: their path without ids, and the names of the fields in their query.
fn kind_of(link: &str) -> String {
    let (path, query) = link.split('#').next().unwrap().split_once('?').unwrap_or((link, ""));
    let path = path.split('#').next().unwrap();
    let is_id = |part: &str| part.len() > 20 || part.bytes().all(|byte| byte.is_ascii_digit());
    let path: Vec<_> = path.split('/').map(|part| if !part.is_empty() && is_id(part) { "*" } else { part }).collect();
    let fields: Vec<_> = query.split('&').map(|field| field.split('=').next().unwrap()).collect();
    format!("{}?{}", path.join("/"), fields.join("&"))
}

/// A server that has something for every list, from the addresses that its requests name.
fn filled(folder: &Path) -> Server {
    let mut command = portero(folder);
    command.env("PORTERO_SESSION_ROTATE", "always").env("PORTERO_SESSION_GRACE", "0s");
    command.env("PORTERO_TRUSTED_PROXIES", "127.0.0.1");
    let server = Server::with(folder, command);
    fill(folder, &server);
    server
}

async fn as_ana(driver: &Driver, server: &Server) -> Browser {
    let browser = driver.browser().await;
    browser.open(&format!("http://{}/login", server.address)).await;
    browser.type_into("username", "ana").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    browser
}

/// Follows every kind of link from page to page, and looks at each page that has a table.
async fn every_table(language: &'static str) {
    let folder = TempDir::new().unwrap();
    let server = filled(folder.path());
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    browser.open(&format!("http://{}/login", server.address)).await;
    browser.type_into("username", LONG_NAME).await;
    browser.type_into("password", PASSWORD).await;
    browser.go_by(browser.element(Locator::Css("main button.primary")).await).await;
    // The receipt of an act, which no other page leads to for long.
    browser.open(&format!("http://{}/admin/sessions/end?user=ana", server.address)).await;
    browser.go_by(browser.element(Locator::Css("main button.primary")).await).await;
    log_in(&server, "ana", LONG_ADDRESS, CHROME);

    let mut waiting = VecDeque::from([browser.path().await]);
    let (mut seen, mut with_table, mut faults) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    while let Some(path) = waiting.pop_front() {
        if !seen.insert(kind_of(&path)) {
            continue;
        }
        browser.open(&format!("http://{}{path}", server.address)).await;
        waiting.extend(strings(&browser, LINKS).await);
        if browser.client.find(Locator::Css("table")).await.is_err() {
            continue;
        }
        with_table.insert(kind_of(&path));
        for width in WIDTHS {
            browser.look(width, 800, false).await;
            let wide = strings(&browser, STICKING_OUT).await;
            faults.extend(wide.iter().map(|one| format!("{path} at {width} px: {one}")));
            // A card is as high as what it has to say, here with the longest names and addresses: at most two lines of what it is
            // about, and of an event by whom it was done to whom, and where from.
            let list = path.split('?').next().unwrap();
            let most = match (width > CARDS, list) {
                (true, _) => 56,
                (false, "/admin/users") => 64,
                (false, "/admin/sessions") => 88,
                (false, "/admin/revoked") => 112,
                (false, _) => 136,
            };
            let high = strings(&browser, HEIGHTS).await;
            if DENSE.contains(&kind_of(&path).as_str()) && high.is_empty() {
                faults.push(format!("{path} at {width} px: no dense rows"));
            }
            if high.iter().any(|height| height.parse::<u32>().unwrap() > most) {
                faults.push(format!("{path} at {width} px: rows of {high:?} px"));
            }
        }
        browser.look(1280, 900, false).await;
    }
    for page in DENSE.into_iter().chain(["/account?", "/receipts/*?"]) {
        assert!(with_table.contains(page), "{page} is not in {with_table:?}");
    }
    assert!(with_table.contains("/admin/sessions/*?") && with_table.contains("/admin/sessions?ip"), "{with_table:?}");
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    browser.close().await;
}

#[actix_web::test]
async fn no_table_is_wider_than_its_window_in_english() {
    every_table("en").await;
}

#[actix_web::test]
async fn no_table_is_wider_than_its_window_in_spanish() {
    every_table("es").await;
}

/// On a phone a row has two lines, which lead to its page, and ending a session is still a link of its own.
#[actix_web::test]
async fn a_card_of_the_list_is_a_link_and_so_is_what_it_holds() {
    let folder = TempDir::new().unwrap();
    let server = filled(folder.path());
    let driver = Driver::start();
    let browser = as_ana(&driver, &server).await;
    const HIT: &str = "
        const row = document.querySelector('tbody tr:not(.danger):has(.ends)');
        row.scrollIntoView({ block: 'center' });
        return [row.querySelector('.device .cut'), row.querySelector('.ends')].map((one) => {
            const box = one.getBoundingClientRect();
            const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            return hit.closest('a')?.getAttribute('href') ?? 'nothing';
        });";
    // Of sessions that differ by nothing else, nobody knows which is which without the address.
    const WITHOUT_ADDRESS: &str = "
        return [...document.querySelectorAll('tbody tr:has(.device .icon)')].flatMap((row) => {
            const box = row.querySelector('.device .sub .code').getBoundingClientRect();
            return box.width > 50 && box.bottom <= row.getBoundingClientRect().bottom ? [] : [row.textContent];
        });";
    // Where no other link is: below the moment.
    const HIT_AT_THE_END: &str = "
        const row = document.querySelector('tbody tr:has(.whole)');
        row.scrollIntoView({ block: 'center' });
        const box = row.getBoundingClientRect();
        return [document.elementFromPoint(box.right - 20, box.bottom - 10).closest('a')?.getAttribute('href') ?? 'nothing'];";
    for width in [320, 640, 960] {
        browser.look(width, 800, false).await;
        browser.open(&format!("http://{}/admin/sessions", server.address)).await;
        let [card, end] = &strings(&browser, HIT).await[..] else { panic!("two were asked for") };
        assert!(card.starts_with("/admin/sessions/") && !card.ends_with("/end"), "{width}: {card}");
        assert_eq!(end, &format!("{card}/end"), "{width}");
        for list in ["/admin/sessions", "/admin/revoked"] {
            browser.open(&format!("http://{}{list}", server.address)).await;
            assert_eq!(strings(&browser, WITHOUT_ADDRESS).await, [""; 0], "{list} at {width}");
        }
        for (list, leads_to) in [
            ("/admin/audit", "/admin/sessions/"),
            ("/account/activity", "/account/sessions/"),
            ("/admin/users", "/admin/users/"),
            ("/admin/revoked", "/admin/sessions/"),
        ] {
            browser.open(&format!("http://{}{list}", server.address)).await;
            let [card] = &strings(&browser, HIT_AT_THE_END).await[..] else { panic!("one was asked for") };
            assert!(card.starts_with(leads_to), "{list} at {width}: {card}");
        }
    }
    browser.close().await;
}

/// On a phone the fields fill the screen, and whoever has filled in the last one finds the button below it.
#[actix_web::test]
async fn on_a_phone_the_filters_are_sent_by_a_button_below_them() {
    let folder = TempDir::new().unwrap();
    let server = filled(folder.path());
    let driver = Driver::start();
    let browser = as_ana(&driver, &server).await;
    const BUTTONS: &str = "
        const last = [...document.querySelectorAll('.filter input, .filter select')].at(-1).getBoundingClientRect();
        const seen = [...document.querySelectorAll('.find button')].filter((one) => one.checkVisibility());
        return seen.map((one) => one.getBoundingClientRect().top > last.bottom ? 'below' : 'above');";
    for (width, buttons) in [(320, "below"), (1280, "above")] {
        browser.look(width, 800, false).await;
        browser.open(&format!("http://{}/admin/audit?what=user_deleted", server.address)).await;
        assert_eq!(strings(&browser, BUTTONS).await, [buttons], "{width}");
    }
    browser.look(320, 800, false).await;
    browser.type_into("by", "ana").await;
    browser.go_by(browser.element(Locator::Css(".after-filters")).await).await;
    assert!(browser.path().await.contains("by=ana"), "{}", browser.path().await);
    browser.close().await;
}

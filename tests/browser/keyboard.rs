//! Every flow works by keyboard alone, and the focus can be seen at every step. (WCAG 2.1.1, 2.4.3, 2.4.7, 2.4.11)

use std::time::{SystemTime, UNIX_EPOCH};

use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Driver};
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::totp;

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const SPACE: char = ' ';
/// More stops of the Tab key than any page has.
const ROUND: usize = 60;

/// A script that describes the focused element: whether the selector matches it, whether a person can
/// see it, and the beginning of its HTML as a name.
const FOCUS: &str = "
    const [selector] = arguments;
    const one = document.activeElement;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    const outlined = one.matches(':focus-visible') && outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2
        && !/^rgba\\(.*, 0\\)$/.test(outlineColor);
    const { left, top, width, height } = one.getBoundingClientRect();
    // At its middle there is nothing else, so it is neither outside the window nor beneath something.
    const shown = document.elementFromPoint(left + width / 2, top + height / 2);
    return {
        is_it: one.matches(selector),
        is_seen: outlined && one.contains(shown),
        name: one.outerHTML.slice(0, 100),
    };";

struct Keyboard {
    browser: Browser,
    server: Server,
    _driver: Driver,
    folder: TempDir,
}

impl Keyboard {
    /// Starts at the login page. Ana is an administrator, and has a session elsewhere.
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
        let (server, driver) = (Server::start(folder.path()), Driver::start());
        server.log_in("ana", PASSWORD).unwrap();
        let keyboard = Self { browser: driver.browser().await, server, _driver: driver, folder };
        keyboard.open("/login?next=/account").await;
        keyboard
    }

    async fn signed_in() -> Self {
        let keyboard = Self::start().await;
        keyboard.is_at("#username").await;
        keyboard.types("ana").await;
        keyboard.tab_to("#password").await;
        keyboard.types(PASSWORD).await;
        keyboard.browser.go_by_key(ENTER).await;
        keyboard.browser.shows("Your account").await;
        keyboard
    }

    /// Opens a page as by the address bar.
    async fn open(&self, path: &str) {
        self.browser.open(&format!("http://{}{path}", self.server.address)).await;
    }

    async fn focus(&self, selector: &str) -> Value {
        self.browser.client.execute(FOCUS, vec![json!(selector)]).await.unwrap()
    }

    /// Asserts that the focus is on this element, and that it can be seen there.
    #[track_caller]
    fn is_at<'a>(&'a self, selector: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            // While the page loads, the focus may still be on its way.
            self.browser.element(Locator::Css(&format!(":is({selector}):focus"))).await;
            let focus = self.focus(selector).await;
            assert_eq!(focus["is_seen"], true, "{caller}: the focus can't be seen: {focus}");
        }
    }

    /// Presses Tab until the focus is on this element, if need be past the page's end and on from its
    /// beginning. Asserts that the focus can be seen at each stop on the way, too.
    #[track_caller]
    fn tab_to<'a>(&'a self, selector: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let mut stops = Vec::new();
            for _ in 0..ROUND {
                self.browser.press_key(TAB).await;
                let focus = self.focus(selector).await;
                let is_page = focus["name"].as_str().unwrap().starts_with("<body");
                assert!(is_page || focus["is_seen"] == true, "{caller}: the focus can't be seen: {focus}");
                if focus["is_it"] == true {
                    return;
                }
                stops.push(focus["name"].to_string());
            }
            panic!("{caller}: the keyboard never came to {selector}:\n{}", stops.join("\n"));
        }
    }

    async fn types(&self, text: &str) {
        self.browser.press_keys(text).await;
    }

    /// Asserts that the form was refused: the field with the only error has the focus or, if there are several, their summary has,
    /// and each error in it leads to its field.
    async fn errors_lead_to(&self, fields: &[&str]) {
        if let [field] = fields {
            return self.is_at(&format!("#{field}[aria-invalid]")).await;
        }
        self.is_at("#error-summary").await;
        for (nth, field) in fields.iter().enumerate() {
            self.tab_to(&format!("#error-summary li:nth-child({}) a", nth + 1)).await;
            self.browser.press_key(ENTER).await;
            self.is_at(&format!("#{field}")).await;
        }
    }

    async fn end(self) {
        self.browser.close().await;
    }
}

#[actix_web::test]
async fn who_mistypes_at_the_sign_in_is_led_to_the_field_and_signs_in() {
    let keyboard = Keyboard::start().await;
    keyboard.is_at("#username").await;
    keyboard.types("ana").await;
    keyboard.tab_to("#password").await;
    keyboard.types("not it").await;
    keyboard.tab_to(".show-password").await;
    keyboard.browser.press_key(SPACE).await;
    keyboard.browser.shows("Hide").await;
    keyboard.tab_to("#remember").await;
    keyboard.browser.press_key(SPACE).await;
    let remember = keyboard.browser.element(Locator::Id("remember")).await;
    assert!(remember.is_selected().await.unwrap());
    keyboard.tab_to("main button.primary").await;
    keyboard.browser.go_by_key(SPACE).await;
    keyboard.errors_lead_to(&["password"]).await;
    keyboard.types(PASSWORD).await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.browser.shows("Your account").await;
    keyboard.end().await;
}

#[actix_web::test]
async fn the_first_stop_of_a_page_leads_past_its_head() {
    let keyboard = Keyboard::signed_in().await;
    keyboard.browser.press_key(TAB).await;
    keyboard.is_at(".skip-link").await;
    keyboard.browser.press_key(ENTER).await;
    assert_eq!(keyboard.browser.focus().await, "main");
    keyboard.browser.press_key(TAB).await;
    keyboard.is_at("main a[href='/change-password']").await;
    keyboard.end().await;
}

#[actix_web::test]
async fn who_mistypes_at_the_confirmation_is_led_to_the_field_and_confirms() {
    let keyboard = Keyboard::signed_in().await;
    keyboard.open("/confirm?next=/change-password").await;
    keyboard.is_at("#password").await;
    keyboard.types("not it").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.errors_lead_to(&["password"]).await;
    keyboard.types(PASSWORD).await;
    keyboard.tab_to("main button.primary").await;
    keyboard.browser.go_by_key(SPACE).await;
    keyboard.browser.shows("Change your password").await;
    keyboard.end().await;
}

#[actix_web::test]
async fn a_password_is_changed_by_keyboard_though_two_fields_were_wrong_at_first() {
    const NEW: &str = "verde que te quiero verde";
    let keyboard = Keyboard::signed_in().await;
    // By a link: who has just signed in with the password is not asked for it.
    let made = ok(keyboard.folder.path(), &["user", "reset-link", "ana"], "");
    let link = made.split_whitespace().next().unwrap().split_once("/link/").unwrap().1;
    keyboard.open(&format!("/link/{link}")).await;
    keyboard.tab_to("#new_password").await;
    keyboard.types(PASSWORD).await;
    keyboard.tab_to("#new_password_again").await;
    keyboard.types(PASSWORD).await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.server.log_in("ana", PASSWORD).unwrap();
    keyboard.open("/account").await;
    keyboard.tab_to("main a[href='/change-password']").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.is_at("#current_password").await;
    keyboard.tab_to("#new_password").await;
    keyboard.types("short").await;
    keyboard.tab_to("#new_password_again").await;
    keyboard.types("other").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.errors_lead_to(&["current_password", "new_password"]).await;
    keyboard.tab_to("#current_password").await;
    keyboard.types(PASSWORD).await;
    keyboard.tab_to("#new_password").await;
    keyboard.types(NEW).await;
    keyboard.tab_to("#new_password_again").await;
    keyboard.types(NEW).await;
    keyboard.tab_to("#end_others").await;
    keyboard.tab_to("main button.primary").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.browser.shows("Your other session was signed out").await;
    keyboard.end().await;
}

#[actix_web::test]
async fn another_session_is_ended_by_keyboard_and_then_ones_own() {
    let keyboard = Keyboard::signed_in().await;
    keyboard.tab_to("td a[href$='/end']").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.browser.shows("End this session?").await;
    keyboard.tab_to("main button.primary").await;
    keyboard.browser.go_by_key(SPACE).await;
    keyboard.browser.shows("One session was ended").await;
    keyboard.tab_to(".sign-out button").await;
    keyboard.browser.go_by_key(SPACE).await;
    keyboard.browser.shows("You’re signed out").await;
    keyboard.tab_to("button[value=es]").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.browser.shows("Iniciar sesión").await;
    keyboard.end().await;
}

#[actix_web::test]
async fn the_first_administrator_is_made_by_keyboard() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (Server::with(folder.path(), portero(folder.path())), Driver::start());
    let said = server.said();
    let link = said.split_whitespace().find(|word| word.contains("/setup/")).expect("the first start prints a link");
    let keyboard = Keyboard { browser: driver.browser().await, server, _driver: driver, folder };
    keyboard.browser.open(link).await;
    keyboard.is_at("#username").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.errors_lead_to(&["username", "new_password"]).await;
    keyboard.types(PASSWORD).await;
    keyboard.tab_to("#new_password_again").await;
    keyboard.types(PASSWORD).await;
    keyboard.tab_to("#username").await;
    keyboard.types("ana").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.browser.shows("Welcome!").await;
    keyboard.end().await;
}

/// An admin's links are put away where they would fill the screen, and stand in the bar where they have room.
#[actix_web::test]
async fn on_a_phone_an_admin_opens_the_menu_and_on_a_wide_screen_all_of_it_stands_in_the_bar() {
    let keyboard = Keyboard::signed_in().await;
    let is_shown = async |by| keyboard.browser.element(Locator::Css(by)).await.is_displayed().await.unwrap();
    for (width, is_closed) in [(320, true), (768, true), (1024, false), (1280, false)] {
        keyboard.browser.look(width, 700, false).await;
        keyboard.open("/account").await;
        assert_eq!(is_shown(".menu-button").await, is_closed, "{width}");
        for part in [".site-nav a[href='/admin/audit']", ".sign-out button"] {
            assert_eq!(is_shown(part).await, !is_closed, "{part} at {width}");
        }
    }
    keyboard.tab_to(".site-nav a[href='/admin/users']").await;
    keyboard.browser.look(320, 700, false).await;
    for (link, leads_to) in
        [(".site-nav a[href='/admin/audit']", "Audit log"), (".sign-out button", "You’re signed out.")]
    {
        keyboard.open("/account").await;
        keyboard.tab_to(".menu-button").await;
        keyboard.browser.press_key(ENTER).await;
        keyboard.tab_to(link).await;
        keyboard.browser.go_by_key(ENTER).await;
        keyboard.browser.shows(leads_to).await;
    }
    keyboard.end().await;
}

#[actix_web::test]
async fn a_second_factor_is_set_up_and_given_without_a_mouse() {
    let keyboard = Keyboard::signed_in().await;
    keyboard.tab_to("a[href='/account/factors']").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.tab_to("a[href='/account/factors/totp']").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.tab_to("#name").await;
    keyboard.browser.go_by_key(ENTER).await;
    let secret = keyboard.browser.element(Locator::Css(".secret")).await.text().await.unwrap();
    keyboard.tab_to("#code").await;
    keyboard.types("12345").await;
    keyboard.browser.go_by_key(ENTER).await;
    keyboard.errors_lead_to(&["code"]).await;
    // Of the step before: the present one is for the sign-in.
    keyboard.browser.element(Locator::Id("code")).await.clear().await.unwrap();
    keyboard.types(&totp::code(&secret, now() - 30)).await;
    keyboard.browser.go_by_key(ENTER).await;
    let recovery = keyboard.browser.element(Locator::Css(".recovery-codes li")).await.text().await.unwrap();
    keyboard.tab_to("main a.primary").await;

    for (method, code) in [("", totp::code(&secret, now())), ("recovery", recovery)] {
        keyboard.open("/logout").await;
        keyboard.tab_to("main button.primary").await;
        keyboard.browser.go_by_key(ENTER).await;
        keyboard.open("/login?next=/account").await;
        keyboard.types("ana").await;
        keyboard.tab_to("#password").await;
        keyboard.types(PASSWORD).await;
        keyboard.browser.go_by_key(ENTER).await;
        keyboard.is_at("#code").await;
        if !method.is_empty() {
            keyboard.tab_to(".aside a").await;
            keyboard.browser.go_by_key(ENTER).await;
            keyboard.is_at("#code").await;
        }
        keyboard.types(&code).await;
        keyboard.browser.go_by_key(ENTER).await;
        keyboard.browser.shows("Your account").await;
    }
    keyboard.end().await;
}

/// In seconds since the epoch.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

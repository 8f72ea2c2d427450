//! Passkeys in a real browser, whose authenticator is Chromium's virtual one.

use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::axe::faults_of_page;
use crate::browser::{Browser, Driver, Wishes};
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::screenshots::pictures;

/// Bea's browser, with an authenticator in it.
pub(crate) struct Visit {
    pub(crate) browser: Browser,
    /// The address where passkeys work without https.
    at: String,
    authenticator: String,
}

impl Visit {
    pub(crate) async fn begin(driver: &Driver, server: &Server) -> Self {
        Self::begin_with(driver, server, &Wishes::default()).await
    }

    async fn begin_with(driver: &Driver, server: &Server, wishes: &Wishes) -> Self {
        let browser = driver.browser_with(wishes).await;
        browser.devtools("WebAuthn.enable", json!({ "enableUI": false })).await;
        let at = format!("http://localhost:{}", server.address.port());
        let mut visit = Self { browser, at, authenticator: String::new() };
        visit.authenticator = visit.plug_in(json!({})).await;
        visit
    }

    /// Adds an authenticator that verifies its person and says yes, but for what is changed.
    async fn plug_in(&self, changed: Value) -> String {
        let mut options = json!({
            "protocol": "ctap2",
            "ctap2Version": "ctap2_1",
            "transport": "internal",
            "hasResidentKey": true,
            "hasUserVerification": true,
            "isUserVerified": true,
            "automaticPresenceSimulation": true,
        });
        for (name, value) in changed.as_object().unwrap() {
            options[name] = value.clone();
        }
        let added = self.browser.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
        added["authenticatorId"].as_str().unwrap().to_owned()
    }

    async fn unplug(&self, authenticator: &str) {
        let which = json!({ "authenticatorId": authenticator });
        self.browser.devtools("WebAuthn.removeVirtualAuthenticator", which).await;
    }

    /// Makes the browser one that offers passkeys in no field: there is only the button.
    async fn without_autofill(&self) {
        let script = "PublicKeyCredential.isConditionalMediationAvailable = undefined";
        self.browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await;
    }

    /// Whether somebody is there to say yes.
    async fn says_yes(&self, enabled: bool) {
        let how = json!({ "authenticatorId": self.authenticator, "enabled": enabled });
        self.browser.devtools("WebAuthn.setAutomaticPresenceSimulation", how).await;
    }

    /// Whether the authenticator recognises its person.
    async fn verifies(&self, yes: bool) {
        let how = json!({ "authenticatorId": self.authenticator, "isUserVerified": yes });
        self.browser.devtools("WebAuthn.setUserVerified", how).await;
    }

    pub(crate) async fn open(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.at)).await;
    }

    pub(crate) async fn sign_in(&self) {
        self.open("/login").await;
        self.browser.type_into("username", "bea").await;
        self.browser.type_into("password", PASSWORD).await;
        self.browser.click("Sign in").await;
    }

    async fn sign_out(&self) {
        self.open("/logout").await;
        self.browser.go_by(self.browser.element(Locator::Css("main button.primary")).await).await;
    }

    /// Adds a passkey by this name.
    pub(crate) async fn add(&self, name: &str) {
        self.open("/account/factors/passkey").await;
        self.browser.type_into("name", name).await;
        self.browser.click("Create passkey").await;
    }
}

pub(crate) fn server(folder: &TempDir) -> Server {
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    Server::with(folder.path(), portero(folder.path()))
}

#[actix_web::test]
async fn somebody_adds_a_passkey_signs_in_by_autofill_renames_and_removes_it() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin(&driver, &server).await;
    bea.sign_in().await;
    bea.browser.click("Set up").await;
    bea.browser.click("Add a passkey").await;
    let prefilled = bea.browser.element(Locator::Id("name")).await.prop("value").await.unwrap().unwrap();
    assert!(prefilled.contains("Chrome") && prefilled.contains("Linux"), "{prefilled}");
    bea.browser.click("Create passkey").await;
    bea.browser.shows("From now on you can sign in with your passkey alone").await;
    bea.browser.click("I’ve saved them").await;
    bea.browser.shows(&prefilled).await;
    bea.browser.shows("on one device only").await;

    // By the autofill: the field waits, and the authenticator answers as soon as somebody is there.
    bea.sign_out().await;
    bea.open("/login").await;
    bea.browser.shows("Your account").await;
    bea.says_yes(false).await;

    bea.open("/account/factors").await;
    bea.browser.shows("Last used").await;
    bea.browser.click("Rename…").await;
    bea.browser.type_into("name", "My laptop").await;
    bea.browser.click("Save").await;
    bea.browser.shows("My laptop").await;
    bea.browser.click("Remove…").await;
    bea.browser.shows("Remove My laptop?").await;
    bea.browser.click("Remove").await;
    bea.browser.shows("Your password is all it takes to sign in").await;
    // The page has told the browser, which has forgotten it. (WebAuthn, signalAllAcceptedCredentials)
    bea.browser.press("Add a passkey").await;
    bea.browser.shows("Create passkey").await;
    let which = json!({ "authenticatorId": bea.authenticator });
    let left = bea.browser.devtools("WebAuthn.getCredentials", which).await;
    assert_eq!(left["credentials"], json!([]), "{left}");
    bea.browser.close().await;
}

#[actix_web::test]
async fn by_the_button_too_and_who_gives_up_can_try_again() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin(&driver, &server).await;
    bea.without_autofill().await;
    bea.sign_in().await;
    bea.add("Laptop").await;
    bea.sign_out().await;
    bea.verifies(false).await;
    bea.open("/login").await;
    bea.browser.press("Sign in with a passkey").await;
    bea.browser.shows("No passkey was used").await;
    bea.verifies(true).await;
    bea.browser.click("Sign in with a passkey").await;
    bea.browser.shows("Your account").await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn a_second_authenticator_and_a_synced_one_stand_beside_the_first() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin(&driver, &server).await;
    bea.sign_in().await;
    bea.add("First").await;
    // The same authenticator makes no second one.
    bea.open("/account/factors/passkey").await;
    bea.browser.press("Create passkey").await;
    bea.browser.shows("This device has a passkey for your account already").await;
    bea.unplug(&bea.authenticator).await;
    let second = bea.plug_in(json!({ "transport": "usb" })).await;
    bea.add("Second").await;
    bea.browser.shows("Your recovery codes stay as they are").await;
    bea.unplug(&second).await;
    let synced = json!({ "defaultBackupEligibility": true, "defaultBackupState": true });
    bea.plug_in(synced).await;
    bea.add("Third").await;
    bea.open("/account/factors").await;
    for words in ["First", "Second", "Third", "synced to your other devices"] {
        bea.browser.shows(words).await;
    }
    bea.sign_out().await;
    bea.open("/login").await;
    bea.browser.shows("Your account").await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn an_authenticator_that_verifies_nobody_makes_no_passkey() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin(&driver, &server).await;
    bea.unplug(&bea.authenticator).await;
    bea.plug_in(json!({ "isUserVerified": false })).await;
    bea.sign_in().await;
    bea.open("/account/factors/passkey").await;
    bea.browser.press("Create passkey").await;
    bea.browser.shows("No passkey was made").await;
    bea.open("/account/factors").await;
    bea.browser.shows("Your password is all it takes to sign in").await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn the_second_step_and_a_confirmation_take_the_passkey() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin(&driver, &server).await;
    bea.without_autofill().await;
    bea.sign_in().await;
    bea.add("Laptop").await;
    bea.sign_out().await;
    bea.sign_in().await;
    bea.browser.shows("Your password was right").await;
    bea.browser.click("Use your passkey").await;
    bea.browser.shows("Your account").await;
    bea.open("/confirm?next=/account/factors/recovery-codes&acr_values=aal2").await;
    bea.browser.click("Use your passkey").await;
    bea.browser.shows("Make new recovery codes?").await;
    bea.browser.close().await;
}

#[actix_web::test]
async fn what_another_site_has_the_browser_sign_is_refused() {
    let folder = TempDir::new().unwrap();
    let (first, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin(&driver, &first).await;
    bea.without_autofill().await;
    bea.sign_in().await;
    bea.add("Laptop").await;
    bea.sign_out().await;
    bea.open("/login").await;
    let part = bea.browser.element(Locator::Css("[data-options]")).await;
    let options = part.attr("data-options").await.unwrap().unwrap();
    let challenge = bea.browser.element(Locator::Css("[name=passkey_challenge]")).await.prop("value").await.unwrap();
    // Of the same host, so that the browser gives its passkeys, and of another origin.
    let other_folder = TempDir::new().unwrap();
    let other = server(&other_folder);
    bea.browser.open(&format!("http://localhost:{}/healthz", other.address.port())).await;
    let answer = bea.browser.client.execute_async(THIEF, vec![options.into()]).await.unwrap();
    let Some(answer) = answer.as_str().filter(|answer| answer.contains("signature")) else { panic!("{answer}") };
    bea.open("/login").await;
    let hand_in = "const form = document.querySelector('main form');
        [form.elements.passkey_challenge.value, form.elements.passkey.value] = arguments;
        form.submit();";
    bea.browser.client.execute(hand_in, vec![challenge.into(), answer.into()]).await.unwrap();
    bea.browser.shows("This passkey was refused").await;
    bea.browser.close().await;
}

/// What another site's script does with Portero's challenge.
const THIEF: &str = r#"
    const [text, done] = arguments;
    const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const options = JSON.parse(text);
    options.challenge = bytes(options.challenge);
    navigator.credentials.get({ publicKey: options }).then((one) => done(JSON.stringify(one.toJSON())), (error) => done(String(error)));
"#;

/// The pages with passkeys: how they look, and that axe finds nothing wrong with them.
async fn every_page(language: &'static str) {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let bea = Visit::begin_with(&driver, &server, &Wishes { language, ..Wishes::default() }).await;
    bea.without_autofill().await;
    let main_button = || bea.browser.element(Locator::Css("main button.primary"));
    let passkey_button = || bea.browser.element(Locator::Css(".passkey button"));
    let mut found = Vec::new();
    let mut look = async |name: &str| {
        found.extend(faults_of_page(&bea.browser, name).await);
        pictures(&bea.browser, &format!("{name}-{language}")).await;
    };
    let sign_in = async || {
        bea.open("/login").await;
        bea.browser.type_into("username", "bea").await;
        bea.browser.type_into("password", PASSWORD).await;
        bea.browser.go_by(main_button().await).await;
    };
    bea.open("/login").await;
    look("passkey-login").await;
    sign_in().await;
    bea.open("/account/factors").await;
    look("passkey-none").await;
    bea.open("/account/factors/passkey").await;
    look("passkey-add").await;
    bea.verifies(false).await;
    passkey_button().await.click().await.unwrap();
    bea.browser.element(Locator::XPath("//p[@role='status' and normalize-space() != '']")).await;
    look("passkey-add-failed").await;
    bea.verifies(true).await;
    bea.browser.go_by(passkey_button().await).await;
    look("passkey-added").await;
    for (path, name) in [
        ("/account/factors", "passkey-list"),
        ("/account/factors/1/rename", "passkey-rename"),
        ("/account/factors/1/remove", "passkey-remove"),
        ("/account/factors/recovery-codes", "recovery-codes-new"),
        ("/confirm?next=/account/factors", "passkey-confirm"),
        ("/confirm?next=/account/factors&acr_values=aal2", "passkey-confirm-two"),
    ] {
        bea.open(path).await;
        look(name).await;
    }
    bea.sign_out().await;
    sign_in().await;
    look("passkey-second-step").await;
    assert!(found.is_empty(), "{found:#?}");
    bea.browser.close().await;
}

#[actix_web::test]
async fn no_page_with_passkeys_shuts_anybody_out_in_english() {
    every_page("en").await;
}

#[actix_web::test]
async fn no_page_with_passkeys_shuts_anybody_out_in_spanish() {
    every_page("es").await;
}

#[actix_web::test]
async fn without_script_the_sign_in_is_the_password_form_and_the_rest_says_what_else_there_is() {
    let folder = TempDir::new().unwrap();
    let (server, driver) = (server(&folder), Driver::start());
    let browser = driver.browser_with(&Wishes { script: false, ..Wishes::default() }).await;
    let at = format!("http://localhost:{}", server.address.port());
    browser.open(&format!("{at}/login")).await;
    assert!(!browser.text().await.unwrap().contains("passkey"));
    browser.type_into("username", "bea").await;
    browser.type_into("password", PASSWORD).await;
    browser.click("Sign in").await;
    browser.open(&format!("{at}/account/factors/passkey")).await;
    browser.shows("This browser can’t make passkeys here").await;
    browser.close().await;
}

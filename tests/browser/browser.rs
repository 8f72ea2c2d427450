//! Starts a Chromium for each test, and makes the few moves in it that a person makes.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

const A_MOMENT: Duration = Duration::from_millis(25);
/// How many times [`A_MOMENT`] to wait for a page: 10 s.
const PATIENCE: u32 = 400;

/// A ChromeDriver on a port of its own choice. Dropping it ends it and its browsers.
pub(crate) struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("tests/run installs chromedriver");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port: u16 = loop {
            let line = lines.next().expect("ChromeDriver says where it listens").unwrap();
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        // Keeps reading: if the pipe were closed, ChromeDriver would die of its next write.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    pub(crate) async fn browser(&self) -> Browser {
        self.browser_with(&Wishes::default()).await
    }

    pub(crate) async fn browser_with(&self, wishes: &Wishes) -> Browser {
        self.browser_in(TempDir::new().unwrap(), wishes).await
    }

    /// A browser that begins with what this profile holds, as after a restart.
    pub(crate) async fn browser_in(&self, profile: TempDir, wishes: &Wishes) -> Browser {
        let mut arguments: Vec<String> = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // None is used, and a start takes a seventh less CPU time.
            "--disable-extensions",
            "--hide-scrollbars",
            "--disable-features=PasswordLeakDetection",
        ]
        .map(String::from)
        .to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push(format!("--accept-lang={}", wishes.language));
        if !wishes.hosts.is_empty() {
            arguments.push(format!("--host-resolver-rules={}", wishes.hosts));
        }
        if let Some(key) = &wishes.certificate_key {
            arguments.push(format!("--ignore-certificate-errors-spki-list={key}"));
        }
        let script = if wishes.script { 1 } else { 2 };
        let capabilities = json!({ "goog:chromeOptions": {
            "args": arguments,
            "prefs": {
                "intl.accept_languages": wishes.language,
                "profile.managed_default_content_settings.javascript": script,
                "credentials_enable_service": false,
            },
        }});
        let Value::Object(capabilities) = capabilities else { unreachable!("json! made an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(&self.url).await.unwrap();
        let browser = Browser { client, profile };
        browser.look(1280, 900, false).await;
        browser
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// How a browser is set up.
pub(crate) struct Wishes {
    pub(crate) language: &'static str,
    /// Whether JavaScript is on.
    pub(crate) script: bool,
    /// Where names lead, such as `MAP portero.lan 127.0.0.1`; empty: where they usually do.
    pub(crate) hosts: &'static str,
    /// The hash of the key of a certificate that is trusted though nobody knows who signed it, in Base64.
    pub(crate) certificate_key: Option<String>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { language: "en", script: true, hosts: "", certificate_key: None }
    }
}

pub(crate) struct Browser {
    pub(crate) client: Client,
    profile: TempDir,
}

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    pub(crate) async fn type_into(&self, id: &str, text: &str) {
        let field = self.element(Locator::Id(id)).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks the button or link with these words, and waits for the next page.
    pub(crate) async fn click(&self, words: &str) {
        self.go_by(self.by_words(words).await).await;
    }

    /// Clicks an element that leads to another page, and waits for that page.
    pub(crate) async fn go_by(&self, element: Element) {
        let before = self.document().await;
        element.click().await.unwrap();
        self.another_than(&before).await;
    }

    /// Presses a key that leads to another page, and waits for that page.
    pub(crate) async fn go_by_key(&self, key: char) {
        let before = self.document().await;
        self.press_key(key).await;
        self.another_than(&before).await;
    }

    /// Presses and releases a key, wherever the focus is. Keys without a letter have code points of their own. (WebDriver, 17.4.2)
    pub(crate) async fn press_key(&self, key: char) {
        self.press_keys(key.encode_utf8(&mut [0; 4])).await;
    }

    /// Presses and releases these keys, one after the other.
    pub(crate) async fn press_keys(&self, keys: &str) {
        let moves = keys.chars().fold(KeyActions::new("keyboard".to_owned()), |moves, key| {
            moves.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key })
        });
        self.client.perform_actions(moves).await.unwrap();
    }

    async fn another_than(&self, before: &str) {
        for _ in 0..PATIENCE {
            if self.document().await != before {
                return;
            }
            actix_web::rt::time::sleep(A_MOMENT).await;
        }
        panic!("that led nowhere: {:?}", self.text().await);
    }

    /// Clicks the button or link with these words, and expects to stay on the page.
    pub(crate) async fn press(&self, words: &str) {
        self.by_words(words).await.click().await.unwrap();
    }

    async fn by_words(&self, words: &str) -> Element {
        self.element(Locator::XPath(&format!("(//button | //a)[normalize-space()=\"{words}\"]"))).await
    }

    pub(crate) async fn element(&self, by: Locator<'_>) -> Element {
        let found = self.client.wait().at_most(A_MOMENT * PATIENCE).for_element(by).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{by:?}: {error}\n{:?}", self.text().await),
        }
    }

    /// Returns an id of the document that is shown: a different one after each navigation.
    async fn document(&self) -> String {
        let tree = self.devtools("Page.getFrameTree", json!({})).await;
        tree["frameTree"]["frame"]["loaderId"].as_str().unwrap().to_owned()
    }

    /// The path and query of the page.
    pub(crate) async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    pub(crate) async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// All text that a person can read; `None` while one page gives way to another.
    pub(crate) async fn text(&self) -> Option<String> {
        self.client.find(Locator::Css("body")).await.ok()?.text().await.ok()
    }

    #[track_caller]
    pub(crate) fn shows<'a>(&'a self, words: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let mut text = None;
            for _ in 0..PATIENCE {
                text = self.text().await;
                if text.as_ref().is_some_and(|text| text.contains(words)) {
                    return;
                }
                actix_web::rt::time::sleep(A_MOMENT).await;
            }
            panic!("{caller}: {words:?} is not on {}:\n{text:?}", self.path().await);
        }
    }

    /// The id of the element that has the focus; empty if it has none.
    pub(crate) async fn focus(&self) -> String {
        self.client.active_element().await.unwrap().attr("id").await.unwrap().unwrap_or_default()
    }

    /// Sets the size of the window, in pixels, and the colour scheme.
    pub(crate) async fn look(&self, width: u32, height: u32, dark: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// Saves a picture of the whole page as `tests/screenshots/{name}.png`.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{name}.png")), self.screenshot(true).await).unwrap();
    }

    /// A PNG of the whole page, or only of what the window shows of it.
    pub(crate) async fn screenshot(&self, whole: bool) -> Vec<u8> {
        // The same pixels, packed less tightly: a picture takes two thirds of the CPU time.
        let wanted = json!({ "format": "png", "captureBeyondViewport": whole, "optimizeForSpeed": true });
        let answer = self.devtools("Page.captureScreenshot", wanted).await;
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// Whether the page is wider than its window.
    pub(crate) async fn is_too_wide(&self) -> bool {
        let sizes = self.devtools("Page.getLayoutMetrics", json!({})).await;
        sizes["cssContentSize"]["width"].as_f64() > sizes["cssLayoutViewport"]["clientWidth"].as_f64()
    }

    /// Sends a command to Chromium itself. (Chrome DevTools Protocol)
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { command: command.to_owned(), parameters }).await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }

    /// Whether a cookie of this name has been written to disk, which takes Chromium up to half a minute.
    pub(crate) fn has_on_disk(&self, cookie: &str) -> bool {
        let file = std::fs::read(self.profile.path().join("Default/Cookies")).unwrap_or_default();
        file.windows(cookie.len()).any(|bytes| bytes == cookie.as_bytes())
    }

    /// Kills the browser with all its processes, and returns what is on its disk.
    pub(crate) fn crash(self) -> TempDir {
        let mark = format!("--user-data-dir={}", self.profile.path().display());
        let mut killed = 0;
        for process in std::fs::read_dir("/proc").unwrap() {
            let process = process.unwrap();
            let Ok(pid) = process.file_name().to_string_lossy().parse::<u32>() else { continue };
            // Who has ended meanwhile has no command line any more.
            let command = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if String::from_utf8_lossy(&command).contains(&mark) {
                let kill = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status();
                killed += u32::from(kill.unwrap().success());
            }
        }
        assert!(killed > 0, "there was no browser to kill");
        self.profile
    }
}

#[derive(Debug)]
struct DevTools {
    command: String,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (ureq::http::Method, Option<String>) {
        let body = json!({ "cmd": self.command, "params": self.parameters });
        (ureq::http::Method::POST, Some(body.to_string()))
    }
}

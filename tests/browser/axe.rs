//! axe-core, which finds what is wrong with the page that a browser shows.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Driver};
use crate::portero::{PASSWORD, Server, ok};

/// Window width in pixels, and whether the colour scheme is dark.
const LOOKS: [(u32, bool); 4] = [(320, false), (320, true), (1280, false), (1280, true)];

static AXE: LazyLock<String> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}: run tests/peers/install", path.display()))
});

/// A script that runs axe and returns what axe found and what it could not decide.
const RUN_AXE: &str = "
    const [runOnly, background, done] = arguments;
    // Axe does not judge text over a gradient, but it does over either end of one.
    document.body.style.background = `var(${background})`;
    // Axe judges no text in a story's picture: numbers are too short for it, and behind the rest it sees an image or another
    // element. Those texts have colours that other texts have on the same background, and the table beside the picture has them too.
    const undecided = ({ data }) => ['shortTextContent', 'imgNode', 'bgOverlap'].includes(data?.messageKey);
    const isInPicture = ({ any, target }) => any.some(undecided) && document.querySelector(target[0])?.closest('.timeline');
    const told = (rules, verb) => rules.flatMap(({ id, help, nodes }) => nodes.filter((node) => !isInPicture(node)).map(
        ({ target, failureSummary }) => `${verb} ${id}: ${target.join(' ')}: ${help}. ${failureSummary}`,
    ));
    axe.run({ runOnly, preload: false, resultTypes: ['violations', 'incomplete'] }).then(
        ({ violations, incomplete }) => done([...told(violations, 'violates'), ...told(incomplete, 'may violate')]),
        (error) => done([`axe failed: ${error}`]),
    );";

/// The rules for WCAG 2.2 AA, the size of targets among them, and for good practice.
fn all_rules() -> Value {
    let values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    json!({ "type": "tag", "values": values })
}

/// The rules to check again in the dark: a colour scheme changes nothing else.
fn rules_of_colour() -> Value {
    json!({ "type": "rule", "values": ["color-contrast", "link-in-text-block"] })
}

/// Returns what axe says about the page as it is now. Axe has to be in the page ([`with_axe`]).
async fn axe(browser: &Browser, rules: Value, background: &str) -> Vec<String> {
    let found = browser.client.execute_async(RUN_AXE, vec![rules, json!(background)]).await.unwrap();
    let Value::Array(found) = found else { panic!("a list was expected: {found}") };
    found.into_iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// Loads axe into the page. A script that comes by WebDriver runs although the page's policy forbids it.
async fn with_axe(browser: &Browser) {
    browser.client.execute(&AXE, Vec::new()).await.unwrap();
}

/// What is wrong with the page that a browser shows, in every width and colour scheme.
pub(crate) async fn faults_of_page(browser: &Browser, name: &str) -> Vec<String> {
    with_axe(browser).await;
    let mut found = Vec::new();
    for (width, dark) in LOOKS {
        browser.look(width, 800, dark).await;
        let (scheme, rules) = if dark { ("dark", rules_of_colour()) } else { ("light", all_rules()) };
        let page = format!("{name} ({}), {width} px, {scheme}", browser.path().await);
        let background = if width == 320 { "--glow" } else { "--page" };
        let faults = axe(browser, rules, background).await;
        found.extend(faults.into_iter().map(|fault| format!("{page}: {fault}")));
        let wide = browser.client.execute("return document.documentElement.scrollWidth", Vec::new()).await;
        if wide.as_ref().unwrap().as_u64().unwrap() > width.into() {
            found.push(format!("{page}: scrolls sideways, being {wide:?} px wide"));
        }
    }
    found
}

/// That axe finds nothing means something only if it does find the faults that are there.
#[actix_web::test]
async fn what_is_wrong_with_a_page_is_found() {
    let folder = TempDir::new().unwrap();
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    let (server, driver) = (Server::start(folder.path()), Driver::start());
    let browser = driver.browser().await;
    for (rule, fault) in [
        ("html-has-lang", "document.documentElement.removeAttribute('lang')"),
        ("label", "document.querySelector('label[for=username]').remove()"),
        ("color-contrast", "document.querySelector('h1').style.color = 'silver'"),
        (
            "target-size",
            "for (const one of document.querySelectorAll('.languages button')) {
                 one.style = 'min-height:0;padding:0;width:9px;height:9px';
             }",
        ),
        ("region", "document.querySelector('main').outerHTML = '<p>Outside</p>'"),
    ] {
        browser.open(&format!("http://{}/login", server.address)).await;
        with_axe(&browser).await;
        assert_eq!(axe(&browser, all_rules(), "--page").await, [] as [String; 0]);
        browser.client.execute(fault, Vec::new()).await.unwrap();
        let found = axe(&browser, all_rules(), "--page").await;
        assert!(found.iter().any(|one| one.starts_with(&format!("violates {rule}:"))), "{rule}: {found:?}");
    }
    browser.close().await;
}

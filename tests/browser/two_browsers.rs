//! The moving picture at the head of the README: two browsers, "End" in one of them, and the other is out on its next click. It is made of
//! Portero's own pages, and compared with them each time.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::{Browser, Driver};
use crate::moving_picture::{Frame, MovingPicture};
use crate::portero::{PASSWORD, Server, ok};
use crate::screenshots::sign_in;

const MOVING: &str = "docs/two-browsers.png";
/// For whoever wants nothing to move: its last frame.
const STILL: &str = "docs/two-browsers-still.png";
/// What to do when the picture shows something else than the pages do.
const DRAW: &str = "PORTERO_TEST_DRAW";
/// How much a README may make people load, in bytes.
const MOST_BYTES: usize = 400_000;
/// By how much frames may differ on average, and in one place: of 255.
const TOLERANCE: (f64, f64) = (1.0, 24.0);

/// Width and height of the windows, in pixels, and where they stand in the picture.
const COMPUTER: (u32, u32) = (640, 470);
const PHONE: (u32, u32) = (300, 470);
const COMPUTER_AT: (u32, u32) = (20, 44);
const PHONE_AT: (u32, u32) = (680, 44);
const WHOLE: (u32, u32) = (1000, 575);
const A_PHONE: &str = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36";

/// What a person can read in the window now, without what differs from run to run.
const READABLE: &str = "
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange(), seen = [];
    while (texts.nextNode()) {
        const node = texts.currentNode;
        range.selectNodeContents(node);
        const place = range.getBoundingClientRect(), words = node.data.trim();
        if (!words || place.width < 2 || place.height < 2 || place.bottom < 0 || place.top > innerHeight) continue;
        seen.push(node.parentElement.closest('time, .code') ? '…' : words.replace(/\\s+/g, ' '));
    }
    return seen.join(' | ');";

const STAGE: &str = "<style>
    body { margin: 0; background: #cfdcd8; color: #10201c; font: 600 19px system-ui, sans-serif; }
    figure { position: absolute; margin: 0; border-radius: 10px; overflow: hidden; box-shadow: 0 0 0 1px #7d938c, 0 6px 18px #0003; }
    figure img { display: block; }
    figcaption { height: 26px; padding-left: 10px; background: #7d938c; color: #fff; font-size: 14px; line-height: 26px; }
    p { position: absolute; left: 20px; right: 20px; bottom: 0; margin: 0; line-height: 61px; text-align: center; }
    i { position: absolute; width: 44px; height: 44px; margin: -25px; border: 3px solid #e0672b; border-radius: 50%; background: #e0672b40; }
    </style>";

/// Where to click: in which window, and the element.
type Click<'a> = (&'a Browser, Locator<'a>);

/// Shoots what both browsers show.
struct Camera<'a> {
    stage: Browser,
    computer: &'a Browser,
    phone: &'a Browser,
    picture: MovingPicture,
}

impl Camera<'_> {
    /// Takes a frame: both windows, a line of text, and a ring around what is clicked next.
    async fn take(&mut self, words: &str, shown_for_ms: u16, click: Option<Click<'_>>) {
        let mut html = STAGE.to_owned();
        for (name, window, (left, top)) in
            [("A computer", self.computer, COMPUTER_AT), ("A phone", self.phone, PHONE_AT)]
        {
            let picture = STANDARD.encode(window.screenshot(false).await);
            html.push_str(&format!(
                "<figure style='left: {left}px; top: {}px'><figcaption>{name}</figcaption>\
                 <img src='data:image/png;base64,{picture}'></figure>",
                top - 26
            ));
            let text = window.client.execute(READABLE, Vec::new()).await.unwrap();
            self.picture.transcript.push_str(&format!("{name}: {}\n", text.as_str().unwrap()));
            if let Some((browser, element)) = &click
                && std::ptr::eq(*browser, window)
            {
                let (x, y) = middle(window, *element).await;
                html.push_str(&format!(
                    "<i style='left: {}px; top: {}px'></i>",
                    f64::from(left) + x,
                    f64::from(top) + y
                ));
            }
        }
        html.push_str(&format!("<p>{words}</p>"));
        self.picture.transcript.push_str(&format!("{words}\n\n"));
        let show = "document.documentElement.innerHTML = arguments[0];
                    return Promise.all([...document.images].map(image => image.decode()));";
        self.stage.client.execute(show, vec![Value::from(html)]).await.unwrap();
        self.picture.frames.push(Frame::read(&self.stage.screenshot(false).await, shown_for_ms));
    }

    /// Takes a frame, and then clicks what has the ring.
    async fn click(&mut self, words: &str, shown_for_ms: u16, (browser, element): Click<'_>) {
        self.take(words, shown_for_ms, Some((browser, element))).await;
        browser.go_by(browser.element(element).await).await;
    }
}

/// The middle of an element, in pixels from the window's upper left corner.
async fn middle(browser: &Browser, element: Locator<'_>) -> (f64, f64) {
    let (x, y, width, height) = browser.element(element).await.rectangle().await.unwrap();
    (x + width / 2.0, y + height / 2.0)
}

/// What happens: the visit, and what is seen of it.
async fn shoot() -> MovingPicture {
    let (folder, driver) = (TempDir::new().unwrap(), Driver::start());
    ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder.path());
    let (computer, phone, stage) = (driver.browser().await, driver.browser().await, driver.browser().await);
    computer.look(COMPUTER.0, COMPUTER.1, false).await;
    phone.look(PHONE.0, PHONE.1, true).await;
    phone.devtools("Emulation.setUserAgentOverride", json!({ "userAgent": A_PHONE })).await;
    stage.open("about:blank").await;
    stage.look(WHOLE.0, WHOLE.1, false).await;
    sign_in(&phone, &server, "ana").await;
    sign_in(&computer, &server, "ana").await;

    let picture = MovingPicture { frames: Vec::new(), transcript: String::new() };
    let mut camera = Camera { stage, computer: &computer, phone: &phone, picture };
    let end = (&computer, Locator::Css("td .row-links a[href$='/end']"));
    let yes = (&computer, Locator::Css("main button.primary"));
    let next = (&phone, Locator::Css("main a.button"));
    camera.take("Ana is signed in on a computer and on a phone.", 1400, None).await;
    camera.click("The phone is lost. She ends its session …", 1000, end).await;
    camera.click("The phone is lost. She ends its session …", 800, yes).await;
    camera.click("… and the next click on the phone …", 1000, next).await;
    phone.shows("Keep me signed in").await;
    camera.take("… leads to the sign-in page.", 1400, None).await;
    computer.shows("Refused").await;
    let scroll = "document.querySelector('.verdicts').scrollIntoView();";
    computer.client.execute(scroll, Vec::new()).await.unwrap();
    camera.take("The receipt says since when every token is refused.", 2000, None).await;
    let Camera { stage, picture, .. } = camera;
    for browser in [computer, phone, stage] {
        browser.close().await;
    }
    picture
}

#[actix_web::test]
async fn the_readme_shows_what_two_browsers_show_when_one_ends_the_other() {
    let now = shoot().await;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os(DRAW).is_some() {
        std::fs::write(root.join(MOVING), now.write()).unwrap();
        std::fs::write(root.join(STILL), now.frames.last().unwrap().still()).unwrap();
    }
    let advice = format!("draw the picture anew with {DRAW}=1, and look at it");
    let file = std::fs::read(root.join(MOVING)).expect(&advice);
    assert!(file.len() < MOST_BYTES, "{} bytes", file.len());
    let drawn = MovingPicture::read(&file);
    same_lines(&drawn.transcript, &now.transcript, &advice);
    let of_drawn: Vec<u16> = drawn.frames.iter().map(|frame| frame.shown_for_ms).collect();
    let of_now: Vec<u16> = now.frames.iter().map(|frame| frame.shown_for_ms).collect();
    assert_eq!(of_drawn, of_now, "{advice}");
    for (number, (drawn, now)) in drawn.frames.iter().zip(&now.frames).enumerate() {
        assert!(!differ(drawn, now), "frame {number} differs by {:?}: {advice}", drawn.difference(now));
    }
    let still = MovingPicture::read(&std::fs::read(root.join(STILL)).unwrap());
    let last = drawn.frames.last().unwrap();
    assert_eq!(still.frames.first().unwrap().difference(last), (0.0, 0.0), "{STILL} is not the last frame: {advice}");
}

#[test]
fn pictures_that_differ_by_a_ring_alone_are_told_apart() {
    let file = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(MOVING)).unwrap();
    let frames = MovingPicture::read(&file).frames;
    assert!(!differ(&frames[0], &frames[0]));
    assert!(differ(&frames[0], &frames[1]), "{:?}", frames[0].difference(&frames[1]));
}

fn differ(one: &Frame, other: &Frame) -> bool {
    let (mean, most) = one.difference(other);
    mean > TOLERANCE.0 || most > TOLERANCE.1
}

/// Compares line by line, so that a failure names the line.
fn same_lines(drawn: &str, now: &str, advice: &str) {
    for (drawn, now) in drawn.lines().zip(now.lines()) {
        assert_eq!(drawn, now, "{advice}");
    }
    assert_eq!(drawn.lines().count(), now.lines().count(), "{advice}");
}

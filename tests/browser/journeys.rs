//! The journey from the first start to a changed password that signs the other browser out: in both languages, and without script.

use tempfile::TempDir;

use crate::browser::{Driver, Wishes};
use crate::portero::{Server, portero};

const FIRST: &str = "correct horse battery";
const SECOND: &str = "verde que te quiero verde";

/// The words that are read and pressed on the way, in one language.
struct Words {
    language: &'static str,
    create: &'static str,
    welcome: &'static str,
    account: &'static str,
    sign_in: &'static str,
    change_password: &'static str,
    submit_change: &'static str,
    changed: &'static str,
    ended: &'static str,
    incorrect: &'static str,
    sign_out: &'static str,
    signed_out: &'static str,
    revoked: &'static str,
    password_changed: &'static str,
}

const ENGLISH: Words = Words {
    language: "en",
    create: "Create administrator",
    welcome: "Welcome!",
    account: "Account",
    sign_in: "Sign in",
    change_password: "Change password",
    submit_change: "Change password",
    changed: "Your other session was signed out",
    ended: "Your session has ended",
    incorrect: "Incorrect username or password",
    sign_out: "Sign out",
    signed_out: "You’re signed out",
    revoked: "Revoked",
    password_changed: "Password changed",
};

const SPANISH: Words = Words {
    language: "es",
    create: "Crear la cuenta",
    welcome: "¡Todo listo!",
    account: "Cuenta",
    sign_in: "Iniciar sesión",
    change_password: "Cambiar contraseña",
    submit_change: "Cambiar contraseña",
    changed: "Se ha cerrado tu otra sesión",
    ended: "Tu sesión se ha cerrado",
    incorrect: "Nombre de usuario o contraseña incorrectos",
    sign_out: "Cerrar sesión",
    signed_out: "Has cerrado la sesión",
    revoked: "Revocaciones",
    password_changed: "Cambio de contraseña",
};

async fn from_nothing_to_the_other_browser_is_out(words: &Words, script: bool) {
    let folder = TempDir::new().unwrap();
    let server = Server::with(folder.path(), portero(folder.path()));
    let said = server.said();
    let link = said.split_whitespace().find(|word| word.contains("/setup/")).expect("the first start prints a link");
    let driver = Driver::start();
    let wishes = Wishes { language: words.language, script, ..Wishes::default() };
    let own = driver.browser_with(&wishes).await;

    own.open(link).await;
    own.type_into("username", "ana").await;
    own.type_into("new_password", FIRST).await;
    own.type_into("new_password_again", FIRST).await;
    own.click(words.create).await;
    own.shows(words.welcome).await;
    assert_eq!(own.path().await, "/admin");

    let other = driver.browser_with(&wishes).await;
    other.open(&format!("http://{}/", server.address)).await;
    other.type_into("username", "ana").await;
    other.type_into("password", "not the password").await;
    other.click(words.sign_in).await;
    other.shows(words.incorrect).await;
    other.type_into("password", FIRST).await;
    other.click(words.sign_in).await;
    other.click(words.account).await;
    other.shows(words.change_password).await;

    own.click(words.account).await;
    own.click(words.change_password).await;
    own.type_into("current_password", FIRST).await;
    own.type_into("new_password", SECOND).await;
    own.type_into("new_password_again", SECOND).await;
    own.click(words.submit_change).await;
    own.shows(words.changed).await;

    other.click(words.change_password).await;
    other.shows(words.ended).await;
    assert_eq!(other.path().await, "/login?next=/change-password");

    own.click(words.revoked).await;
    own.shows(words.password_changed).await;
    own.click(words.sign_out).await;
    own.shows(words.signed_out).await;
    own.open(&format!("http://{}/account", server.address)).await;
    assert_eq!(own.path().await, "/login?next=/account");
    own.close().await;
    other.close().await;
}

#[actix_web::test]
async fn from_nothing_to_the_other_browser_is_out_in_english() {
    from_nothing_to_the_other_browser_is_out(&ENGLISH, true).await;
}

#[actix_web::test]
async fn from_nothing_to_the_other_browser_is_out_in_spanish() {
    from_nothing_to_the_other_browser_is_out(&SPANISH, true).await;
}

#[actix_web::test]
async fn from_nothing_to_the_other_browser_is_out_without_script() {
    from_nothing_to_the_other_browser_is_out(&ENGLISH, false).await;
}

//! Runs the program `portero` in a process of its own: a command, or the server.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use portero::domain::DatabaseUrl;
use serde_json::{Value, json};

use crate::database;

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A command for the program, without arguments: its data in this folder, no settings file, and bcrypt as cheap as it gets.
pub(crate) fn portero(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portero"));
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for name in names.filter(|name| name.starts_with("PORTERO_") || name.starts_with("JWT_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("PORTERO_DATA_DIR", folder.join("data"))
        .env("PORTERO_LISTEN", "127.0.0.1:0")
        .env("PORTERO_PASSWORD_BCRYPT_COST", "4");
    // What SQLite has by default is a part of what is tested.
    if let DatabaseUrl::Postgres(url) = database::database(folder) {
        command.env("PORTERO_DATABASE_URL", url.to_string());
    }
    command
}

/// Runs a command to its end, with `input` on its standard input.
pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut command = portero(folder);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads no input has closed it already.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

/// Runs a command that has to succeed; returns what it printed.
pub(crate) fn ok(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(folder, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs a command that has to fail; returns what it wrote to standard error.
pub(crate) fn fails(folder: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(folder, arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output.stdout));
    text(&output.stderr)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) struct Server {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
    output: PathBuf,
    log: PathBuf,
    agent: ureq::Agent,
}

impl Server {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::with(folder, portero(folder))
    }

    /// Starts this command and waits until it listens.
    pub(crate) fn with(folder: &Path, mut command: Command) -> Self {
        let (output, log) = (folder.join("stdout"), folder.join("stderr"));
        let file = |path: &Path| std::fs::File::create(path).unwrap();
        let mut process = command.stdin(Stdio::null()).stdout(file(&output)).stderr(file(&log)).spawn().unwrap();
        let begin = Instant::now();
        let address = loop {
            let said = std::fs::read_to_string(&output).unwrap();
            if let Some((address, _)) = said.split_once("http://").and_then(|(_, rest)| rest.split_once('\n')) {
                break address.parse().unwrap();
            }
            let ended = process.try_wait().unwrap();
            let complaint = std::fs::read_to_string(&log).unwrap();
            assert!(ended.is_none() && begin.elapsed() < Duration::from_secs(30), "{ended:?} {complaint}");
            std::thread::sleep(Duration::from_millis(5));
        };
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent = config.timeout_global(Some(Duration::from_secs(20))).build().into();
        Self { process, address, output, log, agent }
    }

    /// Everything that the server has printed for people (standard output).
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks the server to stop, as a service manager does; returns its exit code and how long it took.
    pub(crate) fn terminate(&mut self) -> (Option<i32>, Duration) {
        let begin = Instant::now();
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        (self.process.wait().unwrap().code(), begin.elapsed())
    }

    /// Sends a request, with a JSON body if one is given; `None`: there was no answer.
    pub(crate) fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Option<Reply> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let answer = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string()).unwrap())
            }
            None if method == "POST" => self.agent.run(request.body(String::new()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = answer.ok()?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string().ok()?;
        Some(Reply { status, body: serde_json::from_str(&body).unwrap_or_default() })
    }

    /// Sends a form, which has to be answered.
    pub(crate) fn ask_form(&self, path: &str, form: &str) -> Reply {
        self.try_form(path, form).unwrap()
    }

    /// Sends a form; `None`: there was no answer.
    pub(crate) fn try_form(&self, path: &str, form: &str) -> Option<Reply> {
        let request = ureq::http::Request::builder().method("POST").uri(format!("http://{}{path}", self.address));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned());
        let mut answer = self.agent.run(request.unwrap()).ok()?;
        let body = answer.body_mut().read_to_string().ok()?;
        Some(Reply { status: answer.status().as_u16(), body: serde_json::from_str(&body).unwrap_or_default() })
    }

    pub(crate) fn log_in(&self, name: &str, password: &str) -> Option<Reply> {
        self.ask("POST", "/login", None, Some(&json!({ "username": name, "password": password })))
    }

    /// Sends these very bytes and returns the open connection.
    pub(crate) fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn text(&self, key: &str) -> String {
        self.body[key].as_str().unwrap_or_default().to_owned()
    }
}

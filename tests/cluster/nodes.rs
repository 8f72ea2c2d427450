//! Nodes as processes, each with a network of its own before the database.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use portero::domain::DatabaseUrl;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::database::{self, Behind};
use crate::network::Network;
use crate::portero::{PASSWORD, Reply, Server, ok, portero, text};
use crate::recorder::{Checked, Ended, Recorder};

pub(crate) const LEASE: Duration = Duration::from_secs(2);

pub(crate) struct Nodes {
    folder: TempDir,
    settings: Vec<(String, String)>,
    /// Where they reach the database.
    server: SocketAddr,
    nodes: Vec<Node>,
}

struct Node {
    folder: PathBuf,
    network: Network,
    /// `None`: it was killed.
    server: RwLock<Option<Server>>,
    frozen: Mutex<Option<u32>>,
}

impl Nodes {
    /// Starts so many, each with these environment variables besides its own.
    pub(crate) fn start(count: usize, settings: &[(&str, &str)]) -> Self {
        Self::start_behind(count, settings, |server| server)
    }

    /// The same, where they reach the database through what `between` puts before it.
    pub(crate) fn start_behind(
        count: usize,
        settings: &[(&str, &str)],
        between: impl FnOnce(SocketAddr) -> SocketAddr,
    ) -> Self {
        let mut nodes = Self::none(settings, between);
        for number in 0..count {
            let folder = nodes.copy_of_data(&format!("node{number}"));
            nodes.add(folder);
        }
        nodes
    }

    /// Starts so many with these master keys: the first one has the keys in its folder, the others have nothing in theirs.
    pub(crate) fn start_sealed(count: usize, master_keys: &str) -> Self {
        let mut nodes = Self::none(&[], |server| server);
        let file = nodes.write_master_keys(master_keys);
        nodes.settings.push(("PORTERO_CLUSTER_MASTER_KEYS_FILE".to_owned(), file.to_str().unwrap().to_owned()));
        for number in 0..count {
            let name = format!("node{number}");
            let folder = if number == 0 { nodes.copy_of_data(&name) } else { nodes.empty_folder(&name) };
            nodes.add(folder);
        }
        nodes
    }

    /// Gives nodes that start later these master keys; the path of their file.
    pub(crate) fn write_master_keys(&self, master_keys: &str) -> PathBuf {
        let file = self.folder.path().join("master.keys");
        std::fs::write(&file, master_keys).unwrap();
        file
    }

    fn none(settings: &[(&str, &str)], between: impl FnOnce(SocketAddr) -> SocketAddr) -> Self {
        let folder = TempDir::new().unwrap();
        ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
        ok(folder.path(), &["user", "add", "eva", "--admin", "--password-stdin"], PASSWORD);
        let DatabaseUrl::Postgres(url) = database::database(folder.path()) else { panic!("no PostgreSQL is named") };
        let server = (url.host.as_deref().unwrap(), url.port.unwrap());
        let server = between(std::net::ToSocketAddrs::to_socket_addrs(&server).unwrap().next().unwrap());
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { folder, settings, server, nodes: Vec::new() }
    }

    fn add(&mut self, folder: PathBuf) {
        let network = Network::before(self.server);
        let server = RwLock::new(Some(self.serve(&folder, &network)));
        self.nodes.push(Node { folder, network, server, frozen: Mutex::new(None) });
    }

    fn empty_folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    /// A folder of this name with the same keys.
    fn copy_of_data(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        let from = self.folder.path().join("data");
        assert!(Command::new("cp").arg("-r").arg(&from).arg(&folder).status().unwrap().success());
        folder
    }

    fn configured(&self, folder: &Path, command: &mut Command, database: &str) {
        command
            .env("PORTERO_DATA_DIR", folder.join("data"))
            .env("PORTERO_DATABASE_URL", database)
            .env("PORTERO_CLUSTER_LEASE", format!("{}s", LEASE.as_secs()))
            .env("PORTERO_THROTTLE", "off")
            .env("PORTERO_SESSION_BEARER_LIMIT", "10000")
            .envs(self.settings.iter().map(|(name, value)| (name, value)));
    }

    fn through(&self, network: &Network) -> String {
        let DatabaseUrl::Postgres(url) = database::database(self.folder.path()) else {
            panic!("no PostgreSQL is named")
        };
        format!("postgres://portero@{}/{}", network.address, url.database)
    }

    fn serve(&self, folder: &Path, network: &Network) -> Server {
        let mut command = portero(self.folder.path());
        self.configured(folder, &mut command, &self.through(network));
        Server::with(folder, command)
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Runs a command beside the nodes.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        self.command_at(0, arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
    }

    /// Runs a command on the machine of this node; what it prints, and if it fails what it says besides.
    pub(crate) fn command_at(&self, node: usize, arguments: &[&str]) -> Result<String, String> {
        let mut command = portero(self.folder.path());
        let folder = &self.nodes[node].folder;
        self.configured(folder, &mut command, &database::database_url(self.folder.path()));
        let output = command.args(arguments).output().unwrap();
        let printed = text(&output.stdout);
        if output.status.success() { Ok(printed) } else { Err(printed + &text(&output.stderr)) }
    }

    /// The names of the key files in this node's data folder.
    pub(crate) fn key_files(&self, node: usize) -> Vec<String> {
        let folder = std::fs::read_dir(self.nodes[node].folder.join("data")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".key")).collect()
    }

    pub(crate) fn remove_key_files(&self, node: usize) {
        for name in self.key_files(node) {
            std::fs::remove_file(self.nodes[node].folder.join("data").join(name)).unwrap();
        }
    }

    /// What a query on the database finds whose one column is a text with the name `row`.
    pub(crate) fn rows(&self, sql: &str) -> Vec<String> {
        Behind::of(self.folder.path()).rows(sql)
    }

    /// Changes the database behind the nodes' back.
    pub(crate) fn execute(&self, sql: &str) {
        Behind::of(self.folder.path()).execute(sql);
    }

    /// Starts one more in an empty folder without these settings, or with them as they are here; it has to fail.
    pub(crate) fn start_without_files_fails(&self, settings: &[(&str, Option<&str>)]) -> String {
        let folder = self.empty_folder(&format!("refused{}", fastrand::u32(..)));
        let mut command = portero(self.folder.path());
        self.configured(&folder, &mut command, &database::database_url(self.folder.path()));
        for (name, value) in settings {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.arg("serve").output().unwrap();
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    /// Starts one more with these settings besides, which has to fail. `has_keys`: whether it has the same keys.
    pub(crate) fn start_fails(&self, settings: &[(&str, &str)], has_keys: bool) -> String {
        let folder = if has_keys {
            self.copy_of_data(&format!("refused{}", fastrand::u32(..)))
        } else {
            let folder = self.folder.path().join("other-keys");
            std::fs::create_dir_all(folder.join("data")).unwrap();
            let pepper = self.folder.path().join("data/pepper.key");
            let other: String = std::fs::read_to_string(pepper).unwrap().chars().rev().collect();
            std::fs::write(folder.join("data/pepper.key"), format!("{}\n", other.trim())).unwrap();
            folder
        };
        let mut command = portero(self.folder.path());
        self.configured(&folder, &mut command, &database::database_url(self.folder.path()));
        let output = command.envs(settings.iter().copied()).arg("serve").output().unwrap();
        assert!(!output.status.success(), "{}", text(&output.stdout));
        text(&output.stderr)
    }

    pub(crate) fn freeze(&self, node: usize) {
        let server = self.nodes[node].server.read().unwrap();
        if let Some(server) = &*server {
            signal("-STOP", server.process.id());
            *self.nodes[node].frozen.lock().unwrap() = Some(server.process.id());
        }
    }

    pub(crate) fn thaw(&self, node: usize) {
        if let Some(process) = self.nodes[node].frozen.lock().unwrap().take() {
            signal("-CONT", process);
        }
    }

    pub(crate) fn hold_network(&self, node: usize) {
        self.nodes[node].network.hold();
    }

    pub(crate) fn let_network_go(&self, node: usize) {
        self.nodes[node].network.go_on();
    }

    pub(crate) fn swallow_network(&self, node: usize) {
        self.nodes[node].network.swallow_and_go_on();
    }

    /// Kills it, whatever it is doing. Whoever asks it meanwhile gets no answer.
    pub(crate) fn kill(&self, node: usize) {
        if let Some(server) = &*self.nodes[node].server.read().unwrap() {
            signal("-KILL", server.process.id());
        }
        drop(self.nodes[node].server.write().unwrap().take());
    }

    pub(crate) fn stop(&self, node: usize) {
        let mut server = self.nodes[node].server.write().unwrap().take().unwrap();
        assert_eq!(server.terminate().0, Some(0), "{}", server.log());
    }

    pub(crate) fn start_again(&self, node: usize) {
        let it = &self.nodes[node];
        *it.server.write().unwrap() = Some(self.serve(&it.folder, &it.network));
    }

    /// Signs ana in through this node. `None`: it was refused, or there was no answer.
    pub(crate) fn sign_in(&self, node: usize) -> Option<String> {
        self.sign_in_as(node, "ana")
    }

    pub(crate) fn sign_in_as(&self, node: usize, name: &str) -> Option<String> {
        let body = json!({ "username": name, "password": PASSWORD });
        let answer = self.ask(node, "POST", "/login", None, Some(&body))?;
        (answer.status == 200).then(|| answer.text("access_token"))
    }

    /// Sends a request to this node; `None`: there was no answer.
    pub(crate) fn ask(
        &self,
        node: usize,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Option<Reply> {
        self.nodes[node].server.read().unwrap().as_ref()?.ask(method, path, token, body)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn address(&self, node: usize) -> SocketAddr {
        self.nodes[node].server.read().unwrap().as_ref().unwrap().address
    }

    pub(crate) fn log(&self, node: usize) -> String {
        self.nodes[node].server.read().unwrap().as_ref().map_or_else(String::new, Server::log)
    }

    /// Ends ana's other sessions by this token, through this node. Returns the path of the receipt.
    pub(crate) fn end_others(&self, node: usize, token: &str) -> String {
        let answer = self.ask(node, "POST", "/logout", Some(token), Some(&json!({ "scope": "others" }))).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        format!("/receipts/{}", answer.text("receipt"))
    }

    /// Ends a session through this node; the status of the answer, if there was one.
    pub(crate) fn end(&self, node: usize, token: &str) -> Option<u16> {
        let server = self.nodes[node].server.read().unwrap();
        Some(server.as_ref()?.ask("DELETE", "/logout", Some(token), None)?.status)
    }

    pub(crate) fn check(&self, node: usize, token: &str) -> Checked {
        let server = self.nodes[node].server.read().unwrap();
        let answer = server.as_ref().and_then(|server| server.ask("GET", "/protected", Some(token), None));
        match answer.map(|answer| answer.status) {
            Some(200) => Checked::Accepted,
            Some(401) => Checked::Refused,
            // 408: it stood still while it was asked.
            Some(408 | 503) | None => Checked::Unknown,
            Some(other) => panic!("{other}"),
        }
    }

    /// The status with which this node answers whoever shows this token; `None`: there was no answer.
    pub(crate) fn status(&self, node: usize, token: &str) -> Option<u16> {
        self.ask(node, "GET", "/protected", Some(token), None).map(|answer| answer.status)
    }

    /// The balancer: any of them.
    fn any(&self) -> usize {
        fastrand::usize(..self.nodes.len())
    }

    /// Signs in, has nodes use the token, ends the session, and asks all nodes about it at once.
    pub(crate) fn end_a_session(&self, recorder: &Recorder) {
        let Some(token) = self.sign_in(self.any()) else { return std::thread::sleep(Duration::from_millis(5)) };
        // So that nodes have it in mind as a good one.
        for node in 0..self.count() {
            if fastrand::bool() {
                self.check(node, &token);
            }
        }
        std::thread::scope(|scope| {
            // Somebody in a hurry, who asks twice: whichever node answers first, it is so.
            if fastrand::bool() {
                scope.spawn(|| self.end_and_ask(recorder, &token));
            }
            self.end_and_ask(recorder, &token);
        });
    }

    fn end_and_ask(&self, recorder: &Recorder, token: &str) {
        let asked = Instant::now();
        if self.end(self.any(), token) == Some(200) {
            let ended = recorder.ended_now(token, asked);
            for node in 0..self.count() {
                self.ask_about(recorder, &ended, node);
            }
        }
    }

    pub(crate) fn ask_about_an_ended_session(&self, recorder: &Recorder) {
        match recorder.any() {
            Some(ended) => self.ask_about(recorder, &ended, self.any()),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    }

    fn ask_about(&self, recorder: &Recorder, ended: &Ended, node: usize) {
        let asked = Instant::now();
        let found = self.check(node, &ended.token);
        recorder.checked(ended, node, asked, found);
    }

    /// Lets a session have expired, two hours ago.
    pub(crate) fn run_out(&self, token: &str) {
        let change = format!("UPDATE sessions SET expires_at = created_at - 7200 WHERE sid = '{}'", sid(token));
        Behind::of(self.folder.path()).execute(&change);
    }

    /// Those of the sessions that the database has as open.
    pub(crate) fn open_among(&self, ended: &[Ended]) -> Vec<String> {
        let open = Behind::of(self.folder.path()).rows("SELECT sid AS row FROM sessions WHERE ended_at IS NULL");
        let sids = ended.iter().map(|ended| sid(&ended.token));
        sids.filter(|sid| open.contains(sid)).collect()
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in 0..self.count() {
            self.thaw(node);
            self.let_network_go(node);
            if std::thread::panicking()
                && let Some(server) = &*self.nodes[node].server.read().unwrap()
            {
                println!("node {node}:\n{}", server.log());
            }
            drop(self.nodes[node].server.write().unwrap().take());
        }
        database::remove(self.folder.path());
    }
}

fn signal(which: &str, process: u32) {
    drop(Command::new("kill").args([which, &process.to_string()]).status());
}

/// The session that a token names.
fn sid(token: &str) -> String {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}

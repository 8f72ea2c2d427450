//! Runs `strace`, which makes system calls of the writer's thread fail, or be the server's last.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::portero::Server;

/// The two calls by which the writer's thread changes the data. It uses none of [`OTHERS`], as [`Tracer::end`] asserts.
pub(crate) const WRITE: &str = "pwrite64";
pub(crate) const SYNC: &str = "fsync";
const OTHERS: [&str; 9] =
    ["write", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate", "fdatasync", "unlink", "rename"];

pub(crate) struct Tracer {
    process: Child,
    output: PathBuf,
}

impl Tracer {
    /// Attaches `strace` to the writer's thread. `injection` counts the writer's calls from then on: the first one is number 1.
    pub(crate) fn attach(server: &Server, folder: &Path, injection: &str) -> Self {
        let output = folder.join("strace");
        drop(std::fs::remove_file(&output));
        let mut command = Command::new("strace");
        command.args(["-y", "-e", "trace=all", "-e", &format!("inject={injection}"), "-o"]).arg(&output);
        command.args(["-p", &writer(server)]).stdout(Stdio::null()).stderr(Stdio::piped());
        let process = command.spawn().expect("strace is there: tests/run installs it");
        let mut tracer = Self { process, output };
        // The writer wakes up ten times a second, so that there is something to see soon.
        while tracer.seen().is_empty() {
            if tracer.process.try_wait().unwrap().is_some() {
                let mut complaint = String::new();
                tracer.process.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
                panic!("strace may not attach itself to the server: {complaint}");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        tracer
    }

    fn seen(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// Lets go of the server; returns how many writes and syncs of its data there were.
    pub(crate) fn end(mut self) -> (usize, usize) {
        self.detach();
        let seen = self.seen();
        // Not the calls that wake up another thread, and not those that write the log.
        let of_the_data: Vec<_> = seen.lines().filter(|line| line.contains("/data/")).collect();
        let made = |call: &str| of_the_data.iter().filter(|line| line.starts_with(&format!("{call}("))).count();
        for other in OTHERS {
            assert_eq!(made(other), 0, "no test lets {other} fail");
        }
        (made(WRITE), made(SYNC))
    }

    fn detach(&mut self) {
        // Not SIGKILL, which would leave the traced thread standing in the middle of a call.
        drop(Command::new("kill").args(["-TERM", &self.process.id().to_string()]).stderr(Stdio::null()).status());
        drop(self.process.wait());
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            self.detach();
        }
    }
}

fn writer(server: &Server) -> String {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.process.id())).unwrap();
    let is_writer =
        |task: &PathBuf| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "writer");
    let writer = tasks.map(|task| task.unwrap().path()).find(is_writer).expect("there is a thread that writes");
    writer.file_name().unwrap().to_str().unwrap().to_owned()
}

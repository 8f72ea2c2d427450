//! `strace`, which lets system calls of the thread that writes fail, or be the server's last.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::portero::Server;

/// All that could change a file. Of these the writer's thread makes the first two alone, which [`Tracer::end`] sees to.
const CHANGING: [&str; 12] = [
    "pwrite64",
    "fsync",
    "write",
    "writev",
    "pwritev",
    "pwritev2",
    "ftruncate",
    "fallocate",
    "fdatasync",
    "unlink",
    "rename",
    "mkdir",
];
pub(crate) const WRITE: &str = CHANGING[0];
pub(crate) const SYNC: &str = CHANGING[1];

pub(crate) struct Tracer {
    process: Child,
    output: PathBuf,
}

impl Tracer {
    /// From when this returns, the writer's calls are counted anew: its first one is number 1.
    pub(crate) fn attach(server: &Server, folder: &Path, injection: &str) -> Self {
        let output = folder.join("strace");
        drop(std::fs::remove_file(&output));
        let mut command = Command::new("strace");
        command.args(["-y", "-e", "trace=all", "-e", &format!("inject={injection}"), "-o"]).arg(&output);
        command.args(["-p", &writer(server)]).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("strace is there: tests/run installs it");
        let tracer = Self { process, output };
        // The writer wakes up ten times a second, so that it has something to show soon.
        let begin = Instant::now();
        while tracer.seen().is_empty() {
            assert!(begin.elapsed() < Duration::from_secs(20), "strace could not attach itself to the server");
            std::thread::sleep(Duration::from_millis(5));
        }
        tracer
    }

    fn seen(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// Lets go of the server; how many writes and syncs there were.
    pub(crate) fn end(mut self) -> (usize, usize) {
        self.detach();
        let seen = self.seen();
        let name = |line: &str| line.split('(').next().unwrap_or_default().to_owned();
        // Not what wakes up another thread, and not the log.
        let of_the_data = seen.lines().filter(|line| line.contains("/data/"));
        let changing: Vec<_> = of_the_data.filter(|line| CHANGING.contains(&name(line).as_str())).collect();
        let count = |call: &str| changing.iter().filter(|line| name(line) == call).count();
        let (writes, syncs) = (count(WRITE), count(SYNC));
        let others: Vec<_> = changing.iter().filter(|line| ![WRITE, SYNC].contains(&name(line).as_str())).collect();
        assert!(others.is_empty(), "no test lets these fail: {others:#?}");
        (writes, syncs)
    }

    fn detach(&mut self) {
        // Not SIGKILL: what it traces would be left standing in the middle of a call.
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

//! The Debian package and the container, made of the program that is tested here, installed and run. They need root.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::portero::{Server, text};

const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a command, which has to succeed; returns what it printed.
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// All that is in a folder that is no folder itself, by its path in there.
fn files(root: &Path) -> BTreeSet<String> {
    let listed = done(Command::new("find").arg(root).args(["!", "-type", "d", "-printf", "%P\n"]));
    listed.lines().map(str::to_owned).collect()
}

/// The program without what a debugger needs of it, which would be most of the package.
fn stripped(to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    done(Command::new("strip").arg("-o").arg(to).arg(env!("CARGO_BIN_EXE_portero")));
}

fn debian_package(folder: &Path) -> PathBuf {
    // Where `cargo deb` looks for what was built.
    stripped(&folder.join("release/portero"));
    let cargo_deb = Path::new(PROJECT).join("target/packages/bin/cargo-deb");
    assert!(cargo_deb.exists(), "tests/packages/install puts it there");
    let mut command = Command::new(cargo_deb);
    let made = command.args(["deb", "--no-build", "--no-strip", "--fast", "--quiet", "--compress-type", "gz"]);
    let path = done(made.current_dir(PROJECT).env("CARGO_TARGET_DIR", folder));
    path.lines().last().unwrap().into()
}

/// Has `dpkg` do something to a system that is all in this folder. It has none of the packages that Portero's depends on.
fn dpkg(root: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("dpkg");
    done(command.arg("--root").arg(root).args(["--force-script-chrootless", "--force-depends"]).args(arguments))
}

#[test]
fn the_debian_package_brings_a_server_that_starts_by_itself_and_takes_it_away_again() {
    let folder = TempDir::new().unwrap();
    let package = debian_package(folder.path());
    let package = package.to_str().unwrap();
    let depends = done(Command::new("dpkg-deb").args(["--field", package, "Depends"]));
    assert!(depends.contains("libc6 (") && depends.contains("systemd | systemd-standalone-sysusers"), "{depends}");
    assert_eq!(depends.contains("libpq5 ("), cfg!(feature = "postgres"), "{depends}");

    let root = folder.path().join("root");
    fs::create_dir_all(root.join("var/lib/dpkg/updates")).unwrap();
    fs::create_dir(root.join("var/lib/dpkg/info")).unwrap();
    fs::write(root.join("var/lib/dpkg/status"), "").unwrap();
    dpkg(&root, &["--install", package]);
    let installed = files(&root);
    let is_there = |path: &str| installed.contains(path);
    for path in [
        "usr/bin/portero",
        "usr/lib/systemd/system/portero.service",
        "usr/lib/systemd/system/portero-backup.service",
        "usr/lib/systemd/system/portero-backup.timer",
        "usr/share/doc/portero/README.md",
        "usr/share/doc/portero/docs/install.md",
        "usr/share/doc/portero/docs/proxies/nginx.md",
        "usr/share/doc/portero/examples/portero.socket",
        "etc/systemd/system/multi-user.target.wants/portero.service",
        "etc/systemd/system/timers.target.wants/portero-backup.timer",
    ] {
        assert!(is_there(path), "{path} of {installed:?}");
    }
    assert!(!installed.iter().any(|path| path.contains("sockets.target.wants")), "it is enabled by who wants it");
    let users = fs::read_to_string(root.join("etc/passwd")).unwrap();
    assert!(users.contains("portero:") && users.contains(":/var/lib/portero:"), "{users}");
    let program = root.join("usr/bin/portero");
    assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
    let settings = root.join("etc/portero/portero.toml");
    let mut check = Command::new(&program);
    done(
        check
            .env("PORTERO_DATA_DIR", folder.path().join("data"))
            .arg("--config")
            .arg(&settings)
            .args(["config", "check"]),
    );

    // What the operator wrote stays when the program goes, and goes when they say so.
    dpkg(&root, &["--remove", "portero"]);
    assert!(!program.exists() && settings.exists());
    dpkg(&root, &["--purge", "portero"]);
    assert!(!settings.exists());
    let left: Vec<String> = files(&root).into_iter().filter(|path| path.contains("portero")).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// What the container's file sets in the environment, and what whoever tries it out on one machine adds.
fn set_in_container() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(PROJECT).join("packaging/container/Containerfile")).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("ENV ")).unwrap();
    let pairs = line.split(' ').chain(["PORTERO_ALLOW_PLAIN_HTTP=true"]).map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// As a container engine does it: the root folder can only be read, the volume is a folder of the machine, and the user is nobody.
const IN_A_CONTAINER: &str = "mount --bind image image && mount --bind volume image/data && mount -o remount,ro,bind image \
                              && exec chroot --userspec=65534:65534 image /usr/bin/portero serve";

#[test]
fn the_container_holds_all_that_the_server_needs_and_none_of_it_is_written_to() {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("image");
    let program = folder.path().join("portero");
    stripped(&program);
    done(Command::new(Path::new(PROJECT).join("packaging/container/root")).arg(&program).arg(&image));
    // An engine gives the volume to whom it belongs in the image.
    done(Command::new("cp").arg("-a").arg(image.join("data")).arg(folder.path().join("volume")));
    let as_made = files(&image);

    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", IN_A_CONTAINER])
        .current_dir(&folder)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    for (name, value) in set_in_container() {
        command.env(name, value);
    }
    // Any port that is free, of this machine alone.
    command.env("PORTERO_LISTEN", "127.0.0.1:0");
    let mut server = Server::with(folder.path(), command);
    let inside = |arguments: &[&str]| {
        let pid = server.process.id().to_string();
        let mut command = Command::new("nsenter");
        command.args(["--target", &pid, "--mount", "chroot", "--userspec=65534:65534"]).arg(&image);
        command.arg("/usr/bin/portero").args(arguments).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        done(command.envs(set_in_container()))
    };
    assert_eq!(inside(&["health"]), "ready\n");
    let invited = inside(&["user", "invite", "ana"]);
    assert!(invited.contains("/link/"), "commands work beside the server: {invited}");
    assert_eq!(server.client().get("/login", None).status, 200);
    let status = fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap();
    assert!(status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");

    assert_eq!(server.terminate().0, Some(0));
    assert_eq!(files(&image), as_made);
    let database = fs::metadata(folder.path().join("volume/portero/portero.db")).unwrap();
    assert_eq!((database.uid(), database.mode() & 0o777), (65534, 0o600));
}

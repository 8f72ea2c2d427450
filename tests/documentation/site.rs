//! The site that mdBook makes of `docs/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::pages::ROOT;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect()
}

#[test]
fn the_site_can_be_searched_and_its_links_lead_somewhere() {
    let program = Path::new(ROOT).join("target/site/bin/mdbook");
    let folder = TempDir::new().unwrap();
    let mut mdbook = Command::new(program);
    let built = mdbook.arg("build").arg(Path::new(ROOT).join("docs")).arg("-d").arg(folder.path());
    let built = built.output().expect("tests/site/install brings mdBook");
    let said = format!("{}{}", String::from_utf8_lossy(&built.stdout), String::from_utf8_lossy(&built.stderr));
    assert!(built.status.success() && !said.contains("WARN") && !said.contains("ERROR"), "{said}");

    let files = files(folder.path());
    let is_there = |part: &str| files.iter().any(|path| path.to_str().unwrap().contains(part));
    assert!(is_there("searchindex") && is_there("index.html") && is_there("proxies/nginx.html"), "{files:?}");
    // What is for print alone repeats all pages; what is not found is shown at any address.
    let is_page = |path: &&PathBuf| {
        let name = path.file_name().unwrap();
        path.extension().is_some_and(|kind| kind == "html") && name != "print.html" && name != "404.html"
    };
    let mut wrong = Vec::new();
    for path in files.iter().filter(is_page) {
        let html = std::fs::read_to_string(path).unwrap();
        for link in [attributes(&html, "href"), attributes(&html, "src"), attributes(&html, "srcset")].concat() {
            if link.contains(':') {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let to = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            let has_anchor = || attributes(&std::fs::read_to_string(&to).unwrap(), "id").contains(&anchor);
            if !to.exists() || !(anchor.is_empty() || has_anchor()) {
                wrong.push(format!("{}: {link}", path.strip_prefix(folder.path()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

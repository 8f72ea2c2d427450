//! The pages as they are written: their links, headings and blocks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub(crate) struct Page {
    /// From the project's folder on, such as `docs/apps.md`.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A block of code. What it is of: empty if it does not say.
pub(crate) struct Block {
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// The README and all pages of `docs/`.
pub(crate) fn all() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    let mut folders = vec![PathBuf::from("docs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(Path::new(ROOT).join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if Path::new(ROOT).join(&path).is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| Page { text: std::fs::read_to_string(Path::new(ROOT).join(&path)).unwrap(), path };
    paths.into_iter().map(read).collect()
}

impl Page {
    /// The text line by line: prose, and blocks between fences or far from the margin.
    fn parts(&self) -> (String, Vec<Block>) {
        let (mut prose, mut blocks, mut fence): (String, Vec<Block>, Option<Block>) = (String::new(), Vec::new(), None);
        let mut was_far = false;
        for line in self.text.lines() {
            if let Some(kind) = line.trim_start().strip_prefix("```") {
                match fence.take() {
                    Some(block) => blocks.push(block),
                    None => fence = Some(Block { kind: kind.trim().into(), text: String::new() }),
                }
                was_far = false;
                continue;
            }
            if let Some(block) = &mut fence {
                block.text.push_str(&format!("{line}\n"));
            } else if let Some(code) = line.strip_prefix("    ") {
                if !was_far {
                    blocks.push(Block { kind: String::new(), text: String::new() });
                }
                blocks.last_mut().unwrap().text.push_str(&format!("{code}\n"));
            } else {
                prose.push_str(&format!("{line}\n"));
            }
            was_far = fence.is_none() && line.starts_with("    ");
        }
        (prose, blocks)
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        self.parts().1
    }

    /// What stands between backticks.
    pub(crate) fn code_spans(&self) -> Vec<String> {
        let prose = self.parts().0;
        prose.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// Where links and pictures lead.
    fn links(&self) -> Vec<String> {
        let prose = self.parts().0;
        let after = |mark: &str, end: char| -> Vec<String> {
            prose.split(mark).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())).collect()
        };
        [after("](", ')'), after(" src=\"", '"'), after(" srcset=\"", '"'), after(" href=\"", '"')].concat()
    }

    /// The anchors of the headings, as GitHub makes them.
    fn anchors(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let prose = self.parts().0;
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        let anchor = |line: &str| {
            let kept = line.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
            let count = seen.entry(anchor.clone()).or_default();
            *count += 1;
            if *count == 1 { anchor } else { format!("{anchor}-{}", *count - 1) }
        };
        headings.map(anchor).collect()
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = all();
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in &pages {
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            count += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let beside = page.path.parent().unwrap().join(file);
            let path = if file.is_empty() { page.path.clone() } else { simple(&beside) };
            let is_there = Path::new(ROOT).join(&path).exists();
            let has_anchor = anchor.is_empty()
                || pages.iter().any(|other| other.path == path && other.anchors().iter().any(|known| known == anchor));
            // A page of the site can't lead out of it.
            let leaves = page.path.starts_with("docs") && !path.starts_with("docs");
            if !is_there || !has_anchor || leaves {
                wrong.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(count > 200, "the search finds only {count} links");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Without `..`.
fn simple(path: &Path) -> PathBuf {
    let mut parts = PathBuf::new();
    for part in path {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts
}

#[test]
fn every_page_has_its_place_in_the_site_once() {
    let pages = all();
    let summary = pages.iter().find(|page| page.path == Path::new("docs/SUMMARY.md")).unwrap();
    let mut listed = summary.links();
    listed.sort();
    let pages = pages.iter().filter(|page| page.path.starts_with("docs") && page.path != summary.path);
    let mut there: Vec<_> =
        pages.map(|page| page.path.strip_prefix("docs").unwrap().to_str().unwrap().to_owned()).collect();
    there.sort();
    assert_eq!(listed, there);
}

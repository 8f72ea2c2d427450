//! Properties that hold for any question and any path, tried with many random ones.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::net::{IpAddr, Ipv4Addr};

use percent_encoding::percent_decode_str;
use proptest::collection::vec;
use proptest::prelude::*;
use url::Url;

use super::forwarded::{Style, read};
use super::paths::{normal, opens};

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Targets made of what paths are attacked with.
fn target() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("share".to_owned()),
        prop::sample::select(vec![
            "/", "//", "..", ".", "%2e", "%2E%2e", "%2f", "%5c", "\\", ";", "#", "?", "%", "%25", "%00", "%c0%ae",
            "admin", "%61", " ", "%20", "\u{e9}", "%c3%a9", "...", "SHARE",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,3}",
    ];
    vec(part, 0..8).prop_map(|parts| format!("/{}", parts.concat()))
}

/// Ways in which apps read a path: decoded or not, once or twice, with a backslash for a slash, without parameters, with dots dropped
/// at the end of a name.
fn readings(target: &str) -> Vec<Vec<String>> {
    let path = target.split('?').next().unwrap();
    let once = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let twice = percent_decode_str(&once).decode_utf8_lossy().into_owned();
    let mut readings = Vec::new();
    for text in [path.to_owned(), once, twice] {
        for text in [text.clone(), text.replace('\\', "/")] {
            for cut in ["", ";", "#", "?", "\0"] {
                let mut resolved: Vec<String> = Vec::new();
                let whole =
                    if matches!(cut, "#" | "?" | "\0") { text.split(cut).next().unwrap() } else { text.as_str() };
                for segment in whole.split('/') {
                    let segment = if cut == ";" { segment.split(';').next().unwrap() } else { segment };
                    match segment {
                        "" | "." => {}
                        ".." => drop(resolved.pop()),
                        segment if segment.trim_end_matches(['.', ' ']).is_empty() => drop(resolved.pop()),
                        segment => resolved.push(percent_decode_str(segment).decode_utf8_lossy().into_owned()),
                    }
                }
                readings.push(resolved);
            }
        }
    }
    readings
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4000) })]

    #[test]
    fn an_open_path_is_beneath_the_prefix_however_an_app_reads_it(target in target()) {
        if normal(&target).is_some_and(|normal| opens("/share", &normal)) {
            for reading in readings(&target) {
                prop_assert_eq!(reading.first().map(String::as_str), Some("share"), "{}", target);
            }
        }
    }

    #[test]
    fn what_is_read_of_a_question_leads_to_the_host_that_it_names(
        names in vec(prop::sample::select(vec![
            "x-original-url", "x-original-method", "x-forwarded-uri", "x-forwarded-host", "x-forwarded-proto",
            "x-forwarded-method", "X_Original_URL", "accept", "upgrade",
        ]), 0..8),
        values in vec(prop_oneof![
            Just("GET".to_owned()), Just("https".to_owned()), Just("wiki.example.org".to_owned()), Just("/a".to_owned()),
            "https://wiki\\.example\\.org[/@:?#\\\\.,a-z0-9%]{0,12}", "[ -~]{0,10}", any::<String>(),
        ], 8),
        style in prop::sample::select(Style::ALL.to_vec()),
    ) {
        let headers = names.iter().zip(&values).map(|(name, value)| (*name, value.as_bytes()));
        if let Ok(request) = read(style, PROXY, |peer| peer == PROXY, headers) {
            let origin = Url::parse(&request.origin()).unwrap();
            prop_assert_eq!(origin.origin().ascii_serialization(), request.origin());
            let whole = Url::parse(&format!("{}{}", request.origin(), request.path_and_query)).unwrap();
            prop_assert_eq!(whole.origin(), origin.origin());
            prop_assert!(request.path_and_query.starts_with('/'));
            prop_assert!(request.path_and_query.bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}

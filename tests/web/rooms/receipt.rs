//! Room /receipts/{id}: what was ended, and until when it may still be accepted elsewhere.

use serde_json::{Value, json};

use crate::common::{app_with_admin, as_json, end};
use crate::support::{Tokens, claims};

fn sid_of(tokens: &Tokens) -> String {
    claims(&tokens.access)["sid"].as_str().unwrap().to_owned()
}

#[test]
fn a_receipt_says_until_when_others_may_accept_a_token_and_then_that_nobody_can() {
    let app = app_with_admin();
    let (mut admin, bea) = (app.signed_in("adm"), app.tokens("bea"));
    let receipt = end(&mut admin, &format!("/admin/sessions/{}/end", sid_of(&bea)));
    let until = claims(&bea.access)["exp"].as_i64().unwrap();
    assert!(receipt.body.contains("may accept an access token until"), "{}", receipt.body);
    let id = receipt.body.split("Receipt</dt><dd><span class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    let path = format!("/receipts/{id}");
    let told = as_json(&mut admin, &path);
    assert_eq!((&told["accepted_elsewhere_until"], &told["count"]), (&json!(until), &json!(1)));
    assert_eq!((&told["reason"], &told["by"]), (&json!("ended_by_admin"), &json!("adm")));
    assert_eq!((&told["sessions"][0]["refused"], &told["sessions"][0]["access_until"]), (&json!(true), &json!(until)));
    assert!((told["refused_since"].as_i64().unwrap() - app.clock.now().0).abs() < 60);

    app.clock.advance(16 * 60);
    let later = admin.get(&path).body;
    assert!(later.contains("Nothing can be accepted any more"), "{later}");
    assert_eq!(as_json(&mut app.signed_in("adm"), &path)["accepted_elsewhere_until"], Value::Null);
}

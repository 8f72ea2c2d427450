//! Changes of memory as text, by which the nodes on one database tell each other what their commits have changed. The text has a version:
//! a node that does not understand all of it loads its memory anew.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::change::{Change, Decision};
use super::gate::Pass;
use super::{BlockedToken, Contact, Standing};
use crate::domain::{
    GroupName, OriginId, PassKey, Role, SessionId, StatusListId, StatusPlace, UnixTime, UserId, Username,
};

/// Counts the changes to the meaning of words. A new word needs none: whoever does not know it understands nothing of the text.
const VERSION: u32 = 1;

/// What a node does to follow a change.
#[derive(Debug)]
pub enum Told {
    Change(Change),
    /// The apps are to be looked up: they are many words, and change seldom.
    LookUpApps,
    /// The keys are to be read.
    ReadKeys,
}

#[derive(Serialize, Deserialize)]
struct Text {
    version: u32,
    changes: Vec<Word>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    SessionsEnded(Vec<(SessionId, i64)>),
    MassEndBegan(String),
    MassEndLearned(String),
    StatusListBegan(i64),
    StatusesEnded(Vec<i64>),
    StatusListsGone(Vec<i64>),
    /// Id, when it expires, whether whoever shows it must have stolen it.
    TokenBlocked(Uuid, Option<i64>, bool),
    UserPresent(User),
    UserChanged(User),
    UserGone(String),
    GroupsChanged(i64, Vec<String>),
    GroupGone(String),
    AppsChanged,
    KeysChanged,
    PassMade(Uuid, Box<PassText>),
    PassesEnded(Vec<Uuid>),
    TriesCounted(String),
    Decided(Decision),
}

#[derive(Serialize, Deserialize)]
struct User {
    id: i64,
    uid: Uuid,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    role: String,
    tokens_valid_from: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_at: Option<i64>,
    has_factor: bool,
    /// Both are absent if nothing is noted of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct PassText {
    sid: SessionId,
    user: User,
    origin: i64,
    made_at: i64,
    expires_at: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    factor_time: Option<i64>,
}

/// What the other nodes are told of these changes. Those that only this node has to know of are left out.
pub fn text_of<'a>(changes: impl Iterator<Item = &'a Change>) -> String {
    let text = Text { version: VERSION, changes: changes.filter_map(word).collect() };
    serde_json::to_string(&text).expect("nothing in it can fail to be written")
}

/// `None`: this version does not understand it. `known`: the standing that memory holds by an identity claim, of which a pass then keeps
/// no copy.
pub fn read(text: &str, known: impl Fn(&str) -> Option<Arc<Standing>>) -> Option<Vec<Told>> {
    let text: Text = serde_json::from_str(text).ok()?;
    if text.version != VERSION {
        return None;
    }
    text.changes.into_iter().map(|word| told(word, &known)).collect()
}

fn word(change: &Change) -> Option<Word> {
    Some(match change {
        Change::SessionsEnded(ended) => Word::SessionsEnded(ended.iter().map(|(sid, until)| (*sid, until.0)).collect()),
        Change::MassEndBegan(receipt) => Word::MassEndBegan(receipt.clone()),
        Change::MassEndLearned(receipt) => Word::MassEndLearned(receipt.clone()),
        Change::StatusListBegan(list) => Word::StatusListBegan(list.0),
        Change::StatusesEnded(places) => Word::StatusesEnded(places.iter().map(|place| place.number()).collect()),
        Change::StatusListsGone(lists) => Word::StatusListsGone(lists.iter().map(|list| list.0).collect()),
        Change::TokenBlocked(BlockedToken(refused)) => {
            Word::TokenBlocked(Uuid::from_u128(refused.id()), refused.until().map(|until| until.0), refused.is_trap())
        }
        Change::UserPresent(standing) => Word::UserPresent(user_of(standing)),
        Change::UserChanged(standing) => Word::UserChanged(user_of(standing)),
        Change::UserGone(subject) => Word::UserGone(subject.clone()),
        Change::GroupsChanged(user, groups) => {
            Word::GroupsChanged(user.0, groups.iter().map(|name| name.as_str().to_owned()).collect())
        }
        Change::GroupGone(name) => Word::GroupGone(name.as_str().to_owned()),
        Change::AppsChanged(_) => Word::AppsChanged,
        Change::KeysChanged => Word::KeysChanged,
        Change::PassMade(PassKey(key), pass) => Word::PassMade(Uuid::from_bytes(*key), Box::new(pass_of(pass))),
        Change::PassesEnded(keys) => {
            Word::PassesEnded(keys.iter().map(|PassKey(key)| Uuid::from_bytes(*key)).collect())
        }
        Change::TriesCounted(tries) => Word::TriesCounted(tries.clone()),
        Change::Decided(decision) => Word::Decided(decision.clone()),
        Change::FirstUseAwaited(..) | Change::FirstUseStored(..) => return None,
    })
}

fn told(word: Word, known: &impl Fn(&str) -> Option<Arc<Standing>>) -> Option<Told> {
    Some(Told::Change(match word {
        Word::SessionsEnded(ended) => {
            Change::SessionsEnded(ended.into_iter().map(|(sid, until)| (sid, UnixTime(until))).collect())
        }
        Word::MassEndBegan(receipt) => Change::MassEndBegan(receipt),
        Word::MassEndLearned(receipt) => Change::MassEndLearned(receipt),
        Word::StatusListBegan(list) => Change::StatusListBegan(StatusListId(list)),
        Word::StatusesEnded(places) => Change::StatusesEnded(places.into_iter().map(StatusPlace::stored).collect()),
        Word::StatusListsGone(lists) => Change::StatusListsGone(lists.into_iter().map(StatusListId).collect()),
        Word::TokenBlocked(id, until, is_trap) => {
            Change::TokenBlocked(BlockedToken::of_id(id.as_u128(), until.map(UnixTime), is_trap))
        }
        Word::UserPresent(user) => Change::UserPresent(standing_of(user)?),
        Word::UserChanged(user) => Change::UserChanged(standing_of(user)?),
        Word::UserGone(subject) => Change::UserGone(subject),
        Word::GroupsChanged(user, names) => {
            let names: Option<Vec<_>> = names.iter().map(|name| GroupName::parse(name).ok()).collect();
            Change::GroupsChanged(UserId(user), names?.into())
        }
        Word::GroupGone(name) => Change::GroupGone(GroupName::parse(&name).ok()?),
        Word::AppsChanged => return Some(Told::LookUpApps),
        Word::KeysChanged => return Some(Told::ReadKeys),
        Word::PassMade(key, pass) => {
            let standing = standing_of(pass.user)?;
            let standing =
                known(standing.subject()).filter(|known| **known == standing).unwrap_or_else(|| Arc::new(standing));
            let moments = [pass.made_at, pass.expires_at, pass.auth_time].map(UnixTime);
            let factor_time = pass.factor_time.map(UnixTime);
            let pass = Pass::new(pass.sid, standing, OriginId(pass.origin), moments, factor_time);
            Change::PassMade(PassKey(key.into_bytes()), pass)
        }
        Word::TriesCounted(tries) => Change::TriesCounted(tries),
        Word::Decided(decision) => Change::Decided(decision),
        Word::PassesEnded(keys) => Change::PassesEnded(keys.into_iter().map(|key| PassKey(key.into_bytes())).collect()),
    }))
}

fn user_of(standing: &Standing) -> User {
    let contact = standing.contact.as_deref();
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    User {
        id: standing.user.0,
        uid: standing.uid,
        name: standing.username.as_str().to_owned(),
        subject: text(&standing.other_subject),
        role: standing.role.as_str().to_owned(),
        tokens_valid_from: standing.tokens_valid_from.0,
        disable_at: standing.disable_at.map(|date| date.0),
        has_factor: standing.has_factor,
        display_name: contact.and_then(|contact| text(&contact.display_name)),
        mail: contact.and_then(|contact| text(&contact.mail)),
    }
}

/// `None`: it is not spelled as this version knows it.
fn standing_of(user: User) -> Option<Standing> {
    let (display_name, mail) = (user.display_name.map(Into::into), user.mail.map(Into::into));
    let is_noted = display_name.is_some() || mail.is_some();
    Some(Standing {
        user: UserId(user.id),
        uid: user.uid,
        username: Username::parse(&user.name).ok()?,
        other_subject: user.subject.map(Into::into),
        role: Role::parse(&user.role)?,
        tokens_valid_from: UnixTime(user.tokens_valid_from),
        disable_at: user.disable_at.map(UnixTime),
        has_factor: user.has_factor,
        contact: is_noted.then(|| Box::new(Contact { display_name, mail })),
    })
}

fn pass_of(pass: &Pass) -> PassText {
    PassText {
        sid: pass.sid,
        user: user_of(pass.user()),
        origin: pass.origin().0,
        made_at: pass.made_at().0,
        expires_at: pass.expires_at().0,
        auth_time: pass.auth_time().0,
        factor_time: pass.factor_time().map(|moment| moment.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::gate::Apps;
    use super::*;
    use crate::domain::TokenId;

    fn standing(name: &str) -> Standing {
        Standing {
            user: UserId(7),
            uid: Uuid::from_u128(99),
            username: Username::parse(name).unwrap(),
            other_subject: Some("7".into()),
            role: Role::Admin,
            tokens_valid_from: UnixTime(100),
            disable_at: Some(UnixTime(900)),
            has_factor: true,
            contact: Some(Box::new(Contact { display_name: Some("Ana \"la\" Ñ'".into()), mail: None })),
        }
    }

    fn read_again(changes: &[Change]) -> Option<Vec<Told>> {
        read(&text_of(changes.iter()), |_| None)
    }

    #[test]
    fn what_is_told_is_what_is_understood() {
        let sid = SessionId::random();
        let groups: Vec<_> = ["cooks", "readers"].map(|name| GroupName::parse(name).unwrap()).into();
        let pass = |factor| {
            let moments = [UnixTime(1), UnixTime(2), UnixTime(3)];
            Pass::new(sid, Arc::new(standing("ana")), OriginId(5), moments, factor)
        };
        let bare = Standing { other_subject: None, disable_at: None, contact: None, ..standing("bea") };
        let changes = [
            Change::SessionsEnded(vec![(sid, UnixTime(900)), (SessionId::random(), UnixTime(901))]),
            Change::SessionsEnded(Vec::new()),
            Change::MassEndBegan("receipt".into()),
            Change::MassEndLearned("receipt".into()),
            Change::StatusListBegan(StatusListId(3)),
            Change::StatusesEnded(vec![StatusListId(3).place(0), StatusListId(3).place(70_000)]),
            Change::StatusListsGone(vec![StatusListId(1), StatusListId(2)]),
            Change::TokenBlocked(BlockedToken::new(TokenId::from_jti("a peer's"), None, false)),
            Change::TokenBlocked(BlockedToken::new(TokenId::from_jti("ours"), Some(UnixTime(5)), true)),
            Change::UserPresent(standing("ana")),
            Change::UserChanged(bare),
            Change::UserGone("ana".into()),
            Change::GroupsChanged(UserId(7), groups.clone().into()),
            Change::GroupsChanged(UserId(7), [].into()),
            Change::GroupGone(groups[0].clone()),
            Change::PassMade(PassKey([7; 16]), pass(None)),
            Change::PassMade(PassKey([8; 16]), pass(Some(UnixTime(4)))),
            Change::PassesEnded(vec![PassKey([7; 16])]),
            Change::Decided(Decision::UserDisabled(7)),
            Change::TriesCounted(r#"[{"ip":"192.0.2.1"}]"#.into()),
        ];
        let understood = read_again(&changes).unwrap();
        let understood = understood.into_iter().map(|told| match told {
            Told::Change(change) => change,
            other => panic!("{other:?}"),
        });
        assert_eq!(format!("{changes:?}"), format!("{:?}", understood.collect::<Vec<_>>()));
    }

    #[test]
    fn apps_and_keys_are_looked_up_and_first_uses_are_not_told() {
        let first_uses =
            [Change::FirstUseAwaited(SessionId::random(), 1), Change::FirstUseStored(SessionId::random(), 1)];
        assert!(read_again(&first_uses).unwrap().is_empty());
        let looked_up = read_again(&[Change::AppsChanged(Arc::new(Apps::default())), Change::KeysChanged]).unwrap();
        assert!(matches!(looked_up[..], [Told::LookUpApps, Told::ReadKeys]));
    }

    #[test]
    fn words_of_a_newer_version_are_not_guessed_at() {
        for text in [
            r#"{"version":1,"changes":[{"session_frozen":"x"}]}"#,
            r#"{"version":2,"changes":[]}"#,
            r#"{"version":1,"changes":[{"user_gone":["ana"]}]}"#,
            r#"{"version":1,"changes":[{"group_gone":"not a name"}]}"#,
            "",
        ] {
            assert!(read(text, |_| None).is_none(), "{text}");
        }
    }

    #[test]
    fn a_pass_keeps_no_copy_of_a_standing_that_memory_holds() {
        let held = Arc::new(standing("ana"));
        let moments = [UnixTime(1), UnixTime(2), UnixTime(3)];
        let pass = Pass::new(SessionId::random(), Arc::clone(&held), OriginId(5), moments, None);
        let text = text_of([Change::PassMade(PassKey([7; 16]), pass)].iter());
        let told = read(&text, |subject| (subject == "7").then(|| Arc::clone(&held))).unwrap();
        let [Told::Change(Change::PassMade(_, pass))] = &told[..] else { panic!("{told:?}") };
        assert!(std::ptr::eq(pass.user(), &*held));
    }
}

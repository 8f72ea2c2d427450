//! What the check before an app needs in memory: which apps there are, and the passes that let browsers enter them. Whether a pass's
//! session goes on is not kept with it: the blocklist is asked.

use std::collections::{HashMap as StdHashMap, HashSet};
use std::sync::Arc;

use foldhash::quality::RandomState;
use papaya::HashMap;

use super::{Blocklist, Contents, Standing};
use crate::domain::{App, AppId, AppOrigin, AppUri, GroupName, Groups, OriginId, PassKey, SessionId, UnixTime, UserId};

/// The apps, found by where they are and by what they call themselves. Replaced as a whole when one changes: there are few.
#[derive(Debug, Default)]
pub struct Apps {
    places: StdHashMap<Box<str>, Arc<Place>>,
    by_client_id: StdHashMap<Box<str>, Arc<App>>,
    by_id: StdHashMap<AppId, Arc<App>>,
    /// The origins of scripts that are apps.
    public_origins: HashSet<Box<str>>,
}

/// One origin of an app.
#[derive(Debug)]
pub struct Place {
    pub id: OriginId,
    pub origin: AppOrigin,
    pub app: Arc<App>,
}

impl Apps {
    pub fn new(all: Vec<App>) -> Self {
        let mut apps = Self::default();
        for app in all {
            let app = Arc::new(app);
            if app.rules.openid.is_public {
                let targets = app.rules.openid.redirect_uris.iter().filter_map(AppUri::form_target);
                apps.public_origins.extend(targets.map(Box::from));
            }
            apps.by_client_id.insert(app.client_id.as_str().into(), Arc::clone(&app));
            apps.by_id.insert(app.id, Arc::clone(&app));
            for (origin, id) in app.rules.origins.iter().zip(&app.origin_ids) {
                let place = Place { id: *id, origin: origin.clone(), app: Arc::clone(&app) };
                apps.places.insert(origin.authority().into(), Arc::new(place));
            }
        }
        apps
    }

    /// The app at this host, with its port unless that is 443.
    fn at(&self, authority: &str) -> Option<Arc<Place>> {
        self.places.get(authority).cloned()
    }

    fn numbered(&self, id: OriginId) -> Option<Arc<Place>> {
        self.places.values().find(|place| place.id == id).cloned()
    }
}

/// What a browser holds at an app's host, as far as a check needs it. There may be a million: moments are kept in 32 bits, and of the user
/// only the standing that memory holds anyway, for the identity claim in it.
#[derive(Clone, Debug)]
pub struct Pass {
    pub sid: SessionId,
    user: Arc<Standing>,
    origin: u32,
    made_at: u32,
    expires_at: u32,
    auth_time: u32,
    /// 0: the session had given no second factor.
    factor_time: u32,
}

impl Pass {
    /// `factor_time`: when the session had given a second factor, if it was at that level.
    pub fn new(
        sid: SessionId,
        user: Arc<Standing>,
        origin: OriginId,
        [made_at, expires_at, auth_time]: [UnixTime; 3],
        factor_time: Option<UnixTime>,
    ) -> Self {
        let origin = u32::try_from(origin.0).unwrap_or(u32::MAX);
        let factor_time = factor_time.map_or(0, seconds);
        let [made_at, expires_at, auth_time] = [made_at, expires_at, auth_time].map(seconds);
        Self { sid, user, origin, made_at, expires_at, auth_time, factor_time }
    }

    /// The identity claim of the user's tokens.
    pub fn subject(&self) -> &str {
        self.user.subject()
    }

    pub(super) fn user(&self) -> &Standing {
        &self.user
    }

    pub(super) fn origin(&self) -> OriginId {
        OriginId(self.origin.into())
    }

    pub fn is_for(&self, origin: OriginId) -> bool {
        i64::from(self.origin) == origin.0
    }

    pub fn made_at(&self) -> UnixTime {
        UnixTime(self.made_at.into())
    }

    pub fn expires_at(&self) -> UnixTime {
        UnixTime(self.expires_at.into())
    }

    pub fn auth_time(&self) -> UnixTime {
        UnixTime(self.auth_time.into())
    }

    /// When the session had given a second factor. `None`: it was at the level of one.
    pub fn factor_time(&self) -> Option<UnixTime> {
        (self.factor_time > 0).then_some(UnixTime(self.factor_time.into()))
    }
}

fn seconds(moment: UnixTime) -> u32 {
    u32::try_from(moment.0.max(0)).unwrap_or(u32::MAX)
}

/// Both, as memory holds them of the database.
#[derive(Default)]
pub(super) struct Gate {
    pub(super) apps: arc_swap::ArcSwap<Apps>,
    pub(super) passes: HashMap<PassKey, Pass, RandomState>,
    /// Of those who are in any.
    pub(super) groups: HashMap<UserId, Groups, RandomState>,
}

impl Contents {
    pub fn apps(&self, all: Vec<App>) {
        self.others.gate.apps.store(Arc::new(Apps::new(all)));
    }

    /// Adds the groups that a user is in.
    pub fn groups(&self, user: UserId, groups: Groups) {
        self.others.gate.groups.pin().insert(user, groups);
    }

    pub fn pass(&self, key: PassKey, pass: Pass) {
        self.others.gate.passes.pin().insert(key, pass);
    }
}

impl Blocklist {
    /// The app at this host, with its port unless that is 443.
    pub fn app_at(&self, authority: &str) -> Option<Arc<Place>> {
        self.database_copy.load().gate.apps.load().at(authority)
    }

    /// The app that names itself so when it asks.
    pub fn app_with_client_id(&self, client_id: &str) -> Option<Arc<App>> {
        self.database_copy.load().gate.apps.load().by_client_id.get(client_id).cloned()
    }

    pub fn app(&self, id: AppId) -> Option<Arc<App>> {
        self.database_copy.load().gate.apps.load().by_id.get(&id).cloned()
    }

    /// Whether an app that can keep no secret is at this origin.
    pub fn is_origin_of_public_app(&self, origin: &str) -> bool {
        self.database_copy.load().gate.apps.load().public_origins.contains(origin)
    }

    /// The origin with this number.
    pub fn place(&self, id: OriginId) -> Option<Arc<Place>> {
        self.database_copy.load().gate.apps.load().numbered(id)
    }

    /// A pass that was given and not taken back. Whether its session goes on is another question.
    pub fn pass(&self, key: PassKey) -> Option<Pass> {
        self.database_copy.load().gate.passes.pin().get(&key).cloned()
    }

    /// The groups that a user is in, for apps.
    pub fn groups(&self, user: UserId) -> Groups {
        self.database_copy.load().gate.groups.pin().get(&user).cloned().unwrap_or_default()
    }

    pub(super) fn set_groups(&self, user: UserId, groups: Groups) {
        let memory = self.database_copy.load();
        let known = memory.gate.groups.pin();
        if groups.is_empty() {
            known.remove(&user);
        } else {
            known.insert(user, groups);
        }
    }

    pub(super) fn forget_group(&self, name: &GroupName) {
        let memory = self.database_copy.load();
        let known = memory.gate.groups.pin();
        let in_it = known.iter().filter(|(_, groups)| groups.contains(name));
        for (user, groups) in in_it.map(|(user, groups)| (*user, Arc::clone(groups))).collect::<Vec<_>>() {
            self.set_groups(user, groups.iter().filter(|other| *other != name).cloned().collect());
        }
    }

    /// How many passes memory holds.
    pub fn passes(&self) -> usize {
        self.database_copy.load().gate.passes.pin().len()
    }

    pub(super) fn set_apps(&self, apps: Arc<Apps>) {
        self.database_copy.load().gate.apps.store(apps);
    }

    pub(super) fn keep_pass(&self, key: PassKey, pass: Pass) {
        self.database_copy.load().gate.passes.pin().insert(key, pass);
    }

    pub(super) fn end_passes(&self, keys: &[PassKey]) {
        let memory = self.database_copy.load();
        let passes = memory.gate.passes.pin();
        for key in keys {
            passes.remove(key);
        }
    }

    /// Drops passes that expired before `before`, and those of sessions that are refused.
    pub(super) fn forget_passes(&self, before: UnixTime) {
        let memory = self.database_copy.load();
        let is_over = |pass: &Pass| pass.expires_at() < before || memory.sessions.contains(pass.sid.as_u128());
        memory.gate.passes.pin().retain(|_, pass| !is_over(pass));
    }
}

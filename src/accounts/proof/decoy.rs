//! What a password is compared with if nobody bears the name. It costs what a user's hash would: a decoy draws its form from those of
//! the stored hashes, so that names as a whole cost the same with a user and without.

use crate::accounts::context::{Accounts, Error};
use crate::domain::{Password, Username};
use crate::store::password_forms::FormCount;

/// Compares the password with the name's decoy. `forms`: those of all stored hashes. Hashes once.
pub(in crate::accounts) fn check(
    accounts: &Accounts,
    forms: Vec<FormCount>,
    typed: &str,
    password: &Password,
) -> Result<(), Error> {
    let name = Username::parse(typed).map_or_else(|_| typed.to_owned(), |name| name.canonical());
    // A hash of a form that can't be checked is answered with an error, not with a wrong password: nothing to imitate.
    let checkable = forms.into_iter().filter_map(|FormCount { form, users }| {
        let cost = accounts.passwords.cost_of_form(&form).ok()?;
        Some(Share { cost, form, users: u64::try_from(users).ok()? })
    });
    let drawn = draw(checkable.collect(), accounts.keyed_ids.decoy(&name));
    let form = drawn.unwrap_or_else(|| accounts.passwords.current_form());
    Ok(accounts.passwords.check_decoy(password, &form)?)
}

/// How many users have a hash of this form.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Share {
    // First, because shares are ordered by it.
    cost: u32,
    form: String,
    users: u64,
}

/// The form on which `point` falls, if the users stand in a row over all values it can have, ordered by cost. So each form is drawn as
/// often as it is stored, and the same name draws the same as long as the counts stand. While a new cost takes the place of an old one,
/// the border between them moves past each name once, and the name goes over as a user does at their next sign-in. A user who is added or
/// deleted moves it by one part in as many as there are users.
fn draw(mut shares: Vec<Share>, point: u64) -> Option<String> {
    shares.sort_unstable();
    let total: u64 = shares.iter().map(|share| share.users).sum();
    let nth = (u128::from(point) * u128::from(total)) >> u64::BITS;
    let mut passed = 0;
    shares.into_iter().find_map(|share| {
        passed += u128::from(share.users);
        (nth < passed).then_some(share.form)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(users: &[(u32, u64)]) -> Vec<Share> {
        users.iter().map(|&(cost, users)| Share { cost, form: cost.to_string(), users }).collect()
    }

    /// Points spread evenly.
    fn points() -> impl Iterator<Item = u64> {
        (0..1000).map(|nth| u64::MAX / 1000 * nth)
    }

    #[test]
    fn each_form_is_drawn_as_often_as_it_is_stored() {
        for users in [&[(10, 1), (12, 3)][..], &[(12, 3), (10, 1)], &[(10, 250_000), (12, 750_000), (14, 0)]] {
            let cheap = points().filter(|point| draw(shares(users), *point).unwrap() == "10").count();
            assert!((249..=251).contains(&cheap), "{users:?}: {cheap}");
        }
        assert_eq!(draw(shares(&[(12, 1)]), u64::MAX).unwrap(), "12");
        assert_eq!(draw(shares(&[]), 0), None);
        assert_eq!(draw(shares(&[(12, 0)]), 7), None);
    }

    #[test]
    fn a_name_goes_over_to_a_new_cost_once_and_never_back() {
        for point in points() {
            let drawn: Vec<_> = (0..=40).map(|moved| draw(shares(&[(10, 40 - moved), (12, moved)]), point)).collect();
            assert!(drawn.is_sorted(), "{point}: {drawn:?}");
        }
    }
}

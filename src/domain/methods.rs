//! By what people prove who they are, and how much that is worth.

use std::fmt;

use super::spelled;

/// How much a session's proofs are worth together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One factor: a password, or a one-time link. A browser that stands in for the second one makes it no more than that.
    One,
    /// Two factors.
    Two,
}

impl Level {
    /// The value of the claim `acr` (OpenID Connect): the authenticator assurance level of NIST SP 800-63B.
    pub fn acr(self) -> &'static str {
        match self {
            Self::One => "aal1",
            Self::Two => "aal2",
        }
    }
}

/// The ways in which a session's person has proved who they are. They are written in the words of RFC 8176, except `browser` and
/// `link`, for which it has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Methods(u8);

/// What let somebody in at last: the second factor, or what stood in for it, or else the first proof. For metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// A password alone.
    Password,
    /// A one-time link alone.
    Link,
    /// A browser that stands in for the second factor.
    TrustedBrowser,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
    /// A passkey, alone or as the second factor.
    Passkey,
}

spelled!(Means {
    Password = "password",
    Link = "link",
    TrustedBrowser = "trusted_browser",
    Totp = "totp",
    RecoveryCode = "recovery_code",
    Passkey = "passkey",
});

/// Each way with its word, in the order in which they are written.
const WORDS: [(Methods, &str); 6] = [
    (Methods::TRUSTED_BROWSER, "browser"),
    (Methods::HARDWARE_KEY, "hwk"),
    (Methods::LINK, "link"),
    (Methods::OTP, "otp"),
    (Methods::PASSWORD, "pwd"),
    (Methods::SOFTWARE_KEY, "swk"),
];
/// Written, but not stored: that there were two factors, and that somebody was there, follows from the others.
const MFA: &str = "mfa";
const USER: &str = "user";

impl Methods {
    /// A password.
    pub const PASSWORD: Self = Self(1);
    /// A code that can be used once: of an authenticator app, or a recovery code.
    pub const OTP: Self = Self(2);
    /// A one-time link.
    pub const LINK: Self = Self(4);
    /// A browser in which the second factor was given not long ago, and that the account trusts for some days.
    pub const TRUSTED_BROWSER: Self = Self(8);
    /// A passkey that never leaves its device, which has verified the person.
    pub const HARDWARE_KEY: Self = Self(16);
    /// A passkey that may be copied to other devices. The one that was used has verified the person.
    pub const SOFTWARE_KEY: Self = Self(32);
    const PASSKEYS: Self = Self(16 | 32);

    /// These and those.
    #[must_use]
    pub fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether all of `others` are among these.
    pub fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Those of them that are second factors, or more than that.
    pub fn beyond_the_first(self) -> Self {
        Self(self.0 & (Self::OTP.0 | Self::PASSKEYS.0))
    }

    fn has_passkey(self) -> bool {
        self.0 & Self::PASSKEYS.0 != 0
    }

    /// What they are worth together. A code alone is one factor; a passkey is two, for its device has verified the person.
    pub fn level(self) -> Level {
        let has_first = self.include(Self::PASSWORD) || self.include(Self::LINK);
        if self.has_passkey() || (has_first && self.include(Self::OTP)) { Level::Two } else { Level::One }
    }

    /// What they count as where policy asks for two factors before it lets anybody in: there a trusted browser stands in for the second
    /// one. Where somebody has to have given it, [`level`](Self::level) counts.
    pub fn level_for_policy(self) -> Level {
        if self.include(Self::PASSWORD.and(Self::TRUSTED_BROWSER)) { Level::Two } else { self.level() }
    }

    /// The values of the claim `amr`.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let user = self.has_passkey().then_some(USER);
        let mfa = (self.level() == Level::Two).then_some(MFA);
        WORDS.into_iter().filter(move |(way, _)| self.include(*way)).map(|(_, word)| word).chain(user).chain(mfa)
    }

    /// From the values of the claim `amr`, or as [`Display`](fmt::Display) wrote them. Words that are not ours say nothing.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let known = words.into_iter().filter_map(|word| WORDS.iter().find(|(_, known)| *known == word));
        known.fold(Self::default(), |all, (way, _)| all.and(*way))
    }
}

/// The words with a blank between them.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, word) in self.words().enumerate() {
            write!(f, "{}{word}", if nth == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_different_factors_are_level_two_and_say_so() {
        for (methods, level, words) in [
            (Methods::PASSWORD, Level::One, "pwd"),
            (Methods::LINK, Level::One, "link"),
            (Methods::OTP, Level::One, "otp"),
            (Methods::PASSWORD.and(Methods::LINK), Level::One, "link pwd"),
            (Methods::PASSWORD.and(Methods::OTP), Level::Two, "otp pwd mfa"),
            (Methods::LINK.and(Methods::OTP), Level::Two, "link otp mfa"),
            (Methods::HARDWARE_KEY, Level::Two, "hwk user mfa"),
            (Methods::SOFTWARE_KEY.and(Methods::PASSWORD), Level::Two, "pwd swk user mfa"),
        ] {
            assert_eq!((methods.level(), methods.to_string().as_str()), (level, words));
            assert_eq!(Methods::from_words(words.split(' ')), methods);
            assert_eq!(methods.level_for_policy(), level);
        }
        assert_eq!(
            Methods::from_words(["mfa", "user", "face", ""]),
            Methods::default(),
            "two factors are never just claimed"
        );
    }

    #[test]
    fn a_trusted_browser_is_let_in_beside_a_password_and_is_no_second_factor() {
        let trusted = Methods::PASSWORD.and(Methods::TRUSTED_BROWSER);
        assert_eq!((trusted.level(), trusted.level_for_policy()), (Level::One, Level::Two));
        assert_eq!(trusted.to_string(), "browser pwd");
        assert_eq!(Methods::from_words(["browser", "pwd"]), trusted);
        for alone in [Methods::TRUSTED_BROWSER, Methods::TRUSTED_BROWSER.and(Methods::LINK)] {
            assert_eq!((alone.level(), alone.level_for_policy()), (Level::One, Level::One));
        }
    }
}

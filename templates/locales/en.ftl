### Everything Portero says to people, in English. es.ftl has the same keys; a test compares them.

## On every page

language-name = English
meta-description = Sign in to { $site } and see where you’re signed in.
skip-to-content = Skip to content
nav-label = Main
nav-menu = Menu
nav-account = Account
nav-sessions = Sessions
nav-revoked = Revoked
nav-apps = Apps
signed-in-as = Signed in as
sign-out = Sign out
cancel = Cancel
never = Never
ago-seconds = Just now
ago-minutes = { $n } min ago
ago-hours = { $n } h ago
ago-days =
    { $n ->
        [one] { $n } day ago
       *[other] { $n } days ago
    }
decimal-mark = .
language-label = Language
page-address = Address of this page

## Fields

label-username = Username
label-password = Password
label-password-choose = Password
label-password-choose-again = Repeat password
label-current-password = Current password
label-new-password = New password
label-new-password-again = Repeat new password
hint-username = For example ana.garcia
hint-new-password =
    { $n ->
        [one] At least { $n } character. A few words work well.
       *[other] At least { $n } characters. A few words work well.
    }
show = Show
hide = Hide
show-password = Show password
hide-password = Hide password
password-shown = Your password is visible.
password-hidden = Your password is hidden.
caps-lock-on = Caps Lock is on.

## Sign in

login-title = Sign in
login-remember = Keep me signed in
login-remember-hint = Leave this off on a computer you share.
login-submit = Sign in
login-passkey = Sign in with a passkey
notice-session-ended = Your session has ended. Please sign in again.
notice-sign-in-first = Sign in to open the page you asked for.
notice-reuse = Someone may have used a copy of your sign-in, or your browser restored old cookies: an old sign-in token was reused, so one of your sessions was ended. If you don’t know why, change your password.
notice-half-sign-in = Someone entered your password but not your second factor, on { $when } from { $ip }. If that wasn’t you, change your password.
notice-factor-added = A second factor was added to your account on { $when }, from { $ip }. If that wasn’t you, remove it and change your password.
notice-factor-removed = A second factor was removed from your account on { $when }, from { $ip }. If that wasn’t you, change your password.
notice-factors-reset = An administrator took your second factor away on { $when }. If you didn’t ask for that, talk to them and change your password.
notice-attempt-over = That took too long, or there were too many wrong codes. Please sign in again.
notice-recovered = Your browser restored old cookies, as after a crash, and you’re still signed in. If it didn’t crash, someone may have copied them: change your password.
notice-guessing = One of your sessions was ended after too many wrong passwords in a row. If that wasn’t you, someone may have copied its sign-in token: change your password.
notice-see-story = See what happened
notice-odd-session = One of your sessions has been used by more than one browser, as happens when someone copies a sign-in token. It was last used in { $browser }, from { $ip }. If you can’t explain that, end it and change your password.
notice-end-session = End that session
notice-failed-attempts =
    { $n ->
        [one] Since you last signed in, someone entered a wrong password for your account once. If that wasn’t you, make sure you don’t use this password anywhere else.
       *[other] Since you last signed in, someone entered a wrong password for your account { $n } times. If that wasn’t you, make sure you don’t use this password anywhere else.
    }

second-step-title = Enter your code
second-step-intro = Open your authenticator app and enter the code it shows for this account.
second-step-recovery-intro = Enter one of the recovery codes you saved. Each works once.
second-step-trust = Remember this browser
second-step-trust-days =
    { $n ->
        [one] For { $n } day, signing in here takes only your password. Leave this off on a computer you share.
       *[other] For { $n } days, signing in here takes only your password. Leave this off on a computer you share.
    }
second-step-trust-hours =
    { $n ->
        [one] For { $n } hour, signing in here takes only your password. Leave this off on a computer you share.
       *[other] For { $n } hours, signing in here takes only your password. Leave this off on a computer you share.
    }
second-step-use-recovery = Use a recovery code
second-step-use-app = Use your authenticator app
second-step-use-other = Use another way
second-step-passkey-title = Use your passkey
second-step-passkey-intro = Your password was right. Now unlock your passkey, as you unlock your device.
second-step-passkey-impossible = This browser can’t use passkeys here. Use a recovery code instead.
label-code = Code
hint-code = 6 digits
label-recovery-code = Recovery code
hint-recovery-code = 10 letters and digits
error-code-required = Enter the code
error-code-form = Enter the 6 digits that your app shows
error-recovery-code-form = Enter the 10 letters and digits of a recovery code
error-code-wrong = Incorrect code
error-code-used = This code was used already. Wait for the next one
error-code-too-many = Too many wrong codes today. Use a recovery code, or try again tomorrow
passkey-use = Use your passkey
passkey-get-failed = No passkey was used. Try again, or go on another way.
passkey-create-failed = No passkey was made. Try again whenever you like.
passkey-known = This device has a passkey for your account already.
error-passkey-lapsed = That took too long, or was used already. Please try again
error-passkey-unknown = This site doesn’t know this passkey. It may have been removed; then delete it in your password manager, too
error-passkey-refused = This passkey was refused. Try again, or sign in another way
error-passkey-copied = This passkey was refused, because it may have been copied. Sign in another way and remove it
notice-passkey-copied = Your passkey “{ $name }” was refused because someone may have copied it. Remove it, and make another one.
passkeys-plain-http = Passkeys need a site that is reached by https. This one isn’t; whoever runs it can change that.
passkeys-no-name = Passkeys need a site with a name, and this address is only a number. Whoever runs the site can give it a name.
passkeys-other-address = Passkeys work only at { $address }: open this page there.

# The page that comes up for an instant after a link from another site.
onward-title = One moment…
onward-link = Continue

# The gate before apps
gate-onward-title = On to { $app }
gate-denied-title = { $app } is not open to you
gate-denied-text = You are signed in, but you may not enter { $app }. Ask whoever runs it to let you in.
gate-denied-user = You are signed in as { $user }, who may not enter { $app }. Ask whoever runs it to let you in.
gate-account = Your account
gate-lapsed-title = That took too long
gate-lapsed-text = The way into { $app } was used already, is too old, or began in another browser. Your browser must also keep cookies of this site.
gate-again = Open { $app }
gate-back = Stay in { $app }
gate-sign-out-title = Sign out of { $app }?
gate-sign-out-text = This browser leaves { $app } only. You stay signed in to the other apps.
gate-sign-out = Sign out of { $app }
gate-sign-out-everywhere = Sign out of everything
gate-left-title = You have left { $app }
gate-left-text = As long as you are signed in, { $app } lets you in again without a password.

# Signing in to an app by OpenID Connect
openid-no-such-app-title = No such app
openid-no-such-app-text = The app that sent you here is not known to this server. Ask whoever runs the app.
openid-wrong-redirect-title = The app asks for an answer elsewhere
openid-wrong-redirect-text = The address to which it wants to be answered is not one that was noted for it, so you were not led there. Ask whoever runs the app.
openid-no-redirect-title = The app left something out
openid-no-redirect-text = It did not say where to answer. Ask whoever runs the app.
openid-bad-request-title = The app asks in a way that nobody understands
openid-bad-request-text = It is missing who asks, or says so twice. Ask whoever runs the app.
openid-lapsed-title = That took too long
openid-lapsed-text = What the app asked for is answered already, or it began in another browser. Go back to the app and sign in there once more. Your browser must also keep cookies of this site.
openid-bad-sign-out-title = The app asks in a way that nobody understands
openid-bad-sign-out-text = It says something twice, too much, or shows what was made for another app. Ask whoever runs the app.
openid-wrong-onward-title = The app would lead you elsewhere
openid-wrong-onward-text = The address to which you would go after signing out is not one that was noted for it, so you were not led there. Ask whoever runs the app.
openid-sign-out-lapsed-title = That took too long
openid-sign-out-lapsed-text = What the app asked for is answered already, or it began in another browser. Your browser must also keep cookies of this site.
openid-sign-out-here = Sign out here
rp-logout-text = { $app } has led you here to sign out. You are signed in as { $user }.
rp-logout-what = This ends your session in this browser. Apps that take note of it sign you out as well. Your other sessions stay open.
rp-logout-onward = After that you go on to
openid-send-title = One moment…
openid-back = Back to { $app }
consent-title = Sign in to { $app }?
consent-intro = { $app } would like to know who you are. You are signed in as { $user }.
consent-told = If you agree, it learns:
consent-address = The answer goes to
consent-allow = Agree and continue
consent-deny = Do not agree
consent-not-you = Not { $user }?
scope-openid = That it is you
scope-profile = Your user name, your display name and your language
scope-email = Your email address
scope-groups = The groups that you are in
scope-offline-access = All this anew while you are signed in here, also when you are not using it
consents-title = Apps that know you
consents-intro = You agreed that these apps learn who you are. If you take that back, Portero tells them nothing more until you agree again.
consents-told = They learn
consents-agreed = Agreed
consents-withdraw = Take back
consents-withdraw-of = Take back for { $app }
flash-consent-withdrawn = The app may no longer ask who you are.

## First start

setup-title = Create the first administrator
setup-intro = This account can see and end everyone’s sessions. This link works only once.
setup-submit = Create administrator
no-account-title = No account yet
no-account-text = Open the link in the server’s output to create the first administrator, or make a new link with this command:
flash-welcome = Welcome! Your administrator account is ready, and you’re signed in.

## Confirm it's you

confirm-title = Confirm it’s you
confirm-intro = Enter your password again { $purpose }.
confirm-submit = Confirm
confirm-passkey-intro = Use your passkey { $purpose }.
confirm-use-password-and-recovery = Use your password and a recovery code
# Completes "Enter your password once more …".
purpose-change-password = to change it
# The same.
purpose-end-sessions = to end sessions
# Completes "Enter your password once more …".
purpose-continue = to continue
# The same.
purpose-factors = to change how you sign in
flash-second-factor-first = Nothing has changed yet: you need a second factor first.
flash-confirm-first = Nothing has changed yet. Confirm it’s you, then send the form again.

## Second factors

factors-title = Second factor
factors-intro = A passkey, or a code from your phone beside your password, so that your password alone opens nothing.
factors-add = Add an authenticator app
factors-add-passkey = Add a passkey
factors-back = Back
factors-none = Your password is all it takes to sign in.
factors-link-needed = Your second factor was taken away. To set up another, open the link that your admin gives you, in this browser.
factors-required = This site asks everyone like you for a second factor. Add one to go on.
factor-kind-totp = Authenticator app
factor-kind-passkey = Passkey
passkey-synced = synced to your other devices
passkey-not-synced-yet = not synced yet
passkey-on-one-device = on one device only
passkey-other-host = Made for { $host }, and works only there
passkey-marked = Refused on { $when }: it may have been copied. Remove it, and make another one.
factor-name = Name
factor-name-hint = To tell your apps apart, for example by the phone they’re on
factor-name-default = Authenticator app
factor-added-at = Added
factor-last-used = Last used
factor-rename = Rename…
factor-rename-of = Rename { $name }
factor-remove = Remove…
factor-remove-of = Remove { $name }
error-factor-name = Enter a name of at most 40 characters
error-factor-needed = This site asks you for a second factor, and this is your last one. Add another first
notice-factors-off = This site doesn’t let anyone add a second factor.
notice-factors-too-many = You have five apps, which is the most there can be. Remove one first.
flash-recovery-code-used = You used a recovery code. If you’ve lost your phone, add your new one here and remove the old one.
notice-passkeys-too-many = You have ten passkeys, which is the most there can be. Remove one first.
flash-factor-removed = Removed.
flash-own-address-sent = A link was sent to the new address. Open it in this browser within a day; until then everything stays as it is.
flash-own-address-same = This is your address already.
flash-own-address-changed = Your email address is changed.
flash-factor-renamed = Renamed.
rename-factor-title = Rename
rename-factor-submit = Save
add-passkey-title = Add a passkey
add-passkey-intro = With a passkey you sign in as you unlock your device: by fingerprint, face or PIN. Nobody can guess it, and no other site can ask you for it.
add-passkey-submit = Create passkey
add-passkey-impossible = This browser can’t make passkeys here: it is too old, or scripts are off.
passkey-name-hint = To tell your passkeys apart, for example by what keeps them
error-passkey-not-made = This passkey can’t be used here. Try again with another device or password manager
error-passkey-known = This passkey was added already
add-totp-title = Add an authenticator app
add-totp-intro = You need an app that makes codes, such as the one in your password manager or your phone’s.
add-totp-submit = Continue
confirm-totp-title = Set up your app
confirm-totp-scan = Scan this with the app:
confirm-totp-qr = A QR code of the key below
confirm-totp-type = Or type this key into the app:
confirm-totp-open = Open the app on this device
confirm-totp-code = Enter the code the app shows:
confirm-totp-submit = Turn on
factor-added-title = Added
factor-added-totp = From now on, signing in takes your password and a code.
factor-added-passkey = From now on you can sign in with your passkey alone. Your password alone opens nothing any more.
factor-added-others =
    { $n ->
        [one] You have { $n } other session, which began without it.
       *[other] You have { $n } other sessions, which began without it.
    }
factor-added-end-others = Sign out everywhere else
recovery-codes-title = Recovery codes
recovery-codes-intro = If you lose your phone or your passkey, each of these works once in its place, after your password. Save them now, away from your phone: they aren’t shown again.
recovery-codes-stay = Your recovery codes stay as they are.
recovery-codes-save = Save as a file
recovery-codes-done = I’ve saved them
recovery-codes-continue = Continue
recovery-codes-left =
    { $n ->
        [0] You have no recovery codes left.
        [one] You have { $n } recovery code left.
       *[other] You have { $n } recovery codes left.
    }
recovery-codes-few = Make new ones before you run out.
recovery-file-title = Recovery codes for { $site }
new-recovery-codes-link = New codes…
new-recovery-codes-title = Make new recovery codes?
new-recovery-codes-intro = The codes you have now stop working.
new-recovery-codes-submit = Make new codes
remove-factor-title = Remove { $name }?
remove-factor-intro = Its codes stop working. Whatever else you have set up stays.
remove-passkey-intro = It no longer signs you in. Delete it in your password manager, too, if that keeps it.
remove-passkey-last = It no longer signs you in, and your recovery codes stop working. Your password alone will open your account.
remove-factor-last = Its codes and your recovery codes stop working. Your password alone will open your account.
remove-factor-submit = Remove
account-factor = Second factor
account-factor-none = None
account-factor-by-link = None, to be set up by a link
account-factor-count =
    { $n ->
        [one] { $n } set up
       *[other] { $n } set up
    }
account-factor-manage = Manage
account-factor-set-up = Set up
trusted-title = Remembered browsers
trusted-intro = Signing in there takes only your password, without a code.
trusted-used = Last sign-in
trusted-until = Remembered until
trusted-forget = Forget
trusted-forget-of = Forget { $browser }, { $ip }
flash-browser-forgotten = The browser is forgotten: the next sign-in there takes a code again.
user-enrolment-link-link = Link to set up a second factor…
user-enrolment-link-title = Create a link for { $user } to set up a second factor?
user-enrolment-link-intro = With it and the password, { $user } can set up a second factor. Any earlier link stops working.
user-enrolment-link-submit = Create link
error-no-enrolment-link = This user needs no link to set up a second factor.
user-codes-left =
    { $n ->
        [one] { $n } recovery code left.
       *[other] { $n } recovery codes left.
    }
user-trusted-browsers =
    { $n ->
        [one] { $n } browser is remembered and not asked for a code.
       *[other] { $n } browsers are remembered and not asked for a code.
    }
user-forget-browsers-link = Forget remembered browsers…
user-forget-browsers-title = Forget { $user }’s remembered browsers?
user-forget-browsers-intro = The next sign-in in each of them takes the second factor again. Open sessions go on.
user-forget-browsers-submit = Forget
user-forget-browsers-done = { $user } will be asked for the second factor in every browser.
user-reset-factors-link = Take away second factor…
user-reset-factors-title = Take away { $user }’s second factor?
user-reset-factors-intro = For someone who has lost their phone and their recovery codes. Make sure it’s really them who asks.
user-reset-factors-password = { $user } can then sign in with the password alone, and set up another app.
user-reset-factors-by-link = You get a link for { $user }. With it and the password they can set up another app; with the password alone they can’t.
user-reset-factors-yourself = You can’t take away your own. Remove them on your own page.
user-reset-factors-submit =
    { $n ->
        [0] Take away
        [one] Take away and end { $n } session
       *[other] Take away and end { $n } sessions
    }
user-reset-factors-done =
    { $n ->
        [0] { $user }’s second factor was taken away.
        [one] { $user }’s second factor was taken away, and { $n } session ended.
       *[other] { $user }’s second factor was taken away, and { $n } sessions ended.
    }
error-no-factors = This user has no second factor.
error-own-factors = You can’t take away your own second factor here. Remove it on your own page.

## Change password

change-password-title = Change your password
change-password-end-others =
    { $n ->
        [one] Sign out my other session
       *[other] Sign out my { $n } other sessions
    }
change-password-end-others-hint = Recommended, especially if someone may know your old password. You stay signed in here.
change-password-submit = Change password
flash-password-changed =
    { $n ->
        [0] Your password was changed. You had no other sessions.
        [one] Your password was changed. Your other session was signed out.
       *[other] Your password was changed. Your { $n } other sessions were signed out.
    }
flash-password-changed-kept = Your password was changed. Your other sessions stay signed in.

## Account

account-title = Your account
account-about = About you
account-role = Role
account-member-since = Member since
account-last-sign-in = Last sign-in
account-earlier-sign-in = Previous sign-in
account-no-earlier-sign-in = None on record
account-password-changed = Password changed
account-change-password = Change password
role-user = User
role-admin = Administrator
account-story-of = History of the session in { $place }
account-end-of = End session in { $place }
sessions-title = Where you’re signed in
sessions-intro = Don’t recognise one of these? End it, and change your password.
sessions-browser = Browser
sessions-ip = IP address
sessions-signed-in = Signed in
sessions-last-seen = Last seen
sessions-how = Via
sessions-this-device = This device
sessions-api = API
transport-cookie = Web
transport-bearer = API
unknown-address = Unknown
unknown-browser = Unknown browser
browser-on-system = { $browser } on { $system }
sessions-limit-browsers =
    { $n ->
        [one] You can be signed in on only { $n } browser; a new one signs out the other.
       *[other] You can be signed in on up to { $n } browsers; a new one signs out the oldest.
    }
sessions-limit =
    { $n ->
        [one] Only { $n } API session; a new one signs out the other.
       *[other] Up to { $n } API sessions; a new one signs out the oldest.
    }
sessions-odd = Unusual
sessions-actions = Actions
sessions-end-others = Sign out everywhere else
story-link = History
story-link-of = History of session { $session }
end-session = End session
end-session-of = End session { $session }

## A session's history

story-title-of = { $user }’s session { $session }
story-facts = Session details
story-steps = History
story-intro = Each line is one browser at one address. Each number is a row in the table. A broken line is an hour or more without a step. Times are in { $zone }.
story-picture = The steps of this session in order, as in the table
story-what = What
story-when = When
story-to = to
story-apps = Apps entered
story-app-entered = Entered
story-app-times =
    { $n ->
        [one] once
       *[other] { $n } times
    }
story-app-first = First
story-app-last = Last
sessions-apps = In { $apps }
story-end = Ended:
story-ended = Ended
story-theft = { $browser } at { $ip } used a token that had already been replaced, so Portero ended the session. Someone may have copied it, or the browser restored old cookies.
story-theft-user = If { $user } can’t explain it, have them choose a new password.
step-signed-in = Signed in
step-renewed =
    { $n ->
        [one] Renewed
       *[other] Renewed { $n } times
    }
step-repeated =
    { $n ->
        [one] Renewed again immediately: a second tab or a double click
       *[other] Renewed again immediately { $n } times: other tabs or double clicks
    }
step-repeated-odd = Renewed again immediately, by another browser
step-retried =
    { $n ->
        [one] Renewed again: the first response never arrived
       *[other] Renewed again { $n } times: the responses never arrived
    }
step-recovered =
    { $n ->
        [one] Browser restored old cookies and got new ones
       *[other] Browser restored old cookies { $n } times and got new ones
    }
step-confirmed =
    { $n ->
        [one] Confirmed with the password
       *[other] Confirmed with the password { $n } times
    }
step-reused = Old token reused

## Ending sessions

end-session-title = End this session?
end-session-intro = The device is signed out immediately.
end-session-intro-of = { $user }’s device is signed out immediately.
end-session-yours = You stay signed in here.
concerns-you = This is you.
end-sessions-title = End sessions
end-sessions-of = { $user } is signed out everywhere, immediately.
end-sessions-since = This signs out everyone who signed in after
end-sessions-count =
    { $n ->
        [one] End one session?
       *[other] End { $n } sessions?
    }
end-sessions-none = There are no sessions to end.
end-sessions-nobody-told = With more than a hundred at once nobody is told by mail.
end-sessions-own-stays = Your own session here stays open.
end-sessions-submit =
    { $n ->
        [one] End one session
       *[other] End { $n } sessions
    }
end-sessions-ask = After an incident, end every session that started after a certain time. You’ll see how many first.
end-sessions-moment = Started after ({ $zone })
end-sessions-look = Count sessions
flash-nothing-ended = There was nothing left to end.
error-moment = Enter a date and time, such as 2026-11-25T10:00

## The receipt

receipt-nobody-told = With more than a hundred at once nobody was told by mail. Tell people in another way.
receipt-title = Receipt
receipt-heading =
    { $n ->
        [one] One session was ended
       *[other] { $n } sessions were ended
    }
receipt-refused-since = Refused here since
receipt-refused-what = every access token and every refresh token.
receipt-nodes-since =
    { $n ->
        [one] Refused on { $refusing } of { $n } node since
       *[other] Refused on { $refusing } of { $n } nodes since
    }
receipt-nodes-so-far =
    { $n ->
        [one] Refused on { $refusing } of { $n } node, as of
       *[other] Refused on { $refusing } of { $n } nodes, as of
    }
receipt-node-over = The node { $node } serves nothing since its lease ended at
receipt-node-awaited = The node { $node } has not said yet that it refuses them.
receipt-elsewhere = Apps that check tokens themselves may still accept an access token until
receipt-elsewhere-hint = Apps that ask Portero already refuse it.
receipt-over = No token from these sessions works anywhere now.
receipt-over-hint = The last access token has expired, even for apps that check tokens themselves.
receipt-made = Page generated
receipt-id = Receipt
receipt-address = Address of this receipt
receipt-copy = Copy
receipt-caption = Ended sessions
receipt-expires = Tokens expire
receipt-access = Access
receipt-refresh = Refresh
receipt-run-out = expired
receipt-checked = Checked just now
receipt-refused = Refused
receipt-not-refused = Not refused
receipt-apps-all = Every app that was entered knows.
receipt-apps-all-hint = It has said so, or it asks Portero before each request.
receipt-apps-run-out =
    { $n ->
        [one] One app has not said that it took note.
       *[other] { $n } apps have not said that they took note.
    }
receipt-apps-run-out-hint = No token can be accepted there any more.
receipt-apps-open =
    { $n ->
        [one] One app has not said that it took note.
       *[other] { $n } apps have not said that they took note.
    }
receipt-apps-open-hint = The table below says until when a token can still be accepted there.
told-caption = What the apps know
told-state = State
told-told = Told
told-noted = Took note
told-accepted = Tokens accepted there until
told-nothing = no longer
told-next = next try
told-of = { $count } of { $all }
told-acknowledged = Took note
told-waiting = Being told
told-refused = Does not take note
told-given-up = Not told
told-asks = Asks each time
told-not-told = Is not told
told-try-acknowledged = it took note
told-try-refused = it refused ({ $status })
told-try-other-answer = it answered { $status }
told-try-redirected = it sends on to another address ({ $status })
told-try-no-answer = it did not answer in time, or broke off
told-try-not-reached = it could not be reached
told-try-address-refused = its name leads to an address that Portero does not call
receipt-unmarked =
    { $n ->
        [one] One of them is refused already and not listed yet.
       *[other] { $n } of them are refused already and not listed yet. Reload the page to see more.
    }
receipt-more =
    { $n ->
        [one] And one more session.
       *[other] And { $n } more sessions.
    }
receipt-link = Receipt

## Open sessions

open-title = Open sessions
open-intro = Everyone who is signed in now.
open-total =
    { $n ->
        [one] 1 open session
       *[other] { $n } open sessions, newest first
    }
open-total-many = More than { $n } open sessions, newest first
open-empty = Nobody is signed in.
open-only-odd = Unusual only
open-end-all-of = End all of { $user }’s sessions
open-end-since = End sessions…
end-link = End
find-label = User, address or session
find-submit = Find
find-more = More filters
find-nobody = No session and no user is called “{ $user }”.
find-none-title = No such session
find-none-text = There’s no session { $id }, open or ended. Ended sessions are deleted after 90 days.
find-several-title = Which session?
find-several-text = Several sessions have ids that begin with { $id }.
find-several-caption = Sessions, newest first
find-open = Open
find-clear = Clear filters
find-no-address = “{ $text }” isn’t an IP address.
list-filter = Filter: { $filters }
list-filters = Filters: { $filters }
list-filters-other = Other filters: { $filters }
list-none-sessions = No matching sessions.
list-none-sessions-for = No sessions match “{ $words }”.
list-none-revoked = No matching sessions or tokens.
list-none-revoked-for = No revoked sessions or tokens match “{ $words }”.
list-none-audit = No matching events.
list-none-audit-for = No events match “{ $words }”.
list-none-users = No matching users.
list-none-users-for = No users match “{ $words }”.
filter-from = From ({ $zone })
filter-until = Until ({ $zone })

## Sign out, language

logout-title = Sign out?
logout-text = This ends your session in this browser. Your other sessions stay open.
logout-this = Only in this browser
logout-others =
    { $n ->
        [one] Only my other session
       *[other] Only my { $n } other sessions
    }
logout-others-title = Sign out everywhere else?
logout-others-text =
    { $n ->
        [one] Your other session ends immediately. You stay signed in here.
       *[other] Your { $n } other sessions end immediately. You stay signed in here.
    }
logout-others-submit =
    { $n ->
        [one] End 1 session
       *[other] End { $n } sessions
    }
logout-no-others = You’re signed in on no other device.
logout-all = Everywhere, including here
flash-signed-out-everywhere =
    { $n ->
        [one] You’re signed out. One session was ended.
       *[other] You’re signed out everywhere. { $n } sessions were ended.
    }
logout-not-signed-in-title = You’re not signed in
logout-not-signed-in-text = There’s no session to sign out of in this browser.
flash-signed-out = You’re signed out.

## What was revoked

revoked-title = Revoked sessions and tokens
revoked-intro = Sessions and tokens that ended early, and why. “In force”: Portero still refuses their tokens.
revoked-total =
    { $n ->
        [one] 1 revoked session or token
       *[other] { $n } revoked sessions and tokens, newest first
    }
revoked-total-many = More than { $n } revoked sessions and tokens, newest first
revoked-of-session = of session
revoked-filter-label = Filter the list
revoked-user = User
revoked-what = What
revoked-when = When
revoked-why = Reason
revoked-by = By
revoked-until = Refused until
revoked-in-force = In force
revoked-no-longer = Expired
revoked-empty = Nothing yet. Sign-outs, password changes and ended sessions appear here.
revoked-user-unknown = There’s no user called “{ $user }”.
pager-label = Pages
pager-newest = Newest
pager-newer = Newer
pager-older = Older
export-label = Export:
reason-any = Any reason
reason-logout = Signed out
reason-logout_at_app = Signed out at an app
reason-password_change = Password changed
reason-replaced = Signed in again in the same browser
reason-ended_by_user = Ended by the user
reason-ended_by_admin = Ended by an administrator
reason-disabled = Account disabled
reason-deleted = Account deleted
reason-factors_reset = Second factor taken away
reason-reported_by_mail = Reported by the user: it wasn’t them
reason-renamed = Account renamed
reason-expired = Expired
reason-idle = Inactive for too long
reason-limit = Too many sessions
reason-reuse = Old token reused
reason-guessing = Too many wrong passwords in a row
reason-lost = Response lost on the way
reason-forgotten = Browser restored old cookies
reason-superseded = Replaced by a newer token
reason-revoked_by_app = Revoked by an app
reason-replayed = Ended again after the database lost it
what-session = Whole session
what-any = Sessions and tokens
what-token = Single token
what-access = Access token
what-refresh = Refresh token
by-user = The user
by-system = Portero
by-operator = Command line
by-app = An app

## What was wrong with a form

# Stands before the page's title and before each field's error.
error-prefix = Error:{" "}
error-summary-title = There is a problem
error-bad-credentials = Incorrect username or password
error-disabled = This account is disabled. An administrator can enable it again.
error-username-required = Enter your username
error-username-missing = Enter a username
error-password-required = Enter your password
error-current-password-required = Enter your current password
error-current-password-too = Enter your current password too. Nothing has changed yet
error-new-password-required = Choose a password
error-password-incorrect = Incorrect password
error-password-too-short =
    { $n ->
        [one] This password is too short. Use at least { $n } character
       *[other] This password is too short. Use at least { $n } characters
    }
error-password-too-long =
    { $n ->
        [one] This password is too long. Use at most { $n } character
       *[other] This password is too long. Use at most { $n } characters
    }
error-password-guessable = This password is too easy to guess. Add another word or two, or let your password manager make one
error-password-user-name = This password is too easy to guess: it’s little more than your username. Add another word or two, or let your password manager make one
error-password-site-word = This password is too easy to guess: it’s little more than this site’s name or a related word. Add another word or two, or let your password manager make one
error-password-phrase = This password is too easy to guess: it’s a well-known phrase. Add another word or two, or let your password manager make one
error-password-same = The new password is the same as the current one. Choose a different one
error-passwords-differ = The two passwords don’t match
error-username-length = A username has 1 to 64 characters
error-username-characters = Use only letters and digits of any script, dots, underscores, hyphens, apostrophes, + and @, and one backslash after a domain. Start with a letter, digit or underscore, and end with a letter or digit
error-form-expired = This form had expired. Nothing was changed; please send it again.

## Error pages

error-home = Go to the home page
error-request-id = Request ID
error-400-title = That request didn’t make sense
error-400-text = Something in it was missing or wrong. Go back and try again.
error-401-title = Please sign in
error-401-text = You need to be signed in to see this page.
error-403-title = You don’t have access
error-403-text = Your account can’t open this page. If you think it should, ask an administrator.
error-403-csrf-title = Please send that again
error-403-csrf-text = The page you sent it from is out of date, perhaps because you’ve signed in again since. Nothing was changed. Go back, reload the page and try again.
error-404-title = Page not found
error-404-text = There’s nothing at this address. Check it for typos.
error-405-title = That doesn’t work here
error-405-text = This address can’t be used that way. Nothing was changed.
error-408-title = That took too long
error-408-text = The request didn’t arrive in time. Check your connection and try again.
error-410-title = This link no longer works
error-410-text = It has already been used, or it has expired. If you still need one, ask for a new link.
error-413-title = That’s too large
error-413-text = What you sent is larger than Portero accepts. Nothing was changed.
error-415-title = Unknown format
error-415-text = Portero can’t read what you sent in this format. Nothing was changed.
error-421-title = Wrong address
error-421-text = This server is at { $address }. Nothing was changed.
error-500-title = Something went wrong
error-500-text = The fault is ours, and it has been logged. If it happens again, give your administrator the request ID below.
error-429-title = Too many attempts
error-429-text =
    { $n ->
        [one] Try again in { $n } second.
       *[other] Try again in { $n } seconds.
    }
# On a form, in place of trying the password.
error-throttled =
    { $n ->
        [one] Too many attempts. Nothing was checked: try again in { $n } second.
       *[other] Too many attempts. Nothing was checked: try again in { $n } seconds.
    }
# Counts down on the button of such a form.
wait-button = Try again in { $seconds } s
wait-over = You can try again now.
error-503-title = Too busy right now
error-503-text = Portero can’t answer this safely right now. Nothing is lost: try again in a few seconds.
error-503-starting-title = Portero is starting
error-503-starting-text = It will answer in a few seconds. Nothing is lost: try again then.
error-503-still-open-title = Signed out in this browser only
error-503-still-open-text = This browser is signed out, but Portero couldn’t save that, so your session is still open on the server. Nobody can use it from this browser. Later, sign in again and end it under “Your account”, or ask an administrator to end it.

## One-time links

link-invited-title = Welcome: choose your password
link-invited-intro = You’ve been invited as { $user }. This link works only once.
link-new-password-title = Choose a new password
link-new-password-intro = For { $user }. This link works only once. Using it signs this account out everywhere.
link-enrolment-title = Set up your second factor
link-enrolment-intro = For { $user }. Sign in with your password, then add an app. This link works only once.
link-enrolment-submit = Continue
flash-link-of-another = You’re signed in as { $user }, and this link is for someone else. Sign out, then open it again.
link-submit = Set password and sign in
flash-invited = Welcome! Your password is set, and you’re signed in.
flash-new-password =
    { $n ->
        [0] Your new password is set, and you’re signed in. You had no other sessions.
        [one] Your new password is set, and you’re signed in. One other session was signed out.
       *[other] Your new password is set, and you’re signed in. { $n } other sessions were signed out.
    }
help-title = Can’t sign in?
help-password = Forgot your username or password?
help-password-answer = Ask an administrator of this site, who can tell you your username and give you a link to choose a new password. Administrators can’t see your password.
help-attempts = Too many attempts?
help-attempts-answer = Wait as long as the page says, then try again.
help-disabled = Account disabled?
help-disabled-answer = An administrator can enable it again.
help-back = Back to sign in

## A forgotten password

forgot-link = Forgot password?
forgot-title = Forgot your password?
forgot-intro = Enter your username or your email address. If it belongs to an account here, you get a mail with a link to choose a new password.
forgot-label = Username or email address
forgot-submit = Send link
forgot-sent-title = Look at your mail
forgot-sent-text = If an account belongs to what you entered, a mail is on its way to its address. The link in it works once, for ten minutes.
forgot-sent-none = No mail? Look among the unwanted ones, or ask an administrator of this site: the account may have no confirmed address. A second factor is asked for as before.
error-forgot-missing = Enter your username or email address

## “This wasn’t me”, from a mail

not-me-title = This wasn’t you?
not-me-intro = A mail told { $user } of this:
not-me-about-new_browser = Sign-in with a new browser
not-me-about-password_changed = Password changed
not-me-about-factor_added = Second factor added
not-me-about-factor_removed = Second factor removed
not-me-about-factors_reset = Second factors taken away by an administrator
not-me-about-sessions_ended = Sessions ended by an administrator
not-me-about-address_changed = Email address changed
not-me-will = If it wasn’t you, shut out whoever it was. This signs the account out everywhere and takes its password away, for you too, until you choose a new one.
not-me-factor = The second factor that was added is removed.
not-me-submit = It wasn’t me: sign out everywhere
not-me-leave = If it was you, close this page: nothing changes.
not-me-done-title = Everybody is signed out
not-me-done-text =
    { $n ->
        [0] No session was open. The password no longer works.
        [one] { $n } session was ended, and the password no longer works.
       *[other] { $n } sessions were ended, and the password no longer works.
    }
not-me-done-receipt = Receipt
not-me-done-next = Next, choose a new password. The receipt is there for you once you’ve signed in again.
not-me-done-ask = Ask an administrator of this site for a link to choose a new password.

## Mails

mail-greeting = Hello { $user },
mail-fact-at = When
mail-fact-browser = Browser
mail-fact-address = Address
mail-fact-factor = Second factor
mail-fact-ended = Ended
mail-sessions =
    { $n ->
        [one] { $n } session
       *[other] { $n } sessions
    }
mail-link-until = The link works once, until { $when }. Don’t pass it on: whoever has it chooses the password.
mail-link-unwanted = If you didn’t expect this mail, leave it alone: nothing changes.
mail-receipt-note = The receipt shows which sessions ended. You need to be signed in to see it.
mail-report-intro = If this was you, there’s nothing to do. If it wasn’t, shut out whoever it was:
mail-report-action = This wasn’t me
mail-footer = { $site } ({ $address }) sent this mail by itself. Nobody reads answers to it.
mail-test-subject = Mail from { $site } works
mail-test-greeting = Hello,
mail-test-text = This is the test mail that you asked for. { $site } can send mail.
mail-invitation-subject = Your account at { $site }
mail-invitation-text = You have an account at { $site }. Your username is { $user }. Choose a password, and you’re signed in.
mail-invitation-action = Choose a password
mail-new_password-subject = A new password for { $site }
mail-new_password-text = An administrator made a link for you to choose a new password. Using it ends all sessions of your account.
mail-new_password-action = Choose a new password
mail-address-until = The link works once, until { $when }, in a browser in which you’re signed in.
mail-confirm_address-subject = Is this your address at { $site }?
mail-confirm_address-text = { $user } wants to have this email address at their account. If that’s you, confirm it.
mail-confirm_address-action = Confirm the address
mail-forgotten_password-subject = A new password for { $site }
mail-forgotten_password-text = Someone, probably you, said that they forgot the password of { $user }. Using the link ends all sessions of the account.
mail-forgotten_password-action = Choose a new password
mail-new_browser-subject = New sign-in at { $site }
mail-new_browser-text = Your account was signed in to with a browser that it wasn’t used in before.
mail-password_changed-subject = Your password at { $site } was changed
mail-password_changed-text = The password of your account was changed.
mail-factor_added-subject = A second factor was added at { $site }
mail-factor_added-text = A second factor was added to your account.
mail-factor_removed-subject = A second factor was removed at { $site }
mail-factor_removed-text = A second factor of your account was removed.
mail-factors_reset-subject = Your second factors at { $site } were taken away
mail-factors_reset-text = An administrator took all second factors of your account away and ended its sessions.
mail-sessions_ended-subject = You were signed out at { $site }
mail-sessions_ended-text = An administrator ended sessions of your account.
mail-address_changed-subject = The address of your account at { $site } was changed
mail-address_changed-text = The email address of your account was changed or removed. This is the last mail to you here.

## Users, for administrators

nav-users = Users
nav-about = About
users-title = Users
users-name = Name
users-role-any = Any role
users-state-present = All but deleted users
users-state-enabled = Active
users-state-invited = Invited
users-state-disabled = Disabled
users-state-deleted = Deleted
users-factor-any = With or without
users-factor-yes = With a second factor
users-factor-no = Without a second factor
users-imported = Moved in
users-imported-any = Imported or not
users-imported-waiting = Imported, not signed in yet
users-imported-signed_in = Imported, signed in since
users-moving = { $moved } of { $all } imported users have signed in since.
users-moving-of-more =
    { $n ->
        [one] One imported user has not signed in yet.
       *[other] { $n } imported users have not signed in yet.
    }
users-moving-more =
    { $n ->
        [one] More than one imported user has not signed in yet.
       *[other] More than { $n } imported users have not signed in yet.
    }
users-moving-who = Who has not
users-none-enabled = Nobody can sign in.
users-none-invited = Nobody is invited at the moment.
users-none-disabled = Nobody is disabled.
users-none-deleted = Nobody has been deleted.
users-only-you = You’re the only user so far. Add the people who should be able to sign in.
users-all =
    { $n ->
        [one] One user
       *[other] { $n } users, by name
    }
users-match =
    { $n ->
        [one] One user matches
       *[other] { $n } users match
    }
users-match-more =
    { $n ->
        [one] One user or more
       *[other] { $n }+ users match
    }
users-stopped =
    { $n ->
        [one] One user was searched.
       *[other] { $n } users were searched. Choose “Next page” to search on, or type more of the name.
    }
users-add = Add user
pager-first = First page
pager-previous = Previous page
pager-next = Next page
user-state = State
user-state-enabled = Active
user-state-disabled = Disabled
user-state-invited = Invited
user-state-deleted = Deleted
user-until = until
user-open-sessions = Open sessions
user-uid = Permanent ID
user-acts = Actions
breadcrumb-label = Where this page is
breadcrumb-session = Session { $session }
user-about = About this user
user-no-sessions = No session is open.
user-sessions-caption =
    { $n ->
        [one] One open session
       *[other] { $n } open sessions
    }
user-sessions-newest =
    { $n ->
        [one] The only open session
       *[other] The newest of { $n } open sessions
    }
user-all-sessions = All open sessions
user-all-events = All events
user-danger = Danger zone
user-danger-intro = Each asks first, and takes effect at once.
user-end-sessions-link = End all sessions…
user-link-link = Create a password link…
user-link-title = Create a password link for { $user }
user-link-intro = You’ll get a link to give to { $user }, who can use it to choose a new password. Using it ends all their sessions. Any earlier link stops working.
user-link-submit = Create link
user-link-done = Done.
user-make-admin-link = Make administrator…
user-make-admin-title = Make { $user } an administrator?
user-make-admin-intro = { $user } will be able to see and end everyone’s sessions, and to add, disable and delete users.
user-make-admin-submit = Make administrator
user-make-admin-done = { $user } is now an administrator.
user-make-user-link = Remove administrator rights…
user-make-user-title = Remove { $user }’s administrator rights?
user-make-user-intro = { $user } stays signed in, but can’t open the administrator pages from now on.
user-make-user-yourself = You’ll lose access to these pages, and another administrator must give it back.
user-make-user-submit = Remove rights
user-make-user-done = { $user } is no longer an administrator.
user-schedule-link = Set a date to disable…
user-schedule-title = When should { $user } be disabled?
user-schedule-intro = From then on { $user } can’t sign in, and all their sessions end.
user-schedule-now = Currently set:
user-schedule-date = Date and time ({ $zone })
user-schedule-hint = Leave it empty for no date.
user-schedule-yourself = On that date you’ll be signed out, and another administrator must let you back in.
user-schedule-submit = Set date
user-schedule-done = The date to disable { $user } was set.
user-schedule-cleared = { $user } no longer has a date to be disabled.
user-act-ends =
    { $n ->
        [one] One open session ends at once.
       *[other] { $n } open sessions end at once.
    }
user-disable-link = Disable…
user-disable-title = Disable { $user }?
user-disable-intro = { $user } can’t sign in until you enable the account again.
user-disable-yourself = You’ll be signed out, and another administrator must let you back in.
user-disable-submit =
    { $n ->
        [0] Disable
        [one] Disable and end 1 session
       *[other] Disable and end { $n } sessions
    }
user-disable-done =
    { $n ->
        [0] { $user } was disabled. No sessions were open.
        [one] { $user } was disabled. One session was ended.
       *[other] { $user } was disabled. { $n } sessions were ended.
    }
user-enable-link = Enable…
user-enable-title = Enable { $user }?
user-enable-intro = { $user } can sign in again, with the same password.
user-enable-submit = Enable
user-enable-done = { $user } can sign in again.
user-delete-link = Delete…
user-delete-title = Delete { $user }?
user-delete-intro = { $user } can’t sign in any more.
user-delete-name-stays = The name stays reserved, so that nobody else can use it later.
user-delete-can-restore = You can restore the account, but not its password, sessions or rights.
user-delete-type = Type { $user } to confirm
user-delete-yourself = You’ll be signed out, and another administrator must restore your account.
user-delete-submit =
    { $n ->
        [0] Delete
        [one] Delete and end 1 session
       *[other] Delete and end { $n } sessions
    }
user-delete-done =
    { $n ->
        [0] { $user } was deleted. No sessions were open.
        [one] { $user } was deleted. One session was ended.
       *[other] { $user } was deleted. { $n } sessions were ended.
    }
user-display-name = Display name
user-display-name-hint = What people call the user, such as a first and last name. It isn’t used to sign in.
user-mail = Email address
user-mail-hint = No two users can have the same one.
account-mail-unverified = not confirmed
account-mail-change = Change
account-mail-add = Add
own-address-title = Change email address
own-address-intro = You get a link at the new address. It’s yours once you’ve opened the link, signed in here.
own-address-submit = Send link
confirm-address-title = Confirm your address
confirm-address-intro = { $address } becomes the email address of your account. If there was another, a mail goes there.
confirm-address-submit = Confirm
user-mail-verified = verified
user-mail-unverified = Not verified
user-mail-verified-check = The address is verified
user-mail-verified-hint = Tick this only if you know that the address is this user’s.
user-notes = Notes
user-notes-hint =
    { $n ->
        [one] For administrators only. One character.
       *[other] For administrators only. Plain text, up to { $n } characters.
    }
user-details-link = Edit details…
user-details-title = Details of { $user }
user-details-intro = The user sees the display name and the email address on their own page, but not the notes. Clear a field to remove what it says.
user-details-submit = Save
user-details-done = The details of { $user } were saved.
error-display_name-length = The display name is too long: it has up to 100 characters.
error-display_name-form = The display name needs a letter or digit, and can’t have invisible characters.
error-mail-length = The email address is too long.
error-mail-form = Enter an email address such as name@example.org.
error-mail-missing = Enter the address that is verified.
error-own-address-too-often = Three links were sent within an hour. Try again later.
error-own-address-taken = Somebody else has this address, so it can’t be yours. Ask an administrator.
error-mail-taken = { $user } has this email address.
error-notes-length = The notes are too long: they have up to 1000 characters.
error-notes-form = The notes have invisible characters. Type them again, or paste them as plain text.
error-details-outdated = Somebody changed these details after you opened this page, so nothing was saved. Look at the user’s page in another tab; saving again replaces what is there.
user-rename-link = Rename…
user-rename-title = Rename { $user }
user-rename-intro = Their password stays the same, and nobody else can take the name { $user }.
user-rename-new = New username
user-rename-look = Continue
user-rename-confirm = Rename { $user } to { $new }?
user-rename-confirm-intro = They then sign in as { $new } with the same password, and nobody else can take the name { $user }.
user-rename-submit =
    { $n ->
        [0] Rename
        [one] Rename and end 1 session
       *[other] Rename and end { $n } sessions
    }
user-rename-done =
    { $n ->
        [0] This user is now called { $user }. No sessions were open.
        [one] This user is now called { $user }. One session was ended.
       *[other] This user is now called { $user }. { $n } sessions were ended.
    }
user-past-names = Previous names
user-restore-link = Restore account…
user-restore-title = Restore { $user }?
user-restore-intro = { $user } becomes an ordinary user again. You’ll get a link to give to them, so that they can choose a new password. Their old password, sessions, tokens and rights don’t come back.
user-restore-submit = Restore and get link
user-restore-done = { $user } was restored.
flash-user-no-change = Nothing was changed: that was already so for { $user }.
add-user-intro = You’ll get a link to give to the person, who uses it to choose a password. You never see the password.
add-user-admin = Make this user an administrator
add-user-admin-hint = Administrators can see and end everyone’s sessions, and manage users.
add-user-mail = Email address (optional)
add-user-mail-hint = The link goes there, too.
add-user-submit = Add and get link
made-link-invitation = { $user } was added
made-link-new-password = Password link for { $user }
made-link-enrolment = Second factor link for { $user }
made-link-enrolment-intro = Give this link to { $user } in a way that only they can read. With it and their password, they set up a second factor. It’s shown here for 10 minutes.
made-link-intro = Give this link to { $user } in a way that only they can read. It’s shown here for 10 minutes.
made-link-label = Link
made-link-until = Valid until
made-link-once = It works only once.
made-link-mail-waiting = It’s also on its way to { $address }, not sent yet.
made-link-mail-sent = It was also sent to { $address }.
made-link-mail-given-up = The mail to { $address } was given up: hand the link over yourself.
made-link-copy = Copy link
made-link-copied = Copied
made-link-done = Done
made-link-add-another = Add another user
made-link-gone-title = No link to show for { $user }
made-link-gone = A link is shown for 10 minutes, in the browser that made it, and as long as it can be used. You can create another one; the earlier one then stops working.
made-link-back = Back to { $user }
made-link-lacks-base = Portero doesn’t know the address people use to reach it, so this is only the end of the link. Put the address that your browser shows in front of it, such as http://portero.lan:8080. Once public_url is set, links are complete.
error-name-taken = There’s already a user with that name.
error-name-deleted = The user with that name was deleted on { $when }, and the name stays reserved. You can restore the account from the list of deleted users.
error-name-lookalike = This name looks like { $user }, and one could be mistaken for the other. Choose a name that differs more.
error-name-past = { $user } had that name until { $when }, and nobody else can take it.
error-user-deleted = This user was deleted on { $when }. All you can do is restore the account.
error-user-not-deleted = This user isn’t deleted.
error-name-not-typed = The field is empty. To delete this user, type { $user } here.
error-name-differs = That isn’t the name.
error-last-admin = This is the last administrator. Without one, nobody can manage users.
error-user-is-out = This user is disabled. Enable the account first.
error-moment-past = That time has passed. Choose a later one, or leave it empty.

## The audit log

nav-audit = Audit
audit-title = Audit log
audit-intro = Everything that was recorded, newest first. Nobody can change or remove a record unnoticed.
audit-caption = Recorded events, newest first
audit-total =
    { $n ->
        [one] 1 event
       *[other] { $n } events, newest first
    }
audit-total-many = More than { $n } events, newest first
audit-what = What
audit-user = Affected user
audit-when = When
audit-by = Done by
audit-from = From
audit-session = Session
audit-any = Anything
audit-nothing-yet = Nothing has been recorded yet.
audit-stopped =
    { $n ->
        [one] One event was searched.
       *[other] The last { $n } events were searched. Choose “Older” to search further back, or narrow the time.
    }
event-by-operator = Command line ({ $name })
event-address-cleared = Deleted after a while
event-no-date = Date removed
event-link-setup = Set-up link
event-link-invitation = Invitation
event-link-enrolment = To set up a second factor
event-link-new_password = For a new password
event-link-confirm_address = To confirm an address
event-link-forgotten_password = Asked for by the user, by mail
event-did-not-fit = Expected event { $expected }, found { $found }
event-signed_in = Signed in
event-sign_in_failed = Failed sign-in
event-confirmed = Confirmed with the password
event-confirm_failed = Failed confirmation
event-second_factor_failed = Wrong code after the right password
event-factor_added = Second factor added
event-factor_removed = Second factor removed
event-factors_reset = Second factor taken away
event-reported_by_mail = “This wasn’t me” by mail
event-recovery_codes_made = Recovery codes made
event-recovery_code_used = Recovery code used
event-browser_trusted = Browser remembered
event-browser_forgotten = Browser forgotten
event-passkey_count_went_back = Passkey refused: it may have been copied
event-factor_renamed = Second factor renamed
event-password_changed = Password changed
event-session_recovered = Browser came back with older cookies
event-session_ended =
    { $n ->
        [one] Session ended
       *[other] { $n } sessions ended
    }
event-token_revoked = Token revoked
event-refresh_reused = An old sign-in token was reused
event-user_added = User added
event-users_imported =
    { $n ->
        [one] One user imported
       *[other] { $n } users imported
    }
event-user_disabled = User disabled
event-user_enabled = User enabled
event-role_changed = Role changed
event-link_made = Link created
event-user_deleted = User deleted
event-disable_scheduled = Date to disable the user set
event-group_added = Group added
event-group_removed = Group removed
event-group_member_added = Added to a group
event-group_member_removed = Taken out of a group
event-key_added = Signing key added
event-key_rotated = Signing key rotated
event-key_retired = Signing key retired
event-keys_sealed = Keys sealed under a master key
event-client_added = App added
event-app_changed = App changed
event-app_secret_made = App’s secret made
event-client_removed = App removed
event-sign_out_tested = Test sign-out sent to an app
event-app_drilled = Tried out whether an app refuses an ended session
event-user_restored = User restored
event-user_renamed = User renamed
event-details_changed = Details changed
event-field-display_name = Display name
event-field-mail = Email address
event-field-mail_verified = Email address verified
event-field-notes = Notes
event-renamed = from { $from } to { $to }
event-backup_made = Backup made
event-exported = List exported
event-filter-user = user { $value }
event-filter-by = done by { $value }
event-filter-ip = from { $value }
event-filter-session = session { $value }
event-filter-from = since { $value }
event-filter-until = until { $value }
event-filter-name = names starting with “{ $value }”
event-filter-hashes = with password hashes
event-restored = Backup restored
event-database_moved = Database moved
event-backup-of = made { $when }
event-audit_did_not_fit = The audit log had been cut off or exchanged
event-audit_sealed = Earlier events were sealed, as after an update
event-sealed-up-to = up to event { $n }
activity-title = Activity
activity-find = Address or session
activity-intro = What happened in your account, newest first.
activity-all = All activity
user-latest = Latest events
story-events = Audit log of this session

## Overview, for administrators

nav-overview = Overview
overview-title = Overview
overview-attention = Needs attention
overview-all-well = Nothing needs your attention.
overview-danger = Danger:
overview-database = The database isn’t working properly
overview-database-advice = The server’s log says why. If it’s damaged, stop the server and restore a backup.
overview-disk =
    { $n ->
        [one] Only { $n } MB of disk space is left
       *[other] Only { $n } MB of disk space is left
    }
overview-disk-advice = Make room: when the disk is full, nobody can sign in, and a backup needs as much space as the database.
overview-audit-fault =
    { $n ->
        [one] The audit log was cut off or exchanged
       *[other] The audit log was cut off or exchanged { $n } times
    }
overview-audit-fault-advice = Unless you restored an older database yourself, someone changed it: find out who can write to the server’s data folder.
overview-failures =
    { $n ->
        [one] { $n } failed sign-in since the last hour, far more than usual
       *[other] { $n } failed sign-ins since the last hour, far more than usual
    }
overview-failures-advice = Someone may be guessing passwords. Portero slows them down; look at where they come from, and block those networks at your firewall.
overview-theft =
    { $n ->
        [one] An old sign-in token was reused in the last 30 days
       *[other] Old sign-in tokens were reused { $n } times in the last 30 days
    }
overview-theft-advice = The sessions were ended. Open the session’s history and ask its user: unless their browser restored old cookies, someone copied them.
overview-guessing =
    { $n ->
        [one] A session was ended after too many wrong passwords in the last 30 days
       *[other] { $n } sessions were ended after too many wrong passwords in the last 30 days
    }
overview-guessing-advice = Someone who held the session didn’t know its password. Ask its user whether that was them.
overview-clock = The server’s clock has jumped
overview-clock-advice = Check the system’s time. Until it has been steady for a day, nothing old is cleaned up.
overview-slowed = Slowed down after wrong passwords: { $who }
overview-slowed-accounts =
    { $n ->
        [one] { $n } username
       *[other] { $n } usernames
    }
overview-slowed-networks =
    { $n ->
        [one] { $n } network
       *[other] { $n } networks
    }
overview-slowed-others =
    { $n ->
        [one] and one more
       *[other] and { $n } more
    }
overview-slowed-advice = Nothing to do if it’s one person who mistyped. If it goes on, look at where the attempts come from.
overview-odd =
    { $n ->
        [one] { $n } unusual session is open
       *[other] { $n } unusual sessions are open
    }
overview-many-odd =
    { $n ->
        [one] { $n } unusual session or more is open
       *[other] { $n } unusual sessions or more are open
    }
overview-odd-advice = They were used from another browser or place than expected. Look at their history, and end those that nobody knows.
overview-without-factor =
    { $n ->
        [one] One person has no second factor
       *[other] { $n } people have no second factor
    }
overview-many-without-factor =
    { $n ->
        [one] { $n } person or more has no second factor
       *[other] { $n } people or more have no second factor
    }
overview-without-factor-advice = They’re asked for one, and get no further until they set one up.
overview-without-factor-soon = From { $when } on they’re asked for one, and get no further until they set one up. Tell them before.
overview-nodes =
    { $n ->
        [one] A node doesn’t answer
       *[other] { $n } nodes don’t answer
    }
overview-nodes-advice = A node that doesn’t answer accepts no token, and signs nobody out. Its log says why; one that’s gone for good drops out of the list after a day.
overview-unreadable = Your proxy doesn’t say where some requests come from
overview-unreadable-advice = Limits and lists can’t tell these visitors apart. Compare client_ip_header with what the proxy sends.
overview-forwarded = A forwarded header came from an address that isn’t trusted
overview-forwarded-advice = If that’s your proxy, add it to trusted_proxies: until then everyone seems to come from the proxy.
overview-backup =
    { $n ->
        [one] The last backup was made { $n } day ago
       *[other] The last backup was made { $n } days ago
    }
overview-no-backup = There’s no backup
overview-backup-advice = Run “portero backup FILE” beside the running server, best every day, and keep the file on another machine.
overview-public-url = No address is set for links
overview-public-url-advice = Set public_url to the address people use, so that password links work everywhere.
overview-one-admin = There’s only one administrator
overview-one-admin-advice = Make someone you trust an administrator too, in case this one can’t sign in.
overview-key-age =
    { $n ->
        [one] The signing key is { $n } day old
       *[other] The signing key is { $n } days old
    }
overview-key-age-advice = Run “portero key new” and later “portero key rotate”. Nobody is signed out.
overview-steps = Next steps
overview-step-people = Add the people who will sign in here
overview-step-url = Set the address people use, in portero.toml:
overview-step-backup = Make a first backup:
overview-now = Signed in now
overview-people = People
overview-open = Sessions
overview-active = Used in the last 15 min
overview-all-sessions = All open sessions
overview-happened = What happened
overview-span = Time shown
overview-day = Last 24 hours
overview-day-column = Hour ({ $zone })
overview-day-most = peak: { $n } an hour
overview-day-left-out =
    { $n ->
        [one] One hour in which nothing happened is left out.
       *[other] { $n } hours in which nothing happened are left out.
    }
overview-month = Last 30 days
overview-month-column = Day ({ $zone })
overview-month-most = peak: { $n } a day
overview-month-left-out =
    { $n ->
        [one] One day on which nothing happened is left out.
       *[other] { $n } days on which nothing happened are left out.
    }
overview-signed-in = Sign-ins
overview-signed-in-none = No sign-ins.
overview-failed = Failed sign-ins
overview-failed-none = No failed sign-ins.
overview-renewed = Renewals
overview-renewed-none = No renewals.
overview-ended = Ended sessions
overview-ended-none = No ended sessions.
overview-nothing = Nothing happened in this time.
overview-picture = { $what }, { $most }
overview-of-danger = { $n } after theft or guessing
overview-of-unknown = { $n } with unknown usernames
overview-as-table = As a table
overview-ends = Why sessions ended
overview-counted-since = Renewals and attempts with unknown usernames are counted since
overview-acts = Recent administrator activity
overview-no-acts = Nothing so far.
overview-all-events = All events in the audit log

## About this installation, for administrators

about-title = About this installation
about-running = This server
about-version = Version
about-uptime = Running for
about-since = since
about-database = Database
about-folder = Data folder
about-prune = Last cleanup
about-not-yet = Not since startup
about-mail = Mail
about-mail-server = Handed in at
about-mail-waiting = Waiting
about-mail-waiting-count =
    { $n ->
        [0] Nothing
        [one] { $n } mail
       *[other] { $n } mails
    }
about-mail-next = next try
about-mail-last = Last sent
about-mail-none = None yet
about-mail-given-up = Given up
about-mail-given-up-count =
    { $n ->
        [one] { $n } mail in the last 90 days
       *[other] { $n } mails in the last 90 days
    }
about-mail-trouble = Last failure
mail-outcome-sent = Sent
mail-outcome-deferred = The server doesn’t take it now
mail-outcome-refused = The server refused it
mail-outcome-not_let_in = The server doesn’t let Portero in
mail-outcome-not_secure = The connection wasn’t safe, so nothing was sent
mail-outcome-not_reached = The server couldn’t be reached
mail-outcome-no_answer = The server didn’t answer as it should
mail-outcome-unsendable = The mail couldn’t be sent as it was
mail-outcome-expired = It was too late for it
about-request = Your request
about-request-hint = Behind a proxy, the address should be yours and not the proxy’s.
about-address = Your address
about-peer = Connected from
about-host = Requested address
about-public-url = Links point to
about-no-public-url = no address: they’re only paths until public_url is set
about-cookies = Cookies
about-forwarded = A forwarded header came from an address that isn’t in trusted_proxies, and was ignored. If that’s your proxy, add it there.
about-exactness = When a session ends
about-exactness-exact = Every app refuses it on the next request.
about-exactness-worst = At worst, it lives on at an app for { $time }.
about-exactness-no-end = There is an app that refuses nobody.
about-exactness-no-apps = No app takes Portero’s word yet.
about-changed = Changed settings
about-changed-none = Every setting has its default value.
about-defaults =
    { $n ->
        [one] One setting with its default value
       *[other] { $n } settings with their default values
    }
about-value-unset = (not set)
about-value-none = (none)
about-value-hidden = (hidden)
about-value-made = (made at the first start)
about-setting = Setting
about-value = Value
about-source = Source
about-source-default = default
about-source-file = file
about-source-environment = environment
about-source-flag = command line
about-days =
    { $n ->
        [one] { $n } day
       *[other] { $n } days
    }
about-hours =
    { $n ->
        [one] { $n } hour
       *[other] { $n } hours
    }
about-minutes =
    { $n ->
        [one] { $n } minute
       *[other] { $n } minutes
    }
about-seconds =
    { $n ->
        [one] { $n } second
       *[other] { $n } seconds
    }

## The nodes

about-nodes = Nodes
about-doctor = Check the health of this installation
doctor-title = Health of this installation
doctor-nothing = Nothing is wrong as far as this machine can tell.
doctor-wrong =
    { $n ->
        [one] One thing is wrong.
       *[other] { $n } things are wrong.
    }
doctor-command = What people’s browsers get through the proxy can’t be seen from here: “portero doctor” on the server’s machine checks that, too.
doctor-check = Check
doctor-result = Result
doctor-result-good = As it should be
doctor-result-wrong = Wrong
doctor-result-not_judged = Not judged
doctor-seen = What was seen
doctor-effect = What it means for people
doctor-change = What to change
doctor-seen-mode = { $path } has the mode { $mode }
doctor-seen-room = { $free } MB of { $whole } MB are free
doctor-seen-old-backup =
    { $n ->
        [one] The last backup is { $n } day old
       *[other] The last backup is { $n } days old
    }
doctor-seen-no-backup =
    { $n ->
        [one] There is none, and the first start was { $n } day ago
       *[other] There is none, and the first start was { $n } days ago
    }
doctor-seen-clock =
    { $n ->
        [one] The newest event of the audit log is { $n } second ahead of the clock
       *[other] The newest event of the audit log is { $n } seconds ahead of the clock
    }
doctor-seen-not-ready = /readyz says: { $reason }
doctor-seen-plain-http = People come by { $url }
doctor-seen-forwarded = A forwarded header came from an address that isn’t in trusted_proxies, and was ignored
doctor-seen-no-address = A trusted proxy sent the header that client_ip_header names without an address that can be read
doctor-seen-mails-minutes =
    { $n ->
        [one] the oldest for { $n } minute
       *[other] the oldest for { $n } minutes
    }
doctor-folder_is_public = Data folder
doctor-folder_is_public-effect = Other users of the machine can look into the folder. Whoever reads the keys can be anybody, and whoever reads the database has everybody’s names.
doctor-folder_is_public-change = chmod go= on the folder
doctor-file_is_public = Keys and database files
doctor-file_is_public-effect = Other users of the machine could read these files. Whoever reads the keys can be anybody, and whoever reads the database has everybody’s names.
doctor-file_is_public-change = chmod go= on the file. A key that others could read is better replaced: portero key rotate
doctor-disk = Disk
doctor-disk-effect = When the disk is full, nobody can sign in or change anything, and nobody can be signed out.
doctor-disk-change = Make room, or move data_dir to a larger disk.
doctor-backup = Backup
doctor-backup-effect = If the disk fails, everybody has to be added anew.
doctor-backup-change = systemctl enable --now portero-backup.timer, or portero backup FILE every night
doctor-clock = Clock
doctor-clock-effect = Tokens run out too early or too late, and right codes of authenticator apps are refused.
doctor-clock-change = timedatectl set-ntp true
doctor-not_ready = Server and database
doctor-not_ready-effect = People can’t sign in, or nothing that they change is stored.
doctor-not_ready-change = The server’s log has the cause.
doctor-plain_http = Public address
doctor-plain_http-effect = Anybody on the way can read the passwords that people type.
doctor-plain_http-change = Set public_url to an address that begins with https://, and put a proxy with a certificate in front.
doctor-untrusted_proxy = Proxy
doctor-untrusted_proxy-effect = If that was your proxy, everybody seems to come from it: a few wrong passwords of one stranger shut all others out.
doctor-untrusted_proxy-change = Add your proxy’s address to trusted_proxies. If it was somebody else, nothing is to be changed; a restart forgets it.
doctor-client_address = Where people come from
doctor-client_address-effect = Limits and lists can’t tell these visitors apart.
doctor-client_address-change = Compare client_ip_header with what the proxy sends.
doctor-mail = Mail
doctor-mail-effect = Links for new passwords don’t arrive, and people don’t hear what happens to their accounts.
doctor-mail-change = portero mail test ADDRESS says what the mail server answers.
nodes-title = Nodes
nodes-intro = These servers share one database. What ends on one of them is refused by all.
nodes-none = One server serves the database. With the setting cluster.lease, several can.
nodes-name = Node
nodes-state = State
nodes-serving = Serving
nodes-joining = Joining
nodes-silent = Doesn’t answer
nodes-struck-off = Struck off
nodes-lease = Lease
nodes-behind = Lag
nodes-behind-by =
    { $n ->
        [0] none
        [one] { $n } commit
       *[other] { $n } commits
    }
nodes-beat = Last heard of
nodes-differing = Settings that differ
nodes-nothing = –
nodes-count =
    { $n ->
        [one] { $n } node
       *[other] { $n } nodes
    }

## Apps

apps-title = Apps
apps-intro = Apps that stand behind Portero’s gate, and apps that ask it about tokens.
apps-add = Add an app
apps-none = There are no apps yet.
apps-name = Name
apps-origins = Addresses
apps-no-origin = None
apps-allowed = Who may enter
apps-allowed-everyone = Everyone who is signed in
apps-allowed-listed = Only some people
apps-allowed-nobody = Nobody: no one is listed
apps-allowed-nobody-yet = Nobody: it has no address
apps-added = Added
apps-observes = Only observes
apps-asks = Asks about tokens
app-add-intro = The app’s proxy asks Portero before each request. “portero proxy print” prints what the proxy needs.
app-asks = This app may ask about tokens. Its secrets are made on the command line.
app-origins = Addresses
app-origins-hint = One per line, such as https://wiki.example.org
app-people = People
app-people-hint = User names, one per line. Counts only if not everyone may enter.
app-groups = Groups
app-groups-hint = Names of groups, one per line. Whoever is in one may enter. Counts only if not everyone may.
app-admins = All administrators as well
app-level = What they must have proved
app-level-one = One factor
app-level-two = Two factors
app-max-age = How long ago at most
app-max-age-hint = Such as 15m, 12h or 7d. Empty: at any time in their session.
app-open-paths = Open to anybody
app-open-paths-hint = Paths, one per line, each with everything beneath it, such as /public
app-logout-uri = Told of sign-outs at
app-logout-uri-hint = The address of the app that takes OpenID Connect back-channel logouts, with https. Empty: it is told of none
app-identity = Tell the app who is there
app-identity-hint = User name, display name, email address and groups, in headers
app-preflight = Let preflights pass
app-preflight-hint = Browsers ask the app, without signing in, what pages of other sites may send to it (CORS)
app-bearer = Take access tokens
app-bearer-hint = Programs may show one in place of signing in. Print the proxy’s settings again: they keep the tokens from the app.
app-observe = Only observe
app-observe-hint = Everyone is let through, and the log says who would not be
app-save = Save
app-added = The app was added.
app-changed = The app was changed. It holds from the next request on.
app-no-change = It was so already.
app-removed = The app was removed.
app-remove-link = Remove { $app }
app-remove-title = Remove { $app }?
app-remove-text = Nobody can enter the app any more: its proxy refuses every request. Remove Portero from the proxy’s settings, too.
app-remove-asks = It may also no longer ask about tokens.
app-remove-submit = Remove the app
error-app-name = An app’s name has 1 to 64 characters
error-app-name-taken = There is an app of this name already
error-app-origin-form = { $text } is not an address of an app. Write it like https://wiki.example.org, with nothing after it
error-app-origin-https = { $text } has to begin with https://
error-app-origin-own = { $text } is Portero’s own address
error-app-origin-taken = Another app is at { $origin }
error-app-open-path = { $text } can be read in more than one way. Write it like /public
exactness-title = When a session ends
exactness-learns = How it learns of it
exactness-worst = Lives on at worst
exactness-next-request = refused on the next request
exactness-no-end = nobody is refused
exactness-none = Nobody gets in yet: the app has neither an origin nor a redirect URI, and asks about no tokens.
exactness-by-gate = The gate asks about every request
exactness-by-introspection = It asks Portero about every token
exactness-by-status-list = It looks sessions up in the status list
exactness-by-back-channel = Portero tells it. Until then, or if it takes no note
exactness-by-never = Not at all: a token is good until it expires
exactness-by-observed = The gate only observes it
app-drill-last = Last drill:
app-drill-hint = Try out what the app really does:
app-drill-refused = refused on the next request
app-drill-refused-later = let in for another { $seconds } s, then refused
app-drill-refused-later-said-yes = said yes, let in for another { $seconds } s, then refused
app-drill-let-in = still let in after { $seconds } s
app-drill-let-in-said-yes = said yes, still let in after { $seconds } s
app-sign-outs = Sign-outs
app-sign-outs-none = There was nothing to tell it so far.
app-test-last = Last test:
app-test-hint = Tells it of a session that nobody has, so that you see whether it can be told.
app-test-submit = Send a test sign-out
app-test-sent = The test sign-out is sent. Below is what came of it.
error-app-logout-uri-form = Write an address like https://wiki.example.org/logout, without user name or #
error-app-logout-uri-https = An app is told with https. Plain http is for trying things out, with Portero and the app on this machine
error-app-outdated = Somebody changed this app after you opened this page, so nothing was saved. Look at the app in another tab; saving again replaces what is there.
error-app-max-age = Enter a time from 1m to 365d, such as 12h
error-app-nobody = There is no user { $text }
error-app-group = There is no group { $text }

# Groups of people
groups-title = Groups
groups-intro = Groups of people. Apps let people in by them, and are told who is in which.
groups-add = Add a group
groups-none = There are no groups yet.
groups-name = Name
groups-people = People
groups-size =
    { $n ->
        [0] Nobody
        [one] 1 person
       *[other] { $n } people
    }
group-name-hint = Letters without accents, digits, and . _ - + @ : /
group-added = The group was added. Nobody is in it yet.
group-no-apps = No app lets people in by this group.
group-apps = Apps that let this group in: { $apps }
group-put-in = Put people in
group-put-in-hint = User names, one per line, 100 at most. It holds from the next request to an app on.
group-put-in-submit = Put in
group-people-added =
    { $n ->
        [0] All of them were in the group already.
        [one] One person was put into the group.
       *[other] { $n } people were put into the group.
    }
group-count =
    { $n ->
        [0] Nobody is in it
        [one] One person is in it
       *[other] { $n } people are in it
    }
group-only-first =
    { $n ->
        [one] Only the first one is shown. “portero group show” lists all of them.
       *[other] Only the first { $n } are shown. “portero group show” lists all of them.
    }
group-take-out = Take out
group-take-out-of = Take out { $user }
group-person-taken-out = The person was taken out of the group.
group-remove-link = Remove { $group }
group-remove-title = Remove { $group }?
group-remove-text = Nobody is in the group then, and no app is told of it any more. The people stay.
group-remove-submit = Remove the group
group-removed = The group was removed.
error-group-name = A group’s name has 1 to 64 letters without accents, digits, or . _ - + @ : /
error-group-name-taken = There is a group of this name already
error-group-nobody = Enter at least one user name
error-group-too-many = Enter 100 user names at most
error-group-let-in = Apps let this group in: { $apps }. Change them first; otherwise a later group of this name would be let in, too.
error-groups-too-long = The names of all groups of one person have 1,000 characters at most, because apps get them in a header
user-groups-link = Edit groups…
user-groups-title = Groups of { $user }
user-groups-intro = Apps let people in by their groups. A change holds from the next request to an app on.
user-groups-done = The groups of { $user } were saved.
error-user-groups-outdated = Somebody changed these groups after you opened this page, so nothing was saved. Look at the user’s page in another tab; saving again replaces what is there.
app-openid-link = Sign people in by OpenID Connect
app-openid-title = { $app }: OpenID Connect
app-openid-intro = The app learns from Portero who somebody is. Give it these two, and a secret.
app-client-id = Client ID
app-issuer = Issuer
app-redirect-uris = Redirect URIs
app-redirect-uris-hint = Where the app gets its answers, one per line, letter by letter. Empty: it signs nobody in.
app-post-logout-uris = Addresses after signing out
app-post-logout-uris-hint = Where the app may have people led then, one per line
app-trusted = Trusted
app-trusted-hint = Nobody is asked if the app may know who they are
app-public = Can keep no secret
app-public-hint = A program on people’s devices, or a page’s script
app-pkce = Has to send a code challenge (PKCE)
app-pkce-hint = Untick this only for an app that can’t
app-claims-in-id-token = ID tokens say what /userinfo says, too
app-claims-in-id-token-hint = Many apps look nowhere else
app-status-list = Looks sessions up in the status list
app-status-list-hint = Its ID tokens then say where. Tick this only for an app that does
app-algorithm = ID tokens are signed by
app-secret-title = The new secret
app-secret-text = Copy it now: it is shown this once. The one before it stays valid until the next is made.
app-secret-made = Secret made
app-new-secret = Make another secret
app-new-secret-hint = The newest one before it stays valid, so that the app can change over.
error-app-uri-form = { $text } is not a whole address. Write it like https://wiki.example.org/callback, without #
error-app-uri-https = { $text } has to begin with https://. Plain http is for this machine only

calls-title = Calls for programs
calls-intro = What programs may ask of this server and what it answers. A member with ? may be left out, or may be missing. The same for programs:
calls-who = Who may
calls-query = Query
calls-body = Body
calls-answer = Answer { $status }
calls-errors = Errors
calls-no-members = No JSON members
calls-anyone = Anyone
calls-app = An app with its credentials
calls-named-app = An app with its credentials, or by its name if it has none
calls-user = Whoever is signed in
calls-admin = Admins
calls-optional = With or without a token
calls-refresh = With the refresh token
calls-either = With either token
calls-apps-token = With the token that the app was given
calls-factor = With the second factor, if there is one
calls-factor-fresh = With the second factor as recent as that, if there is one
calls-below-policy = Also before a required second factor is given
calls-fresh =
    { $n ->
        [one] After a proof of identity in the last minute
       *[other] After a proof of identity in the last { $n } minutes
    }
calls-signing-in = Signing in
calls-account = Your account
calls-factors = Second factors
calls-sessions = Sessions, for admins
calls-users = Users, for admins
calls-groups = Groups, for admins
calls-installation = The installation, for admins
calls-for-apps = For apps
calls-monitoring = Monitoring
call-login = Sign in
call-login_factor = Give the second factor
call-protected = Who calls
call-whoami = Who calls, if anybody is signed in
call-refresh = Renew the access token
call-confirm = Prove again who one is
call-logout = Sign out, by either token
call-logout_elsewhere = Sign out here, elsewhere or everywhere
call-account = One’s own account
call-activity = What happened to one’s own account
call-change_password = Change one’s password
call-ask_for_address = Ask for a link to one’s new email address
call-confirm_address = Confirm one’s new email address by the link
call-own_session = The history of a session of one’s own
call-end_own_session = End a session of one’s own
call-forget_browser = Forget a remembered browser
call-receipt = What an act ended
call-factors = One’s own second factors
call-add_totp = Set up an authenticator app
call-confirm_totp = Confirm an authenticator app
call-new_recovery_codes = Get new recovery codes
call-rename_factor = Rename a second factor
call-remove_factor = Remove a second factor
call-open_sessions = All open sessions
call-export_sessions = All open sessions as a file
call-session = The history of anybody’s session
call-end_session = End anybody’s session
call-end_sessions = End all sessions of a user, or all since a moment
call-revoked = What is refused
call-export_revoked = What is refused as a file
call-users = All users
call-export_users = All users as a file
call-add_user = Add a user
call-user = A user
call-rename_user = Rename a user
call-edit_user = Change what is noted of a user
call-set_user_groups = Put a user into groups
call-reset_factors = Take a user’s second factors away
call-new_enrolment_link = Make a link to set up a second factor
call-user_act = Do something about a user
call-groups = All groups
call-add_group = Add a group
call-group = A group
call-add_to_group = Put people into a group
call-take_out_of_group = Take somebody out of a group
call-remove_group = Remove a group
call-overview = What goes on
call-apps = All apps
call-nodes = All nodes
call-audit_events = The audit log
call-export_audit = The audit log as a file
call-about = The installation
call-doctor = What is wrong with the installation
call-introspect = Whether a token may act at this moment (RFC 7662)
call-revoke = Have a token refused (RFC 7009)
call-token = Redeem a code or a refresh token (OpenID Connect)
call-userinfo = Who has signed in at an app (OpenID Connect)
call-userinfo_by_form = The same, with the token in a form
call-openid_configuration = Where an app finds what (OpenID Connect)
call-oauth_metadata = The same by the name of OAuth (RFC 8414)
call-jwks = The public keys of Portero’s tokens (RFC 7517)
call-apps_jwks = The public keys of what is signed for apps (RFC 7517)
call-status_lists = The addresses of all status lists
call-status_list = Which sessions have ended, as a signed list (Token Status List)
call-healthz = Whether the server is alive
call-readyz = Whether the server is ready
call-openapi = This document
call-passkey_endpoints = Where passkeys are added and looked at (W3C)

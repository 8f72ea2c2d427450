### Everything Portero says to people, in English. es.ftl has the same keys; a test compares them.

## On every page

language-name = English
meta-description = Sign in to { $site }, and see where you are signed in.
skip-to-content = Skip to content
nav-label = Main
nav-account = Account
nav-sessions = Sessions
nav-revoked = Revoked
signed-in-as = Signed in as
sign-out = Sign out
cancel = Cancel
never = Never
language-label = Language
page-address = Address of this page

## Fields

label-username = User name
label-password = Password
label-password-choose = Password
label-password-choose-again = Password again
label-current-password = Current password
label-new-password = New password
label-new-password-again = New password again
hint-username = Letters and digits of any script; between them also dots, underscores, hyphens, apostrophes, + and @, and one backslash after a domain. Up to 64 characters.
hint-new-password =
    { $n ->
        [one] At least { $n } character. Several unrelated words make a good password; you may paste one.
       *[other] At least { $n } characters. Several unrelated words make a good password; you may paste one.
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
notice-session-ended = Your session has ended. Please sign in again.
notice-sign-in-first = Please sign in first. You’ll then go on to the page you asked for.
notice-reuse = One of your sessions was ended because a used-up key was shown again: someone may have copied it, or your browser came back with old cookies. If you don’t know why this happened, change your password.
notice-guessing = One of your sessions was ended because a wrong password was entered in it too many times in a row. If it wasn’t you, someone may have copied its key: change your password.
notice-failed-attempts =
    { $n ->
        [one] Since you last signed in, someone entered a wrong password for your account once. If that wasn’t you, make sure your password is one you use nowhere else.
       *[other] Since you last signed in, someone entered a wrong password for your account { $n } times. If that wasn’t you, make sure your password is one you use nowhere else.
    }

# The page that comes up for an instant after a link from another site.
onward-title = One moment…
onward-link = Continue

## First start

setup-title = Create the first administrator
setup-intro = This account can see and end everyone’s sessions. The link to this page works only once.
setup-submit = Create administrator
flash-welcome = Welcome! Your administrator account is ready, and you are signed in.

## Confirm it's you

confirm-title = Confirm it’s you
confirm-intro = Enter your password once more { $purpose }.
confirm-submit = Confirm
# Completes "Enter your password once more …".
purpose-change-password = to change your password
# The same.
purpose-end-sessions = before you end sessions
# Completes "Enter your password once more …".
purpose-continue = to continue
flash-confirm-first = Nothing was changed yet. Confirm it’s you first, then send the form again.

## Change password

change-password-title = Change your password
change-password-end-others =
    { $n ->
        [0] Sign out my other sessions (there are none right now)
        [one] Sign out my other session
       *[other] Sign out my { $n } other sessions
    }
change-password-end-others-hint = Recommended, above all if someone may know your old password. You stay signed in here.
change-password-submit = Change password
flash-password-changed =
    { $n ->
        [0] Your password has been changed. There were no other sessions to sign out.
        [one] Your password has been changed. One other session was signed out.
       *[other] Your password has been changed. { $n } other sessions were signed out.
    }
flash-password-changed-kept = Your password has been changed. Your other sessions stay signed in.

## Account

account-title = Your account
account-about = About you
account-role = Role
account-member-since = Member since
account-last-sign-in = Last sign-in
account-password-changed = Password changed
account-change-password = Change password
role-user = User
role-admin = Administrator
sessions-title = Where you’re signed in
sessions-intro = If you don’t recognise one of these, change your password: that signs it out.
sessions-browser = Browser
sessions-ip = IP address
sessions-signed-in = Signed in
sessions-last-seen = Last seen
sessions-how = Via
sessions-this-device = This device
transport-cookie = Web page
transport-bearer = API
unknown-address = Unknown
unknown-browser = Unknown browser
browser-on-system = { $browser } on { $system }
sessions-limit-browsers =
    { $n ->
        [one] Only { $n } browser can be signed in at a time; a new one signs out the other.
       *[other] Up to { $n } browsers can be signed in at a time; a new one signs out the oldest.
    }
sessions-limit =
    { $n ->
        [one] Programs may hold { $n } session at a time; one more, and the oldest ends.
       *[other] Programs may hold { $n } sessions at a time; one more, and the oldest ends.
    }
sessions-odd = Unusual
sessions-actions = More
sessions-end-others = Sign out everywhere else
story-link = Story
story-link-of = Story of session { $session }
end-session = End session
end-session-of = End session { $session }

## A session's story

story-title = Session
story-of = A session of { $user }, step by step.
story-facts = The session
story-steps = Story
story-intro = Each line of the picture is one browser at one address; each number is a row of the table.
story-picture = The steps of this session in order, as listed in the table
story-what = What
story-when = When
story-to = to
story-end = End:
story-ended = Ended
story-back = Back to the list
step-signed-in = Signed in
step-renewed =
    { $n ->
        [one] Renewed
       *[other] Renewed { $n } times
    }
step-repeated =
    { $n ->
        [one] Renewed again at once: a second tab or a double click
       *[other] Renewed again at once { $n } times: other tabs or double clicks
    }
step-repeated-odd = Renewed again at once, by another browser
step-retried =
    { $n ->
        [one] Renewed again: the first answer never arrived
       *[other] Renewed again { $n } times: the answers never arrived
    }
step-recovered =
    { $n ->
        [one] Browser came back with older cookies and got new ones
       *[other] Browser came back with older cookies { $n } times and got new ones
    }
step-confirmed =
    { $n ->
        [one] Confirmed with the password
       *[other] Confirmed with the password { $n } times
    }
step-reused = Showed a used-up token

## Ending sessions

end-session-title = End this session?
end-session-intro = It ends at once: its next click leads to the sign-in page.
end-session-intro-of = This session of { $user } ends at once: its next click leads to the sign-in page.
end-sessions-title = End sessions
end-sessions-of = All sessions of { $user } end at once.
end-sessions-since = Everyone’s sessions end at once that were signed in since
end-sessions-count =
    { $n ->
        [0] There are none to end.
        [one] That is one session.
       *[other] Those are { $n } sessions.
    }
end-sessions-own-stays = Your own session here stays.
end-sessions-submit =
    { $n ->
        [one] End one session
       *[other] End { $n } sessions
    }
end-sessions-ask = After an incident: end every session that was signed in since a moment. You’ll see how many before anything happens.
end-sessions-moment = Signed in since ({ $zone })
end-sessions-look = Count them
flash-nothing-ended = There was nothing to end any more.
error-moment = Enter a date and time, such as 2026-11-25T10:00

## The receipt

receipt-title = Receipt
receipt-heading =
    { $n ->
        [one] One session was ended
       *[other] { $n } sessions were ended
    }
receipt-refused-since = Everything of theirs, access and refresh tokens alike, is refused here since
receipt-elsewhere = Apps that check tokens on their own may accept an access token until
receipt-elsewhere-hint = Apps that ask Portero refuse it already.
receipt-over = Nothing can be accepted any more.
receipt-over-hint = The last access token has run out, for apps that check on their own too.
receipt-facts = About this act
receipt-made = This page was made
receipt-id = Receipt
receipt-caption = What was ended
receipt-access-until = Access token until
receipt-refresh-until = Refresh token until
receipt-run-out = run out
receipt-checked = Checked just now
receipt-refused = Refused
receipt-not-refused = Not refused
receipt-more =
    { $n ->
        [one] And one more session.
       *[other] And { $n } more sessions.
    }
receipt-link = Receipt

## Open sessions

open-title = Open sessions
open-intro = Everyone who is signed in now, newest first.
open-caption = Open sessions, newest first
open-empty = No session matches.
open-only-odd = Only unusual ones
open-end-all-of = End all sessions of { $user }
open-end-since = End all since a moment
filter-from = From ({ $zone })
filter-until = Until ({ $zone })

## Sign out, language

logout-title = Sign out?
logout-text = This ends your session in this browser at once. Your other sessions go on.
logout-this = Only here, in this browser
logout-others =
    { $n ->
        [one] Only in my other session
       *[other] Only in my { $n } other sessions
    }
logout-all = Everywhere, here too
flash-signed-out-everywhere =
    { $n ->
        [one] You have been signed out. One session was ended.
       *[other] You have been signed out everywhere. { $n } sessions were ended.
    }
logout-not-signed-in-title = You’re not signed in
logout-not-signed-in-text = There is no session in this browser to sign out of.
flash-signed-out = You have been signed out.
flash-recovered = Your browser came back with older cookies, as after a crash, and you are still signed in. If it did not crash, someone may have copied them: change your password.

## What was revoked

revoked-title = Revoked sessions and tokens
revoked-intro = What was ended before its time, and why. An entry in force is refused on every request.
revoked-caption = Revoked sessions and tokens, newest first
revoked-filter-label = Filter the list
revoked-filter = Filter
revoked-show-all = Show all
revoked-user = User
revoked-what = What
revoked-when = When
revoked-why = Why
revoked-by = By
revoked-until = Matters until
revoked-in-force = In force
revoked-no-longer = No longer matters
revoked-empty = Nothing to show. Sign-outs, password changes and ended sessions appear here.
revoked-user-unknown = There is no user called “{ $user }”.
pager-label = Pages
pager-newest = Newest
pager-older = Older
reason-any = Any reason
reason-logout = Signed out
reason-password_change = Password changed
reason-replaced = Signed in again in the same browser
reason-ended_by_user = Ended by the user
reason-ended_by_admin = Ended by an administrator
reason-disabled = Account disabled
reason-deleted = Account deleted
reason-renamed = Account renamed
reason-expired = Its time was up
reason-idle = Not used for too long
reason-limit = Too many sessions
reason-reuse = Used-up token shown again
reason-guessing = Too many wrong passwords in a row
reason-lost = Answer lost on the way
reason-forgotten = Browser came back with older cookies
reason-superseded = Replaced by a newer token
reason-revoked_by_app = Revoked by an app
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
error-bad-credentials = Incorrect user name or password
error-disabled = This account is disabled. An administrator can enable it again.
error-username-required = Enter your user name
error-password-required = Enter your password
error-current-password-required = Enter your current password
error-current-password-too = Enter your current password too. Nothing was changed yet
error-new-password-required = Enter the new password
error-password-incorrect = Incorrect password
error-password-too-short =
    { $n ->
        [one] The new password is too short. Use at least { $n } character
       *[other] The new password is too short. Use at least { $n } characters
    }
error-password-too-long =
    { $n ->
        [one] The new password is too long. Use at most { $n } character
       *[other] The new password is too long. Use at most { $n } characters
    }
error-password-guessable = The new password is too easy to guess. Add another word or two, or let your password manager make one
error-password-user-name = The new password is too easy to guess: beside your user name it has too little. Add another word or two, or let your password manager make one
error-password-site-word = The new password is too easy to guess: beside the name of this site, or a word that goes with it, it has too little. Add another word or two, or let your password manager make one
error-password-phrase = The new password is too easy to guess: it is a well-known phrase. Add another word or two, or let your password manager make one
error-password-same = The new password is the same as the current one. Choose a different one
error-passwords-differ = The two new passwords are not the same
error-username-length = A user name has 1 to 64 characters
error-username-characters = Use only letters, digits, dots, underscores, hyphens, apostrophes, + and @, and one backslash after a domain. Begin with a letter, a digit or an underscore, and end with a letter or digit
error-form-expired = The form had expired. Nothing was changed; please send it again.

## Error pages

error-home = Go to the start page
error-request-id = Request id
error-400-title = That request made no sense
error-400-text = Something in it was missing or misspelt. Go back and try again.
error-401-title = Please sign in
error-401-text = This page is for people who are signed in.
error-403-title = Not for this account
error-403-text = Your account may not open this page. If you think it should, ask an administrator.
error-403-csrf-title = Please send that again
error-403-csrf-text = The page it came from is no longer valid, for example because you have signed in again since, so nothing was changed. Go back, reload the page and try again.
error-404-title = Page not found
error-404-text = There is nothing at this address. Check it for typing mistakes.
error-405-title = That doesn’t work here
error-405-text = This address can’t be used in that way. Nothing was changed.
error-408-title = That took too long
error-408-text = The request did not arrive in time. Check your connection and try again.
error-410-title = This link no longer works
error-410-text = It has been used already, or it has expired. If you still need one, ask for a new link.
error-413-title = That was too much
error-413-text = What was sent is larger than Portero accepts. Nothing was changed.
error-415-title = Unknown format
error-415-text = Portero can’t read what was sent in this format. Nothing was changed.
error-421-title = Wrong address
error-421-text = This server is at { $address }. Nothing was changed.
error-500-title = Something went wrong
error-500-text = The mistake is ours, and it has been logged. If it happens again, give your administrator the request id below.
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
error-503-title = Too busy right now
error-503-text = Portero can’t answer this safely at the moment. Nothing is lost: try again in a few seconds.
error-503-still-open-title = Signed out in this browser only
error-503-still-open-text = This browser is signed out, but Portero could not store it, so your session is still open there. Nobody can use it from this browser. In a while, sign in again and end it under “Your account”, or ask an admin to end it.

## One-time links

link-invited-title = Welcome: choose your password
link-invited-intro = You were invited as { $user }. This link works only once.
link-new-password-title = Choose a new password
link-new-password-intro = For { $user }. This link works only once; using it signs out every session of this account.
link-submit = Set password and sign in
flash-invited = Welcome! Your password is set, and you are signed in.
flash-new-password =
    { $n ->
        [0] Your new password is set, and you are signed in. No other session was open.
        [one] Your new password is set, and you are signed in. One other session was signed out.
       *[other] Your new password is set, and you are signed in. { $n } other sessions were signed out.
    }
help-title = Can’t sign in?
help-text = Ask an administrator of this site: they can give you a link by which you choose a new password. Nobody else can see or set your password.
help-back = Back to sign in

## Users, for administrators

nav-users = Users
nav-about = About
users-title = Users
users-search-label = Search
users-name-begins = Name begins with
users-search = Search
users-empty = Nobody’s name begins like that.
users-empty-deleted = There is no such deleted user.
users-state = Show
users-state-present = Everybody with an account
users-state-deleted = Deleted users
users-caption = By name
users-add = Add a user
pager-first = First page
pager-next = Next page
user-state = State
user-state-enabled = Active
user-state-disabled = Disabled
user-state-invited = Invited
user-state-deleted = Deleted
user-until = until
user-open-sessions = Open sessions
user-uid = Permanent id
user-acts = What you can do
user-back = Back to the users
user-end-sessions-link = End all sessions…
user-link-link = Give a link to choose a password…
user-link-title = A link for { $user }
user-link-intro = You get a link to hand over to { $user }, by which they choose a new password. Using it ends all their sessions. Any earlier link stops working.
user-link-submit = Make a link
user-link-done = Done.
user-make-admin-link = Make an administrator…
user-make-admin-title = Make { $user } an administrator?
user-make-admin-intro = { $user } will be able to see and end everyone’s sessions, and to add, disable and delete users.
user-make-admin-submit = Make administrator
user-make-admin-done = { $user } is now an administrator.
user-make-user-link = Take administrator rights away…
user-make-user-title = Take administrator rights from { $user }?
user-make-user-intro = { $user } stays signed in, and sees no administrator’s page any more from the next click on.
user-make-user-submit = Take rights away
user-make-user-done = { $user } is no longer an administrator.
user-schedule-link = Set a date to disable…
user-schedule-title = When is { $user } to be disabled?
user-schedule-intro = From that moment on { $user } can’t sign in, and every session is over.
user-schedule-now = Set at present:
user-schedule-date = Date and time ({ $zone })
user-schedule-hint = Leave it empty for no date.
user-schedule-submit = Set date
user-schedule-done = The date to disable { $user } was set.
user-schedule-cleared = { $user } no longer has a date to be disabled.
user-disable-link = Disable…
user-disable-title = Disable { $user }?
user-disable-intro = { $user } can’t sign in until you enable the account again. All sessions end at once.
user-disable-submit = Disable
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
user-delete-intro = { $user } can’t sign in any more, and all sessions end at once. The name stays taken, so that nobody can be mistaken for { $user } later. The account can be restored, but not its password, its sessions or its rights.
user-delete-type = Type { $user } to confirm
user-delete-submit = Delete
user-delete-done =
    { $n ->
        [0] { $user } was deleted. No sessions were open.
        [one] { $user } was deleted. One session was ended.
       *[other] { $user } was deleted. { $n } sessions were ended.
    }
user-rename-link = Rename…
user-rename-title = Rename { $user }
user-rename-intro = The new name for { $user }. Before anything changes, you are asked once more.
user-rename-new = New user name
user-rename-look = Continue
user-rename-confirm = Rename { $user } to { $new }?
user-rename-confirm-intro = From then on they sign in as { $new }, with the same password. All their sessions end at once. The name { $user } stays theirs: nobody else can get it.
user-rename-submit = Rename
user-rename-done =
    { $n ->
        [0] This user is now called { $user }. No sessions were open.
        [one] This user is now called { $user }. One session was ended.
       *[other] This user is now called { $user }. { $n } sessions were ended.
    }
user-past-names = Earlier names
user-restore-link = Restore the account…
user-restore-title = Restore { $user }?
user-restore-intro = { $user } becomes an ordinary user again. You get a link to hand over, by which they choose a new password. No password, session, token or right of before comes back.
user-restore-submit = Restore and get the link
user-restore-done = { $user } was restored.
flash-user-no-change = Nothing was changed: that was already so for { $user }.
add-user-intro = You get a link to hand over, by which the person chooses a password. You never learn it.
add-user-admin = As an administrator
add-user-admin-hint = Administrators see and end everyone’s sessions, and manage users.
add-user-submit = Add and get the link
made-link-invitation = { $user } is added
made-link-new-password = A link for { $user }
made-link-intro = Hand this link over to { $user }, by a way that only they can read. It is shown this one time.
made-link-label = Link
made-link-until = Good until
made-link-once = It works once.
made-link-lacks-base = Portero does not know by which address people reach it, so this is only the end of the link. Put the address that your browser shows before it, such as http://portero.lan:8080. Links are whole once public_url is set.
error-name-taken = There is a user of that name already.
error-name-deleted = The user of that name was deleted on { $when }, and the name stays taken. You can restore the account: it is in the list of deleted users.
error-name-lookalike = This name looks like { $user }, and one could be mistaken for the other. Choose a name that differs more.
error-name-past = { $user } had that name until { $when }, and it stays theirs.
error-user-deleted = This user was deleted on { $when }. Nothing can be done but to restore the account.
error-user-not-deleted = This user is not deleted.
error-name-differs = That is not the name.
error-last-admin = This is the last administrator: nobody could let people in any more.
error-user-is-out = The user is disabled: enable the account first.
error-moment-past = That moment is over. Choose a later one, or leave it empty.

## The audit log

nav-audit = Audit
audit-title = Audit log
audit-intro = Everything that was recorded, newest first. Records can’t be changed or removed without being found out.
audit-caption = Recorded events, newest first
audit-what = What
audit-user = Who it concerns
audit-when = When
audit-by = Done by
audit-from = From
audit-session = Session
audit-any = Anything
audit-empty = No event matches.
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
event-link-new_password = For a new password
event-did-not-fit = Expected event { $expected }, found { $found }
event-signed_in = Signed in
event-sign_in_failed = Wrong password when signing in
event-confirmed = Confirmed with the password
event-confirm_failed = Wrong password when confirming
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
event-user_disabled = User disabled
event-user_enabled = User enabled
event-role_changed = Role changed
event-link_made = Link made
event-user_deleted = User deleted
event-disable_scheduled = Date to disable the user set
event-key_added = Signing key added
event-key_rotated = Signing key rotated
event-key_retired = Signing key retired
event-client_added = App added
event-client_removed = App removed
event-user_restored = User restored
event-user_renamed = User renamed
event-renamed = from { $from } to { $to }
event-backup_made = Backup made
event-restored = Backup restored
event-backup-of = made { $when }
event-audit_did_not_fit = The audit log had been cut off or exchanged
activity-title = Activity
activity-intro = What happened in your account, newest first.
activity-all = All activity
activity-back = Back to your account
user-latest = Latest events
story-events = Audit log of this session

## About this installation, for administrators

about-title = About this installation
about-running = What is running
about-version = Version
about-uptime = Running for
about-since = since
about-database = Database
about-folder = Data folder
about-prune = Last cleaned up
about-not-yet = Not since the start
about-request = What it sees of your request
about-request-hint = Behind a proxy, the address should be yours and not the proxy’s.
about-address = Your address
about-peer = Connected from
about-host = Address asked for
about-public-url = Links are made for
about-no-public-url = nothing: they are only paths until public_url is set
about-cookies = Cookies
about-forwarded = A forwarded header came from an address that is not in trusted_proxies, and was ignored. If that is your proxy, add it there.
about-settings = Settings in force
about-setting = Setting
about-value = Value
about-source = From
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

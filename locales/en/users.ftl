### Users: the console, and one's own settings.

## Users in the console
users-lead = Everybody who has an account here.
users-search = Search by the beginning of a name, email or phone number, or an ID
users-status = Status
users-any-status = Any status
users-any-role = Any role
users-active = Active
users-suspended = Suspended
users-deleted = Deleted
users-deleted-name = Deleted account
users-user = User
users-last-seen = Last seen
users-never = Never
users-no-match = No users match
users-no-match-text = The search finds the beginning of a name, an email or a phone number.
users-title-of = { $name }
users-sessions = Sessions
users-by-invite = by an invite
users-terms = Version { $version } accepted
users-no-keys = No API keys.
users-history = History of this user
users-reason = This account is suspended. Reason: { $reason }
users-sign-out = Sign out everywhere
users-suspend = Suspend…
users-reactivate = Reactivate
users-suspend-title = Suspend { $name }?
users-suspend-what = { $name } cannot sign in, is signed out, and their API keys stop working at once. Invites they sent are put on hold. Nothing is deleted. You can reactivate the account; keys and sessions stay ended.
users-suspend-reason = Reason
users-suspend-reason-hint = Administrators see it here and in the audit log.
users-suspend-button = Suspend
users-suspend-keep = Leave it active
users-suspended-flash = <strong>{ $name }</strong> is suspended. Their sessions and API keys have ended.
users-reactivated-flash = <strong>{ $name }</strong> is active again. They can sign in again and make new API keys.

## My settings
settings-profile-title = Profile
settings-account = Account
settings-verified = Verified
settings-unverified = Not verified
settings-verify = Send a link to confirm it
settings-verify-phone = Send a link by SMS to confirm the number
settings-logins-link = Add, confirm and remove addresses and phone numbers
verify-title = Confirm your address
verify-lead = A link was sent to <strong>{ $email }</strong>. Confirm that it reached you.
verify-button = Confirm this address
verify-sent = A link is on its way to <strong>{ $email }</strong>. It works for 24 hours.
verify-waits-sms = SMS is not set up. The link to <strong>{ $email }</strong> waits in the outbox.
verify-waits = Mail is not set up. The link to <strong>{ $email }</strong> waits in the outbox.
verify-done = <strong>{ $email }</strong> is confirmed.
settings-since = Account since
settings-password-title = Password
settings-password-current = Current password
settings-password-end-others = Sign out my other sessions
settings-password-button = Change password
settings-password-set = Set password
settings-password-none = You have no password so far: you sign in with a code. You can have both.
settings-password-saved = Your password is changed.
settings-api-keys-title = API keys
settings-sessions-title = Sessions
settings-sessions-lead = Where you are signed in.
settings-sessions-where = Program
settings-sessions-since = Signed in
settings-sessions-seen = Last seen
settings-sessions-this = This one
settings-sessions-unknown = Unknown program
settings-sessions-end-others = Sign out everywhere else
settings-sessions-ended = { $count ->
    [0] There was no other session.
    [one] Signed out of 1 session.
   *[other] Signed out of { $count } sessions.
}

## Dashboard
dashboard-needs = Needs attention
dashboard-needs-nothing = Nothing needs you right now.
dashboard-not-delivered = { $count ->
    [one] 1 invite could not be delivered
   *[other] { $count } invites could not be delivered
}
dashboard-failed-mails = { $count ->
    [one] 1 mail could not be sent
   *[other] { $count } mails could not be sent
}
dashboard-on-hold = { $count ->
    [one] 1 invite is on hold
   *[other] { $count } invites are on hold
}
dashboard-keys-end = { $count ->
    [one] 1 API key ends within 7 days
   *[other] { $count } API keys end within 7 days
}
dashboard-tag-failed = Failed
dashboard-tag-waits = Waits
dashboard-steps = Set up Vestibule
dashboard-step-mail = Set up mail
    .hint = Invites and password resets go out by mail. Without it you hand links over yourself.
dashboard-step-invite = Invite a colleague
    .hint = Role and groups are set before the account exists.
dashboard-step-key = Make an API key
    .hint = For scripts and integrated apps.
dashboard-done = Done
dashboard-not-started = Not started
dashboard-lately = What happened lately
dashboard-all-audit = Whole audit log

## The start page of a member
start-title = Welcome, { $name }
start-lead = You have an account at { $site }.
start-next = What is next
start-confirm = Confirm your address
    .hint = We send you a link, and you open it.
start-profile = Look at your profile
    .hint = Your name, as others here see it, and what you may do.
start-sessions = See where you are signed in
    .hint = And sign out of what you do not know.

## The addresses and numbers by which somebody signs in
logins-title = Logins
logins-lead = Every address and phone number that reaches this account.
logins-none = Nothing leads to this account
logins-address = Email or phone
logins-proved = State
logins-since = Since
logins-used = Last used
logins-of = { $address }
logins-verify = Confirm
logins-remove = Remove
logins-add = Add an address or a phone number
logins-add-text = We send a code there. When you have entered it, you can sign in by it too.
logins-send = Send a code
logins-code-title = Enter your code
logins-code-lead = A code of 6 digits is on its way to <strong>{ $address }</strong>. It works for 10 minutes.
logins-code-waits = Nothing can be sent to <strong>{ $address }</strong> at present: it is not set up here. Ask an administrator.
logins-code-button = Confirm
logins-added = <strong>{ $address }</strong> is confirmed. You can sign in by it.
logins-removed = <strong>{ $address }</strong> no longer leads to this account.
logins-of-another = That address belongs to another account.

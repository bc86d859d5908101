### API keys: the settings page, making one, revoking one, and the mails about it.

## The list
api-keys-title = API keys
api-keys-lead = Programs use these keys to act for you. Give each program its own, so that you can end one alone.
api-keys-none = You have no API key.
api-keys-none-text = You need one to use the API from scripts.
api-keys-generate = Generate API key
api-keys-make = Make a new key
api-keys-caption = API keys, newest first
api-keys-key = Key
api-keys-state = State
api-keys-use = Use
api-keys-can-do = What it can do
api-keys-can-do-some = { $count } things
api-keys-actions = Actions
api-keys-revoke = Revoke
api-keys-starts-with = Starts with
api-keys-never = Never

## States. $reader is "owner" or "administrator".
api-keys-tag-active = Active
api-keys-tag-soon = Ends soon
api-keys-tag-never = Never expires
api-keys-tag-expired = Expired
api-keys-tag-revoked = Revoked
api-keys-tag-replaced = Being replaced
api-keys-tag-superseded = Replaced
api-keys-is-active = { $reader ->
    [owner] Your API key <strong>{ $start }</strong> works until <strong>{ $moment }</strong> ({ $when }).
   *[administrator] The API key <strong>{ $start }</strong> works until <strong>{ $moment }</strong> ({ $when }).
}
api-keys-is-endless = { $reader ->
    [owner] Your API key <strong>{ $start }</strong> works until you revoke it. <strong>It never expires.</strong> We suggest a key that expires: set an end date below.
   *[administrator] The API key <strong>{ $start }</strong> works until it is revoked. <strong>It never expires.</strong>
}
api-keys-is-expired = { $reader ->
    [owner] Your API key <strong>{ $start }</strong> stopped working on <strong>{ $moment }</strong>. Make a new key to use the API again.
   *[administrator] The API key <strong>{ $start }</strong> stopped working on <strong>{ $moment }</strong>.
}
api-keys-is-replaced = Another key takes the place of <strong>{ $start }</strong>, which works until <strong>{ $moment }</strong> ({ $when }).
api-keys-is-replaced-on-use = Another key takes the place of <strong>{ $start }</strong>, which works until that one is first used, and until <strong>{ $moment }</strong> ({ $when }) at the latest.
api-keys-is-superseded = Another key took the place of <strong>{ $start }</strong>, which stopped working on <strong>{ $moment }</strong>.
api-keys-is-revoked-by-owner = { $reader ->
    [owner] You revoked your API key <strong>{ $start }</strong> on <strong>{ $moment }</strong>.
   *[administrator] The owner revoked the API key <strong>{ $start }</strong> on <strong>{ $moment }</strong>.
}
api-keys-is-revoked = An administrator revoked the API key <strong>{ $start }</strong> on <strong>{ $moment }</strong>.
api-keys-is-revoked-by-operator = The operator of this site revoked the API key <strong>{ $start }</strong> on <strong>{ $moment }</strong>.
api-keys-reason = Reason: { $reason }
api-keys-soon = It stops working { $when }. Make a new one now; you choose when the old one ends.
api-keys-unused = Not used yet.
api-keys-used = Last used { $when }.
api-keys-used-from = Last used { $when } from { $ip }.

## One key takes the place of another
api-keys-rotation-title = Replacing { $name }
api-keys-rotation-old = Old key
api-keys-rotation-new = New key
api-keys-rotation-untried = The new key was not used yet. Give it to the programs that use the old one.
api-keys-rotation-both = The new key was first used { $when }, and the old one after that: something still uses the old one.
api-keys-rotation-safe = The new key was first used { $when }, and nothing has used the old one since. When each of your programs has had its turn, you can end the old one.
api-keys-rotation-end = End the old key now
api-keys-overlap = When should the old key stop?
api-keys-overlap-text = The new key takes the place of <strong>{ $start }</strong>.
api-keys-overlap-now = Now
api-keys-overlap-now-hint = Your old key stops working at once. Programs that use it fail until you give them the new one.
api-keys-overlap-1h = In 1 hour
api-keys-overlap-24h = In 24 hours
api-keys-overlap-7d = In 7 days
api-keys-overlap-first-use = When the new key is first used
api-keys-overlap-until = The old key works until { $end }.
api-keys-overlap-first-use-hint = And on { $end } at the latest.

## Making one
api-keys-new-title = Make a new key
api-keys-new-lead = The key is shown once, on the next page.
api-keys-name = Name
api-keys-name-hint = For example the program that will use it.
api-keys-note = Where you keep it
api-keys-note-hint = So that you find it when it ends.
api-keys-expires = Expires
api-keys-life-days = { $count ->
    [one] In 1 day
   *[other] In { $count } days
}
api-keys-life-ends = It will stop working on { $day }.
api-keys-life-date = On a date of your choice
api-keys-life-never = Never
api-keys-life-never-hint = It works until you revoke it. Choose an end when you can: a key that was forgotten is a key that somebody else may find.
api-keys-ends-on = Date
api-keys-ends-on-hint = Needed for a date of your choice, and only then. The key will stop working at the start of that day, UTC.
api-keys-can-do-hint = Never more than you can do yourself. Choose as little as the program needs.
api-keys-submit = Make new key
api-keys-cancel = Cancel
api-keys-confirm = Prove again that it is you to make a key.
api-keys-confirm-text = You signed in more than 10 minutes ago. What you filled in is kept.
api-keys-confirm-link = Prove it with a code instead
field-name-missing = Give the key a name.
field-nothing-chosen = Choose what the key can do.
field-date-missing = Choose the date on which it ends.
field-scope-above-role = Your role has no use for { $scope }.
field-must-end = A key must have an end here. Choose one.
field-ends-too-late = Choose a date within the next { $max } days.
field-not-a-date = That is not a date. Write it like 2027-02-20.

## Scopes
api-keys-scope-all = Everything you can do
api-keys-scope-all-hint = Now, and with what later versions add.
api-keys-scope-users-read = See users
api-keys-scope-users-write = Make and change users
api-keys-scope-invites-read = See invites
api-keys-scope-invites-write = Make, send, change and revoke invites
api-keys-scope-invites-reveal-link = Get invite links instead of having them sent
api-keys-scope-keys-read = See API keys
api-keys-scope-keys-revoke = Revoke API keys
api-keys-scope-keys-rotate-self = Make a new key in place of itself
api-keys-scope-groups-read = See groups
api-keys-scope-groups-write = Make and change groups
api-keys-scope-events-read = Read events
api-keys-scope-audit-read = Read the audit log
api-keys-scope-outbox-read = See the outbox
api-keys-scope-outbox-write = Try mails again
api-keys-scope-settings-read = See the site settings
api-keys-scope-settings-write = Change the site settings
api-keys-scope-introspect = Ask what is behind a key that it was shown
api-keys-scope-metrics-read = Read the metrics

## Shown once
api-keys-shown-title = API key made
api-keys-shown-once = Copy this key now. It is shown once.
api-keys-shown-why = We keep only a fingerprint of it, so nobody can show it to you again, not even an administrator.
api-keys-shown-label = Your new API key
api-keys-shown-hint = Select it and copy it. Store it in a password manager.
api-keys-copy = Copy key
api-keys-try = Try it
api-keys-try-label = Example command
api-keys-stored = I have stored this key safely
api-keys-done = Done
api-keys-already-shown-title = This key was already shown
api-keys-already-shown = This key was already shown. If you did not copy it, make a new key.
api-keys-already-shown-hint = Revoke the one that you did not copy.

## Giving one an end
api-keys-end-set = Set an end date
api-keys-end-title = Set an end date
api-keys-end-lead = The key works until then. You are told by mail 30, 7 and 1 days before.
api-keys-end-text = Your API key <strong>{ $start }</strong> never expires now. An end cannot be taken back: make a new key in its place when it comes.
api-keys-end-when = Ends
api-keys-end-submit = Set end date
api-keys-end-done = The API key <strong>{ $start }</strong> works until <strong>{ $moment }</strong>.

## Revoking one
api-keys-revoke-title = Revoke this API key?
api-keys-revoke-back = Back
api-keys-revoke-effect = Programs that use it fail from now on, until they get another key. This cannot be undone.
api-keys-revoke-reason = Reason
api-keys-revoke-reason-hint = The owner of the key reads it.
api-keys-revoke-submit = Revoke key
api-keys-revoke-keep = Keep it
api-keys-revoked = The API key <strong>{ $start }</strong> is revoked. It stopped working at once.
api-keys-already-revoked = The API key <strong>{ $start }</strong> is revoked already.

## Bringing keys along
api-keys-imported-name = Imported key
field-no-keys = There is no key in it. It needs a line for each.
field-no-digest-column = The first line has to name the columns, and one of them has to be sha256_hex.
field-not-a-digest = That is not the SHA-256 of a key: 64 hexadecimal digits.
field-digest-of-nothing = This is the digest of an empty text. There was no key in the cell that it was made of.
field-doubled-digest = Line { $line } has the same key.
field-digest-of-another = Somebody else has this key.
field-no-such-user = There is no user with this address. Make the account first.
field-not-a-moment = That is no moment. Write it like 2027-02-20T09:00:00Z, or leave it out for a key that never ends.

## What will be mailed
api-keys-notices-title = Notices about API keys
api-keys-notices-lead = What will be mailed in the next 90 days, as things stand now. Keys of one person that are due together come in one mail.
api-keys-ends-title = When keys end
api-keys-ends-text = Keys that work now and that nothing has taken the place of, by the days that are left.
api-keys-ends-week = { $from }–{ $until } days
api-keys-notices-none = Nothing will be mailed in the next 90 days
api-keys-notices-none-text = The owner of a key is told 30, 7 and 1 days before it ends, and when it has.
api-keys-notices-caption = Mails to come, the next ones first
api-keys-notices-when = When
api-keys-notices-subject = Mail
api-keys-notices-start = From the start
api-keys-notices-later = Later

## Mails
mail-key-name = Name: { $name }
mail-key-open = Open my API keys
mail-key-made-subject = A new API key for your account
mail-key-made-what = An API key was made for your account ({ $start }).
mail-key-made-until = It works until { $end }.
mail-key-made-endless = It works until it is revoked.
mail-key-made-not-you = If that was not you, revoke it here and change your password:
mail-key-rotated-subject = An API key of your account was replaced
mail-key-rotated-what = A new API key ({ $start }) was made in place of another one ({ $old }).
mail-key-rotated-until = The old key ({ $old }) works until { $end } at the latest. Give the new one to your programs before that.
mail-key-rotated-ended = The old key ({ $old }) has stopped working.
mail-key-rotated-not-you = If that was not you, revoke both here and change your password:
mail-key-misused-subject = An old API key of your account is still in use
mail-key-misused-what = Your API key ({ $start }) stopped working on { $end }, because another key took its place. Something has tried to use it since, on { $at }, and was refused.
mail-key-misused-from = Address: { $ip }
mail-key-misused-agent = Program: { $agent }
mail-key-misused-next = If that is a program of yours, give it the new key. If you do not know it, somebody else may have the old key, which opens nothing any more. You are told once about each key.
mail-keys-end-soon = Your API key { $start } stops working { $when }
mail-keys-end-over = Your API key { $start } has stopped working
mail-keys-end-some = { $count } API keys of your account end
mail-keys-end-will = Your API key { $start } stops working { $when }, on { $end }.
mail-keys-end-was = Your API key { $start } has stopped working, on { $end }.
mail-keys-end-next = Make a new one here:
mail-keys-end-make = Make a new key
mail-keys-end-ignore = If you do not use a key any more, there is nothing to do.
mail-key-leaked-subject = One of your API keys was found by somebody and revoked
mail-key-leaked-what = Somebody who has your API key ({ $start }) reported it as leaked. It was revoked at once: programs that use it fail from now on. Who else has it may have used it before.
mail-key-leaked-where = Found at: { $where }
mail-key-leaked-next = Make a new key, and look at what the old one was used for, here:
mail-key-revoked-subject = One of your API keys was revoked
mail-key-revoked-what = An administrator revoked an API key of your account ({ $start }). Programs that use it fail from now on.
mail-key-revoked-reason = Reason: { $reason }
mail-key-revoked-next = If you still need one, make a new key here:

## Why keys end with an account
api-keys-reason-leaked = Somebody reported it as leaked.
api-keys-reason-suspended = The account was suspended.
api-keys-reason-deleted = The account was deleted.
api-keys-reason-takeover = Somebody proved that the address of this account is theirs.

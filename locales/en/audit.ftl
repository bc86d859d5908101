### The audit log.

audit-title = Audit log
audit-lead = Everything that was done here, newest first. This log cannot be edited.
audit-list = Entries

## Filters
audit-filter-q = About: whole email, name or id
audit-filter-actor = Who: whole email, name or id
audit-filter-action = What
audit-filter-ip = IP address
audit-filter-from = From day (UTC)
audit-filter-to = To day (UTC)
audit-filter-submit = Filter
audit-group-any = Anything
audit-group-invites = Invites
audit-group-users = Users
audit-group-groups = Groups
audit-group-api-keys = API keys
audit-group-sessions = Signing in
audit-group-outbox = Mail outbox
audit-group-settings = Site settings
audit-chip-q = About: { $value }
audit-chip-actor = Who: { $value }
audit-chip-action = What: { $value }
audit-chip-target = About: { $value }
audit-chip-ip = IP address: { $value }
audit-chip-from = From: { $value }
audit-chip-to = To: { $value }
field-not-a-day = Write the day as year, month and day, like 2026-11-22.

## When there is nothing to show
audit-empty = Nothing has been done yet
audit-empty-text = What is done here from now on is listed on this page.
audit-empty-filtered = Nothing matches
audit-empty-filtered-text = Widen the dates, or take a filter away.

## How far the log is known to be in order
audit-nothing-sealed = No entry is sealed yet.
audit-sealed = Sealed to entry { $entry }. The first check follows within a day.
audit-checked = Checked to entry { $entry }, { $when }.
audit-check-failed = The log does not fit its seals from entry { $entry } on (checked { $when }). Somebody changed it from outside. Keep a copy of the database, then run "vestibule audit verify".
audit-tail = { $count ->
    [one] 1 newer entry is not sealed yet.
   *[other] { $count } newer entries are not sealed yet.
}
audit-tail-long = More than 1,000 newer entries are not sealed yet.

## An entry in full
audit-details = Details
audit-detail-who = Who
audit-detail-about = About
audit-detail-action = What
audit-detail-ip = IP address
audit-detail-request = Request id
audit-detail-entry = Entry
audit-detail-number = Number { $number }
audit-detail-unsealed = Not sealed yet
audit-changes = What changed
audit-change-field = Field
audit-change-before = Before
audit-change-after = After
audit-change-value = Value
audit-change-none = nothing

## Who
audit-actor-api-key = { $name } (with an API key)
audit-actor-operator = The operator (on the command line)
audit-actor-system = Vestibule
audit-actor-anonymous = Somebody who was not signed in
audit-target-settings = the site settings
audit-target-unknown = somebody unknown

## What was done: audit-<action>. $actor is who, $target what it was done to.
audit-sentence = { $actor }: { $action } ({ $target }).
audit-invite-created = { $actor } invited { $target }.
audit-invite-updated = { $actor } changed the invite to { $target }.
audit-invite-sent-again = { $actor } sent the invite to { $target } again.
audit-invite-link-made = { $actor } made a new link for the invite to { $target }.
audit-invite-link-replaced = { $actor } replaced a link of the invite to { $target }, because the answer with the first may have been lost.
audit-invite-accepted = { $actor } accepted the invite to { $target }.
audit-invite-applied = { $actor } accepted the invite to { $target }; an administrator has to approve.
audit-invite-rejected = { $actor } turned down who had accepted the invite to { $target }.
audit-invite-reinstated = { $actor } took the invite to { $target } off hold.
audit-invite-declined = { $actor } declined the invite to { $target }.
audit-invite-requested = { $actor } asked for a new invite to { $target }.
audit-invite-reported = { $actor } said that somebody else used the invite to { $target }.
audit-invite-suppressed = { $actor } asked that { $target } is sent no more invites.
audit-invite-reminded = { $target } was reminded of the invite.
audit-invite-erased = What the invite to { $target } knew of the person was erased.
audit-invite-revoked = { $actor } revoked the invite to { $target }.
audit-invite-undone = { $actor } took back the invite to { $target } right after making it.
audit-invite-suspended = { $actor } put the invite to { $target } on hold.
audit-invite-expired = The invite to { $target } expired.
audit-invite-batch-sent = { $actor } sent a batch of invites.
audit-invite-batch-revoked = { $actor } revoked a batch of invites.
audit-user-created = { $actor } made the account of { $target }.
audit-user-created-by-invite = { $actor } accepted an invite and got an account.
audit-user-created-by-registering = { $actor } made an account for themselves.
audit-user-created-by-set-up = { $actor } set up Vestibule and became its owner.
audit-user-updated = { $actor } changed the account of { $target }.
audit-user-updated-role = { $actor } changed the role of { $target } to { $role }.
audit-user-updated-name = { $actor } changed the name of { $before } to { $after }.
audit-user-updated-own-name = { $before } changed their name to { $after }.
audit-user-updated-verified = { $actor } confirmed the address of { $target }.
audit-user-updated-parts = { $actor } changed the account of { $target }: { $parts }.
audit-part-name = name
audit-part-role = role
audit-part-verified = confirmed address
audit-part-groups = groups
audit-part-traits = traits
audit-part-metadata = public metadata
audit-part-metadata-admin = administrators' metadata
audit-user-deleted = { $actor } deleted the account { $target }.
audit-user-verification-sent = { $actor } sent { $target } a link to confirm the address.
audit-user-verified = { $actor } confirmed the address { $target }.
audit-user-suspended = { $actor } suspended { $target }.
audit-user-reactivated = { $actor } reactivated { $target }.
audit-user-recovery-asked = { $actor } asked for a link to set a new password for { $target }.
audit-user-reset-link-made = { $actor } made a link that sets a new password for { $target }.
audit-user-password-set = { $actor } set the password of { $target }.
audit-session-opened = { $target } signed in.
audit-session-confirmed = { $target } proved again who they are.
audit-session-code-asked = { $actor } asked for a code to sign in as { $target }.
audit-user-login-added = { $actor } added a proved address to the account of { $target }.
audit-user-login-removed = { $actor } removed an address from the account of { $target }.
audit-user-login-lost = { $target } lost an address that was not confirmed: { $actor } proved that it is theirs.
audit-session-refused = Somebody tried to sign in as { $target }, without success.
audit-session-ended = { $actor } ended sessions of { $target }.
audit-session-ended-own = { $actor } signed out.
audit-session-ended-all = { $actor } signed out of { $count } sessions.
audit-api-key-created = { $actor } made the API key { $target }.
audit-api-key-imported = { $actor } imported the API key { $target }.
audit-api-key-rotated = { $actor } made a new API key in place of { $target }.
audit-api-key-superseded = The first use of the key in its place ended the API key { $target }.
audit-api-key-used-after-rotation = Something used the API key { $target } after another took its place; its owner was told.
audit-api-key-revoked = { $actor } revoked the API key { $target }.
audit-api-key-end-set = { $actor } gave the API key { $target } an end.
audit-api-key-expiring = The owner of the API key { $target } was told that it ends soon.
audit-api-key-expired = The API key { $target } expired.
audit-group-created = { $actor } made the group { $target }.
audit-group-updated = { $actor } changed the group { $target }.
audit-group-deleted = { $actor } deleted the group { $target }.
audit-schema-created = { $actor } made the schema { $target }.
audit-schema-updated = { $actor } changed the schema { $target }.
audit-schema-deleted = { $actor } deleted the schema { $target }.
audit-template-created = { $actor } made the invite template { $target }.
audit-template-updated = { $actor } changed the invite template { $target }.
audit-template-deleted = { $actor } deleted the invite template { $target }.
audit-settings-updated = { $actor } changed { $target }.
audit-outbox-retried = { $actor } had the mail to { $target } tried again.
audit-outbox-cancelled = { $actor } cancelled the mail to { $target }.
audit-outbox-tested = { $actor } sent a test mail to { $target }.

### Invites: the console, and what the invited person sees.

## Roles
role-member = Member
    .hint = Sees and changes what is their own.
role-admin = Administrator
    .hint = Can manage every account but those of owners. Invite only people you know.
role-owner = Owner
    .hint = Can do everything here. Invite only people you know.

## List
invites-title = Invites
invites-lead = People you have asked to join. They appear under Users once they accept.
invites-invite = Invite people
invites-tabs = Invites by status
invites-tab-pending = Pending
invites-tab-not-delivered = Not delivered
invites-tab-expired = Expired
invites-tab-accepted = Accepted
invites-tab-declined = Declined
invites-tab-revoked = Revoked
invites-tab-on-hold = On hold
invites-tab-approval = To approve
invites-tab-all = All
invites-search = Search by the beginning of a name or email
invites-group = Group
invites-any-group = Any group
invites-chip-search = Starts with { $q }
invites-chip-group = Group { $group }
invites-none = No invites yet
invites-none-text = Invite people by email, or make a link to hand over.
invites-no-match = No invites match
invites-no-match-text = Look in another tab, or search for a shorter beginning.
invites-no-match-yet = None of these invites match
invites-no-match-yet-text = There are more to look at. Go on with older ones.
invites-none-here = No invites here now
invites-show-all = Show all invites
invites-chip-by = Invited by { $name }
invites-chip-template = Template { $name }
invites-chip-batch = One import
invites-template = Template
invites-any-template = Any template
invites-anybody = Invited by anybody
invites-me = Invited by me
invites-rows-label = Rows on a page
invites-rows = { $count } rows
invites-import = Import CSV
invites-export = Download CSV
invites-col-select = Select
invites-select = Select { $who }
invites-bulk-with = With selected:
invites-bulk-resend = Send again
invites-bulk-extend = Extend 7 days
invites-bulk-revoke = Revoke…
invites-bulk-all = Apply to all { $count } that match
invites-bulk-revoke-title = Revoke these invites?
invites-bulk-revoke-what = { $count } are chosen. The links of those that are pending stop working at once, and mails that wait are not sent.
invites-bulk-revoke-button = { $count ->
    [one] Revoke one invite
   *[other] Revoke { $count } invites
}
invites-bulk-keep = Keep them
invites-bulk-sent = { $count ->
    [one] One invite sent again.
   *[other] { $count } invites sent again.
}
invites-bulk-extended-to = { $count ->
    [one] One invite extended to { $until }.
   *[other] { $count } invites extended to { $until }.
}
invites-bulk-extended = { $count ->
    [one] One invite extended by 7 days.
   *[other] { $count } invites extended by 7 days.
}
invites-bulk-revoked = { $count ->
    [one] One invite revoked. Its link no longer works.
   *[other] { $count } invites revoked. The links no longer work.
}
invites-bulk-not = { $count ->
    [one] One could not be. { $why }
   *[other] { $count } could not be. The first: { $why }
}
invites-bulk-stopped = { $count ->
    [one] Then something failed on this site, and one is as it was. Try again.
   *[other] Then something failed on this site, and { $count } are as they were. Try again.
}
invites-bulk-part = More match: at most the newest { $most } are taken at once. Narrow the list to reach the others.
invites-bulk-both = { $done } { $more }
invites-col-person = Person
invites-col-groups = Groups
invites-col-status = Status
invites-col-expires = Expires
invites-col-by = Invited by
invites-col-actions = Actions
invites-no-name = No name given
invites-open = Open
invites-open-link = Open link
invites-erased = Erased
invites-by-operator = the operator
invites-pending = Pending
invites-not-delivered = Not delivered
invites-expires-soon = Expires soon
invites-accepted = Accepted
invites-declined = Declined
invites-revoked = Revoked
invites-expired = Expired
invites-suspended = On hold
invites-awaits-approval = Awaits approval

## What becomes of them
invites-funnel-link = Funnel
invites-funnel-title = What becomes of invites
invites-funnel-lead = Counted are the invites that were made in the chosen time, those of imports and open links too, and what has become of each by now.
invites-funnel-days = Made
invites-funnel-days-some = Last { $count } days
invites-funnel-days-all = All time
invites-funnel-show = Show
invites-funnel-none = No invites were made in that time
invites-funnel-none-text = Choose a longer time, or another template.
invites-funnel-most = So many were made that only the newest { $count } are counted.
invites-funnel-way = How far they came
invites-funnel-ends = What became of them
invites-funnel-value = { $count } ({ $share }%)
invites-funnel-table = The same as a table
invites-funnel-col-what = What
invites-funnel-col-count = Invites
invites-funnel-col-share = Of those made
invites-funnel-share = { $share }%
invites-funnel-made = Made
    .hint = By people, programs and imports.
invites-funnel-sent = Sent
    .hint = By mail or text message. The links of the others were handed over.
invites-funnel-opened = Page opened
    .hint = Mail scanners can open pages too.
invites-funnel-accepted = Accepted
    .hint = At least one person has joined by it.
invites-funnel-declined = Declined
    .hint = The person did not want to.
invites-funnel-expired = Expired
    .hint = Its time went by without an answer.
invites-funnel-revoked = Revoked
    .hint = It was withdrawn, or undone right after it was sent.
invites-funnel-waiting = Waiting
    .hint = It is pending, on hold or to be approved.

## One invite
invites-detail-title = Invite to { $email }
invites-facts = About this invite
invites-fact-address = Address
invites-fact-name = Name
invites-fact-role = Role
invites-fact-groups = Groups
invites-fact-message = Message
invites-fact-label = Label
invites-fact-made = Made
invites-fact-delivery = Delivery
invites-fact-expires = Expires
invites-fact-id = ID
invites-no-groups = None
invites-came = Who came by this link
invites-came-nobody = Nobody yet.
invites-came-when = When
invites-came-place = Place
invites-came-place-of = { $place } of { $places }
invites-came-before = { $count ->
    [one] And one more, who came before them.
   *[other] And { $count } more, who came before them.
}
invites-happened = What happened
invites-was-made = { $inviter } made the invite
invites-mail-taken = The mail server took the mail
invites-sent-again-by = { $who } sent it again
invites-link-made-by = { $who } made a new link
invites-changed-by = { $who } changed the invite
invites-was-accepted = Accepted as { $user }
invites-was-declined = The person declined
invites-was-revoked = Revoked
invites-applied-by = { $who } accepted and waits for approval
invites-rejected-by = { $who } turned it down
invites-reinstated-by = { $who } took it off hold
invites-was-suspended = Put on hold: the inviter lost the right to it, or its template leaves it out by now
invites-requested-by = { $who } asked for a new invite
invites-reported-by = { $who } said that it was not they who used it
invites-suppressed-by = { $who } asked never to be sent invites again
invites-reminded = Reminded of it
invites-was-erased = What was known of the person was erased
invites-has-expired = Expired
invites-mail-refused-next = If the address is wrong, revoke this invite and invite the right address. Or make a new link and hand it over yourself.
invites-mail-waits = The mail waits in the outbox until mail is set up. Make a new link and send it yourself.
invites-no-link-kept = For safety we do not keep links. A new one works beside those made before, until one of them is used.
invites-send-again = Send again
invites-approve = Approve
invites-reject = Reject
invites-reinstate = Take off hold
invites-approve-lead = { $name } accepted and waits for you. Approving makes the account; rejecting erases what was entered.
invites-suspended-lead = The inviter may no longer give what this invite gives, or its template leaves it out by now. If you take it off hold, you answer for it. What the template leaves out, nobody can give: change the template first, or revoke the invite.
invites-approved-flash = Approved. { $address } is in.
invites-rejected-flash = Rejected. What { $address } had entered is erased.
invites-reinstated-flash = The invite to { $address } is off hold. Its links work again.
invites-gates = Can the person accept?
invites-gate-open = Yes
invites-gate-shut = No

## What may stand in the way of accepting
gate-name-state = State
gate-name-expiry = Time
gate-name-uses = Places
gate-name-inviter = Inviter
gate-name-domain = Domain
gate-name-match = Match
gate-name-mail = Message
gate-state-pending = The invite waits for an answer.
gate-state-accepted = It was accepted.
gate-state-declined = It was declined. Invite the person again.
gate-state-revoked = It was revoked. Invite the person again.
gate-state-suspended = It is on hold. Take it off hold, or revoke it.
gate-state-awaits-approval = The person has accepted. Approve or reject.
gate-expiry-open = It works until { $when }.
gate-expiry-over = It ended on { $when }. Send it again.
gate-uses-free = { $uses } of { $most } places are taken.
gate-uses-full = All places are taken: { $uses } of { $most }.
gate-inviter-operator = The operator made it.
gate-inviter-operator-lost = The operator made it, and its template leaves out by now what it gives.
gate-inviter-may = { $inviter } may give what it gives.
gate-inviter-lost = { $inviter } may no longer give what it gives, or its template leaves it out by now.
gate-domain-any = Any address may accept.
gate-domain-only = Only addresses of { $domains }.
gate-match-strict = Only who has { $address }. Whoever is signed in with another address is told so.
gate-match-domain = Anybody with a confirmed address of its domains.
gate-match-bearer = Whoever has the link.
gate-mail-none = None was sent; somebody handed the link over.
gate-mail-sent = It was sent. A mail that is not there may be in the spam folder.
gate-mail-waiting = It is about to leave.
gate-mail-deferred = It could not be sent yet, and is tried again.
gate-mail-failed = It could not be sent. Make a new link and hand it over.
gate-mail-cancelled = It was not sent. Send it again.
invites-make-link = Make a new link
invites-extend = Extend
invites-edit = Edit
invites-revoke = Revoke…
invites-sent-again = Invite sent again to <strong>{ $email }</strong>. It expires on { $until }.

## A link to hand over
invites-link-title = Invite link
invites-link-once = Copy this link now. It is shown once.
invites-link-why = Whoever opens it can accept the invite. Send it only to the person you invite, in a way you trust.
invites-link-label = Link for { $email }
invites-link-hint = Select it and copy it.
invites-link-copy = Copy link
invites-link-done = Done
invites-already-shown-title = This link was already shown
invites-already-shown = The invite is made, and its link was shown once. If you did not copy it, open the invite and make a new link.
invites-already-shown-back = Go on

## Changing
invites-edit-title = Edit the invite to { $email }
invites-edit-lead = What you change here holds from now on, also for links that were sent before.
invites-edit-conflict = Somebody else changed this invite while you were working. Your values are kept below. What is saved now and differs from them:
invites-edit-address-hint = With another address the links that were sent before stop working, and the invite is sent there.
invites-edit-message-hint = Plain text, at most 500 characters. It stands on the page behind the link, and in the mail when the invite is sent again.
invites-edit-end-kept = as it is: on { $until }
invites-edit-longer = { $count ->
    [one] 1 day longer: on { $until }
   *[other] { $count } days longer: on { $until }
}
invites-edit-save = Save invite
invites-edit-saved = The invite to <strong>{ $email }</strong> is changed. It expires on { $until }.
invites-edit-sent-on = The invite goes to <strong>{ $email }</strong> now. Links that were sent before no longer work. It expires on { $until }.
invites-edit-make-link = The invite is for <strong>{ $email }</strong> now. Links from before no longer work: make a new link and hand it over. It expires on { $until }.

## Revoking
invites-revoke-title = Revoke the invite to { $email }?
invites-revoke-what = The link stops working at once. { $who } is not told. You can invite them again later.
invites-the-person = The person
invites-revoke-button = Revoke invite
invites-revoke-keep = Keep it
invites-revoked-flash = The invite to <strong>{ $email }</strong> is revoked. The link no longer works.

## Inviting
invites-new-title = Invite a person
invites-new-lead = The account is made when the person accepts. Role and groups are set now.
invites-field-who = Emails or phone numbers
invites-field-who-hint = One on each line. Several are shown to you once more before anything is sent.
invites-field-name = Name
invites-field-name-hint = Appears in the form that the person fills in; they can change it.
invites-locale-hint = What you write yourself is not translated.
invites-field-message = Message
invites-field-message-hint = Plain text, at most 500 characters. It appears in the mail, as your words.
invites-field-days = Expires
invites-field-delivery = How the invite reaches the person
invites-by-mail = By email
invites-by-message = By email or text message
invites-by-mail-hint = We send the link. It proves that the address is theirs.
invites-by-mail-later = Mail is not set up yet: the mail waits in the outbox until it is.
invites-by-sms = By text message
invites-by-link = By a link that you hand over
invites-by-link-hint = You get the link. The account's address stays unverified.
invites-days = { $count ->
    [one] in 1 day
   *[other] in { $count } days
}
invites-days-odd = in { $length }, as the template says
invites-days-date = on a day of your choice
invites-ends-on = Day
invites-ends-on-hint = Needed for a day of your choice, and only then. Today or later; the invite ends with that day, UTC.
invites-field-label = Label
invites-field-label-hint = A word for you and your programs, like the name of an event. The person does not see it.
invites-field-template = Template
invites-use-template = Use this template
invites-about-person = About the person
invites-about-person-hint = What you enter stands in the form that the person fills in. What the template locks or hides is decided here.
invites-check = Check and send
invites-check-title = Check the invite
invites-preview = See what the person gets
invites-preview-title = What the person gets
invites-preview-lead = Nothing is sent yet. The link is hidden, and nothing here can be pressed.
invites-preview-register = To somebody without an account
invites-preview-accept = To somebody with an account
invites-preview-text = The same as text
invites-preview-no-mail = Nothing is mailed: you hand the link over.
invites-preview-page = The page behind the link
invites-preview-page-hint = For somebody without an account. Who has one signs in first, then accepts.
invites-preview-back = Back to the invite
invites-verdict-member = This person has an account already. They are asked to sign in and accept; their role is raised if needed, never lowered.
invites-privileged = This role can manage accounts. Invite only people you know.
invites-check-no-sms = The text message will wait in the outbox until a gateway is set up. To invite the person now, choose Change and hand over a link.
invites-check-no-mail = The mail will wait in the outbox until mail is set up. To invite the person now, choose Change and hand over a link.
invites-exists = Already invited { $when }.
invites-exists-next = There is a pending invite for that address. <a href="{ $href }">Open it</a> to send it again or to revoke it.
invites-send = Send invite
invites-make-link-now = Make the link
invites-sent = Invite sent to <strong>{ $email }</strong>. It expires on { $until }.
invites-waiting = The invite to <strong>{ $email }</strong> is made. It expires on { $until }.
invites-undo = Undo
invites-undone = Taken back: nothing is sent to <strong>{ $email }</strong>, and no account was made.
invites-undone-left = The message to <strong>{ $email }</strong> had left already. Its link no longer works.
invites-undone-leaving = The message to <strong>{ $email }</strong> was just leaving and may still arrive. Its link no longer works.
invites-undone-many = { $count } invites are taken back, and nothing is sent.
invites-undone-many-left = { $count } invites are taken back, and their links no longer work. { $left ->
    [one] One message had left already, or was just leaving.
   *[other] { $left } messages had left already, or were just leaving.
}

## A link for many
open-link-title = Make an open link
open-link-lead = For whoever has it, such as the people in a room. Each of them names an address and proves it by a code; they become members.
open-link-make = Make an open link
open-link-no-codes = Codes cannot be sent while neither mail nor text messages are set up, so an open link cannot be made.
open-link-places = Places
open-link-places-hint = How many people it lets in, 1 to 500. The last place is given once.
open-link-domains-hint = One on each line, such as example.org. Without any, every address will do.
open-link-message-hint = Stands on the page, as your own words.

## The page of the invited person
landing-join-title = Join { $site }
landing-join-lead = { $inviter } invited <strong>{ $email }</strong> to { $site }.
landing-open-lead = { $inviter } invites whoever has this link to { $site }.
landing-send-code = Send me a code
landing-code-sent = We sent a code to <strong>{ $address }</strong>. It works for ten minutes.
landing-domains-hint = Only addresses of: { $domains }. We send a code there.
landing-other-address = Use another address, or ask for a new code
landing-prove-title = Prove an address
landing-prove-lead = This link is for people with an address of { $domains }. You are signed in as <strong>{ $viewer }</strong>. An address that you prove here is added to your account.
landing-add-button = Add the address and accept
landing-groups = You will be in: { $groups }.
landing-adds = Accepting adds you to: { $groups }.
landing-makes-admin = Accepting makes you an administrator: you can manage every account but those of owners.
landing-makes-owner = Accepting makes you an owner: you can do everything here.
landing-ends = The invite ends:
landing-join-button = Accept and create account
landing-accept-title = Accept invite
landing-accept-lead = { $inviter } invited you. You are signed in as <strong>{ $email }</strong>.
landing-accept-button = Accept
landing-needs-approval = An administrator approves who accepts. Until then you cannot sign in.
landing-password-or-code = You can leave this empty, and sign in with a code that we send to your phone. A password has at least 12 characters.
landing-decline = Decline
landing-terms-legend = Terms
landing-terms = I accept the terms (version { $version })
landing-terms-read = Read the terms (opens in a new tab)
landing-sign-in-title = You already have an account
landing-sign-in-lead = { $inviter } invited you. Sign in as <strong>{ $email }</strong> to accept.
landing-wrong-title = This invite is for someone else
landing-wrong-lead = You are signed in as <strong>{ $viewer }</strong>, but this invite was sent to <strong>{ $email }</strong>.
landing-wrong-hint = Is that you too? Prove it by a code, and the address is added to your account. Or sign out and go on with that address.
landing-wrong-request = Ask for an invite to my own address
landing-wrong-send-code = Send a code to { $email }
landing-wrong-sign-out = Sign out and continue
landing-wrong-stay = Stay signed in as { $viewer }
landing-welcome = Welcome, <strong>{ $name }</strong>.
landing-accepted = You accepted the invite, and you are signed in.
landing-signed-in-now = You are signed in now.
landing-go-on = Go on
landing-start = Go to { $site }
landing-contact = You can also ask { $contact }.
landing-request-new = Ask for a new one
landing-requested = We have told the person who invited you.
    .title = You asked for a new invite
landing-report = It was not me: report this
landing-reported = We have told the person who invited you that it was not you.
    .title = Thank you for telling us
landing-suppress = Never send me invites again
landing-suppressed = No invite is sent to your address from now on. If you accept one that somebody hands to you, that ends.
    .title = We send you no more invites
landing-invite-unknown = It may have been cut in two by your mail program. Copy the whole link, or open it from the mail again.
    .title = We do not recognise this link
landing-invite-expired = It ended on { $when }. Ask { $inviter } to send it again.
    .title = This invite has expired
landing-invite-revoked = Ask { $inviter } if you think that is a mistake.
    .title = This invite was withdrawn
landing-invite-used = If it was you, sign in. If not, tell { $inviter }: someone may have used your link.
    .title = This invite has been used
landing-invite-full = { $places ->
        [one] The one place is taken. Ask { $inviter } for another link.
       *[other] All { $places } places are taken. Ask { $inviter } for another link.
    }
    .title = This link is used up
landing-used-signed-in = If it was you, there is nothing left to do. If not, tell { $inviter }: someone may have used your link.
landing-invite-declined = No account was made, and nothing was changed. If you did not decline, or change your mind, ask { $inviter } for a new invite.
    .title = This invite was declined
landing-invite-awaits-approval = An administrator has yet to approve. We write to you when it is done. You need not do anything until then.
    .title = You have accepted
landing-invite-suspended = An administrator has to look at it first. Ask { $inviter } about it.
    .title = This invite is on hold

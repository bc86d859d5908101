### Invite templates in the console.

## List
templates-title = Invite templates
templates-lead = Rules that invites are made from. You need none of this to invite a person: a plain invite uses the default, which is safe as it is.
templates-link = Invite templates
templates-new = New template
templates-col-name = Template
templates-col-by = Who may invite
templates-col-changed = Changed
templates-col-field = Field
templates-col-mode = How the form treats it
templates-is-default = Plain invites are made from it
templates-schemas = Schemas: what is asked of people

## One template
templates-new-title = New invite template
templates-new-lead = The form starts as the template that you started from. Change what should differ.
templates-edit-title = Invite template
templates-edit-lead = What it says of the form, the terms and the approval, and of who may invite to what, holds at once, also for invites that wait; all else for those that are made later.
templates-default-note = Plain invites are made from this template. It can be changed, and it stays.
templates-conflict = Somebody else saved this template while you were working. Your values are kept below. What is saved now and differs from them:
templates-copy = Make one like it
templates-save = Save template
templates-show-fields = Show the fields of the chosen schema
templates-saved = The template <strong>{ $name }</strong> is saved.
templates-name = Name
templates-name-hint = What people choose it by. No two templates have the same.

templates-section-who = Who may invite
templates-by-roles = Roles
templates-by-roles-hint = Everybody of these roles. The safe choice: administrators and owners.
templates-by-groups = Groups
templates-by-groups-hint = Members of these groups may invite with it too, but only as members. The safe choice: none.

templates-section-give = What they may give
templates-roles = Roles
templates-roles-hint = None ticked: any role. Never one above the inviter's own, so that is safe.
templates-groups-given = Groups
templates-groups-given-hint = Always only groups that the inviter may give anyway, so any is safe.
templates-groups-given-any = Any of those
templates-groups-given-only = Only the ones ticked below; none ticked means no group at all
templates-groups = Groups that it gives

templates-section-whom = Whom
templates-identifier = Invites are made out to
templates-identifier-hint = The safe choice: an email address or a phone number.
templates-identifier-any = An email address or a phone number
templates-identifier-email = An email address
templates-identifier-phone = A phone number
templates-identifier-none = Nobody in particular: an open link that anybody who has it can use
templates-domains = Domains of the addresses
templates-domains-hint = One on each line, whole, like example.org. They hold for who is invited and for who accepts. Empty: any.
templates-reveal = Tell the inviter when a person has an account already
templates-reveal-hint = The safe choice: off. Then nobody finds out by inviting who has an account here.

templates-section-accept = How it is accepted
templates-match = Who can accept
templates-match-hint = The safe choice: only the person whom it was sent to.
templates-match-strict = Only who has the invited address
templates-match-domain = Whoever has a confirmed address of the domains above
templates-match-bearer = Whoever has the link
templates-approval-legend = Approval
templates-approval = An administrator approves each acceptance
templates-approval-hint = Off: who accepts is in at once.
templates-terms = Terms in place of those of the site
templates-terms-of-site = Leave both empty for the terms of the site (version { $version }).
templates-terms-none = Leave both empty for the terms of the site, which has none now.

templates-section-mail = Mail and form
templates-delivery = How the link reaches the person
templates-delivery-hint = What is chosen at first; the inviter can choose another way.
templates-delivery-any = As suits the address
templates-delivery-email = By email
templates-delivery-sms = By text message
templates-delivery-link = The inviter hands it over
templates-locale = Language of mail and page
templates-locale-hint = What is chosen at first.
templates-locale-any = The language of the site
templates-intro = Words in every mail and page
templates-intro-hint = A paragraph before the inviter's own message; at most 1,000 characters. Empty: none.
templates-reminders = Reminders before the end
templates-reminders-hint = One on each line, at most 3, like "3 days" or "12 hours". Empty: none. They stop when the person answers.
templates-schema = Schema
templates-schema-hint = What is asked of the person beside name and password. After choosing another, press "Show the fields of the chosen schema" below.
templates-fields = Fields of the form
templates-fields-hint = What the inviter enters for a field is its first value. Prefilled is the safe choice: the person sees it and can change it.
templates-field-needed = The schema requires it
templates-mode-of = How the form treats { $field }
templates-mode-prefilled = Prefilled: can be changed
templates-mode-required = Required: has to be filled in
templates-mode-locked = Locked: shown, cannot be changed
templates-mode-hidden = Hidden: kept, not shown

templates-section-limits = Limits
templates-expires-in = An invite works for
templates-expires-in-hint = { $count ->
    [one] Like "14 days" or "12 hours", at most 90 days. Empty: 1 day, as the site's settings say.
   *[other] Like "14 days" or "12 hours", at most 90 days. Empty: { $count } days, as the site's settings say.
}
templates-per-day = Invites that one person may send in 24 hours
templates-per-day-hint = Owners are free. Empty: no limit.
templates-pending = Pending invites that one person may have
templates-pending-hint = Owners are free. Empty: no limit.
templates-redirect-urls = Addresses that people may be led on to
templates-redirect-urls-hint = One on each line, starting with https://; what lies beneath is meant too. Empty: any https address.
templates-span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
templates-span-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
}
templates-span-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}
templates-span-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
}

## Deleting
templates-delete-link = Delete…
templates-delete-title = Delete the template { $name }?
templates-delete-what = Nobody can invite with it any more. No invite was made from it.
templates-delete = Delete template
templates-keep = Keep it
templates-kept-plain = Plain invites are made from this template, so it stays. You can change it.
templates-kept-invites = Invites were made from this template, and what it says still holds for them, so it stays. To let nobody invite with it any more, name nobody but owners under "Who may invite".
templates-back = Back to the template
templates-deleted = The template <strong>{ $name }</strong> is deleted.

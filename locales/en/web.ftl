### The frame of every page, the macros and the error pages.

## The name of this language, as those who speak it write it
web-language = English

## Frame
web-title = { $title } - { $site }
web-title-invalid = Error: { $title } - { $site }
web-skip = Skip to main content
web-status = Status
web-mail-missing = Mail is not set up. Invites still work: copy the link and send it yourself.
web-mail-missing-link = Set up mail
web-status-name = Address of this site
web-other-name = Somebody opened this site as { $host }, but its public address is { $url }. Links in mails use the public address. If people should use { $host }, set VESTIBULE_PUBLIC_URL to it; if not, lead it to the public address.
web-footer-version = Vestibule { $version }
web-footer-api = API reference
web-footer-clock = Server clock: { $time }
web-crumbs = Breadcrumb

## Navigation
nav-main = Main
nav-menu = Menu
nav-dashboard = Dashboard
nav-invites = Invites
nav-invites-pending = { $count } pending
nav-users = Users
nav-outbox = Mail outbox
nav-outbox-failed = { $count } failed
nav-audit = Audit log
nav-site = Site settings
nav-you = You
nav-own-invites = My invites
nav-api-keys = My API keys
nav-settings = My settings
nav-sign-out = Sign out
nav-signed-in-as = Signed in as

## Forms
web-errors-title = There is a problem
web-error-of = { $label }: { $words }
web-error-word = Error:
web-optional = (optional)
web-program = { $browser } on { $system }
web-password-show = Show
web-password-hide = Hide
web-change = Change

## Lists
web-filters = Filters
web-filters-clear = Clear filters
web-filter-remove = Remove filter:
web-pages = Pages
web-newer = Newer
web-older = Older
web-select-all = Select all on this page
web-selected = { $count } selected
web-with-selected = With selected:

## Copying and saving
web-copied = Copied
web-download-txt = Download .txt

## How long to wait
web-too-many-tries = Too many tries. Wait { $wait }, then try again.
web-wait-seconds = { $count ->
    [one] 1 second
   *[other] { $count } seconds
}
web-wait-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
}

## Error pages: -title what happened, -detail what it means, -next what to do now, -link words of the link
error-reference = Reference
error-signed-in-as = Signed in as <strong>{ $email }</strong>.

error-400-title = We could not read that request
error-400-detail = Part of it was missing or in the wrong form. Nothing was changed.
error-400-next = Go back, check what you entered, then try again.
error-400-link = Go to the start page

error-401-title = Sign in to go on
error-401-detail = This page is for people who are signed in.
error-401-next = After signing in you come back to it.
error-401-link = Sign in

error-403-title = You do not have access to this page
error-403-detail = Your account may not see it.
error-403-next = If you think that is a mistake, ask an administrator.
error-403-link = Go to the start page

error-csrf-title = This form was open too long
error-csrf-detail = For safety a form works only for a while. Nothing was changed.
error-csrf-next = Go back, reload the page, then send the form again.
error-csrf-link = Go to the start page

error-csrf-kept-title = This form was open too long
error-csrf-kept-detail = For safety a form works only for a while. Nothing was changed, and your answers are kept.
error-csrf-kept-next = Send the form again. If it asks for a password, you enter that once more.
error-csrf-kept-link = Send it again

error-404-title = We cannot find that page
error-404-detail = There is nothing at this address. It may have moved, or the address may be incomplete.
error-404-next = Check the address, or go on from the start page.
error-404-link = Go to the start page

error-405-title = This page cannot do that
error-405-detail = The address exists, but not for this kind of request. Nothing was changed.
error-405-next = Open the page again and use its buttons.
error-405-link = Go to the start page

error-409-title = Someone changed this while you were working
error-409-detail = Your change was not saved, so that theirs is not lost.
error-409-next = See what changed, then make your change again.
error-409-link = See what changed

error-410-title = This is no longer here
error-410-detail = It has been used, withdrawn or deleted.
error-410-next = Ask the person who gave you the address for a new one.
error-410-link = Go to the start page

error-408-title = That took too long
error-408-detail = The rest of what you sent did not arrive in time. Nothing was changed.
error-408-next = Send it again.
error-408-link = Go to the start page

error-link-title = This link does not work any more
error-link-next = Sign in and ask for a new one where you asked for this one.
error-link-link = Go to the start page

error-link-recovery-title = This link does not work any more
error-link-recovery-next = If you still need a new password, ask for another link.
error-link-recovery-link = Send a new link

error-link-set-up-title = This link does not work any more
error-link-set-up-next = If nobody has an account here yet, look for the link in the server's output: a restart prints a new one. If you have an account, sign in.
error-link-set-up-link = Go to the start page

error-413-title = That is too large
error-413-detail = What you sent is larger than { $limit }. Nothing was changed.
error-413-next = Send less at a time.
error-413-link = Go to the start page

error-415-title = We could not read what was sent
error-415-detail = It came in a form that this page does not take. Nothing was changed.
error-415-next = Go back, open the page again and use its form.
error-415-link = Go to the start page

error-422-title = We could not use what you entered
error-422-detail = Some of the answers do not fit. Nothing was changed.
error-422-next = Go back, check your answers, then send them again.
error-422-link = Go to the start page

error-429-title = Too many requests
error-429-detail = We answer only so many in a short time, to keep the accounts here safe.
error-429-next = Try again in { $wait }.
error-429-link = Try again

error-500-title = Something went wrong here
error-500-detail = It is not your fault. Nothing was saved.
error-500-next = Try again. If it happens again, give an administrator the reference.
error-500-link = Go to the start page

error-503-title = { $site } is not ready
error-503-detail = It is being updated or is very busy. Nothing was saved.
error-503-next = Try again in a minute.
error-503-link = Try again

## Buttons on many pages
web-search = Search
web-cancel = Cancel
web-save = Save
web-saved = Saved.

## Fields that several pages share
web-yes = Yes
field-email-label = Email
field-phone-label = Phone
field-code-label = Code
field-code-hint = The 6 digits that were sent to you.
field-name-label = Your name
field-password-label = Password
field-new-password-label = New password
field-password-hint = At least 12 characters. A few words work well.
field-password-too-short = That password is too short. Use at least 12 characters.
field-password-too-long = Use at most 1,024 bytes.
field-password-common = Many people use this password. Choose another.
field-password-personal = This password is too close to your name, your address or the name of this site. Choose another.
field-password-wrong = That is not your current password.

## Numbers, dates and time in words. The months one after another, with a space between them; in the patterns of dates %-d is
## the day, %B the month, %Y the year.
web-thousands = ,
time-months = January February March April May June July August September October November December
time-day = %-d %B %Y
time-moment = %-d %B %Y, %H:%M UTC
time-now = just now
time-soon = in less than a minute
time-in-minutes = { $count ->
    [one] in 1 minute
   *[other] in { $count } minutes
}
time-minutes-ago = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
}
time-in-hours = { $count ->
    [one] in 1 hour
   *[other] in { $count } hours
}
time-hours-ago = { $count ->
    [one] 1 hour ago
   *[other] { $count } hours ago
}
time-in-days = { $count ->
    [one] in 1 day
   *[other] in { $count } days
}
time-days-ago = { $count ->
    [one] 1 day ago
   *[other] { $count } days ago
}
time-in-months = { $count ->
    [one] in 1 month
   *[other] in { $count } months
}
time-months-ago = { $count ->
    [one] 1 month ago
   *[other] { $count } months ago
}
time-in-years = { $count ->
    [one] in 1 year
   *[other] in { $count } years
}
time-years-ago = { $count ->
    [one] 1 year ago
   *[other] { $count } years ago
}

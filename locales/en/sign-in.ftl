### Set-up, sign-in, recovery, sessions.

## Fields that several pages share
field-email-label = Email
field-name-label = Your name
field-password-label = Password
field-new-password-label = New password
field-password-hint = At least 12 characters. A few words work well.
field-password-too-short = Use at least 12 characters. A few words work well.
field-password-too-long = Use at most 1,024 bytes.
field-password-common = Many people use this password. Choose another.
field-password-personal = This password is too close to your name, your address or the name of this site. Choose another.
field-password-wrong = That is not your present password.

## Signing in
sign-in-title = Sign in
sign-in-button = Sign in
sign-in-forgot = Forgot your password?
sign-in-for-invite = Sign in to accept the invite.
sign-in-an-administrator = an administrator
confirm-title = Enter your password again
confirm-lead = You are signed in as <strong>{ $email }</strong>. To make secrets we ask again when your sign-in is more than 10 minutes old.
confirm-button = Go on
web-too-many-tries = Too many tries. Wait { $wait }, then try again. You can also reset your password.

## Set-up
setup-title = Create the first owner
setup-lead = This account can do everything here, so keep its password safe. You can invite others afterwards.
setup-button = Create account

## Recovery
recover-title = Reset your password
recover-lead = We send you a link that sets a new password.
recover-button = Send the link
recover-sent = If that address has an account, a link is on its way. It works for 10 minutes.
recover-sent-next = Nothing came? Look in the spam folder, then check the address and ask again.
recover-back = Back to sign-in
recover-new-title = Choose a new password
recover-new-lead = Afterwards you are signed in here and signed out everywhere else.
recover-new-button = Set new password
recover-done = Your password is set. You are signed out everywhere else.

## Time in words
time-now = just now
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

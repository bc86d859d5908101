### Set-up, sign-in, recovery, sessions.

## Signing in
sign-in-title = Sign in
sign-in-button = Sign in
sign-in-who = Email or phone
sign-in-code-send = Send me a code
sign-in-code-title = Enter your code
sign-in-code-lead = If <strong>{ $address }</strong> has an account and is confirmed there, a code of 6 digits is on its way. It works for 10 minutes.
sign-in-code-cannot = No code can be sent there at present. Ask { $contact } for a way in.
sign-in-code-again = Send another code
sign-in-forgot = Forgot your password?
sign-in-nobody = No account exists yet. The link that makes the first owner is in the server's output; a restart prints a new one.
sign-in-signed-out = You are signed out.
sign-in-too-many-tries = Too many tries. Wait { $wait }, then try again. You can also reset your password.
sign-in-for-invite = Sign in to accept the invite.
sign-in-an-administrator = an administrator
confirm-title = Prove that it is you
confirm-lead = You are signed in as <strong>{ $email }</strong>. For this we ask again when your sign-in is more than 10 minutes old.
confirm-code-to = Send a code to
confirm-code-lead = A code can go to <strong>{ $address }</strong>.
confirm-button = Go on

## Set-up
setup-title = Create the first owner
setup-lead = This account can do everything here, so keep its password safe. You can invite others afterwards.
setup-button = Create account

## Registration
register-title = Create an account
register-lead = We send a code to your address, to know that it is yours.
register-code-title = Create your account
register-code-lead = A message is on its way to <strong>{ $address }</strong>. If there is a code of 6 digits in it, enter it here within 10 minutes.
register-cannot = No code can be sent there at present. Ask { $contact } for an account.
register-again = Use another address, or send another code
register-done = Welcome to { $site }. Your account is ready.
register-closed-title = Registration is closed
register-closed-text = You cannot make an account at { $site } by yourself at the moment.
register-closed-next = Ask { $contact } for an invite. If you have one, open the link in it.
register-offer = Create an account

## Recovery
recover-title = Reset your password
recover-lead = We send you a link that sets a new password.
recover-no-mail = Mail is not set up here, so the link cannot reach you now. Ask { $contact } for one.
recover-button = Send the link
recover-sent = If that address has an account, a link is on its way. It works for 10 minutes.
recover-sent-next = Nothing came? Look in the spam folder, then check the address and ask again.
recover-back = Back to sign-in
recover-new-title = Choose a new password
recover-new-lead = Afterwards you are signed in here and signed out everywhere else.
recover-new-button = Set new password
recover-done = Your password is set. You are signed out everywhere else.

### The mails that are sent to people. The subject of a mail never holds a secret: lists show it.

## Frame
mail-frame-from = { $site } sent this mail.
mail-frame-copy = If that does not work, copy this address into your browser:

## Test
mail-test-subject = Mail works
mail-test-works = This is a test. If you can read it, mail from here reaches you.
mail-test-when = It was written on { $when }.
mail-test-nothing = There is nothing to do.

## An invite
mail-invite-reminds = Reminder: { $inviter } invited you to { $site }
mail-invite-subject = { $inviter } invited you to { $site }
mail-invite-what = { $inviter } invited you to { $site }.
mail-invite-groups = You will be in: { $groups }.
mail-invite-says = { $inviter } says:
mail-invite-register = To accept, open this page and choose a password:
mail-invite-accept = You have an account already. To accept, open this page and sign in:
mail-invite-open = Open the invite
mail-invite-until = The link works until { $expires }.
mail-invite-not-you = If you do not know { $inviter }, you can ignore this mail: nothing happens.

## An acceptance that waits for approval
mail-asked-again-subject = { $address } asks for a new invite
mail-asked-again-what = Your invite to { $address } to join { $site } has expired. Somebody with its link asks for a new one.
mail-asked-again-next = To send it again, open this page:
mail-asked-other-subject = { $other } asks for an invite
mail-asked-other-what = You invited { $address } to { $site }. Somebody who is signed in as { $other } has the link, and asks for an invite to that address.
mail-asked-other-next = The invite that you made:
mail-asked-report-subject = The invite to { $address } may have been used by somebody else
mail-asked-report-what = Somebody with a link of your invite to { $address } to join { $site } says that it was not they who used it. Ask the person. If they have no account, suspend the one that was made.
mail-asked-report-next = Who accepted stands on this page:
mail-waiting-subject = { $address } accepted: please approve
mail-waiting-what = { $address } accepted your invite to { $site }. An administrator has to approve before they get in.
mail-waiting-link = To approve or reject it, open this page:
mail-waiting-open = Look at the invite

## It was approved
mail-approved-subject = You are in at { $site }
mail-approved-what = An administrator approved: your account at { $site } is ready.
mail-approved-link = To go on, open this page:
mail-approved-open = Go on

## A link to set a password
mail-recovery-subject = Set a new password for { $site }
mail-recovery-what = Somebody, probably you, asked for a new password for the account of { $email } at { $site }.
mail-recovery-link = To choose one, open this page within 10 minutes:
mail-recovery-open = Choose a new password
mail-recovery-not-you = If it was not you, do nothing: your password stays as it is.

## A link to prove an address
mail-verification-subject = Confirm your address
mail-verification-what = Somebody asked to confirm that { $email } belongs to the account that names it.
mail-verification-link = If that account is yours, open this page until { $expires } and confirm:
mail-verification-open = Confirm the address
mail-verification-not-you = If it is not yours, do nothing: the address stays unconfirmed.

## An account that was made for somebody
mail-welcome-subject = Your account at { $site }
mail-welcome-what = An account was made for you at { $site }.
mail-welcome-link = To use it, open this page within 7 days and choose a password:
mail-welcome-open = Choose a password

## Somebody asked for an account and has one
mail-have-account-subject = You have an account at { $site }
mail-have-account-what = Somebody, probably you, asked for an account for { $email } at { $site }. You have one already.
mail-have-account-link = To sign in, or to choose a new password, open this page:
mail-have-account-open = Sign in
mail-have-account-not-you = If it was not you, do nothing: your account stays as it is.

## A code of six digits
mail-code-subject = Your code for { $site }
mail-code-what = Somebody, probably you, asked for a code to go on at { $site }:
mail-code-until = Enter it on the page that asks for it. It works for 10 minutes, and once.
mail-code-not-you = Never tell it to anybody. If you did not ask for it, do nothing.

## Text messages; short, because each is paid for by its length
sms-have-account = You have an account at { $site } already. Sign in there: { $link }
sms-welcome = An account was made for you at { $site }. To use it, open this page within 7 days: { $link }
sms-verification = If the account at { $site } that names this number is yours, confirm it within 24 hours: { $link }
sms-invite-register = { $inviter } invited you to { $site }. To join, open this page: { $link }
sms-invite-accept = { $inviter } invited you to { $site }. You have an account there: open this page and sign in: { $link }
sms-approved = An administrator approved: you are in at { $site }. Go on here: { $link }
sms-code = { $code } is your code for { $site }. It works for 10 minutes. Never tell it to anybody.

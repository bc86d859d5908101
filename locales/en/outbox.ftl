### The list of mails: waiting, sent, failed.

outbox-title = Mail outbox
outbox-lead = Every mail and text message that is waiting, was sent or failed.
outbox-notices = What will be mailed

## Without a mail server
outbox-missing = Mail is not set up. { $count ->
    [0] No mail is waiting here.
    [one] { $shown } mail is waiting here.
   *[other] { $shown } mails are waiting here.
}
outbox-missing-how = Set <code>VESTIBULE_SMTP_URL</code> to the address of your mail server, for example <code>smtps://user:password@mail.example.org</code>, and <code>VESTIBULE_MAIL_FROM</code> to the sender, for example <code>{ $site } &lt;noreply@example.org&gt;</code>. Then restart Vestibule. What waits is then sent by itself.

outbox-sms-missing = SMS is not set up, and text messages are waiting here.
outbox-sms-missing-how = Set <code>VESTIBULE_SMS_URL</code> to the address of your gateway, then restart Vestibule. What waits is then sent by itself; codes that are too old are cancelled.

## The list
outbox-tabs = State
outbox-waiting = Waiting
outbox-sent = Sent
outbox-failed = Failed
outbox-cancelled = Cancelled
outbox-search = Search by the beginning of the address or number
outbox-search-button = Search
outbox-filter-to = Recipient { $to }…
outbox-column-to = To
outbox-column-kind = Kind
outbox-column-tries = Tries
outbox-column-written = Written
outbox-column-next = Next try
outbox-column-sent = Sent
outbox-column-trouble = Answer
outbox-column-actions = Actions
outbox-caption-waiting = Mails that are waiting, newest first
outbox-caption-sent = Mails that were sent, newest first
outbox-caption-failed = Mails that failed, newest first
outbox-caption-cancelled = Mails that were cancelled, newest first
outbox-empty-waiting = No mail is waiting
outbox-empty-sent = No mail was sent yet
outbox-empty-failed = No mail has failed
outbox-empty-cancelled = No mail was cancelled
outbox-empty-search = No mail matches
outbox-empty-search-text = Look in another tab, or search for a shorter beginning of the address.
outbox-soon = as soon as it can be

## Kinds of mail; a feature adds outbox-kind-<kind with - for _>
outbox-kind-test = Test
outbox-kind-invite = Invite
outbox-kind-invite-asked = Somebody asks about an invite
outbox-kind-invite-waiting = Please approve
outbox-kind-invite-approved = Approved
outbox-kind-recovery = New password
outbox-kind-verification = Confirm an address
outbox-kind-welcome = New account
outbox-kind-code = Code
outbox-kind-have-account = Account exists
outbox-kind-key-made = API key made
outbox-kind-key-rotated = API key replaced
outbox-kind-keys-end = API keys end
outbox-kind-key-used-after-rotation = Old API key in use
outbox-kind-key-leaked = API key leaked
outbox-kind-key-revoked = API key revoked

## What went wrong, and what to do next
outbox-trouble-refused = The mail server said: { $words }.
outbox-trouble-unreachable = The mail server is away: { $words }.
outbox-trouble-unsafe = There is no safe connection to the mail server: { $words }.
outbox-trouble-login = The mail server does not let us in: { $words }.
outbox-trouble-address = No mail can be sent to this address: { $words }.
outbox-trouble-unreadable = The text cannot be read: it is gone, or was sealed with another secret key.
outbox-trouble-sms-refused = The SMS gateway said: { $words }.
outbox-trouble-sms-unreachable = The SMS gateway is away: { $words }.
outbox-trouble-sms-unsafe = There is no safe connection to the SMS gateway: { $words }.
outbox-trouble-sms-login = The SMS gateway does not let us in: { $words }.
outbox-next-again = It is tried again by itself.
outbox-next-given-up = It was given up after three days. Try it again when the server is back.
outbox-next-address = Check the address.
outbox-next-unsafe = Check its certificate, VESTIBULE_SMTP_URL and VESTIBULE_SMTP_CA_FILE.
outbox-next-login = Check the user name and password in VESTIBULE_SMTP_URL.
outbox-next-sms-unsafe = Check its certificate and VESTIBULE_SMS_URL.
outbox-next-sms-login = Check VESTIBULE_SMS_HEADERS and VESTIBULE_SMS_URL.
outbox-next-number = Check the number, and VESTIBULE_SMS_TEMPLATE.
outbox-next-new = Start again from the page that sent it.

## One mail
outbox-detail-title = Mail to { $to }
outbox-detail-title-sms = Text message to { $to }
outbox-by-mail = Mail
outbox-by-sms = SMS
outbox-column-by = By
outbox-detail-subject = Subject
outbox-detail-state = State
outbox-detail-text = Text
outbox-detail-text-hint = Links and codes are hidden: whoever reads them can be the person they were sent to.
outbox-detail-erased = The text was erased when the mail was sent or cancelled, or 30 days after it failed.
outbox-link-hidden = (link hidden)
outbox-code-hidden = (code hidden)

## What can be done
outbox-retry = Try now
outbox-cancel = Cancel
outbox-of = the mail to { $to }
outbox-of-sms = the text message to { $to }
outbox-retried = The mail to <strong>{ $to }</strong> is tried now. Reload this page to see how it went.
outbox-retried-sms = The text message to <strong>{ $to }</strong> is tried now. Reload this page to see how it went.
outbox-retried-sms-waits = The text message to <strong>{ $to }</strong> is due. It leaves once SMS is set up.
outbox-retried-held = What goes to <strong>{ $to }</strong> is being sent right now, or was when a server stopped. If it does not leave, it is tried again within five minutes.
outbox-retried-waits = The mail to <strong>{ $to }</strong> is due. It leaves once mail is set up.
outbox-cancelled-done = What was to go to <strong>{ $to }</strong> is cancelled. It will not be sent.
outbox-too-late = That is too late: this no longer waits, or its text is gone.
outbox-test = Test mail
outbox-test-text = Shows whether mail from here reaches people.
outbox-test-to = Send to
outbox-test-button = Send test mail
outbox-test-done = The test mail to <strong>{ $to }</strong> is on its way. Reload this page to see how it went.

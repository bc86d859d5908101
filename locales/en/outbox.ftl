### The list of mails: waiting, sent, failed.

outbox-title = Mail outbox
outbox-lead = Every mail that is waiting, was sent or failed.

## Without a mail server
outbox-missing = Mail is not set up. { $count ->
    [0] No mail is waiting here.
    [one] { $shown } mail is waiting here.
   *[other] { $shown } mails are waiting here.
}
outbox-missing-how = Set <code>VESTIBULE_SMTP_URL</code> to the address of your mail server, for example <code>smtps://user:password@mail.example.org</code>, and <code>VESTIBULE_MAIL_FROM</code> to the sender, for example <code>{ $site } &lt;noreply@example.org&gt;</code>. Then restart Vestibule. What waits is sent by itself.

## The list
outbox-tabs = State
outbox-waiting = Waiting
outbox-sent = Sent
outbox-failed = Failed
outbox-cancelled = Cancelled
outbox-search = Recipient
outbox-search-hint = The beginning of the address
outbox-search-button = Search
outbox-filter-to = Recipient { $to }…
outbox-column-to = To
outbox-column-kind = Kind
outbox-column-tries = Tries
outbox-column-when = Written
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
outbox-next-now = as soon as it can be

## Kinds of mail; a feature adds outbox-kind-<kind with - for _>
outbox-kind-test = Test

## Answers of the mail server
outbox-trouble-refused = The mail server said: { $words }. Check the address.
outbox-trouble-later = The mail server said: { $words }. It is tried again by itself.
outbox-trouble-unreachable = The mail server could not be reached: { $words }. It is tried again by itself.
outbox-trouble-unsafe = There is no safe connection to the mail server: { $words }. Check its certificate, VESTIBULE_SMTP_URL and VESTIBULE_SMTP_CA_FILE.
outbox-trouble-login = The mail server does not take the user name and password: { $words }. Check VESTIBULE_SMTP_URL.
outbox-trouble-address = No mail can be sent to this address: { $words }.
outbox-trouble-unreadable = The text cannot be read any more: it is gone, or was sealed with another secret key.

## One mail
outbox-detail-title = Mail to { $to }
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
outbox-retried = The mail to <strong>{ $to }</strong> is tried now.
outbox-cancelled-done = The mail to <strong>{ $to }</strong> is cancelled. It will not be sent.
outbox-too-late = That is too late: the mail to <strong>{ $to }</strong> no longer waits, or its text is gone.
outbox-test = Test mail
outbox-test-text = Shows whether mail from here reaches people.
outbox-test-to = Send to
outbox-test-button = Send test mail
outbox-test-done = The test mail to <strong>{ $to }</strong> is on its way. This page says how it went.

### Batches of invites in the console.

batches-import-title = Invite many people
batches-import-lead = From a file or a spreadsheet, up to { $most } people at a time. You see what would happen before anything is sent.
batches-template = Download a template
batches-file = CSV file
batches-file-hint = Up to 5 MiB. The first line names the columns: email, and any of name, role, groups, message, locale.
batches-text = Or paste the lines
batches-text-hint = As in the file, first line and all. Cells copied from a spreadsheet work too. Put ; between the groups of a person.
batches-check = Check
batches-recent = Last imports
batches-recent-counts = { $ready } invited, of { $lines } lines
batches-state-running = Under way
batches-state-done = Done
batches-draft-title = Check before sending
batches-draft-lead = Nothing has been sent. If you do not send it, it is forgotten after a day.
batches-draft-no-mail = The mails will wait in the outbox until a mail server is set up.
batches-privileged = { $count ->
    [one] One of them can manage accounts. Invite only people you know.
   *[other] { $count } of them can manage accounts. Invite only people you know.
}
batches-ready = Ready to invite
batches-already-member = Already a member
batches-already-invited = Already invited
batches-invalid = With a problem
batches-faults = Lines that are not sent
batches-faults-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
batches-ready-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
batches-col-line = Line
batches-col-why = Why not
batches-line = Line { $line }
batches-leave-out = { $count ->
    [one] Leave out the line below
   *[other] Leave out the { $count } lines below
}
batches-send = { $count ->
    [one] Send one invite
   *[other] Send { $count } invites
}
batches-other = Choose another file
batches-nobody = There is nobody to invite in this file.
batches-title = Import of { $time }
batches-results = Download results (CSV)
batches-show = Show the invites
batches-running = { $done } of { $lines } lines done. You can leave this page.
batches-sending = { $sent } of { $ready } sent. You can leave this page.
batches-no-mail = The invites are made. Their mails wait until a mail server is set up.
batches-all-sent = { $sent } sent, { $failed } not delivered.
batches-revoke = Revoke this import
batches-revoke-title = Revoke this import?
batches-revoke-what = The links of its pending invites stop working at once, and mails that wait are not sent. Who has accepted stays.
batches-revoking = The invites of this import are being revoked.
batches-is-revoked = This import was revoked.
batches-revoked-flash = The import is revoked. Its links no longer work.

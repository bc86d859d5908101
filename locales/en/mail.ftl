### The mails that are sent to people. The subject of a mail never holds a secret: lists show it.

## Frame
mail-frame-from = { $site } sent this mail.
mail-frame-copy = If that does not work, copy this address into your browser:

## Test
mail-test-subject = Mail works
mail-test-works = This is a test. If you can read it, mail from here reaches you.
mail-test-when = It was written on { $when }.
mail-test-nothing = There is nothing to do.

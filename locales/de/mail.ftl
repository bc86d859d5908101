### Was eingeladenen Personen gesendet wird.

## Rahmen
mail-frame-from = { $site } hat diese E-Mail gesendet.
mail-frame-copy = Falls das nicht geht, kopieren Sie diese Adresse in Ihren Browser:

## Eine Einladung
mail-invite-reminds = Erinnerung: { $inviter } hat Sie zu { $site } eingeladen
mail-invite-subject = { $inviter } hat Sie zu { $site } eingeladen
mail-invite-what = { $inviter } hat Sie zu { $site } eingeladen.
mail-invite-groups = Ihre Gruppen werden sein: { $groups }.
mail-invite-says = { $inviter } schreibt:
mail-invite-register = Um die Einladung anzunehmen, öffnen Sie diese Seite und wählen Sie ein Passwort:
mail-invite-accept = Sie haben bereits ein Konto. Um die Einladung anzunehmen, öffnen Sie diese Seite und melden Sie sich an:
mail-invite-open = Einladung öffnen
mail-invite-until = Der Link funktioniert bis zum { $expires }.
mail-invite-not-you = Wenn Sie { $inviter } nicht kennen, können Sie diese E-Mail ignorieren: Es geschieht nichts.

## Eine Annahme wurde freigegeben
mail-approved-subject = Sie sind bei { $site } dabei
mail-approved-what = Die Administration hat zugestimmt: Ihr Konto bei { $site } ist bereit.
mail-approved-link = Um fortzufahren, öffnen Sie diese Seite:
mail-approved-open = Weiter

## Ein Code aus sechs Ziffern
mail-code-subject = Ihr Code für { $site }
mail-code-what = Jemand, vermutlich Sie, hat einen Code angefordert, um bei { $site } fortzufahren:
mail-code-until = Geben Sie ihn auf der Seite ein, die danach fragt. Er gilt 10 Minuten lang und einmal.
mail-code-not-you = Geben Sie ihn niemals weiter. Wenn Sie ihn nicht angefordert haben, tun Sie nichts.

## SMS; kurz, denn jede kostet nach ihrer Länge
sms-invite-register = { $inviter } hat Sie zu { $site } eingeladen. Um beizutreten, öffnen Sie diese Seite: { $link }
sms-invite-accept = { $inviter } hat Sie zu { $site } eingeladen. Sie haben dort ein Konto: Öffnen Sie diese Seite und melden Sie sich an: { $link }
sms-approved = Die Administration hat zugestimmt: Sie sind bei { $site } dabei. Hier geht es weiter: { $link }
sms-code = { $code } ist Ihr Code für { $site }. Er gilt 10 Minuten lang. Geben Sie ihn niemals weiter.

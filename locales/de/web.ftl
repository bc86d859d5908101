### Der Rahmen der Seiten, die eingeladene Personen sehen, und die Fehlerseiten.

## Der Name dieser Sprache
web-language = Deutsch

## Rahmen
web-title = { $title } - { $site }
web-title-invalid = Fehler: { $title } - { $site }
web-skip = Zum Inhalt springen
nav-sign-out = Abmelden

## Formulare
web-errors-title = Es gibt ein Problem
web-error-of = { $label }: { $words }
web-error-word = Fehler:
web-optional = (optional)
web-password-show = Anzeigen
web-password-hide = Verbergen
web-yes = Ja

## Wie lange zu warten ist
web-too-many-tries = Zu viele Versuche. Warten Sie { $wait } und versuchen Sie es dann noch einmal.
web-wait-seconds = { $count ->
    [one] 1 Sekunde
   *[other] { $count } Sekunden
}
web-wait-minutes = { $count ->
    [one] 1 Minute
   *[other] { $count } Minuten
}

## Fehlerseiten: -title was geschehen ist, -detail was das heißt, -next was nun zu tun ist, -link die Worte des Links
error-reference = Referenz
error-signed-in-as = Angemeldet als <strong>{ $email }</strong>.

error-400-title = Wir konnten diese Anfrage nicht lesen
error-400-detail = Ein Teil fehlte oder hatte die falsche Form. Es wurde nichts geändert.
error-400-next = Gehen Sie zurück, prüfen Sie Ihre Eingaben und versuchen Sie es noch einmal.
error-400-link = Zur Startseite

error-401-title = Melden Sie sich an, um fortzufahren
error-401-detail = Diese Seite ist für angemeldete Personen.
error-401-next = Nach der Anmeldung kommen Sie hierher zurück.
error-401-link = Anmelden

error-403-title = Sie haben keinen Zugriff auf diese Seite
error-403-detail = Ihr Konto darf sie nicht sehen.
error-403-next = Wenn Sie das für einen Irrtum halten, fragen Sie die Administration.
error-403-link = Zur Startseite

error-csrf-title = Dieses Formular war zu lange geöffnet
error-csrf-detail = Zur Sicherheit gilt ein Formular nur eine Zeit lang. Es wurde nichts geändert.
error-csrf-next = Gehen Sie zurück, laden Sie die Seite neu und senden Sie das Formular noch einmal.
error-csrf-link = Zur Startseite

error-csrf-kept-title = Dieses Formular war zu lange geöffnet
error-csrf-kept-detail = Zur Sicherheit gilt ein Formular nur eine Zeit lang. Es wurde nichts geändert, und Ihre Antworten sind noch da.
error-csrf-kept-next = Senden Sie das Formular noch einmal. Wenn es nach einem Passwort fragt, geben Sie dieses erneut ein.
error-csrf-kept-link = Noch einmal senden

error-404-title = Wir finden diese Seite nicht
error-404-detail = Unter dieser Adresse gibt es nichts. Vielleicht ist die Seite umgezogen, oder die Adresse ist unvollständig.
error-404-next = Prüfen Sie die Adresse, oder beginnen Sie auf der Startseite.
error-404-link = Zur Startseite

error-405-title = Das kann diese Seite nicht
error-405-detail = Die Adresse gibt es, aber nicht für diese Art von Anfrage. Es wurde nichts geändert.
error-405-next = Öffnen Sie die Seite noch einmal und verwenden Sie ihre Schaltflächen.
error-405-link = Zur Startseite

error-408-title = Das hat zu lange gedauert
error-408-detail = Der Rest Ihrer Eingaben kam nicht rechtzeitig an. Es wurde nichts geändert.
error-408-next = Senden Sie sie noch einmal.
error-408-link = Zur Startseite

error-409-title = Jemand hat dies währenddessen geändert
error-409-detail = Ihre Änderung wurde nicht gespeichert, damit die andere nicht verloren geht.
error-409-next = Sehen Sie nach, was sich geändert hat, und nehmen Sie Ihre Änderung noch einmal vor.
error-409-link = Änderung ansehen

error-410-title = Das gibt es hier nicht mehr
error-410-detail = Es wurde verwendet, zurückgezogen oder gelöscht.
error-410-next = Bitten Sie die Person, von der Sie die Adresse haben, um eine neue.
error-410-link = Zur Startseite

error-413-title = Das ist zu groß
error-413-detail = Was Sie gesendet haben, ist größer als { $limit }. Es wurde nichts geändert.
error-413-next = Senden Sie weniger auf einmal.
error-413-link = Zur Startseite

error-415-title = Wir konnten das Gesendete nicht lesen
error-415-detail = Es kam in einer Form, die diese Seite nicht annimmt. Es wurde nichts geändert.
error-415-next = Gehen Sie zurück, öffnen Sie die Seite noch einmal und verwenden Sie ihr Formular.
error-415-link = Zur Startseite

error-422-title = Wir konnten Ihre Eingaben nicht verwenden
error-422-detail = Einige Antworten passen nicht. Es wurde nichts geändert.
error-422-next = Gehen Sie zurück, prüfen Sie Ihre Antworten und senden Sie sie noch einmal.
error-422-link = Zur Startseite

error-429-title = Zu viele Anfragen
error-429-detail = Wir beantworten in kurzer Zeit nur eine bestimmte Zahl, damit die Konten hier sicher bleiben.
error-429-next = Versuchen Sie es in { $wait } noch einmal.
error-429-link = Noch einmal versuchen

error-500-title = Hier ist etwas schiefgegangen
error-500-detail = Es liegt nicht an Ihnen. Es wurde nichts gespeichert.
error-500-next = Versuchen Sie es noch einmal. Wenn es wieder geschieht, nennen Sie der Administration die Referenz.
error-500-link = Zur Startseite

error-503-title = { $site } ist nicht bereit
error-503-detail = Es wird gerade aktualisiert oder ist stark ausgelastet. Es wurde nichts gespeichert.
error-503-next = Versuchen Sie es in einer Minute noch einmal.
error-503-link = Noch einmal versuchen

## Felder, die mehrere Seiten teilen
field-code-label = Code
field-code-hint = Die 6 Ziffern, die Ihnen gesendet wurden.
field-name-label = Ihr Name
field-password-label = Passwort
field-password-hint = Mindestens 12 Zeichen. Ein paar Wörter eignen sich gut.
field-password-too-short = Dieses Passwort ist zu kurz. Verwenden Sie mindestens 12 Zeichen.
field-password-too-long = Verwenden Sie höchstens 1.024 Bytes.
field-password-common = Dieses Passwort verwenden viele. Wählen Sie ein anderes.
field-password-personal = Dieses Passwort ist Ihrem Namen, Ihrer Adresse oder dem Namen dieser Seite zu ähnlich. Wählen Sie ein anderes.

## Zahlen, Tage und Zeiten
web-thousands = .
time-months = Januar Februar März April Mai Juni Juli August September Oktober November Dezember
time-day = %-d. %B %Y
time-moment = %-d. %B %Y, %H:%M UTC
time-now = gerade eben
time-soon = in weniger als einer Minute
time-in-minutes = { $count ->
    [one] in 1 Minute
   *[other] in { $count } Minuten
}
time-minutes-ago = { $count ->
    [one] vor 1 Minute
   *[other] vor { $count } Minuten
}
time-in-hours = { $count ->
    [one] in 1 Stunde
   *[other] in { $count } Stunden
}
time-hours-ago = { $count ->
    [one] vor 1 Stunde
   *[other] vor { $count } Stunden
}
time-in-days = { $count ->
    [one] in 1 Tag
   *[other] in { $count } Tagen
}
time-days-ago = { $count ->
    [one] vor 1 Tag
   *[other] vor { $count } Tagen
}
time-in-months = { $count ->
    [one] in 1 Monat
   *[other] in { $count } Monaten
}
time-months-ago = { $count ->
    [one] vor 1 Monat
   *[other] vor { $count } Monaten
}
time-in-years = { $count ->
    [one] in 1 Jahr
   *[other] in { $count } Jahren
}
time-years-ago = { $count ->
    [one] vor 1 Jahr
   *[other] vor { $count } Jahren
}

### Anmelden, so weit es auf der Seite einer Einladung vorkommt.

sign-in-button = Anmelden
sign-in-who = E-Mail oder Telefon
sign-in-code-send = Code anfordern
sign-in-forgot = Passwort vergessen?

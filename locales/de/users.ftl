### Was eingeladene Personen über Adressen lesen.

logins-of-another = Diese Adresse gehört zu einem anderen Konto.

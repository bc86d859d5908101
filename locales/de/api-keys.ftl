### Worte für Felder, die auch in Formularen für eingeladene Personen vorkommen.

field-not-a-date = Das ist kein Datum. Schreiben Sie es so: 2027-02-20.

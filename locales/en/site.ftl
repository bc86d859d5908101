### The settings of the site.

site-title = Site settings
site-lead = They hold for everybody here, from the next page on.
site-saved = The settings are saved.
site-save = Save settings
site-conflict = Somebody else saved these settings while you were working. Your values are kept below. What is saved now and differs from them:
site-empty = (empty)
site-no = No

site-section-site = This site
site-name = Name
site-name-hint = Appears in titles, on pages and in mails.
site-contact = Contact
site-contact-hint = Whom people can ask when they cannot get in: a name, an address or a phone number. Everybody can read it.

site-section-terms = Terms
site-terms-about = When a version is set, an invited person has to agree before the account is made. Leave both empty for no terms; a version alone is enough for terms that people know from elsewhere.
site-terms-version = Version
site-terms-version-hint = Needed when there is an address. Kept with each user who agreed. Change it when the text changes, for example 2026-11.
site-terms-url = Address of the text
site-terms-url-hint = Starts with https://.

site-section-registration = Registration
site-registration-open = Let everybody make an account
site-registration-open-hint = At /register, with an address that a code proves. They become members and are in no group.

site-section-invites = Invites
site-invite-days = An invite works for (days)
site-invite-days-hint = From 1 to 90. Whoever invites can choose another time.
site-invite-erase-days = Erase people who never accepted (days)
site-invite-erase-days-hint = From 1 to 3650, after their invite has ended: the address, the name and all else that the invite knew.

site-section-keys = API keys
site-key-default-days = A new key works for (days)
site-key-default-days-hint = What is chosen in the form at first.
site-key-max-days = At most (days)
site-key-max-days-hint = From 1 to 3650. Keys that exist stay as they are.
site-key-never = Allow keys that never end
site-key-never-hint = A key that is lost and forgotten then works until somebody revokes it.

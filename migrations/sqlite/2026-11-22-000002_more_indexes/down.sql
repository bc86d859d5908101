DROP INDEX audit_ip;
DROP INDEX outbox_ended;
DROP INDEX outbox_recipient;
DROP INDEX invites_mail;

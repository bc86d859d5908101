### Identity schemas in the console.

schemas-title = Schemas
schemas-lead = What is asked of people beside name and password. A template says which schema its invites have.
schemas-new = New schema
schemas-col-fields = Asks for
schemas-no-fields = Nothing beside name and password

## One schema
schemas-detail-title = Schema { $name }
schemas-about = About this schema
schemas-id = ID
schemas-used = Used by
schemas-unused = Nothing yet
schemas-preview = The form as people see it
schemas-preview-hint = These fields stand below the name. A template may hide, lock or require some of them.
schemas-source = JSON Schema
schemas-copy = Copy schema
schemas-edit = Change

## Making and changing
schemas-new-title = New schema
schemas-edit-title = Change schema
schemas-edit-lead = It holds for those who come after. What is known of people already is not checked again until it changes.
schemas-conflict = Somebody else saved this schema while you were working. Your values are kept below. What is saved now:
schemas-id-hint = Small letters, digits, "-" and "_". Users and invites name the schema by it, so it cannot be changed later.
schemas-name-hint = What people choose it by.
schemas-source-hint = JSON Schema 2020-12 of the type object; each property is a field of the form, in this order. "title" stands beside the field, "description" below it.
schemas-save = Save schema
schemas-saved = The schema <strong>{ $name }</strong> is saved.
schemas-kinds = What a property becomes in the form
schemas-kind-text = A line of text
schemas-kind-day = A day
schemas-kind-number = A number
schemas-kind-box = A box to tick
schemas-kind-choice = A choice

## Deleting
schemas-delete-title = Delete the schema { $name }?
schemas-delete-what = Nobody has it: no user, no invite and no template.
schemas-delete = Delete schema
schemas-deleted = The schema <strong>{ $name }</strong> is deleted.
schemas-kept = This schema stays while it is used.
schemas-kept-default = It is the schema of everybody who is asked for nothing else.
schemas-kept-templates = Templates have it: { $names }.
schemas-kept-invites = Invites have it.
schemas-kept-users = Users have it.
schemas-back = Back to the schema

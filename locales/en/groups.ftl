### Groups.

audit-group-member-added = { $actor } added a member to the group { $target }.
audit-group-member-changed = { $actor } changed what a member of the group { $target } may do.
audit-group-member-removed = { $actor } took a member out of the group { $target }.

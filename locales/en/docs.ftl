### The reference of the API.

docs-title = API reference
docs-lead = Everything that the console does, for programs.
docs-download = openapi.json
docs-contents = Contents
docs-calls = Calls
docs-more = More

## Getting started
docs-start = Getting started
docs-start-key = Make an API key under <a href="/settings/api-keys">My API keys</a>. It is shown once: put it into the environment variable <code>VESTIBULE_KEY</code>, then ask who you are.
docs-start-curl = curl { $origin }/api/v1/me -H "Authorization: Bearer $VESTIBULE_KEY"
docs-start-forms = Send the key as <code>Authorization: Bearer</code>, as <code>Authorization: ApiKey</code> or as <code>X-API-Key</code>. Never put it into an address: logs keep those, so it is refused there with <code>credential_in_url</code>. Session cookies do not work here.
docs-start-scopes = What a key may do is what its <a href="#scopes">scopes</a> name and the role of its owner allows at that moment. A key that ends says so in each answer, in the header <code>Vestibule-Key-Expires</code>.

## Conventions
docs-conventions = Conventions
docs-json-name = JSON
docs-json-text = Bodies are JSON of at most 1 MiB, sent with <code>Content-Type: application/json</code>. Unknown and doubled fields, and unknown parameters of an address, are refused, not passed over.
docs-ids-name = Ids
docs-ids-text = An id says what it names: <code>usr_</code>, <code>inv_</code>, <code>grp_</code>, <code>key_</code> and so on, then a UUID. An id of another kind is not found.
docs-times-name = Times
docs-times-text = RFC 3339 in UTC with whole seconds: <code>2026-11-22T09:00:00Z</code>.
docs-lists-name = Lists
docs-lists-text = A list answers <code>items</code> and <code>next_cursor</code>, newest first. Send the cursor back as <code>cursor</code> until it is null; <code>limit</code> goes up to 500.
docs-repeats-name = Repeats
docs-repeats-text = Send an <code>Idempotency-Key</code> of your choice with a POST. When the answer is lost, send the same again: it is done once, and the first answer comes again for 24 hours.
docs-changes-name = Changes
docs-changes-text = PATCH changes the fields that it names and leaves the others alone.
docs-waiting-name = Waiting
docs-waiting-text = 429 and 503 say in <code>Retry-After</code> after how many seconds to try again.
docs-errors = Errors
docs-errors-text = Errors are problem details (RFC 9457). Decide by <code>code</code>, which never changes; show <code>detail</code> to people. With 422, <code>errors</code> names each field. Each call lists the codes of its own; <a href="#codes">Codes</a> has all of them with their words. Beside them every call can be refused for its form (400, 413, 415, 422), its credential (401), its scope or the role behind it (403) or a repeat that does not fit (409, 422), and can meet a fault (500) or a server that is busy (503).

## Calls
docs-tag-me = Me
docs-tag-users = Users
docs-tag-invites = Invites
docs-tag-invited = Invited person
docs-tag-groups = Groups
docs-tag-keys = API keys
docs-tag-settings = Site settings
docs-tag-events = Events
docs-tag-audit = Audit log
docs-tag-outbox = Mail outbox
docs-tag-tokens = Tokens
docs-tag-aleph = Aleph
docs-tag-kratos = Ory Kratos
docs-tag-server = Server
docs-open = No credential
docs-any-key = Any API key
docs-role = From role { $role }
docs-parameters = Parameters
docs-parameters-of = Parameters: { $call }
docs-parameter = Parameter
docs-body = Body
docs-body-of = Body: { $call }
docs-field = Field
docs-fields-of = Fields of { $name }
docs-kind = Kind
docs-meaning = Meaning
docs-in = in { $place ->
    [path] the path
    [query] the query
   *[header] a header
}
docs-required = required
docs-may-be-absent = may be absent
docs-or = or
docs-answers = Answers
docs-example = Example
docs-example-of = Example: { $call }
docs-answer-sample = Answer
docs-answer-of = Answer: { $call }

## Objects, scopes and codes
docs-objects = Objects
docs-objects-lead = What calls answer and take.
docs-scopes = Scopes
docs-scopes-lead = A key without scopes may do nothing; <code>all</code> is every scope there is and will be.
docs-scope = Scope
docs-least-role = From role
docs-opens = Opens
docs-opens-more = Widens other calls.
docs-codes = Codes
docs-codes-lead = Every <code>code</code> of an error, by status.
docs-code = Code
docs-status = Status

@scopes
Feature: A token opens what its scopes say, and no more than the partner's ceiling allows

  A scope stands in the token, and in the ceiling that the API's own policy sets for the client. Both must
  have it. When only the token lacks it, the answer names the scope to ask for. When the ceiling lacks it,
  another token would not help, and the answer does not pretend so.

  Scenario Outline: A token with another scope is refused, and the answer names the right one (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<held>"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 403 "insufficient_scope"
    And the challenge names the scope "<needed>"

    Examples:
      | caller | callee | held            | request        | needed         |
      | A      | B      | shipments:write | GET /shipments | shipments:read |
      | B      | A      | tracking:write  | GET /orders    | orders:read    |

  Scenario Outline: A token with the right scope among others is enough (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<held>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | held                           | request        |
      | A      | B      | shipments:read shipments:write | GET /shipments |
      | B      | A      | orders:read tracking:write     | GET /orders    |

  Scenario Outline: A scope beyond the ceiling is refused, although the own issuer gave it (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<beyond>"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 403 "scope_beyond_ceiling"

    Examples:
      | caller | callee | beyond          | request                |
      | A      | B      | shipments:track | POST /shipments/none/events |
      | B      | A      | orders:write    | POST /orders           |

  Scenario Outline: A client that the partner's policy does not name is refused (<caller> → <callee>)
    Given client newcomer of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 403 "client_not_allowed"

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: The own issuer refuses a scope that the client is not registered for, and narrows nothing (<caller> → <callee>)
    When client newcomer of company <caller> asks its issuer for a token for company <callee> with scope "<read> <more>"
    Then the issuer of company <caller> refuses with 400 "invalid_scope"
    When client newcomer of company <caller> asks its issuer for a token for company <callee> with scope "no-such-scope"
    Then the issuer of company <caller> refuses with 400 "invalid_scope"

    Examples:
      | caller | callee | read           | more            |
      | A      | B      | shipments:read | shipments:track |
      | B      | A      | orders:read    | orders:write    |

  Scenario Outline: The own issuer gives no token when no scope is asked for (<caller> → <callee>)
    When client tester of company <caller> asks its issuer for a token for company <callee> without a scope
    Then the issuer of company <caller> refuses with 400 "invalid_scope"

    Examples:
      | caller | callee |
      | A      | B      |
      | B      | A      |

@tokens
Feature: A client gets tokens from its own issuer, and uses each for as long as it lives

  A company's client asks its own issuer for a token for one API of the partner, and then calls that API
  with it. The partner is asked for nothing. However many calls are made, one token is enough.

  Scenario Outline: A token of the own issuer opens the partner's API (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A company's own API takes its own tokens by the same rules (<company>)
    Given client tester of company <company> holds a token for company <company> with scope "<scope>"
    When it calls "<request>" at company <company>
    Then company <company> answers 200

    Examples:
      | company | scope          | request        |
      | A       | orders:read    | GET /orders    |
      | B       | shipments:read | GET /shipments |

  @reuse
  Scenario Outline: Fifty calls at once take one token request (<caller> → <callee>)
    Given client tester of company <caller> calls the partner through the client library with scope "<scope>"
    When it calls "<request>" 50 times at once
    Then the issuer of company <caller> has issued 1 token to client tester since the scenario began
    And company <callee> has allowed 50 calls, all with the same token

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A call without a token is told how to get one (<callee>)
    When somebody calls "<request>" at company <callee> without a token
    Then company <callee> refuses with 401 "token_missing"

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: A token travels in one Authorization header and nowhere else (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee> with the token in the query
    Then company <callee> refuses with 400 "request_invalid"
    When it calls "<request>" at company <callee> with two Authorization headers
    Then company <callee> refuses with 400 "request_invalid"

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

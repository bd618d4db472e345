@issuers
Feature: A company trusts the issuers that its policies name, each with its own keys

  Both companies trust one more issuer for these scenarios: the tester's own, whose keys they have in a
  file. With them the tester makes tokens that no honest issuer would.

  Scenario Outline: A valid token of a third trusted issuer is taken (tester → <callee>)
    Given a valid token of the tester's own issuer for company <callee>
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: A token of an unknown issuer is refused, and nobody fetches keys for it (stranger → <callee>)
    Given a token for company <callee> of an issuer that nobody trusts
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 401 "issuer_unknown"
    And nobody has asked the untrusted issuer for its keys

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: A key of one trusted issuer does not speak in the name of another (tester as <pretended> → <callee>)
    Given a token for company <callee> in the name of company <pretended>, signed by the tester's own issuer
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 401 "key_unknown"

    Examples:
      | pretended | callee | request        |
      | B         | A      | GET /orders    |
      | A         | B      | GET /shipments |

  @expired
  Scenario Outline: An expired token is refused (tester → <callee>)
    Given a token of the tester's own issuer for company <callee>, but "it expired a minute ago"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 401 "token_expired"

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  @defects
  Scenario Outline: A token is refused when <defect> (tester → <callee>)
    Given a token of the tester's own issuer for company <callee>, but "<defect>"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with <status> "<reason>"

    Examples: at company A
      | callee | request     | defect                                         | status | reason                   |
      | A      | GET /orders | it is larger than 8 KiB                        | 401    | token_too_large          |
      | A      | GET /orders | it has no signature                            | 401    | algorithm_not_allowed    |
      | A      | GET /orders | it says that it is signed with a shared secret | 401    | algorithm_not_allowed    |
      | A      | GET /orders | it brings its own key                          | 401    | header_forbidden         |
      | A      | GET /orders | it says where to fetch its key                 | 401    | header_forbidden         |
      | A      | GET /orders | it is no access token                          | 401    | type_not_accepted        |
      | A      | GET /orders | it names a key that its issuer does not have   | 401    | key_unknown              |
      | A      | GET /orders | it is signed with another key                  | 401    | signature_invalid        |
      | A      | GET /orders | it never expires                               | 401    | claims_malformed         |
      | A      | GET /orders | its client is not its subject                  | 401    | claims_malformed         |
      | A      | GET /orders | it is for several APIs                         | 401    | claims_malformed         |
      | A      | GET /orders | it is for another API                          | 401    | audience_mismatch        |
      | A      | GET /orders | it is not valid yet                            | 401    | token_not_yet_valid      |
      | A      | GET /orders | it was issued in the future                    | 401    | token_issued_in_future   |
      | A      | GET /orders | it lives for an hour                           | 401    | lifetime_exceeded        |
      | A      | GET /orders | it is bound to a key of its sender             | 401    | sender_constraint_unmet  |
      | A      | GET /orders | its client is not in the policy                | 403    | client_not_allowed       |

    Examples: at company B
      | callee | request        | defect                                         | status | reason                   |
      | B      | GET /shipments | it is larger than 8 KiB                        | 401    | token_too_large          |
      | B      | GET /shipments | it has no signature                            | 401    | algorithm_not_allowed    |
      | B      | GET /shipments | it says that it is signed with a shared secret | 401    | algorithm_not_allowed    |
      | B      | GET /shipments | it brings its own key                          | 401    | header_forbidden         |
      | B      | GET /shipments | it says where to fetch its key                 | 401    | header_forbidden         |
      | B      | GET /shipments | it is no access token                          | 401    | type_not_accepted        |
      | B      | GET /shipments | it names a key that its issuer does not have   | 401    | key_unknown              |
      | B      | GET /shipments | it is signed with another key                  | 401    | signature_invalid        |
      | B      | GET /shipments | it never expires                               | 401    | claims_malformed         |
      | B      | GET /shipments | its client is not its subject                  | 401    | claims_malformed         |
      | B      | GET /shipments | it is for several APIs                         | 401    | claims_malformed         |
      | B      | GET /shipments | it is for another API                          | 401    | audience_mismatch        |
      | B      | GET /shipments | it is not valid yet                            | 401    | token_not_yet_valid      |
      | B      | GET /shipments | it was issued in the future                    | 401    | token_issued_in_future   |
      | B      | GET /shipments | it lives for an hour                           | 401    | lifetime_exceeded        |
      | B      | GET /shipments | it is bound to a key of its sender             | 401    | sender_constraint_unmet  |
      | B      | GET /shipments | its client is not in the policy                | 403    | client_not_allowed       |

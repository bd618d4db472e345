@revocation
Feature: What is revoked is refused by the partner within a second

  A token is checked by the partner alone, without asking the company that issued it. So a company that
  revokes tells its partners at once, with a signed event in its outbox, and publishes the same in a status
  list, which partners fetch again every half minute. A partner was told when it refuses sooner than that.

  Scenario Outline: One token is revoked by the operator, and no other (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When the operator of company <caller> revokes that token
    Then the command ends with 0
    And it has printed no token
    And company <callee> refuses "<request>" with 401 "token_revoked" within 1 second
    And the status list of company <caller> says that it is revoked within 1 second
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A token that the partner has never seen is refused all the same (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the operator of company <caller> revokes that token
    Then company <callee> refuses "<request>" with 401 "token_revoked" within 1 second

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A client revokes its own token at its issuer (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When client tester of company <caller> asks its issuer to revoke that token
    Then the answer says that it is done
    And company <callee> refuses "<request>" with 401 "token_revoked" within 1 second

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Nobody revokes the token of another client (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When client newcomer of company <caller> asks its issuer to revoke that token
    Then the answer says that it is done
    And the operator of company <caller> reads that nothing was revoked: "token_of_another_client"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Every token of a client is revoked, and its next one is good (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When the operator of company <caller> runs "revoke --client tester"
    Then the command ends with 0
    And company <callee> refuses "<request>" with 401 "token_revoked" within 1 second
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: A disabled client loses its tokens and gets no others until it is enabled (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the operator of company <caller> runs "clients disable tester"
    Then the command ends with 0
    And company <callee> refuses "<request>" with 401 "token_revoked" within 1 second
    When client tester of company <caller> asks its issuer for a token for company <callee> with scope "<scope>"
    Then the issuer of company <caller> refuses with 400 "unauthorized_client"
    When the operator of company <caller> runs "clients enable tester"
    Then the command ends with 0
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Every token of the issuer is revoked, and the business goes on with new ones (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the operator of company <caller> calls "<request>" at its partner as client <client> from the command line
    Then company <callee> answers 200
    When the operator of company <caller> runs "revoke --all"
    Then the command ends with 0
    And company <callee> refuses "<request>" with 401 "token_revoked" within 1 second
    When the operator of company <caller> calls "<request>" at its partner as client <client> from the command line
    Then company <callee> answers 200
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | client           | scope          | request        |
      | A      | B      | order-service    | shipments:read | GET /shipments |
      | B      | A      | shipment-service | orders:read    | GET /orders    |

  Scenario Outline: A key is revoked, and with it what it has signed (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When the operator of company <caller> revokes everything that the key of that token has signed
    Then the command ends with 0
    And company <callee> refuses "<request>" with 401 "key_unknown" within 1 second
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: What was revoked while nobody served is refused after the restart (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When company <caller> is killed
    And the operator of company <caller> revokes that token
    Then the command ends with 0
    When company <caller> starts again
    Then company <callee> refuses "<request>" with 401 "token_revoked" within 2 seconds

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: A partner that was down hears of it when it is back (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And company <callee> is stopped
    When the operator of company <caller> revokes that token
    Then the command ends with 0
    When company <callee> starts again
    Then company <callee> refuses "<request>" with 401 "token_revoked" within 40 seconds

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

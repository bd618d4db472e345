@outage
Feature: Neither company needs the other one to start, to get tokens or to serve

  There is no order in which the companies must start, and nothing in the middle that must be up. A
  company whose partner is away goes on with everything that does not need the partner itself.

  @restart
  Scenario Outline: A company starts and gets tokens while its partner is down (<first> first, then <second>)
    Given both companies are stopped
    When company <first> starts
    Then company <first> serves
    And nobody answers at company <second>
    When client tester of company <first> asks its issuer for a token for company <second> with scope "<scope>"
    Then the issuer of company <first> gives a token
    When company <second> starts
    And it calls "<request>" at company <second>
    Then company <second> answers 200

    Examples:
      | first | second | scope          | request        |
      | A     | B      | shipments:read | GET /shipments |
      | B     | A      | orders:read    | GET /orders    |

  Scenario Outline: Tokens work while the partner's issuer cannot be reached (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    Given company <callee> cannot reach the issuer of company <caller>
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    And company <callee> has not even tried to reach the issuer of company <caller>

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: Keys that cannot be had are an outage and no refusal (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And company <callee> cannot reach the issuer of company <caller>
    When company <callee> is stopped
    And company <callee> starts again
    Then company <callee> serves
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 503 "keys_unavailable"
    And the answer says when to try again
    When company <callee> can reach the issuer of company <caller> again
    Then company <callee> answers "<request>" with 200 within 5 seconds

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: Broken keys hurt nobody whose keys are known, and are an outage to others (<fault>, <caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And to company <callee> the keys of company <caller> are <fault>
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When company <callee> is stopped
    And company <callee> starts again
    Then company <callee> serves
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 503 "keys_unavailable"
    When company <callee> can reach the issuer of company <caller> again
    Then company <callee> answers "<request>" with 200 within 5 seconds

    Examples:
      | fault   | caller | callee | scope          | request        |
      | down    | A      | B      | shipments:read | GET /shipments |
      | down    | B      | A      | orders:read    | GET /orders    |
      | garbage | A      | B      | shipments:read | GET /shipments |
      | garbage | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: Slow keys hold up nobody but the one who needs them (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And to company <callee> the keys of company <caller> are slow
    When it calls "<request>" at company <callee> and waits for half a second at most
    Then company <callee> answers 200
    When company <callee> is stopped
    And company <callee> starts again
    And it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Status lists that cannot be had hinder nothing within their life, and revocations count (<fault>, <caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And to company <callee> the status lists of company <caller> are <fault>
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When the operator of company <caller> revokes that token
    Then the command ends with 0
    And company <callee> refuses "<request>" with 401 "token_revoked" within 1 second
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | fault   | caller | callee | scope          | request        |
      | down    | A      | B      | shipments:read | GET /shipments |
      | down    | B      | A      | orders:read    | GET /orders    |
      | garbage | A      | B      | shipments:read | GET /shipments |
      | garbage | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Past the end of a status list its tokens are refused as an outage (tester → <callee>)
    Given the tester's own issuer gives company <callee> a status list that is good for 3 seconds
    And a token of the tester's own issuer for company <callee> that stands in that list
    Then company <callee> answers "<request>" with 200 within 2 seconds
    When that list cannot be had any more
    And it calls "<request>" at company <callee>
    Then company <callee> answers 200
    And company <callee> refuses "<request>" with 503 "status_unavailable" within 4 seconds
    And the answer says when to try again
    When the tester's own issuer publishes that list anew for 60 seconds
    Then company <callee> answers "<request>" with 200 within 5 seconds

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: Word of a revocation that is held up arrives when it can (<caller> → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And company <caller> cannot reach the API of company <callee>
    When the operator of company <caller> revokes that token
    Then the command ends with 0
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When company <caller> can reach the API of company <callee> again
    Then company <callee> refuses "<request>" with 401 "token_revoked" within 3 seconds

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  @restart
  Scenario Outline: Word of a revocation that never arrives is found in the status list (<caller> → <callee>)
    Given company <caller> lets its status lists be fetched every 2 seconds
    And client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    And company <caller> cannot reach the API of company <callee>
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When the operator of company <caller> revokes that token
    Then the command ends with 0
    And company <callee> refuses "<request>" with 401 "token_revoked" within 3 seconds

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Word of a revocation that comes twice is acknowledged twice (tester → <callee>)
    Given a valid token of the tester's own issuer for company <callee>
    When the tester's own issuer tells company <callee> that it has revoked that token
    Then company <callee> acknowledges the event
    And company <callee> refuses "<request>" with 401 "token_revoked" within 0 seconds
    When the same event comes to company <callee> once more
    Then company <callee> acknowledges the event
    And company <callee> refuses "<request>" with 401 "token_revoked" within 0 seconds

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: Words of revocations that come in another order come to the same (tester → <callee>)
    Given a token of the tester's own issuer for company <callee>, but "it is two minutes old"
    When the tester's own issuer tells company <callee> that it has revoked what its client had 240 seconds ago
    Then company <callee> acknowledges the event
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200
    When the tester's own issuer tells company <callee> that it has revoked what its client had 100 seconds ago
    Then company <callee> acknowledges the event
    And company <callee> refuses "<request>" with 401 "token_revoked" within 0 seconds
    When the tester's own issuer tells company <callee> that it has revoked what its client had 180 seconds ago
    Then company <callee> acknowledges the event
    And company <callee> refuses "<request>" with 401 "token_revoked" within 0 seconds

    Examples:
      | callee | request        |
      | A      | GET /orders    |
      | B      | GET /shipments |

  Scenario Outline: Nobody revokes what another issuer has issued (tester → <callee>)
    Given client tester of company <caller> holds a token for company <callee> with scope "<scope>"
    When the tester's own issuer tells company <callee> that it has revoked that token
    Then company <callee> acknowledges the event
    When the tester's own issuer tells company <callee>, in the name of company <caller>, that that token is revoked
    Then company <callee> refuses the event with 400 "invalid_issuer"
    When the same event comes to company <callee> without a token
    Then company <callee> refuses the event with 401 "token_missing"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | caller | callee | scope          | request        |
      | A      | B      | shipments:read | GET /shipments |
      | B      | A      | orders:read    | GET /orders    |

  Scenario Outline: Clocks that differ by half a minute hinder nothing (<clock>, tester → <callee>)
    Given a token of the tester's own issuer for company <callee>, but "its issuer's clock is 30 seconds <clock>"
    When it calls "<request>" at company <callee>
    Then company <callee> answers 200

    Examples:
      | callee | request        | clock  |
      | A      | GET /orders    | ahead  |
      | B      | GET /shipments | ahead  |
      | A      | GET /orders    | behind |
      | B      | GET /shipments | behind |

  # What a whole company does whose clock is wrong is tested where clocks can be set: crates/company/tests/it/clocks.rs
  Scenario Outline: Clocks that differ by five minutes are named as the reason (<clock>, tester → <callee>)
    Given a token of the tester's own issuer for company <callee>, but "its issuer's clock is 5 minutes <clock>"
    When it calls "<request>" at company <callee>
    Then company <callee> refuses with 401 "<reason>"

    Examples:
      | callee | request        | clock                            | reason                 |
      | A      | GET /orders    | ahead                            | token_issued_in_future |
      | B      | GET /shipments | ahead                            | token_issued_in_future |
      | A      | GET /orders    | behind, and it is 31 seconds old | token_expired          |
      | B      | GET /shipments | behind, and it is 31 seconds old | token_expired          |

  @business @restart
  Scenario: An order that is placed while company B is down arrives when it is up, once (A → B)
    Given company B is stopped
    When the shop of company A places an order for 1 of "TEA-0042", to be carried by company B
    Then company A answers 201
    When company B starts again
    Then within 20 seconds the order is "handed_over" at company A
    And company B has exactly one shipment for the order

  @business @restart
  Scenario: What is reported while company A is down arrives when it is up, in order and once (B → A)
    Given an order that company B carries
    And company A is stopped
    When the depot of company B reports "picked_up"
    And the depot of company B reports "delivered"
    And company A starts again
    Then within 20 seconds the order is "delivered" at company A
    And company A has been told "accepted, picked_up, delivered" about the order, each once

  @business @restart
  Scenario: An order survives that company A is killed right after it was placed (A → B)
    When the shop of company A places an order for 1 of "TEA-0042", to be carried by company B
    And company A is killed
    And company A starts again
    Then within 20 seconds the order is "handed_over" at company A
    And company B has exactly one shipment for the order

  @business @restart
  Scenario: A report survives that company B is killed right after it was made (B → A)
    Given an order that company B carries
    When the depot of company B reports "picked_up"
    And company B is killed
    And company B starts again
    Then within 20 seconds the order is "in_transit" at company A
    And company A has been told "accepted, picked_up" about the order, each once

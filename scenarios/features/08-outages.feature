@outages
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
